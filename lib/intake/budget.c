/* budget.c - the recurring budget: amounts of money, their period, how firm they are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intake/internal.h"

#define MONTH 2628000.0

struct amount {
	struct numeral q;
	double lo, hi;        /* in the currency, per month */
	const char *currency; /* NULL: none said */
	double period;        /* seconds; 0: none said */
	size_t first, last;   /* lexemes */
	struct range window;  /* where its own words stand */
	int hard, soft, strong_soft, cue, rank, old, revised, total;
	size_t hard_at;
};

#define AMOUNTS_MAX 64

static double seconds(const char *v)
{
	return v == NULL ? 0 : strtod(v, NULL);
}

/* A period at lexeme i: "/month", "per year", "monthly", "p.a.", "a quarter". */
static double period_at(const struct doc *d, size_t i, size_t *next)
{
	const char *v = is(d, i, LC_PERIOD);
	size_t k = i;

	if (v != NULL) {
		*next = i + 1;
		return seconds(v);
	}
	/* "1000 EUR pm", not "5 pm" */
	if (word_is(d, i, "pm") && i > 0 &&
		(is(d, i - 1, LC_CUR) != NULL || is(d, i - 1, LC_SCALE) != NULL ||
			(d->s.lex[i - 1].kind == LEX_NUMBER &&
				d->s.lex[i - 1].num >= 100))) {
		*next = i + 1;
		return MONTH;
	}
	/* "for the fiscal year" */
	if (word_is(d, k, "for")) {
		for (k++; word_is(d, k,
			     "the|a|one|each|every|whole|entire|full|fiscal|"
			     "financial|calendar|coming|first");
			k++)
			;
		v = is(d, k, LC_TIME);
		if (v == NULL || seconds(v) < MONTH || k == i + 1)
			return 0;
		*next = k + 1;
		return seconds(v);
	}
	if (is(d, k, LC_PER) == NULL)
		return 0;
	k++;
	if (word_is(d, k, "calendar|single"))
		k++;
	if (word_is(d, k, "m") || word_is(d, k, "mon")) {
		*next = k + 1;
		return MONTH;
	}
	v = is(d, k, LC_TIME);
	if (v == NULL || seconds(v) < 86400)
		return 0;
	*next = k + 1;
	return seconds(v);
}

/* An amount of money that begins at i: symbol or code before or after the number. */
static int amount_at(const struct doc *d, size_t i, struct amount *a)
{
	size_t k = i;
	const char *c;

	memset(a, 0, sizeof(*a));
	a->first = i;
	c = is(d, k, LC_CUR);
	if (c != NULL && (!word_is(d, k, "rs") || d->s.lex[k + 1].kind == LEX_NUMBER)) {
		a->currency = c;
		k++;
		if (is(d, k, LC_CUR) != NULL)
			k++; /* "USD $5k" */
		if (sign_is(d, k, '~'))
			k++;
	}
	if (!quantity_at(&d->s, &d->words, k, LC_CUR, &a->q))
		return 0;
	if (a->q.grouped == 0 && a->q.hi < 0)
		return 0;
	k = a->q.next;
	while (word_is(d, k, "us|canadian|australian|swiss|singapore") &&
		is(d, k + 1, LC_CUR) != NULL)
		k++;
	c = is(d, k, LC_CUR);
	if (c != NULL && (a->currency == NULL || strcmp(a->currency, "USD") == 0)) {
		if (word_is(d, k, "dollars|dollar|$") && word_is(d, k - 1, "canadian"))
			c = "CAD";
		if (a->currency == NULL || !word_is(d, k, "dollars"))
			a->currency = c;
		k++;
	} else if (a->currency == NULL) {
		for (size_t j = a->q.first; j < a->q.next; j++)
			if (is(d, j, LC_CUR) != NULL)
				a->currency = is(d, j, LC_CUR);
	}
	a->last = k;
	return 1;
}

/* The words that belong to the amount: from the last amount or break to the next. */
static void set_windows(const struct doc *d, struct amount *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct amount *a = &at[i];
		struct range s = sentence_of(d, a->first);
		size_t from = s.first, to = s.last;

		if (i > 0 && at[i - 1].last > from && at[i - 1].first >= s.first) {
			from = at[i - 1].last;
			for (size_t k = from; k < a->first; k++)
				if (sign_is(d, k, ',') || sign_is(d, k, ';') ||
					sign_is(d, k, '(') || sign_is(d, k, ')') ||
					word_is(d, k, "but|and|with|or")) {
					from = k;
					break;
				}
		}
		/* other figures before it take their words with them */
		for (size_t k = from; k < a->first; k++)
			if (d->s.lex[k].kind == LEX_NUMBER) {
				size_t c = k + 1;

				while (c < a->first && !sign_is(d, c, ',') &&
					!sign_is(d, c, ';') && !sign_is(d, c, '.') &&
					!word_is(d, c, "and|but"))
					c++;
				if (c < a->first)
					from = c;
			}
		if (i + 1 < n && at[i + 1].first < to) {
			to = at[i + 1].first;
			for (size_t k = to; k > a->last; k--)
				if (sign_is(d, k - 1, ',') || sign_is(d, k - 1, ';') ||
					sign_is(d, k - 1, '(') ||
					word_is(d, k - 1, "but|and|with")) {
					to = k;
					break;
				}
		}
		for (size_t k = a->last; k < to; k++)
			if (d->s.lex[k].kind == LEX_NUMBER &&
				is(d, k + 1, LC_TIME) == NULL) {
				size_t c = k;

				while (c > a->last && !sign_is(d, c, ',') &&
					!sign_is(d, c, ';'))
					c--;
				to = c > a->last ? c : k;
				break;
			}
		a->window = (struct range){ (uint32_t)from, (uint32_t)to };
		/* a short remark of its own right behind: "Hard limit." */
		if (to == s.last && d->at[a->first].sentence + 1 < d->n_sent) {
			const struct sentence *nx =
				&d->sent[d->at[a->first].sentence + 1];
			int other = 0;

			for (size_t k = nx->first; k < nx->last; k++)
				other |=
					d->s.lex[k].kind == LEX_NUMBER || d->at[k].entity;
			if (!other && nx->last - nx->first <= 12 && !nx->is_header &&
				nx->first <= s.last + 1 &&
				find(d, nx->first, nx->last, LC_HARD) != NOT_FOUND &&
				find(d, nx->first, nx->last, LC_LATCUE) ==
					find(d, nx->first, nx->last, LC_HARD))
				a->window.last = nx->last;
			else if (!other && nx->last - nx->first <= 12 &&
				nx->first <= s.last + 1 &&
				word_is(d, nx->first,
					"that|this|it|not|hard|no|no "
					"more|strictly|firm|fixed|"
					"non-negotiable") &&
				find(d, nx->first, nx->last, LC_HARD) != NOT_FOUND)
				a->window.last = nx->last;
		}
	}
}

static size_t in_window(const struct doc *d, const struct amount *a, unsigned cls)
{
	return find(d, a->window.first, a->window.last, cls);
}

/* Fees, revenue, credits, prices per unit, what is paid today. */
static int distractor(const struct doc *d, const struct amount *a)
{
	struct range c = clause_of(d, a->first);
	size_t from = c.first > a->window.first ? c.first : a->window.first;
	size_t k;

	if (a->window.first > from)
		from = a->window.first;
	k = find(d, from, c.last > a->window.last ? a->window.last : c.last, LC_BUDNOT);
	if (k == NOT_FOUND)
		k = find(d, from, a->first, LC_BUDNOT);
	/* "the one-off fee (at most 200,000)": a bracket belongs to the words before it */
	for (size_t j = a->first; k == NOT_FOUND && j > c.first && a->first - j < 4; j--)
		if (sign_is(d, j - 1, '('))
			k = find(d, j > c.first + 8 ? j - 8 : c.first, j, LC_BUDNOT);
	/* "$500 a month after credits", "after the first 10k of credits ..." */
	for (size_t j = k; k != NOT_FOUND && a->period > 0 && j > 0 && k - j < 7; j--)
		if (word_is(d, j - 1, "after|without|beyond|besides|excluding"))
			k = NOT_FOUND;
	if (k != NOT_FOUND &&
		!(a->period > 0 && in_window(d, a, LC_BUDSTRONG) != NOT_FOUND))
		return 1;
	/* "per user", "a seat": a price */
	for (k = a->last; k < a->last + 4 && k < c.last; k++)
		if ((is(d, k, LC_PER) != NULL &&
			    (is(d, k + 1, LC_USERNOUN) != NULL ||
				    is(d, k + 1, LC_REQNOUN) != NULL ||
				    is(d, k + 1, LC_BYTES) != NULL ||
				    is(d, k + 1, LC_EVNOUN) != NULL ||
				    word_is(d, k + 1,
					    "head|token|million|1k|1m|hour|h|gpu|store|"
					    "customer|vehicle|node|core|item|unit|"
					    "patient"))))
			return 1;
	return 0;
}

static int paid_today(const struct doc *d, const struct amount *a)
{
	struct range c = clause_of(d, a->first), s = sentence_of(d, a->first);
	size_t k = find(d, a->window.first > c.first ? a->window.first : c.first,
		a->window.last < c.last ? a->window.last : c.last, LC_PRESENT);

	if (k == NOT_FOUND)
		k = find(d, s.first, a->first, LC_PRESENT);
	if (k == NOT_FOUND ||
		word_is(d, k, "was|were|present|existing|still|so far|before|previously"))
		return 0;
	if (in_window(d, a, LC_BUDSTRONG) != NOT_FOUND &&
		!word_is(d, k, "we pay|we spend|costs us"))
		return 0;
	if (find(d, k, a->first, LC_TARGETCUE) != NOT_FOUND ||
		find(d, k, a->first, LC_HARD) != NOT_FOUND)
		return 0;
	return find(d, c.first, a->first, LC_TARGETCUE) == NOT_FOUND ||
		word_is(d, k, "we pay|we spend|costs us");
}

static int says_paid(const struct doc *d, size_t from, size_t to)
{
	for (; from < to; from++)
		if (word_is(d, from,
			    "already pay|we already pay|already spend|"
			    "we pay|we spend|we are paying|we're paying|we're spending|"
			    "costs us|is costing us|we are spending|it costs|we paid"))
			return 1;
	return 0;
}

/* "We pay 22k a month today and want to get below 15k": the aim behind what is paid. Where
 * what is paid begins, or NOT_FOUND. */
static size_t comes_down(const struct doc *d, const struct amount *a)
{
	struct range s = sentence_of(d, a->first);
	size_t now, aim, from = s.first;
	int figure = 0;

	if (word_is(d, s.first,
		    "it|that|this|we|i|they|the target|should|must|target|goal") &&
		d->at[a->first].sentence > 0)
		from = d->sent[d->at[a->first].sentence - 1].first;
	now = find(d, from, a->first, LC_PRESENT);
	aim = now == NOT_FOUND ? now : find(d, now, a->first, LC_TARGETCUE);
	if (aim == NOT_FOUND && now != NOT_FOUND)
		aim = find(d, now, a->first, LC_HARD);
	if (aim == NOT_FOUND || a->first - aim > 9 ||
		(find(d, from, aim, LC_BUDCUE) == NOT_FOUND &&
			!says_paid(d, from, aim)) ||
		(a->currency == NULL && !a->q.scaled && !a->q.grouped))
		return NOT_FOUND;
	for (size_t k = from; k < aim; k++)
		figure |= d->s.lex[k].kind == LEX_NUMBER;
	for (size_t k = aim; k < a->first; k++)
		if (d->s.lex[k].kind == LEX_NUMBER)
			return NOT_FOUND;
	return figure ? from : NOT_FOUND;
}

/* "... a month today and ... 15k": the period is that of what is paid. */
static void same_period(const struct doc *d, struct amount *a, size_t from)
{
	for (size_t k = from; k + 1 < a->first && a->period == 0; k++) {
		size_t next;
		double p = period_at(d, k, &next);

		if (p >= 86400)
			a->period = p;
	}
}

/* Does a thing that is counted stand before the number ("e-mails, 25k a month")? */
static int counts_things(const struct doc *d, const struct amount *a)
{
	static const unsigned nouns[] = { LC_REQNOUN, LC_EVNOUN, LC_USERNOUN, LC_DOCNOUN,
		LC_BYTES };
	struct range c = clause_of(d, a->first);

	for (size_t k = 0; k < sizeof(nouns) / sizeof(nouns[0]); k++)
		if (find(d, c.first, a->first, nouns[k]) != NOT_FOUND)
			return 1;
	return 0;
}

/* "2k max.", "Cap 5k", "Under $2k.": a sentence of its own that says nothing else. */
static int bare_cap(const struct doc *d, const struct amount *a)
{
	struct range s = sentence_of(d, a->first);
	int bounds = 0;

	if (s.last - s.first > 6 || !(a->q.scaled || a->currency != NULL))
		return 0;
	for (size_t k = s.first; k < s.last; k++) {
		if (k >= a->first && k < a->last)
			continue;
		bounds |= is(d, k, LC_HARD) != NULL ||
			(a->currency != NULL && is(d, k, LC_LATCUE) != NULL);
		if (d->s.lex[k].kind != LEX_SIGN && is(d, k, LC_HARD) == NULL &&
			is(d, k, LC_SOFT) == NULL && is(d, k, LC_DET) == NULL &&
			!word_is(d, k, "under|below|less than|within"))
			return 0;
	}
	return bounds;
}

static int is_budget(const struct doc *d, struct amount *a)
{
	size_t cue = in_window(d, a, LC_BUDCUE);
	struct range s = sentence_of(d, a->first);
	size_t down;

	if (d->at[a->first].dead || a->q.hi <= 0 || !(a->q.hi < 1e15))
		return 0;
	if (is(d, a->last, LC_BYTES) != NULL || is(d, a->last, LC_PCT) != NULL ||
		is(d, a->last, LC_RATE) != NULL)
		return 0;
	if (cue == NOT_FOUND)
		cue = find_in_header(d, a->first, LC_BUDCUE);
	/* table row or list line: the key stands first */
	if (cue == NOT_FOUND && d->sent[d->at[a->first].sentence].fragment)
		cue = find(d, s.first, a->first, LC_BUDSTRONG);
	down = comes_down(d, a);
	a->cue = cue != NOT_FOUND || down != NOT_FOUND;
	if (down != NOT_FOUND)
		same_period(d, a, down);
	if (a->currency == NULL) {
		/* a bare number: only with the word, or as thousands a month */
		const struct lexeme *l = &d->s.lex[a->q.first];
		int strong = down != NOT_FOUND ||
			in_window(d, a, LC_BUDSTRONG) != NOT_FOUND ||
			find_in_header(d, a->first, LC_BUDSTRONG) != NOT_FOUND ||
			(d->sent[d->at[a->first].sentence].fragment &&
				find(d, s.first, a->first, LC_BUDSTRONG) != NOT_FOUND);

		strong |= bare_cap(d, a);
		if ((l->flags & LEX_INWORD) || is(d, a->last, LC_TIME) != NULL)
			return 0;
		if (is_word(d, a->last) && is(d, a->last, LC_PER) == NULL &&
			is(d, a->last, LC_DET) == NULL &&
			is(d, a->last, LC_SOFT) == NULL &&
			is(d, a->last, LC_HARD) == NULL &&
			is(d, a->last, LC_CONTRAST) == NULL &&
			is(d, a->last, LC_REVISE) == NULL &&
			is(d, a->last, LC_BUDCUE) == NULL &&
			is(d, a->last, LC_PERIOD) == NULL &&
			is(d, a->last, LC_REVISEOLD) == NULL &&
			is(d, a->last, LC_SUBJECT) == NULL &&
			!word_is(d, a->last,
				"is|are|was|were|has|have|would|will|can|should|must"))
			return 0;
		if (l->kind == LEX_NUMBER && (l->flags & LEX_GLUED) &&
			a->q.first > s.first &&
			(sign_is(d, a->q.first - 1, '-') ||
				sign_is(d, a->q.first - 1, '#') ||
				sign_is(d, a->q.first - 1, '.')))
			return 0;
		if (!strong && !(a->cue && a->period > 0) &&
			!(a->q.scaled && a->period >= MONTH && !counts_things(d, a)))
			return 0;
		if (strong && a->period == 0 && !a->q.scaled && a->q.hi < 100 &&
			!a->q.grouped)
			return 0;
		if (strong && a->period == 0 && !a->q.scaled && a->q.hi >= 1990 &&
			a->q.hi <= 2100 && !a->q.grouped)
			return 0;
	} else if (a->period == 0 && !a->cue) {
		/* money with neither period nor the word: a bare item, or beside a budget */
		if (!bare_cap(d, a) &&
			!(a->window.last - a->window.first <= 8 &&
				d->sent[d->at[a->first].sentence].fragment) &&
			!(s.first == a->first && s.last - a->last <= 1) &&
			in_window(d, a, LC_HARD) == NOT_FOUND)
			return 0;
	}
	if (distractor(d, a) || (down == NOT_FOUND && paid_today(d, a)))
		return 0;
	return 1;
}

/* "$3k in total", "a total of $3k" */
static int sums_up(const struct doc *d, const struct amount *a)
{
	for (size_t k = a->last; k < a->window.last && k < a->last + 4; k++)
		if (word_is(d, k,
			    "in total|total|altogether|overall|all in|all in all|"
			    "in all|combined|all together"))
			return 1;
	return a->first > 0 && word_is(d, a->first - 1, "total|total of|sum of|overall");
}

static void read_firmness(const struct doc *d, struct amount *a)
{
	a->hard_at = in_window(d, a, LC_HARD);
	a->hard = a->hard_at != NOT_FOUND;
	a->soft = in_window(d, a, LC_SOFT) != NOT_FOUND;
	a->strong_soft = in_window(d, a, LC_SOFTSTRONG) != NOT_FOUND;
	if (!a->hard) {
		size_t k = find_in_header(d, a->first, LC_HARD);
		struct range s = sentence_of(d, a->first);

		if (k == NOT_FOUND && d->sent[d->at[a->first].sentence].fragment)
			k = find(d, s.first, a->window.first, LC_BUDSTRONG) != NOT_FOUND
				? find(d, s.first, a->window.first, LC_HARD)
				: NOT_FOUND;
		if (k != NOT_FOUND) {
			a->hard = 1;
			a->hard_at = k;
		}
	}
	/* "no hard limit", "not a hard cap" */
	if (a->hard && a->hard_at > 0 &&
		(is(d, a->hard_at - 1, LC_NO) != NULL ||
			is(d, a->hard_at - 1, LC_NOT) != NULL ||
			(word_is(d, a->hard_at - 1, "a|strictly") &&
				is(d, a->hard_at - 2, LC_NOT) != NULL)))
		a->hard = 0;
	if (a->strong_soft)
		a->hard = 0;
	a->total = sums_up(d, a);
}

static void read_period(const struct doc *d, struct amount *a)
{
	size_t next = 0, k;
	double p = period_at(d, a->last, &next);
	struct range s = sentence_of(d, a->first);

	if (p == 0 &&
		(sign_is(d, a->last, '(') ||
			word_is(d, a->last,
				"max|max.|total|maximum|in total|all in|tops|"
				"budget|each|every|ideally|cap|as budget|usd|net")))
		p = period_at(d, a->last + 1, &next);
	if (p == 0) {
		for (k = a->last; k < a->window.last && p == 0; k++)
			if (d->at[k].dead == 0)
				p = period_at(d, k, &next);
		if (p > 0 && is(d, k - 1, LC_PERIOD) == NULL &&
			is(d, k - 1, LC_PER) != NULL)
			next = next > a->last + 8 ? a->last : next;
	} else {
		a->last = next;
	}
	for (k = a->first; k > a->window.first && p == 0; k--) {
		if (is(d, k - 1, LC_PERIOD) != NULL)
			p = seconds(is(d, k - 1, LC_PERIOD));
		else if (is(d, k - 1, LC_TIME) != NULL && k >= 2 &&
			is(d, k - 2, LC_PER) != NULL)
			p = seconds(is(d, k - 1, LC_TIME));
	}
	if (p == 0 && d->sent[d->at[a->first].sentence].fragment) {
		k = find(d, s.first, a->first, LC_PERIOD);
		if (k != NOT_FOUND)
			p = seconds(is(d, k, LC_PERIOD));
	}
	if (p == 0 && (k = key_unit(d, a->q.first, a->last, LC_TIME)) != NOT_FOUND &&
		k > 0 && is(d, k - 1, LC_PER) != NULL)
		p = seconds(is(d, k, LC_TIME));
	if (p == 0) {
		k = find_in_header(d, a->first, LC_PERIOD);
		if (k != NOT_FOUND)
			p = seconds(is(d, k, LC_PERIOD));
		else if ((k = find_in_header(d, a->first, LC_TIME)) != NOT_FOUND &&
			k > 0 && is(d, k - 1, LC_PER) != NULL)
			p = seconds(is(d, k, LC_TIME));
	}
	if (p >= 86400)
		a->period = p;
	if (a->currency == NULL) {
		k = key_unit(d, a->q.first, a->last, LC_CUR);
		if (k != NOT_FOUND)
			a->currency = is(d, k, LC_CUR);
	}
	if (a->currency == NULL && p > 0 && is(d, a->last, LC_CUR) != NULL)
		a->currency = is(d, a->last++, LC_CUR);
	/* "1,500 a month in USD" */
	if (a->currency == NULL &&
		(word_is(d, a->last, "in") || sign_is(d, a->last, '(')) &&
		is(d, a->last + 1, LC_CUR) != NULL) {
		a->currency = is(d, a->last + 1, LC_CUR);
		a->last += 2;
	}
}

static void read_revision(const struct doc *d, struct amount *a)
{
	size_t k = find(d, a->window.first, a->first, LC_REVISEOLD);

	a->rank = rank_of(d, a->first);
	a->old = k != NOT_FOUND && a->first - k <= 6 && !word_is(d, k, "not") &&
		(!word_is(d, k, "was|were") || a->first - k <= 2);
	if (word_is(d, a->last,
		    "was mentioned "
		    "first|before|originally|initially|earlier|previously|at "
		    "first|mentioned first") ||
		(word_is(d, a->last, "was|were") &&
			is(d, a->last + 1, LC_REVISEOLD) != NULL))
		a->old = 1;
	k = find(d, a->window.first, a->first, LC_REVISE);
	if (k != NOT_FOUND && is(d, k, LC_REVISEOLD) != NULL)
		k = find(d, k + 1, a->first, LC_REVISE);
	if (k == NOT_FOUND) {
		struct range s = sentence_of(d, a->first);

		k = find(d, s.first, a->window.first, LC_REVISE);
		if (k != NOT_FOUND && is(d, k, LC_REVISEOLD) != NULL)
			k = NOT_FOUND;
		if (k == NOT_FOUND && word_is(d, a->last, "instead|now|actually"))
			k = a->last;
	}
	a->revised = k != NOT_FOUND;
	/* a sentence of its own before: "Correction:", "Scratch that." */
	if (!a->revised && d->at[a->first].sentence > 0) {
		const struct sentence *p = &d->sent[d->at[a->first].sentence - 1];

		if (p->last - p->first <= 6 &&
			(k = find(d, p->first, p->last, LC_REVISE)) != NOT_FOUND &&
			is(d, k, LC_REVISEOLD) == NULL)
			a->revised = 1;
	}
}

static double per_month(const struct amount *a, double x)
{
	return a->period > 0 ? x * (MONTH / a->period) : x;
}

static int near_to(double a, double b)
{
	return fabs(a - b) <= 0.015 * fmax(fabs(a), fabs(b));
}

/* Of two amounts, does b stand in the place of a? */
static int replaces(const struct doc *d, const struct amount *a, const struct amount *b)
{
	if (a->old && !b->old)
		return 1;
	if (b->old)
		return 0;
	if (b->rank > a->rank + 50)
		return 1;
	if (d->chat && b->rank > a->rank)
		return 1;
	return b->revised && b->first > a->first && b->rank >= a->rank;
}

static void set_budget(const struct doc *d, struct reading *r, const struct amount *a,
	const char *currency, int assumed)
{
	double rate = vocabulary_rate(d->v, currency);
	size_t last = a->last;

	if (rate == 0) {
		note_add(r, "budget_band", "there is no exchange rate for the currency",
			a->first, a->last);
		return;
	}
	if (a->q.range)
		fact_add(r, "budget_band", "min_usd", NULL, per_month(a, a->lo) * rate,
			a->first, last, "budget.range", 0.95);
	fact_add(r, "budget_band", "max_usd", NULL, per_month(a, a->hi) * rate, a->first,
		last, "budget.amount", assumed ? 0.7 : 0.95);
	fact_add(r, "budget_band", "currency", currency, 0, a->first, last,
		a->currency != NULL ? "budget.currency" : "budget.currency-assumed",
		a->currency != NULL ? 0.97 : 0.5);
	fact_add(r, "budget_band", "period", "month", 0, a->first, last, "budget.period",
		a->period > 0 ? 0.97 : 0.5);
	struct fact *f = fact_add(r, "budget_band", "hard", NULL, a->hard,
		a->hard ? a->hard_at : a->first, a->hard ? a->hard_at + 1 : last,
		a->hard ? "budget.limit" : "budget.no-limit-word", 0.85);

	if (f != NULL)
		f->is_bool = 1;
	if (strcmp(currency, "USD") != 0)
		note_add(r, "budget_band",
			"converted from another currency at a dated rate", a->first,
			last);
	else if (assumed & 1)
		note_add(r, "budget_band", "no currency is said, US dollars assumed",
			a->first, last);
	else if (assumed & 2)
		note_add(r, "budget_band", "no period is said, a month assumed", a->first,
			last);
}

/* A currency said on its own ("USD right?", "all figures in EUR"). */
static const char *loose_currency(const struct doc *d, size_t *at)
{
	for (size_t i = 0; i < d->s.n; i++) {
		const char *c = is(d, i, LC_CUR);

		if (c != NULL && !(d->at[i].dead & ~(unsigned)DEAD_QUESTION) &&
			(i == 0 || d->s.lex[i - 1].kind != LEX_NUMBER) &&
			is(d, i - 1, LC_SCALE) == NULL &&
			d->s.lex[i + 1].kind != LEX_NUMBER &&
			!word_is(d, i, "pound|pounds|rs|$") &&
			is(d, i + 1, LC_NUMBER) == NULL &&
			is(d, i - 1, LC_NUMBER) == NULL) {
			*at = i;
			return c;
		}
	}
	return NULL;
}

/* "12 May", "3rd of June" */
static int is_date(const struct doc *d, const struct amount *a)
{
	size_t k = a->last;

	if (a->q.hi > 31 || a->q.scaled)
		return 0;
	while (word_is(d, k, "st|nd|rd|th|of") || sign_is(d, k, '.'))
		k++;
	return is(d, k, LC_MONTH) != NULL ||
		(word_is(d, k, "may|mar|jan|feb|apr|jun|jul|aug|sep|sept|oct|nov|dec") &&
			lexeme_capital(&d->s, &d->s.lex[k]));
}

/* "4111 1111 1111 1111": the number of a card or a phone, in groups */
static int is_card(const struct doc *d, const struct amount *a)
{
	return a->last + 1 < d->s.n && d->s.lex[a->last].kind == LEX_NUMBER &&
		d->s.lex[a->last].to - d->s.lex[a->last].from >= 3 &&
		d->s.lex[a->last + 1].kind == LEX_NUMBER;
}

static size_t collect(const struct doc *d, struct amount *at)
{
	size_t n = 0;

	for (size_t i = 0; i < d->s.n && n < AMOUNTS_MAX; i++) {
		struct amount a;

		if (d->s.lex[i].kind != LEX_NUMBER && is(d, i, LC_NUMBER) == NULL &&
			is(d, i, LC_CUR) == NULL)
			continue;
		if (!amount_at(d, i, &a))
			continue;
		i = a.last - 1;
		if (is(d, a.last, LC_TIME) != NULL && a.currency == NULL)
			continue;
		if (a.currency == NULL && (d->s.lex[a.q.first].flags & LEX_INWORD))
			continue;
		if (a.currency == NULL && (is_date(d, &a) || is_card(d, &a)))
			continue;
		if (a.currency == NULL &&
			(is(d, a.last, LC_PCT) != NULL ||
				is(d, a.last, LC_RATE) != NULL ||
				is(d, a.last, LC_BYTES) != NULL ||
				is(d, a.last, LC_REQNOUN) != NULL))
			continue;
		at[n++] = a;
	}
	return n;
}

/* Where a total is given, its parts are no budgets of their own. */
static void drop_parts(struct amount *at, size_t n)
{
	struct amount *total = NULL;

	for (size_t i = 0; i < n; i++)
		if (at[i].q.hi > 0 && at[i].total)
			total = &at[i];
	for (size_t i = 0; i < n && total != NULL && total->period == 0; i++)
		total->period = at[i].period;
	for (size_t i = 0; i < n && total != NULL; i++)
		if (!at[i].total &&
			per_month(&at[i], at[i].hi) < per_month(total, total->hi))
			at[i].q.hi = -1;
}

/* Words of the past with nothing that replaces them do not take the only figure away. */
static void keep_one(struct amount *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].q.hi > 0 && !at[i].old)
			return;
	for (size_t i = n; i > 0; i--)
		if (at[i - 1].q.hi > 0) {
			at[i - 1].old = 0;
			return;
		}
}

static void judge(const struct doc *d, struct reading *r, struct amount *at, size_t n)
{
	struct amount *best = NULL;
	const char *currency;
	size_t loose = 0;
	int assumed = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (i != j && at[i].q.hi > 0 && at[j].q.hi > 0 &&
				replaces(d, &at[i], &at[j])) {
				/* the figure given up may lend its period and currency */
				if (at[j].period == 0 && at[i].period > 0)
					at[j].period = at[i].period;
				if (at[j].currency == NULL)
					at[j].currency = at[i].currency;
				if (at[i].hard && !at[j].hard && !at[j].strong_soft &&
					at[j].rank == at[i].rank) {
					at[j].hard = 1;
					at[j].hard_at = at[i].hard_at;
				}
				at[i].q.hi = -1;
				break;
			}
	drop_parts(at, n);
	keep_one(at, n);
	for (size_t i = 0; i < n; i++) {
		struct amount *a = &at[i];

		if (a->q.hi <= 0 || a->old)
			continue;
		if (best == NULL) {
			best = a;
			continue;
		}
		for (struct amount *o = best; o != NULL; o = NULL) {
			if (a->period == 0 && o->period > 0)
				a->period = o->period;
			else if (o->period == 0 && a->period > 0)
				o->period = a->period;
			if (a->currency == NULL)
				a->currency = o->currency;
			else if (o->currency == NULL)
				o->currency = a->currency;
		}
		if (near_to(per_month(a, a->hi), per_month(best, best->hi)) ||
			(a->currency != NULL && best->currency != NULL &&
				strcmp(a->currency, best->currency) != 0 &&
				sentence_of(d, a->first).first ==
					sentence_of(d, best->first).first)) {
			if (a->hard && !best->hard && !best->strong_soft) {
				best->hard = 1;
				best->hard_at = a->hard_at;
			}
			continue; /* said twice */
		}
		if (a->hard != best->hard &&
			(a->strong_soft || best->strong_soft || a->soft || best->soft ||
				sentence_of(d, a->first).first ==
					sentence_of(d, best->first).first ||
				(a->hard ? per_month(a, a->hi) > per_month(best, best->hi)
					 : per_month(best, best->hi) >
							per_month(a, a->hi)))) {
			if (a->hard)
				best = a;
			continue;
		}
		if (a->hard == best->hard &&
			(a->strong_soft || best->strong_soft ||
				sentence_of(d, a->first).first ==
					sentence_of(d, best->first).first)) {
			if (per_month(a, a->hi) > per_month(best, best->hi))
				best = a;
			continue;
		}
		conflict_add(r, "budget_band", NULL, best->first, best->last, a->first,
			a->last,
			"two budgets are given and nothing says which one holds");
		return;
	}
	if (best == NULL)
		return;
	currency = best->currency;
	if (currency == NULL) {
		currency = loose_currency(d, &loose);
		if (currency == NULL) {
			currency = "USD";
			assumed |= 1;
		} else {
			best->currency = currency;
		}
	}
	if (best->period == 0)
		assumed |= 2;
	set_budget(d, r, best, currency, assumed);
}

/* "five hundred euros, but not more than seven hundred": a bare number of the same size
 * with a word of its own that limits. */
static int bounds(const struct doc *d, const struct amount *b, const struct amount *a)
{
	return in_window(d, b, LC_HARD) != NOT_FOUND && b->q.hi >= a->q.hi &&
		b->q.hi < a->q.hi * 10 && !is_word(d, b->last);
}

/* "1500 a month, now 1900": a bare number of the same size behind a word of revision. */
static int revises(const struct doc *d, const struct amount *b, const struct amount *a)
{
	return in_window(d, b, LC_REVISE) != NOT_FOUND && b->q.hi > a->q.hi / 10 &&
		b->q.hi < a->q.hi * 10 && !is_word(d, b->last);
}

/* "6k a month ... scratch that, 7.5k is what got approved": in a sentence that revises. */
static int revised_later(
	const struct doc *d, const struct amount *b, const struct amount *a)
{
	struct range s = sentence_of(d, b->first);
	size_t k = find(d, s.first, b->first, LC_REVISE);

	return k != NOT_FOUND && is(d, k, LC_REVISEOLD) == NULL && b->q.scaled &&
		!d->at[b->first].dead && in_window(d, b, LC_BUDCUE) != NOT_FOUND &&
		b->q.hi > a->q.hi / 10 && b->q.hi < a->q.hi * 10 && !distractor(d, b) &&
		!paid_today(d, b);
}

/* A negative amount, or one past all money, is no budget: open, not silently another. */
static void refuse_absurd(const struct doc *d, struct reading *r, struct amount *a)
{
	if (a->q.hi < 1e15 && !is_negative(d, a->q.first))
		return;
	if (d->at[a->first].dead == 0 &&
		(in_window(d, a, LC_BUDCUE) != NOT_FOUND ||
			find_in_header(d, a->first, LC_BUDCUE) != NOT_FOUND))
		note_add(r, "budget_band", "the amount cannot be meant", a->first,
			a->last);
	a->q.hi = -1;
}

void read_budget(const struct doc *d, struct reading *r)
{
	struct amount at[AMOUNTS_MAX], kept[AMOUNTS_MAX];
	size_t n = collect(d, at), n_kept = 0;

	set_windows(d, at, n);
	for (size_t i = 0; i < n; i++) {
		read_period(d, &at[i]);
		refuse_absurd(d, r, &at[i]);
	}
	for (size_t i = 0; i < n; i++) {
		int beside = 0;

		at[i].lo = at[i].q.lo;
		at[i].hi = at[i].q.hi;
		if (!is_budget(d, &at[i])) {
			/* "ideally 3k, hard cap 5k": beside a budget in the same sentence */
			beside = n_kept > 0 &&
				sentence_of(d, at[i].first).first ==
					sentence_of(d, kept[n_kept - 1].first).first &&
				!d->at[at[i].first].dead &&
				(at[i].q.scaled || at[i].currency != NULL ||
					at[i].q.grouped ||
					bounds(d, &at[i], &kept[n_kept - 1]) ||
					revises(d, &at[i], &kept[n_kept - 1])) &&
				(sums_up(d, &at[i]) ||
					in_window(d, &at[i], LC_HARD) != NOT_FOUND ||
					in_window(d, &at[i], LC_SOFTSTRONG) !=
						NOT_FOUND ||
					in_window(d, &at[i], LC_REVISE) != NOT_FOUND) &&
				!distractor(d, &at[i]) && !paid_today(d, &at[i]);
			beside |=
				n_kept > 0 && revised_later(d, &at[i], &kept[n_kept - 1]);
			if (!beside)
				continue;
		}
		read_firmness(d, &at[i]);
		read_revision(d, &at[i]);
		kept[n_kept++] = at[i];
	}
	/* and the other way round: "ideally 3k, hard cap 5k a month" */
	for (size_t i = 0; i < n && n_kept > 0 && n_kept < AMOUNTS_MAX; i++) {
		int have = 0;

		for (size_t k = 0; k < n_kept; k++)
			have |= kept[k].first == at[i].first;
		if (have || d->at[at[i].first].dead || distractor(d, &at[i]) ||
			paid_today(d, &at[i]) || at[i].first > kept[0].first ||
			sentence_of(d, at[i].first).first !=
				sentence_of(d, kept[0].first).first ||
			!(at[i].q.scaled || at[i].currency != NULL || at[i].q.grouped) ||
			(in_window(d, &at[i], LC_SOFTSTRONG) == NOT_FOUND &&
				in_window(d, &at[i], LC_REVISEOLD) == NOT_FOUND))
			continue;
		read_firmness(d, &at[i]);
		read_revision(d, &at[i]);
		kept[n_kept++] = at[i];
	}
	judge(d, r, kept, n_kept);
}
