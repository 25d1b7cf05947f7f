/*
 * status.c - what a statement says about a thing that it names: in use, asked for,
 * ruled out, left behind, a skill, or nothing.
 *
 * Cues before the mention govern it through a list ("no Kafka, Spark or Flink"),
 * cues after it as a predicate ("Kafka and Spark are off the table").
 */
#include "intake/internal.h"

#define REACH 26 /* lexemes that a cue may stand before its object */

static int separator(const struct doc *d, size_t i)
{
	return sign_is(d, i, ',') || sign_is(d, i, '/') || sign_is(d, i, '+') ||
		sign_is(d, i, '&') || sign_is(d, i, '(') || sign_is(d, i, ')') ||
		sign_is(d, i, '"') || sign_is(d, i, '\'') ||
		word_is(d, i,
			"and|or|nor|plus|as well as|und|and/or|along with|together with");
}

static int filler(const struct doc *d, size_t i)
{
	return is(d, i, LC_DET) != NULL || d->s.lex[i].kind == LEX_SIGN ||
		d->s.lex[i].kind == LEX_BREAK;
}

/* Is the comma (or bracket) at i one of a list, an entity next to it on both sides? */
static int list_comma(const struct doc *d, size_t i)
{
	size_t before = i, after = i + 1, last = sentence_of(d, i).last,
	       first = sentence_of(d, i).first;

	while (before > first && (separator(d, before) || filler(d, before)) &&
		i - before < 4)
		before--;
	while (after < last && after - i < 5 && (separator(d, after) || filler(d, after)))
		after++;
	return before >= first && d->at[before].entity && after < last &&
		d->at[after].entity;
}

struct scan_state {
	unsigned st;
	int words;       /* plain words passed */
	int commas;      /* commas passed that are no list's */
	int to;          /* "to", "with", "by" passed, behind ... */
	int entity_past; /* ... another entity */
	size_t strong;   /* "our", "existing" right here */
	int by_verb;     /* in use only by a verb that a negation may govern */
};

/* A positive remark after the mention takes it out of a list that is ruled out. */
static int own_remark(const struct doc *d, size_t last, size_t end)
{
	return last < end &&
		(is(d, last, LC_ASKPOST) != NULL || is(d, last, LC_KEEP) != NULL ||
			word_is(d, last, "only|instead|everywhere|though"));
}

/* "is being replaced", "will soon be retired" */
static int being_left(const struct doc *d, size_t i)
{
	if (is(d, i, LC_LEFTPART) == NULL)
		return 0;
	for (size_t k = 1; k <= 4 && k <= i; k++)
		if (word_is(d, i - k,
			    "is|are|was|were|been|being|be|gets|getting|got|get"))
			return 1;
	return 0;
}

/* What the target of a move is: in use when it is over, wished for as well before that. */
static unsigned moved(const struct doc *d, size_t i, size_t last, size_t end)
{
	int over = word_is(d, i,
		"moved|migrated|switched|transitioned|ported|shifted|went|relocated|got|"
		"moved from|migrated from|switched from|moved away from|went "
		"from|shifted from|"
		"moved off|migrated off|switched off|moved over from|migrated away from");

	for (size_t k = last; k < end && k < last + 6 && !over; k++)
		over = word_is(d, k, "ago") || (word_is(d, k, "last") && i + 1 < last);
	for (size_t k = 1; k <= 3 && k <= i && over; k++)
		if (word_is(d, i - k, "be|being|will|is|are|to be|gets"))
			over = 0;
	return over ? ST_IN_USE : ST_ASKED | ST_IN_USE | ST_KEEP;
}

/* "rather not operate X": the verb is denied; "our X" stays in use. */
static void exclude_it(struct scan_state *s)
{
	if (s->by_verb && s->strong == 0)
		s->st &= ~(unsigned)ST_IN_USE;
	s->st |= ST_EXCLUDED;
}

/* One lexeme to the left; 1 when the look is over. */
static int look_left(const struct doc *d, size_t i, size_t first, size_t last, size_t end,
	struct scan_state *s)
{
	int near = s->commas == 0;

	if (d->at[i].entity) {
		s->entity_past = s->to > 0 ? 2 : 1;
		s->words = s->words > 1 ? s->words : 0;
		return 0;
	}
	if (sign_is(d, i, ',') || sign_is(d, i, '(') || sign_is(d, i, ')')) {
		if (!list_comma(d, i))
			s->commas++;
		return 0;
	}
	/* a long remark before a colon is one of its own */
	if (sign_is(d, i, ':') && i > first &&
		(i > first + 8 || is(d, i - 1, LC_DC) != NULL))
		s->commas++;
	if (word_is(d, i,
		    "to|onto|into|with|by|towards|toward|for|in favour of|in favor of") &&
		i > first)
		s->to = s->entity_past ? s->to : 1;
	if (near && is(d, i, LC_NONUSE) != NULL && s->words <= 5) {
		s->st |= ST_NOTHING;
		return 1;
	}
	if (near && is(d, i, LC_SKILLNEG) != NULL) {
		s->st |= ST_NOTHING;
		return 1;
	}
	if (near && is(d, i, LC_LEFT) != NULL && s->words <= 6) {
		if (s->entity_past == 2)
			s->st |= word_is(d, i,
					 "replac|replace|replaces|replaced|replacing|to "
					 "replace")
				? ST_ASKED
				: moved(d, i, last, end);
		else
			s->st |= ST_LEFT;
		return 1;
	}
	if (near && s->to && (is(d, i, LC_LEFTPOST) != NULL || being_left(d, i))) {
		s->st |= ST_ASKED;
		return 1;
	}
	if (near && is(d, i, LC_MOVEV) != NULL && s->words <= 5) {
		/* "moving to X": the target; "migrate X to Y": X is left */
		if (s->to) {
			s->st |= moved(d, i, last, end);
			return 1;
		}
		for (size_t j = last; j + 1 < end && j < last + 6; j++)
			if (word_is(d, j, "to|onto|into|over to") &&
				d->at[j + 1].entity) {
				s->st |= ST_LEFT;
				return 1;
			}
	}
	/* "nobody knows X", "nobody here wants to touch X" */
	if (near && is(d, i, LC_NOBODY) != NULL && s->words <= 8) {
		for (size_t k = i; k < last; k++)
			if (word_is(d, k, "want|wants|wanted|likes|like|touch")) {
				exclude_it(s);
				return 1;
			}
		s->st |= ST_NOTHING;
		s->st &= ~(unsigned)(ST_SKILL | ST_IN_USE);
		return 1;
	}
	/* "we don't use X" tells what is so, "don't use X" what is to be */
	if (near && is(d, i, LC_EXCL) != NULL && i > first &&
		is(d, i - 1, LC_SUBJECT) != NULL &&
		word_is(d, i, "don't use|do not use|dont use|never use") &&
		s->words <= 8) {
		s->st |= ST_NOTHING;
		return 1;
	}
	/* "nothing other than X", "no store except X": X stays */
	if (near && is(d, i, LC_EXCL) != NULL && s->words <= 2 &&
		word_is(d, i,
			"other than|anything other than|except|except for|anything but|"
			"anything except|but not|but no")) {
		for (size_t k = i; k > first && i - k < 6; k--)
			if (word_is(d, k - 1, "nothing|neither|none|nobody|no") ||
				(is(d, k - 1, LC_NO) != NULL && i - k < 4))
				return 1;
	}
	if (near && is(d, i, LC_EXCL) != NULL && s->words <= 8) {
		exclude_it(s);
		return 1;
	}
	if (near && is(d, i, LC_NO) != NULL && s->words <= 3) {
		if (!s->entity_past || !own_remark(d, last, end))
			exclude_it(s);
		return 1;
	}
	if (near && is(d, i, LC_NOT) != NULL && s->words == 0 &&
		!(i + 1 < d->s.n && word_is(d, i + 1, "only|just"))) {
		exclude_it(s);
		return 1;
	}
	if (near && is(d, i, LC_ALTNOT) != NULL && s->words <= 3) {
		if (word_is(d, i, "over|vs|vs.|versus")) {
			if (find(d, first, i, LC_PREFER) == NOT_FOUND &&
				word_is(d, i, "over"))
				return 0;
		}
		s->st |= ST_NOTHING;
		return 1;
	}
	if (is(d, i, LC_SKILL) != NULL && s->words <= 5 && (near || s->entity_past)) {
		for (size_t k = i; k > first && i - k < 6; k--)
			if (is(d, k - 1, LC_NOBODY) != NULL) {
				s->st = ST_NOTHING;
				return 1;
			}
		if (!(s->st & (ST_ASKED | ST_IN_USE)))
			s->st |= ST_SKILL;
		return 1;
	}
	if (is(d, i, LC_KEEP) != NULL && s->words <= 6 && near) {
		/* "we keep them in X" stores, "keep X" keeps */
		if (word_is(d, i, "keep|keeps|keeping|retain") && last > i + 3 &&
			(word_is(d, last - 2, "in|on") ||
				word_is(d, last - 3, "in|on"))) {
			s->st |= i > first && is(d, i - 1, LC_SUBJECT) != NULL ? ST_IN_USE
									       : 0;
			if (i > first && word_is(d, i - 1, "and"))
				s->st |= find(d, first, i, LC_SUBJECT) != NOT_FOUND
					? ST_IN_USE
					: 0;
		} else {
			s->st |= ST_KEEP;
		}
	}
	if (is(d, i, LC_PREFER) != NULL && near)
		s->st |= ST_PREFERRED;
	if (is(d, i, LC_USEVERB) != NULL) {
		/* "please use X", "we want to use X" against "we use X" */
		size_t j = i;
		int asked = 0;

		while (j > first && i - j < 6) {
			j--;
			if (is(d, j, LC_ASK) != NULL)
				asked = 1;
			if (is(d, j, LC_SUBJECT) != NULL || asked)
				break;
		}
		if (!asked &&
			(i == first || (j == first && i - j <= 1 && !is_word(d, j))) &&
			word_is(d, i, "use|run|leverage|employ"))
			asked = 1;
		if (!(s->st & (ST_ASKED | ST_IN_USE))) {
			s->st |= asked ? ST_ASKED : ST_IN_USE;
			s->by_verb = !asked;
		}
		return 0;
	}
	if (is(d, i, LC_INUSE) != NULL && !(s->st & ST_ASKED)) {
		s->st |= ST_IN_USE;
		if (word_is(d, i, "our|existing|current") && s->words <= 2)
			s->strong = i;
		return 0;
	}
	/* "From X to Y" as a remark of its own: a move */
	if (word_is(d, i, "from") && near &&
		(i == segment_of(d, i).first ||
			(i == segment_of(d, i).first + 1 && sign_is(d, i - 1, ',')))) {
		if (s->words == 0 && !s->entity_past && word_is(d, last, "to") &&
			last + 1 < end &&
			(d->at[last + 1].entity || d->at[last + 2].entity)) {
			s->st |= ST_LEFT;
			return 1;
		}
		if (s->entity_past == 2) {
			s->st |= ST_ASKED | ST_IN_USE | ST_KEEP;
			return 1;
		}
	}
	/* "ETL from X": where data comes from is there */
	if (word_is(d, i, "from") && s->words == 0 && near &&
		!(s->st & (ST_ASKED | ST_IN_USE))) {
		s->st |= ST_IN_USE;
		return 0;
	}
	/* "data lands in X" tells where it is; "results land in X" where they are to go */
	if (word_is(d, i, "lands in|land in|landing in|goes into|go into") && i > first &&
		(is(d, i - 1, LC_DCDATA) != NULL || is(d, i - 1, LC_EVNOUN) != NULL ||
			word_is(d, i - 1, "dumps|exports|events|feeds|readings")) &&
		!(s->st & ST_ASKED)) {
		s->st |= ST_IN_USE;
		return 0;
	}
	if (is(d, i, LC_ASK) != NULL) {
		if (!(s->st & ST_IN_USE))
			s->st |= ST_ASKED;
		else if (s->strong && s->words <= 6 && near)
			s->st |= ST_KEEP;
		return 0;
	}
	if (is_word(d, i) && !filler(d, i) && is(d, i, LC_BECAUSE) == NULL)
		s->words++;
	return 0;
}

/* Cues after the mention: 1 when the look is over. */
static int look_right(const struct doc *d, size_t i, struct scan_state *s)
{
	if (is(d, i, LC_EXCLPOST) != NULL) {
		s->st = (s->st & (ST_IN_USE | ST_HEDGED)) | ST_EXCLUDED;
		return 1;
	}
	if (is(d, i, LC_LEFTPOST) != NULL || being_left(d, i)) {
		s->st = ST_LEFT;
		return 1;
	}
	if (is(d, i, LC_NONUSE) != NULL) {
		s->st |= ST_NOTHING;
		return 1;
	}
	if (word_is(d, i,
		    "experience|expertise|skills|knowledge|know-how|certified|gurus|guru|"
		    "savvy|expert|experts") &&
		s->words == 0) {
		s->st = (s->st & ~(unsigned)(ST_ASKED | ST_IN_USE)) | ST_SKILL;
		return 1;
	}
	if (word_is(d, i, "experience in|experience with|experienced in|expertise in") &&
		s->words == 0) {
		s->st = ST_SKILL;
		return 1;
	}
	if (word_is(d, i,
		    "is what we know|are what we know|is what they know|is what the team "
		    "knows") &&
		s->words == 0) {
		s->st = ST_SKILL;
		return 1;
	}
	if (is(d, i, LC_KEEP) != NULL && s->words <= 4)
		s->st |= ST_KEEP;
	if (is(d, i, LC_INUSEPOST) != NULL && s->words <= 2 && !(s->st & ST_ASKED)) {
		s->st |= ST_IN_USE;
		s->words = 0;
		return 0;
	}
	if (is(d, i, LC_PREFER) != NULL && s->words == 0)
		s->st |= ST_PREFERRED;
	if (is(d, i, LC_ASKPOST) != NULL && s->words <= 2) {
		if (!(s->st & ST_IN_USE))
			s->st |= ST_ASKED;
		return 1;
	}
	if (is_word(d, i) && !filler(d, i))
		s->words++;
	return s->words > 6;
}

static int names_skills(const struct doc *d, size_t i)
{
	return word_is(d, i,
		"skill|skills|skill set|skillset|experience|experienced "
		"in|expertise|expert|"
		"competencies|experience with|experience in|know-how");
}

static unsigned header_status(const struct doc *d, size_t i)
{
	unsigned st = 0;

	if (find_in_header(d, i, LC_EXCL) != NOT_FOUND ||
		find_in_header(d, i, LC_EXCLPOST) != NOT_FOUND)
		return ST_EXCLUDED;
	if (find_in_header(d, i, LC_NONUSE) != NOT_FOUND)
		return ST_NOTHING;
	if (names_skills(d, find_in_header(d, i, LC_SKILL)))
		return ST_SKILL;
	if (find_in_header(d, i, LC_KEEP) != NOT_FOUND)
		st |= ST_KEEP;
	if (find_in_header(d, i, LC_INUSE) != NOT_FOUND)
		return st | ST_IN_USE;
	if (find_in_header(d, i, LC_ASK) != NOT_FOUND)
		return st | ST_ASKED;
	return st;
}

/* "Stack: a, b; c": the key at the sentence's start holds for all of it. */
static unsigned key_status(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);
	size_t colon = s.first;

	while (colon < i && colon < s.first + 6 && !sign_is(d, colon, ':'))
		colon++;
	if (!sign_is(d, colon, ':'))
		return 0;
	if (find(d, s.first, colon, LC_EXCL) != NOT_FOUND ||
		find(d, s.first, colon, LC_EXCLPOST) != NOT_FOUND)
		return ST_EXCLUDED;
	if (names_skills(d, find(d, s.first, colon, LC_SKILL)))
		return ST_SKILL;
	if (find(d, s.first, colon, LC_INUSE) != NOT_FOUND)
		return ST_IN_USE;
	return find(d, s.first, colon, LC_ASK) != NOT_FOUND ? ST_ASKED : 0;
}

/* "20 TB of images in X": what is held somewhere is there. */
static int held_there(const struct doc *d, size_t i)
{
	struct range c = segment_of(d, i);
	size_t b = find(d, c.first, i, LC_BYTES);

	for (size_t k = c.first; b == NOT_FOUND && k < i; k++)
		if (word_is(d, k,
			    "csv|csvs|parquet|data|history|tables|logs|json|exports|"
			    "dumps|images|"
			    "files|records|documents|recordings"))
			b = k;
	return b != NOT_FOUND && i - b <= 7 && word_is(d, i - 1, "in|on") &&
		find(d, clause_of(d, i).first, i, LC_ASK) == NOT_FOUND &&
		find(d, b, i, LC_TIME) == NOT_FOUND;
}

unsigned status_of(const struct doc *d, size_t first, size_t last)
{
	struct range c = clause_of(d, first);
	struct scan_state s = { 0 };
	size_t left = c.first;

	if (d->sent[d->at[first].sentence].refused)
		return ST_EXCLUDED;

	/* a clause may open with what its predecessor governs: "Monitoring: X - Y" */
	for (size_t i = first; i > left && first - i < REACH; i--)
		if (d->at[i - 1].dead == 0 && look_left(d, i - 1, left, last, c.last, &s))
			break;
	s.words = 0;
	for (size_t i = last; i < c.last && i < last + REACH; i++) {
		if (d->at[i].dead)
			continue;
		if (d->at[i].entity) {
			s.words = 0;
			continue;
		}
		if (sign_is(d, i, ',') || sign_is(d, i, '(') || sign_is(d, i, ')')) {
			/* "X (Y) is off the table" */
			if (sign_is(d, i, ')') && s.words == 0)
				continue;
			/* "X, which we have" */
			if (!list_comma(d, i) && !sign_is(d, i, '(') &&
				is(d, i + 1, LC_INUSEPOST) == NULL)
				break;
			continue;
		}
		if (look_right(d, i, &s))
			break;
	}
	if (s.st == 0)
		s.st = key_status(d, first);
	if (s.st == 0)
		s.st = header_status(d, first);
	if (s.st == 0 && held_there(d, first))
		s.st = ST_IN_USE;
	if (find(d, segment_of(d, first).first, segment_of(d, first).last, LC_HEDGE) !=
		NOT_FOUND)
		s.st |= ST_HEDGED;
	return s.st;
}
