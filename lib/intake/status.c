/*
 * status.c - what a statement says about a thing that it names: in use, asked for,
 * ruled out, left behind, a skill, or nothing.
 *
 * Cues before the mention govern it through a list ("no Kafka, Spark or Flink"),
 * cues after it as a predicate ("Kafka and Spark are off the table").
 */
#include <string.h>

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

/* One lexeme to the left of a mention. */
struct look {
	const struct doc *d;
	size_t i;          /* the lexeme */
	size_t first, end; /* the clause */
	size_t last;       /* behind the mention */
	int near;          /* no comma but a list's lies between */
	struct scan_state *s;
};

/* What a cue says of the look: not this cue, go on to the left, or the look is over. */
enum found { NOT_IT = -1, GO_ON, OVER };

static enum found over(const struct look *l, unsigned st)
{
	l->s->st |= st;
	return OVER;
}

/* Between an entity and the mention that ends at `last`: a bracket, or "on". */
static int shares(const struct doc *d, size_t i, size_t last)
{
	for (; i < last; i++)
		if ((sign_is(d, i, '(') && d->at[i].match <= i) ||
			(sign_is(d, i, '(') && d->at[i].match >= last) ||
			word_is(d, i, "on"))
			return 1;
	return 0;
}

static enum found punctuation(const struct look *l)
{
	struct scan_state *s = l->s;

	/* "AWS (Ohio)", "our Hadoop cluster (Hive)": the one in brackets shares what is said
	 * of the other; so does the store below a format, "Delta tables on S3" */
	if (l->d->at[l->i].entity && l->i + 5 > l->last && s->commas <= 1 &&
		s->words <= 1 && s->entity_past == 0 && shares(l->d, l->i + 1, l->last)) {
		s->words = s->commas = 0;
		return GO_ON;
	}
	if (l->d->at[l->i].entity) {
		s->entity_past = s->to > 0 ? 2 : 1;
		s->words = s->words > 1 ? s->words : 0;
		return GO_ON;
	}
	if (sign_is(l->d, l->i, ',') || sign_is(l->d, l->i, '(') ||
		sign_is(l->d, l->i, ')')) {
		s->commas += !list_comma(l->d, l->i);
		return GO_ON;
	}
	/* a long remark before a colon is one of its own */
	if (sign_is(l->d, l->i, ':') && l->i > l->first &&
		(l->i > l->first + 8 || is(l->d, l->i - 1, LC_DC) != NULL))
		s->commas++;
	if (word_is(l->d, l->i,
		    "to|onto|into|with|by|towards|toward|for|in favour of|in favor of") &&
		l->i > l->first)
		s->to = s->entity_past ? s->to : 1;
	return NOT_IT;
}

/* "don't have X", "no experience with X" */
static enum found not_used(const struct look *l)
{
	if (!l->near)
		return NOT_IT;
	if ((is(l->d, l->i, LC_NONUSE) != NULL && l->s->words <= 5) ||
		is(l->d, l->i, LC_SKILLNEG) != NULL)
		return over(l, ST_NOTHING);
	return NOT_IT;
}

/* "moved off X", "replace Y with X", "migrate X to Y", "moving to X" */
static enum found moves(const struct look *l)
{
	const struct doc *d = l->d;
	struct scan_state *s = l->s;

	if (!l->near)
		return NOT_IT;
	/* "X is being replaced by Y, our Z stays" */
	if (is(d, l->i, LC_LEFT) != NULL && s->entity_past && s->strong &&
		own_remark(d, l->last, l->end))
		return OVER;
	if (is(d, l->i, LC_LEFT) != NULL && s->words <= 6 &&
		!(s->st & ST_IN_USE && s->strong == 0 && s->entity_past == 1)) {
		int exchange = word_is(d, l->i,
			"replac|replace|replaces|replaced|replacing|to "
			"replace|swap|swaps|"
			"swapped|swapping");

		if (s->entity_past == 2 || (exchange && s->to && s->words == 0))
			return over(
				l, exchange ? ST_ASKED : moved(d, l->i, l->last, l->end));
		return over(l, ST_LEFT);
	}
	if (s->to && (is(d, l->i, LC_LEFTPOST) != NULL || being_left(d, l->i)))
		return over(l, ST_ASKED);
	/* "Y goes away and X takes over": said of Y */
	if (is(d, l->i, LC_LEFTPOST) != NULL && l->i > l->first && d->at[l->i - 1].entity)
		return OVER;
	if (is(d, l->i, LC_MOVEV) == NULL || s->words > (s->to ? 10 : 5))
		return NOT_IT;
	if (s->to)
		return over(l, moved(d, l->i, l->last, l->end));
	/* "pull the logs out of X": what comes from X is there */
	if (word_is(d, l->i, "pull|pulled|pulling|got|get|gets|getting") &&
		word_is(d, l->last - 2, "out of"))
		return over(l, ST_IN_USE);
	/* "move our scoring off X" */
	for (size_t j = l->i + 1; j < l->last; j++)
		if (word_is(d, j, "off|off of|away from|out of") && s->entity_past == 0)
			return over(l, ST_LEFT);
	for (size_t j = l->last; j + 1 < l->end && j < l->last + 6; j++)
		if (word_is(d, j, "to|onto|into|over to") && d->at[j + 1].entity)
			return over(l, ST_LEFT);
	return NOT_IT;
}

/* "nobody knows X", "nobody here wants to touch X" */
static enum found nobody(const struct look *l)
{
	if (!l->near || is(l->d, l->i, LC_NOBODY) == NULL || l->s->words > 8)
		return NOT_IT;
	for (size_t k = l->i; k < l->last; k++)
		if (word_is(l->d, k, "want|wants|wanted|likes|like|touch")) {
			exclude_it(l->s);
			return OVER;
		}
	l->s->st &= ~(unsigned)(ST_SKILL | ST_IN_USE);
	return over(l, ST_NOTHING);
}

/* "nothing other than X", "no store except X": X stays */
static int exempt(const struct look *l)
{
	if (l->s->words > 2 ||
		!word_is(l->d, l->i,
			"other than|anything other than|except|except for|anything but|"
			"anything except|but not|but no"))
		return 0;
	for (size_t k = l->i; k > l->first && l->i - k < 6; k--)
		if (word_is(l->d, k - 1, "nothing|neither|none|nobody|no") ||
			(is(l->d, k - 1, LC_NO) != NULL && l->i - k < 4))
			return 1;
	return 0;
}

/* "avoid X", "no X", "not X" */
static enum found ruled_out(const struct look *l)
{
	const struct doc *d = l->d;
	struct scan_state *s = l->s;

	if (!l->near)
		return NOT_IT;
	/* "fine, except for two points: ..." */
	if (word_is(d, l->i, "except|except for|other than"))
		for (size_t k = l->i + 1; k < l->last; k++)
			if (sign_is(d, k, ':'))
				return GO_ON;
	if (is(d, l->i, LC_EXCL) != NULL && s->words <= 8) {
		/* "we don't use X" tells what is so, "don't use X" what is to be */
		if (l->i > l->first && is(d, l->i - 1, LC_SUBJECT) != NULL &&
			word_is(d, l->i, "don't use|do not use|dont use|never use"))
			return over(l, ST_NOTHING);
		if (!exempt(l))
			exclude_it(s);
		return OVER;
	}
	if (is(d, l->i, LC_NO) != NULL && s->words <= 3) {
		if (!s->entity_past || !own_remark(d, l->last, l->end))
			exclude_it(s);
		return OVER;
	}
	/* "not X", "it must not be X" */
	if (is(d, l->i, LC_NOT) != NULL &&
		(s->words == 0 || (s->words == 1 && word_is(d, l->i + 1, "be"))) &&
		!(l->i + 1 < d->s.n && word_is(d, l->i + 1, "only|just"))) {
		exclude_it(s);
		return OVER;
	}
	return NOT_IT;
}

/* "instead of X", "we looked at X", "Y over X" */
static enum found passed_over(const struct look *l)
{
	/* "would rather have Y than X" */
	if (word_is(l->d, l->i, "than") && l->s->words <= 1 &&
		find(l->d, l->first, l->i, LC_PREFER) != NOT_FOUND)
		return over(l, ST_NOTHING);
	if (!l->near || is(l->d, l->i, LC_ALTNOT) == NULL || l->s->words > 3)
		return NOT_IT;
	if (word_is(l->d, l->i, "over") &&
		find(l->d, l->first, l->i, LC_PREFER) == NOT_FOUND)
		return GO_ON;
	return over(l, ST_NOTHING);
}

/* "strong in X", "nobody is strong in X" */
static enum found skilled(const struct look *l)
{
	if (is(l->d, l->i, LC_SKILL) == NULL || l->s->words > 5 ||
		!(l->near || l->s->entity_past))
		return NOT_IT;
	for (size_t k = l->i; k > l->first && l->i - k < 6; k--)
		if (is(l->d, k - 1, LC_NOBODY) != NULL) {
			l->s->st = ST_NOTHING;
			return OVER;
		}
	return over(l, l->s->st & (ST_ASKED | ST_IN_USE) ? 0 : ST_SKILL);
}

/* "we keep them in X" stores, "keep X" keeps; "prefer X" */
static enum found kept(const struct look *l)
{
	const struct doc *d = l->d;

	if (l->near && is(d, l->i, LC_PREFER) != NULL)
		l->s->st |= ST_PREFERRED;
	if (!l->near || is(d, l->i, LC_KEEP) == NULL || l->s->words > 6)
		return NOT_IT;
	if (!(word_is(d, l->i, "keep|keeps|keeping|retain") && l->last > l->i + 3 &&
		    (word_is(d, l->last - 2, "in|on") ||
			    word_is(d, l->last - 3, "in|on"))))
		l->s->st |= ST_KEEP;
	else if (l->i > l->first &&
		(is(d, l->i - 1, LC_SUBJECT) != NULL ||
			(word_is(d, l->i - 1, "and") &&
				find(d, l->first, l->i, LC_SUBJECT) != NOT_FOUND)))
		l->s->st |= ST_IN_USE;
	return NOT_IT;
}

/* "please use X", "we want to use X" against "we use X" */
static enum found used(const struct look *l)
{
	const struct doc *d = l->d;
	size_t j = l->i;
	int asked = 0;

	/* "the use of X" says nothing yet */
	if (is(d, l->i, LC_USEVERB) == NULL ||
		(word_is(d, l->i, "use") && word_is(d, l->i + 1, "of")))
		return NOT_IT;
	while (j > l->first && l->i - j < 6) {
		j--;
		asked |= is(d, j, LC_ASK) != NULL || is(d, j, LC_PREFER) != NULL;
		if (is(d, j, LC_SUBJECT) != NULL || asked)
			break;
	}
	if (!asked &&
		(l->i == l->first ||
			(j == l->first && l->i - j <= 1 && !is_word(d, j))) &&
		word_is(d, l->i, "use|run|leverage|employ"))
		asked = 1;
	if (!(l->s->st & (ST_ASKED | ST_IN_USE))) {
		l->s->st |= asked ? ST_ASKED : ST_IN_USE;
		l->s->by_verb = !asked;
	}
	return GO_ON;
}

/* "our X", "sits in X" */
static enum found in_place(const struct look *l)
{
	/* "the warehouse is X, BI is Y" */
	if (word_is(l->d, l->i, "is") && l->s->words == 0 && l->i + 1 == l->last - 1 &&
		!(l->s->st & ST_ASKED) && l->i > l->first &&
		word_is(l->d, l->i - 1,
			"warehouse|data "
			"warehouse|database|db|lakehouse|broker|bi|erp|crm|"
			"orchestrator|scheduler|ticketing|stack")) {
		l->s->st |= ST_IN_USE;
		return OVER;
	}
	/* "we spend 20k a month on X" */
	if (word_is(l->d, l->i, "spend|spending|pay|paying") && l->s->words <= 4 &&
		word_is(l->d, l->last - 2, "on|for") && !(l->s->st & ST_ASKED)) {
		l->s->st |= ST_IN_USE;
		return GO_ON;
	}
	if (is(l->d, l->i, LC_INUSE) == NULL || l->s->st & ST_ASKED)
		return NOT_IT;
	l->s->st |= ST_IN_USE;
	if (word_is(l->d, l->i, "our|existing|current") && l->s->words <= 2)
		l->s->strong = l->i;
	return GO_ON;
}

/* "From X to Y" as a remark of its own is a move; "ETL from X": what comes from X is there */
static enum found from(const struct look *l)
{
	const struct doc *d = l->d;
	struct scan_state *s = l->s;
	size_t opens = segment_of(d, l->i).first;

	if (!l->near || !word_is(d, l->i, "from"))
		return NOT_IT;
	if (l->i == opens || (l->i == opens + 1 && sign_is(d, opens, ','))) {
		if (s->words == 0 && !s->entity_past && word_is(d, l->last, "to") &&
			l->last + 1 < l->end &&
			(d->at[l->last + 1].entity || d->at[l->last + 2].entity))
			return over(l, ST_LEFT);
		if (s->entity_past == 2)
			return over(l, ST_ASKED | ST_IN_USE | ST_KEEP);
	}
	/* "from A to B and from C to D" */
	if (s->words == 0 && word_is(d, l->i - 1, "and") && word_is(d, l->last, "to") &&
		l->last + 1 < d->s.n && d->at[l->last + 1].entity)
		return over(l, ST_LEFT);
	if (s->words > 0 || s->st & (ST_ASKED | ST_IN_USE))
		return NOT_IT;
	s->st |= ST_IN_USE;
	return GO_ON;
}

/* "data lands in X" tells where it is; "results land in X" where they are to go */
static enum found lands(const struct look *l)
{
	const struct doc *d = l->d;

	if (l->i == l->first || l->s->st & ST_ASKED ||
		!word_is(d, l->i, "lands in|land in|landing in|goes into|go into"))
		return NOT_IT;
	if (is(d, l->i - 1, LC_DCDATA) == NULL && is(d, l->i - 1, LC_EVNOUN) == NULL &&
		!word_is(d, l->i - 1, "dumps|exports|events|feeds|readings"))
		return NOT_IT;
	l->s->st |= ST_IN_USE;
	return GO_ON;
}

/* "want X", "should be X", "write the result to our X" */
static enum found asked_for(const struct look *l)
{
	struct scan_state *s = l->s;

	if (s->strong && s->to && l->near && s->words <= 5 &&
		word_is(l->d, l->i,
			"write|writes|written|store|stored|push|pushed|save|saved|put|"
			"export|exported|send|sent|load|loaded|return|returned") &&
		!(l->i > l->first && is(l->d, l->i - 1, LC_SUBJECT) != NULL)) {
		s->st |= ST_KEEP;
		return GO_ON;
	}
	if (is(l->d, l->i, LC_ASK) == NULL)
		return NOT_IT;
	if (!(s->st & ST_IN_USE))
		s->st |= ST_ASKED;
	else if (s->strong && s->words <= 6 && l->near)
		s->st |= ST_KEEP;
	return GO_ON;
}

static enum found plain_word(const struct look *l)
{
	if (is_word(l->d, l->i) && !filler(l->d, l->i) &&
		is(l->d, l->i, LC_BECAUSE) == NULL)
		l->s->words++;
	return GO_ON;
}

/* The order counts: what rules out stands before what asks. */
static enum found (*const cues[])(const struct look *) = { punctuation, not_used, moves,
	nobody, ruled_out, passed_over, skilled, kept, used, in_place, from, lands,
	asked_for, plain_word };

/* One lexeme to the left; 1 when the look is over. */
static int look_left(const struct doc *d, size_t i, size_t first, size_t last, size_t end,
	struct scan_state *s)
{
	const struct look l = { .d = d,
		.i = i,
		.first = first,
		.end = end,
		.last = last,
		.near = s->commas == 0,
		.s = s };
	enum found f = NOT_IT;

	for (size_t k = 0; k < ARRAY_LEN(cues) && f == NOT_IT; k++)
		f = cues[k](&l);
	return f == OVER;
}

/* Cues after the mention: 1 when the look is over. */
static int look_right(const struct doc *d, size_t i, struct scan_state *s)
{
	/* "X out, Y in" */
	if (is(d, i, LC_EXCLPOST) != NULL ||
		(s->words == 0 && word_is(d, i, "out") &&
			(i + 1 >= d->s.n || d->s.lex[i + 1].kind == LEX_SIGN ||
				d->s.lex[i + 1].kind == LEX_BREAK))) {
		s->st = (s->st & (ST_IN_USE | ST_HEDGED)) | ST_EXCLUDED;
		return 1;
	}
	if (is(d, i, LC_LEFTPOST) != NULL || being_left(d, i) ||
		(s->words == 0 && word_is(d, i, "goes") && !is_word(d, i + 1))) {
		s->st = ST_LEFT;
		return 1;
	}
	/* "X considered" names a rival */
	if (is(d, i, LC_NONUSE) != NULL ||
		(s->words == 0 && word_is(d, i, "considered|evaluated"))) {
		s->st |= ST_NOTHING;
		return 1;
	}
	if (word_is(d, i,
		    "experience|expertise|skills|knowledge|know-how|certified|gurus|guru|"
		    "savvy|expert|experts|known") &&
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
	if (s->st & ST_IN_USE && s->words <= 5 &&
		word_is(d, i, "must be used|should be used|shall be used|is to be used"))
		s->st |= ST_KEEP;
	/* "X now, fine to keep", "X and Y used." */
	if (word_is(d, i, "now|used") && s->words == 0 && !(s->st & ST_ASKED) &&
		(i + 1 >= d->s.n || d->s.lex[i + 1].kind == LEX_SIGN ||
			d->s.lex[i + 1].kind == LEX_BREAK))
		s->st |= ST_IN_USE;
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
	if (word_is(d, i + 1,
		    "rating|ratings|level|levels|score|scores|matching|"
		    "matchmaking|based|tree|gap"))
		return 0; /* what the system is about */
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
	if (find_in_header(d, i, LC_LEFTPOST) != NOT_FOUND)
		return ST_LEFT;
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

/* "Won't: X" rules X out, "Won't (this year): X" puts it off. */
static unsigned wont_status(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);
	size_t wont = s.first;

	while (wont < i && wont < s.first + 3 &&
		!word_is(d, wont, "won't|wont|won't have"))
		wont++;
	if (wont >= i || !word_is(d, wont, "won't|wont|won't have"))
		return 0;
	for (size_t k = wont + 1; k < i && k < wont + 7; k++) {
		if (sign_is(d, k, ':') || d->s.lex[k].kind == LEX_CELL)
			return k == wont + 1 ? ST_EXCLUDED : ST_NOTHING;
		if (k == wont + 1 && !sign_is(d, k, '('))
			return 0;
	}
	return 0;
}

/* "Stack: a, b; c": the key at the sentence's start holds for all of it. */
static unsigned key_status(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);
	size_t colon = s.first;

	while (colon < i && colon < s.first + 6 && !sign_is(d, colon, ':') &&
		d->s.lex[colon].kind != LEX_CELL)
		colon++;
	if (!sign_is(d, colon, ':') && d->s.lex[colon].kind != LEX_CELL)
		return 0;
	if (find(d, s.first, colon, LC_EXCL) != NOT_FOUND ||
		find(d, s.first, colon, LC_EXCLPOST) != NOT_FOUND)
		return ST_EXCLUDED;
	if (find(d, s.first, colon, LC_LEFTPOST) != NOT_FOUND)
		return ST_LEFT;
	if (names_skills(d, find(d, s.first, colon, LC_SKILL)))
		return ST_SKILL;
	if (find(d, s.first, colon, LC_INUSE) != NOT_FOUND ||
		find(d, s.first, colon, LC_INUSEPOST) != NOT_FOUND)
		return ST_IN_USE;
	return find(d, s.first, colon, LC_ASK) != NOT_FOUND ? ST_ASKED : 0;
}

/* "20 TB of images in X": what is held somewhere is there. */
static int held_there(const struct doc *d, size_t i)
{
	struct range c = segment_of(d, i);
	size_t b;

	if (!word_is(d, i - 1, "in|on"))
		return 0;
	b = find(d, c.first, i, LC_BYTES);
	for (size_t k = c.first; b == NOT_FOUND && k < i; k++)
		if (word_is(d, k,
			    "csv|csvs|parquet|data|history|tables|logs|json|exports|"
			    "dumps|images|"
			    "files|records|documents|recordings"))
			b = k;
	/* "photos are on S3, past results in X": the verb is the one before */
	if (b == NOT_FOUND && c.first > sentence_of(d, i).first && i - c.first <= 5)
		for (size_t k = sentence_of(d, i).first; k + 2 < c.first; k++)
			if (is(d, k, LC_INUSE) != NULL && d->at[k + 1].entity)
				return 1;
	/* "results as Parquet on X" are to go there */
	for (size_t k = c.first; k < i && b != NOT_FOUND; k++)
		if (word_is(d, k,
			    "result|results|score|scores|output|outputs|prediction|"
			    "predictions|forecasts"))
			return 0;
	return b != NOT_FOUND && i - b <= 7 &&
		find(d, clause_of(d, i).first, i, LC_ASK) == NOT_FOUND &&
		find(d, b, i, LC_TIME) == NOT_FOUND;
}

/* "X holds the history, 60 TB, and stays", "X is what we watch, and it stays": said of the
 * thing before i, behind a remark. */
static int stays_behind(const struct doc *d, size_t i, size_t end)
{
	for (size_t k = i; k < end && k < i + 12 && !d->at[k].entity; k++) {
		size_t m = k + 1;

		/* "X today; we'd like to keep it" */
		if (word_is(d, k, "keep it|keep them|keep that") && k > i &&
			(m >= end || !is_word(d, m)) && is(d, k - 1, LC_NOT) == NULL &&
			is(d, k - 1, LC_NONUSE) == NULL)
			return 1;
		/* "X now, fine to keep" */
		if (word_is(d, k, "keep") && k > i && word_is(d, k - 1, "to") &&
			(m >= end || !is_word(d, m)))
			return 1;
		if (is(d, k, LC_KEEP) != NULL &&
			word_is(d, m, "it|them|both|these|all|all three") && k > i + 1 &&
			(m + 1 >= end || !is_word(d, m + 1)) &&
			is(d, k - 1, LC_NOT) == NULL && is(d, k - 1, LC_NONUSE) == NULL)
			return 1;
		if (!word_is(d, k, "and|but"))
			continue;
		while (m < end &&
			word_is(d, m, "it|that|this|they|should|must|will|shall"))
			m++;
		if (m < end && is(d, m, LC_KEEP) != NULL &&
			(m + 1 >= end || !is_word(d, m + 1) ||
				word_is(d, m + 1, "it|them|that|this|so|there|doing")))
			return 1;
	}
	return 0;
}

/* "X is what we have, and we would rather not keep it" */
static int dropped_behind(const struct doc *d, size_t i, size_t end)
{
	for (size_t k = i; k < end && k < i + 14 && !d->at[k].entity; k++)
		if ((is(d, k, LC_EXCL) != NULL ||
			    word_is(d, k, "get rid of|drop|replace")) &&
			k + 1 < end &&
			word_is(d, k + 1, "it|them|that|keep it|keep them|use it") &&
			(k + 2 >= end || !is_word(d, k + 2) ||
				word_is(d, k + 2, "again|anymore|any more|for this")))
			return 1;
	return 0;
}

/* "we have done a trial with X": X is not in use for that */
static int tried_out(const struct doc *d, size_t i)
{
	for (size_t k = clause_of(d, i).first; k < i; k++)
		if (word_is(d, k,
			    "trial|trials|poc|pilot|proof of concept|test|tests|demo"))
			return 1;
	return 0;
}

/* What a relative clause at i says of the thing before it: "X, which ops already runs",
 * "X that we must not use", "X, which nobody likes". */
static unsigned relative_status(const struct doc *d, size_t i, size_t end)
{
	if (!word_is(d, i, "which|that"))
		return 0;
	for (size_t k = i + 1; k < end && k < i + 6; k++) {
		if (is(d, k, LC_EXCL) != NULL || word_is(d, k, "must not|may not|cannot"))
			return ST_EXCLUDED;
		if (is(d, k, LC_LEFTPOST) != NULL || being_left(d, k))
			return ST_LEFT;
		if (is(d, k, LC_NOT) != NULL || is(d, k, LC_NONUSE) != NULL ||
			is(d, k, LC_NOBODY) != NULL)
			return ST_NOTHING;
		if (is(d, k, LC_KEEP) != NULL)
			return ST_IN_USE | ST_KEEP;
		if (is(d, k, LC_ASK) != NULL && is(d, k + 1, LC_KEEP) == NULL &&
			is(d, k + 2, LC_KEEP) == NULL)
			return 0;
		if (k > i + 1 && is(d, k, LC_USEVERB) != NULL)
			return ST_IN_USE;
	}
	return 0;
}

/* A predicate in the singular: "goes away", "is off the table", "has to go". */
static int of_one(const struct doc *d, size_t i)
{
	const char *p = d->s.norm + d->s.lex[i].from;
	size_t len = d->s.lex[i].to - d->s.lex[i].from;

	return (is(d, i, LC_LEFTPOST) != NULL || is(d, i, LC_EXCLPOST) != NULL) &&
		((len > 5 && memcmp(p, "goes ", 5) == 0) ||
			(len > 3 && memcmp(p, "is ", 3) == 0) ||
			(len > 4 &&
				(memcmp(p, "has ", 4) == 0 ||
					memcmp(p, "was ", 4) == 0)));
}

unsigned status_of(const struct doc *d, size_t first, size_t last)
{
	struct range c = clause_of(d, first);
	struct scan_state s = { 0 };
	size_t left = c.first, i;
	/* of what is history words of history tell, too */
	unsigned told = d->at[first].dead & DEAD_PAST;
	int alone = 0;      /* behind a comma and another thing */
	size_t tail = last; /* behind the last thing of the list */

	if (d->sent[d->at[first].sentence].refused)
		return ST_EXCLUDED;

	/* a clause may open with what its predecessor governs: "Monitoring: X - Y" */
	for (i = first; i > left && first - i < REACH; i--) {
		/* what stands in brackets is a remark of its own */
		if (sign_is(d, i - 1, ')') && d->at[i - 1].match > left &&
			d->at[i - 1].match < i - 1)
			i = d->at[i - 1].match + 1;
		else if ((d->at[i - 1].dead & ~told) == 0 &&
			look_left(d, i - 1, left, last, c.last, &s))
			break;
	}
	s.words = 0;
	for (i = last; i < c.last && i < last + REACH; i++) {
		if (d->at[i].dead)
			continue;
		if (d->at[i].entity) {
			s.words = 0;
			alone = sign_is(d, i - 1, ',');
			tail = i + 1;
			continue;
		}
		/* "X, Y goes away": of Y alone */
		if (alone && is_word(d, i) && of_one(d, i))
			break;
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
	/* "| Kubernetes | not wanted |" */
	if (s.st == 0 && last + 1 < d->s.n && d->s.lex[last].kind == LEX_CELL &&
		(is(d, last + 1, LC_EXCLPOST) != NULL ||
			word_is(d, last + 1,
				"excluded|forbidden|banned|prohibited|unwanted|avoid|"
				"never|"
				"not wanted|not allowed|not permitted|out")))
		return ST_EXCLUDED;
	if (s.words == 0 && !(s.st & (ST_EXCLUDED | ST_LEFT | ST_NOTHING))) {
		unsigned rel =
			relative_status(d, i < d->s.n && sign_is(d, i, ',') ? i + 1 : i,
				sentence_of(d, first).last);

		s.st = rel & ST_LEFT ? ST_LEFT : s.st | rel;
	}
	if (!(s.st & (ST_KEEP | ST_ASKED | ST_SKILL)) &&
		dropped_behind(d, tail, sentence_of(d, first).last))
		return (s.st & ST_IN_USE && !tried_out(d, first) ? ST_IN_USE : 0) |
			ST_EXCLUDED;
	if (s.st & ST_IN_USE && stays_behind(d, tail, sentence_of(d, first).last))
		s.st |= ST_KEEP;
	if (s.st == 0)
		s.st = wont_status(d, first);
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
