/* team.c - how many people build and run it: counts of roles added up, or a total. */
#include <math.h>

#include "intake/internal.h"

struct team {
	double sum, total;
	double whole; /* the first count, which may be that of all */
	int parts;
	size_t first, last;             /* evidence of the sum */
	size_t total_first, total_last; /* and of the total */
	size_t prev;                    /* the last count that was added */
	uint32_t sentence;              /* where it stands */
};

/* A way to say it at lexeme i: 1 with the last lexeme that it covers in *to, else 0. */
typedef int team_form(const struct doc *d, struct team *t, size_t i, size_t *to);

static void add_people(const struct doc *d, struct team *t, double n, size_t first,
	size_t last, size_t at)
{
	if (t->sum == 0) {
		t->first = first;
		t->whole = n;
	}
	t->sum += n;
	t->parts++;
	t->last = last;
	t->sentence = d->at[at].sentence;
}

static void set_total(struct team *t, double n, size_t first, size_t last)
{
	t->total = n;
	t->total_first = first;
	t->total_last = last;
}

/* Is this count about those who build and run it? */
static int team_context(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i), s = sentence_of(d, i);

	if (find(d, c.first, c.last, LC_TEAMWORD) != NOT_FOUND ||
		find_in_header(d, i, LC_TEAMWORD) != NOT_FOUND)
		return 1;
	for (size_t k = s.first; k < s.last && k < i; k++)
		if (word_is(d, k, "we|we are|we're|our|team|i") ||
			is(d, k, LC_SIZE_TOTAL) != NULL)
			return 1;
	if (find(d, s.first, i, LC_LANG) != NOT_FOUND)
		return 1;
	/* a sentence that begins with the count, or is little else */
	return i <= s.first + 2;
}

/* "Raj plus two developers": one more, by name. */
static int named_before(const struct doc *d, size_t i)
{
	if (i < 2 ||
		!(word_is(d, i - 1, "plus|and") || sign_is(d, i - 1, '+') ||
			sign_is(d, i - 1, '&')))
		return 0;
	return word_is(d, i - 2, "me|myself|i") ||
		(d->s.lex[i - 2].kind == LEX_WORD &&
			lexeme_capital(&d->s, &d->s.lex[i - 2]) &&
			i - 2 == sentence_of(d, i).first);
}

/* "6 quants using Python": whatever they are called, they write code. */
static int writes_code(const struct doc *d, size_t k)
{
	return d->s.lex[k].kind == LEX_WORD &&
		word_is(d, k + 1,
			"using|writing|coding in|coding|fluent in|who write|who code "
			"in|who "
			"know|knowing|working in|programming in") &&
		is(d, k + 2, LC_LANG) != NULL;
}

/* "team of six", "team size: 6" */
static int named_total(const struct doc *d, struct team *t, size_t i, size_t *to)
{
	struct numeral q;
	size_t k = i + 1;

	if (is(d, i, LC_SIZE_TOTAL) == NULL ||
		!word_is(d, i,
			"team of|a team of|team is|the team is|our team is|team "
			"size|team "
			"has|our team has|the team has|headcount"))
		return 0;
	while (sign_is(d, k, ':') ||
		word_is(d, k, "of|is|about|around|only|just|roughly") ||
		d->s.lex[k < d->s.n ? k : i].kind == LEX_CELL)
		k++;
	if (!quantity_at(&d->s, &d->words, k, LC_CUR, &q) || q.hi < 1 || q.hi >= 500 ||
		is(d, q.next, LC_TIME) != NULL ||
		find(d, sentence_of(d, i).first, i, LC_COMPANYHEAD) != NOT_FOUND)
		return 0;
	if (t->total == 0 || d->at[i].sentence == t->sentence)
		set_total(t, q.hi, i, q.next);
	*to = q.next - 1;
	return 1;
}

/* "our engineers are 5" */
static int are_many(const struct doc *d, struct team *t, size_t i, size_t *to)
{
	struct numeral q;

	if (is(d, i, LC_TEAMNOUN) == NULL || !word_is(d, i + 1, "are|is") ||
		t->total > 0 || t->sum > 0 ||
		!quantity_at(&d->s, &d->words, i + 2, LC_CUR, &q) || q.hi >= 400 ||
		!team_context(d, i) || is_word(d, q.next))
		return 0;
	set_total(t, q.hi, i, q.next);
	*to = q.next - 1;
	return 1;
}

/* "developers (4)" */
static int in_brackets(const struct doc *d, struct team *t, size_t i, size_t *to)
{
	if (is(d, i, LC_TEAMNOUN) == NULL || !sign_is(d, i + 1, '(') || t->total > 0 ||
		d->s.lex[i + 2].kind != LEX_NUMBER || !sign_is(d, i + 3, ')') ||
		d->s.lex[i + 2].num >= 400 || is(d, i, LC_CORPUS) != NULL ||
		word_is(d, i, "people|person|members|students|guys|folks|men|women"))
		return 0;
	add_people(d, t, d->s.lex[i + 2].num, i, i + 4, i);
	t->prev = *to = i + 3;
	return 1;
}

/* "Team: Zoe and me", "two developers and me" */
static int and_me(const struct doc *d, struct team *t, size_t i, size_t *to)
{
	*to = i;
	if (is(d, i, LC_ANDME) == NULL)
		return 0;
	if (t->sum > 0 && i - t->prev < 12) {
		t->sum += 1;
		t->last = i + 1;
		return 1;
	}
	if (t->total > 0 && t->sum == 0 && i - t->total_last < 8 &&
		d->at[i].sentence == d->at[t->total_first].sentence) {
		t->total += 1;
		t->total_last = i + 1;
		return 1;
	}
	if (t->sum > 0 || t->total > 0 || i == 0 || d->s.lex[i - 1].kind != LEX_WORD ||
		!lexeme_capital(&d->s, &d->s.lex[i - 1]) ||
		(find(d, sentence_of(d, i).first, i, LC_TEAMWORD) == NOT_FOUND &&
			!word_is(d, i - 2, "it's|just|only|it's only|it's just")))
		return 0;
	add_people(d, t, 2, i - 1, i + 1, i);
	t->prev = i;
	return 1;
}

/* The number of a count at i ("two", "a" in a list); 0 when there is none. */
static int number_at(const struct doc *d, const struct team *t, size_t i,
	struct numeral *q, int *article)
{
	*article = word_is(d, i, "a|an") && t->sum > 0 && i - t->prev < 5;
	if (*article) {
		*q = (struct numeral){
			.hi = 1, .first = (uint32_t)i, .next = (uint32_t)i + 1
		};
		return 1;
	}
	return (d->s.lex[i].kind == LEX_NUMBER || is(d, i, LC_NUMBER) != NULL) &&
		!(d->s.lex[i].flags & LEX_INWORD) &&
		quantity_at(&d->s, &d->words, i, LC_CUR, q);
}

/* The role that a number counts, a few words behind it: "4-person team", "two senior
 * data engineers". Where it ends when there is none, too. */
static size_t role_behind(const struct doc *d, size_t k)
{
	if (sign_is(d, k, '-'))
		k++;
	for (size_t j = 0; j < 4 && is(d, k, LC_TEAMNOUN) == NULL &&
		(is_word(d, k) || sign_is(d, k, '-') || is(d, k, LC_LANG) != NULL ||
			is(d, k, LC_CLOUD) != NULL) &&
		is(d, k, LC_TIME) == NULL && is(d, k, LC_PER) == NULL &&
		!word_is(d, k, "and|or|in|on|for|with|of our|at");
		j++)
		k++;
	return k;
}

static int team_word_near(const struct doc *d, size_t i)
{
	return find(d, clause_of(d, i).first, clause_of(d, i).last, LC_TEAMWORD) !=
		NOT_FOUND;
}

/* Are they of the company, or anybody, rather than those who build it? */
static int not_theirs(const struct doc *d, size_t i, size_t k, int article)
{
	struct range s = sentence_of(d, i);

	if (find(d, s.first, s.last, LC_COMPANYHEAD) != NOT_FOUND &&
		!word_is(d, k,
			"data scientist|data scientists|ml engineer|ml engineers|data "
			"engineer|data engineers|developer|developers|devs|dev|engineer|"
			"engineers") &&
		!team_word_near(d, i))
		return 1;
	/* "two people: a data engineer and an analyst" */
	if (sign_is(d, k + 1, ':') && find(d, k + 2, s.last, LC_TEAMNOUN) != NOT_FOUND)
		return 0;
	if (!article && is(d, k + 1, LC_ANDME) == NULL &&
		word_is(d, k,
			"people|person|persons|members|colleagues|folks|guys|heads|men|"
			"women|admins|admin|researchers|scientists|students|"
			"architects") &&
		!team_word_near(d, i) && find_in_header(d, i, LC_TEAMWORD) == NOT_FOUND &&
		find(d, s.first, s.last, LC_LANG) == NOT_FOUND)
		return 1;
	/* "an endpoint for 260 quality engineers" */
	if (word_is(d, i - 1, "for") && d->s.lex[i].kind == LEX_NUMBER &&
		d->s.lex[i].num > 20)
		return 1;
	/* those who use it are no team */
	return word_is(d, k + 1, "using|use|will use|who use|who will use") ||
		word_is(d, i - 1, "serve|serves|serving|support|supporting");
}

/* "5 people in total", "six engineers: two of them ..." */
static int is_total(
	const struct doc *d, const struct team *t, const struct numeral *q, size_t k)
{
	if (is(d, k, LC_SIZE_TOTAL) != NULL)
		return 1;
	if (t->sum > 0)
		return word_is(d, k, "people|persons|members") &&
			find(d, k, k + 4, LC_SIZE_TOTAL) != NOT_FOUND;
	return q->hi > 1 && t->total == 0 &&
		(sign_is(d, k + 1, ':') || sign_is(d, k + 1, '(')) &&
		word_is(d, k,
			"people|person|members|team members|engineers|developers|persons|"
			"folks|of us|heads");
}

/* "Team: 5 ML, 3 backend", "2x Java, 1x Python": what they do stands for who they are. */
static int discipline(const struct doc *d, size_t i, size_t k, size_t *to)
{
	struct range s = sentence_of(d, i);

	if (word_is(d, i - 1, "other|the other") ||
		(find(d, s.first, i, LC_TEAMWORD) == NOT_FOUND &&
			find_in_header(d, i, LC_TEAMWORD) == NOT_FOUND))
		return 0;
	if (word_is(d, k, "x"))
		k++;
	if (!(word_is(d, k,
		      "ml|backend|back-end|frontend|front-end|platform|infra|"
		      "infrastructure|ops|mobile|security|data|analytics|ai|full-stack|"
		      "fullstack|product") ||
		    is(d, k, LC_LANG) != NULL) ||
		(is_word(d, k + 1) && !word_is(d, k + 1, "and|plus|or")))
		return 0;
	*to = k;
	return 1;
}

/* A number without a role: "team: 5", "6 quants using Python". */
static void no_role(const struct doc *d, struct team *t, size_t i,
	const struct numeral *q, size_t *to)
{
	*to = q->next - 1;
	if (t->total > 0)
		return;
	/* "we are five, all of us write Kotlin", "built and run by two volunteers" */
	if (q->hi > 0 && t->sum == 0 && word_is(d, q->first - 1, "we are|we're") &&
		(q->next >= d->s.n || sign_is(d, q->next, ',') ||
			(sign_is(d, q->next, '(') &&
				is(d, q->next + 1, LC_LANG) != NULL) ||
			sign_is(d, q->next, '.') || sign_is(d, q->next, ';') ||
			d->s.lex[q->next].kind == LEX_BREAK)) {
		set_total(t, q->hi, q->first - 1, q->next);
		return;
	}
	if (q->hi > 0 && t->sum == 0 && word_is(d, q->first - 1, "by") &&
		is_word(d, q->next) &&
		word_is(d, q->first - 2,
			"run|built|maintained|operated|developed|managed|done|looked "
			"after")) {
		set_total(t, q->hi, q->first, q->next + 1);
		*to = q->next;
		return;
	}
	/* "R and Julia people (five in total)" */
	if (q->hi > 0 && word_is(d, q->next, "in total|altogether|in all|all in all") &&
		sign_is(d, q->first - 1, '(') &&
		find(d, sentence_of(d, i).first, i, LC_TEAMNOUN) != NOT_FOUND &&
		(find(d, sentence_of(d, i).first, i, LC_LANG) != NOT_FOUND ||
			team_word_near(d, i))) {
		set_total(t, q->hi, q->first, q->next + 1);
		return;
	}
	if (q->hi > 1 && (sign_is(d, q->next, ':') || sign_is(d, q->next, '(')) &&
		word_is(d, q->first - 1, "we are|we're") &&
		find(d, q->next, sentence_of(d, i).last, LC_TEAMNOUN) != NOT_FOUND) {
		set_total(t, q->hi, q->first - 1, q->next); /* "we are four: two ..." */
	} else if (discipline(d, i, q->next, to)) {
		add_people(d, t, q->hi, q->first, *to + 1, i);
		t->prev = *to;
	} else if (writes_code(d, q->next)) {
		add_people(d, t, q->hi, q->first, q->next + 1, i);
		t->prev = *to = q->next;
	} else if (t->sum == 0 && sign_is(d, q->first - 1, ':') &&
		word_is(d, q->first - 2, "team|team size|staff|headcount|crew|size")) {
		set_total(t, q->hi, q->first - 2, q->next);
	}
}

/* "two data scientists", "a part-time admin" in a list */
static int counted_role(const struct doc *d, struct team *t, size_t i, size_t *to)
{
	struct numeral q;
	size_t k;
	int article, named;

	if (!number_at(d, t, i, &q, &article))
		return 0;
	*to = q.next - 1;
	if (q.hi < 1 || q.hi > 400 || q.scaled || floor(q.hi) != q.hi ||
		is(d, i - 1, LC_CUR) != NULL)
		return 1;
	/* "9 people in IT, 3 of them will work on this" */
	if (word_is(d, q.next, "of") && word_is(d, q.next + 1, "them|us|those"))
		for (size_t j = q.next + 2; j < q.next + 6; j++)
			if (word_is(d, j, "work on|working on") ||
				(word_is(d, j, "work|working") &&
					word_is(d, j + 1, "on"))) {
				set_total(t, q.hi, q.first, j);
				*to = j;
				return 1;
			}
	k = role_behind(d, q.next);
	/* "we are two analysts", "3 analysts" among engineers */
	if (is(d, k, LC_TEAMNOUN) == NULL && is(d, q.next, LC_ROLENOUN) != NULL &&
		(word_is(d, i - 1, "we are|we're|just|only") ||
			(t->sum > 0 && i - t->prev < 4)) &&
		!word_is(d, q.next + 1, "using|use|will use|who use|who will use|will")) {
		add_people(d, t, q.hi, q.first, q.next + 1, i);
		t->prev = *to = q.next;
		return 1;
	}
	/* "one ML engineer, one automation technician who helps to run it" */
	for (size_t j = q.next; is(d, k, LC_TEAMNOUN) == NULL && t->sum > 0 &&
		i - t->prev < 4 && q.hi < 20 && j < q.next + 3 && is_word(d, j);
		j++)
		if (is(d, j, LC_ROLENOUN) != NULL) {
			add_people(d, t, q.hi, q.first, j + 1, i);
			t->prev = *to = j;
			return 1;
		}
	if (is(d, k, LC_TEAMNOUN) == NULL) {
		no_role(d, t, i, &q, to);
		return 1;
	}
	/* "two of us know X" are among those counted */
	if (word_is(d, k, "of us") && t->sum > 0)
		return 1;
	if (not_theirs(d, i, k, article) ||
		(!article && t->sum == 0 && !team_context(d, i)) ||
		(t->sum > 0 && d->at[i].sentence > t->sentence + 1))
		return 1;
	named = named_before(d, q.first);
	if (is_total(d, t, &q, k))
		set_total(t, q.hi, q.first, k + 1);
	else
		add_people(d, t, q.hi + named, q.first - (size_t)named * 2, k + 1, i);
	t->sentence = d->at[i].sentence;
	t->prev = *to = k;
	return 1;
}

/* "it's me and Ade" */
static int me_and(const struct doc *d, struct team *t, size_t i, size_t *to)
{
	if (!word_is(d, i, "me|myself") || t->sum > 0 || t->total > 0 ||
		!(word_is(d, i + 1, "and|plus") || sign_is(d, i + 1, '+') ||
			sign_is(d, i + 1, '&')) ||
		i + 2 >= d->s.n || d->s.lex[i + 2].kind != LEX_WORD ||
		!lexeme_capital(&d->s, &d->s.lex[i + 2]) ||
		!(i == sentence_of(d, i).first ||
			word_is(d, i - 1, "it's|it is|just|only|is|team|with|are") ||
			sign_is(d, i - 1, ':')))
		return 0;
	add_people(d, t, 2, i, i + 3, i);
	t->prev = *to = i + 2;
	return 1;
}

static team_form *const forms[] = { named_total, are_many, in_brackets, and_me, me_and,
	counted_role };

void read_team(const struct doc *d, struct reading *r)
{
	struct team t = { .sentence = UINT32_MAX };
	size_t alone = find(d, 0, d->s.n, LC_ALONE);

	for (size_t i = 0; i < d->s.n; i++) {
		size_t to = i;

		for (size_t k = 0; k < ARRAY_LEN(forms) && d->at[i].dead == 0; k++)
			if (forms[k](d, &t, i, &to))
				break;
		i = to;
	}
	if (t.total > 0)
		fact_add(r, "team_constraints", "size", NULL, t.total, t.total_first,
			t.total_last, "team.size", 0.9);
	else if (t.parts > 2 &&
		t.sum == 2 * t.whole) /* "nine people, 4 ..., 3 ..., 2 ..." */
		fact_add(r, "team_constraints", "size", NULL, t.whole, t.first, t.last,
			"team.size", 0.9);
	else if (t.sum > 0)
		fact_add(r, "team_constraints", "size", NULL, t.sum, t.first, t.last,
			"team.size-summed", 0.85);
	else if (alone != NOT_FOUND)
		fact_add(r, "team_constraints", "size", NULL, 1, alone, alone + 1,
			"team.alone", 0.9);
}
