/* volumes.c - how much and how many: rates, bytes, documents, users, the team. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intake/internal.h"

static double factor(const char *v)
{
	return v == NULL ? 0 : strtod(v, NULL);
}

struct best {
	double value;
	size_t first, last;
	int rank, set, revised;
	const char *rule;
	double unit; /* of a rate: the seconds that it counts in */
};

enum { RPS, EPS, GBD, STORE, DOCS, USERS, N_VOLUMES };
static const char *const members[N_VOLUMES] = { "requests_per_second",
	"events_per_second", "gb_per_day", "storage_gb", "documents", "users" };

/* The highest figure stands, unless a later one replaces it. */
static void better(const struct doc *d, struct best *b, double value, size_t first,
	size_t last, const char *rule)
{
	struct range c = sentence_of(d, first);
	size_t k = find(d, c.first, first, LC_REVISE);
	int rank = rank_of(d, first);
	int revised = k != NOT_FOUND && is(d, k, LC_REVISEOLD) == NULL &&
		!word_is(d, k,
			"final|finally|decision|decided|has "
			"been|confirmed|update|updated|change|changes|raised to");

	if (!(value > 0) || !(value < 1e15))
		return;
	if (b->set && b->revised && !revised && rank <= b->rank)
		return;
	if (!b->set || (revised && rank >= b->rank) || rank > b->rank + 50 ||
		(value > b->value && rank >= b->rank - 50)) {
		b->value = value;
		b->first = first;
		b->last = last;
		b->rank = rank;
		b->set = 1;
		b->revised |= revised;
		b->rule = rule;
	}
}

/* "per second", "/s", "a day", "each minute" at lexeme i: its seconds, or 0. */
static double per_time(const struct doc *d, size_t i, size_t *next)
{
	const char *t;

	if (word_is(d, i,
		    "every week|each week|every day|each day|every month|each month")) {
		*next = i + 1;
		return word_is(d, i, "every week|each week")  ? 604800
			: word_is(d, i, "every day|each day") ? 86400
							      : 2628000;
	}
	if (is(d, i, LC_PERIOD) != NULL && !word_is(d, i, "annual|pa")) {
		*next = i + 1;
		return factor(is(d, i, LC_PERIOD));
	}
	if (is(d, i, LC_PER) == NULL)
		return 0;
	if (word_is(d, i, "a|an") && is(d, i + 1, LC_TIME) == NULL &&
		!word_is(d, i + 1, "single|given"))
		return 0;
	i++;
	if (word_is(d, i,
		    "single|given|calendar|working|business|average|normal|typical"))
		i++;
	t = is(d, i, LC_TIME);
	if (t == NULL)
		return 0;
	*next = i + 1;
	return factor(t) < 1 ? 0 : factor(t);
}

static int is_gap_word(const struct doc *d, size_t k)
{
	return (is_word(d, k) || d->at[k].entity) && d->s.lex[k].kind != LEX_NUMBER &&
		is(d, k, LC_TIME) == NULL && is(d, k, LC_CUR) == NULL &&
		is(d, k, LC_BYTES) == NULL;
}

/* Figures that are rates but not of this system's load. */
static int no_load(const struct doc *d, size_t first, size_t last)
{
	struct range seg = segment_of(d, first);

	for (size_t k = last; k < last + 3; k++)
		if (word_is(d, k, "each|apiece") &&
			!word_is(
				d, k + 1, "within|in|under|with|of|must|should|answered"))
			return 1;
	for (size_t k = seg.first; k < first; k++)
		if (word_is(d, k,
			    "price|costs|cost|fee|limit of the vendor|quota|competitor"))
			return 1;
	return 0;
}

static void add_rate(const struct doc *d, struct reading *r, struct best *b, int kind,
	double per_second, double unit, size_t first, size_t last)
{
	if (no_load(d, first, last))
		return;
	if (kind == RPS) {
		r->request_rate = 1;
	} else if (unit <= 60) {
		r->event_rate_fast = 1;
	}
	better(d, &b[kind], per_second, first, last,
		kind == RPS ? "rate.requests" : "rate.events");
	b[kind].unit = unit;
}

/* What is counted between the number and "per": -1 nothing usable. */
static int counted(const struct doc *d, size_t from, size_t to, int *users)
{
	int kind = -1;

	*users = 0;
	/* "called about 40 times a second" */
	if (from + 1 == to && word_is(d, from, "times|time|x")) {
		struct range c = clause_of(d, from);

		for (size_t k = c.first; k < from; k++)
			if (word_is(d, k,
				    "ask|request|requests|fetch|fetches|fetched|check|"
				    "checks|checked|look up|looks up|"
				    "called|calls|call|invoked|invoke|invokes|queried|"
				    "query|queries|hit|hits|requested|asked|used|polled"))
				return RPS;
	}
	for (size_t k = from; k < to; k++) {
		if (is(d, k, LC_REQNOUN) != NULL) {
			kind = RPS;
		} else if (is(d, k, LC_USERNOUN) != NULL ||
			(is(d, k, LC_ROLENOUN) != NULL && is(d, k, LC_EVNOUN) == NULL)) {
			*users = 1;
			if (kind < 0)
				kind = -2;
		} else if (is(d, k, LC_EVNOUN) != NULL) {
			kind = EPS;
		} else if (word_is(d, k,
				   "times|time|days|hours|shifts|runs|jobs|weeks|months|"
				   "people|percent|releases|"
				   "deployments|trainings|models|retrainings|batches|"
				   "meetings|accidents|sprints|years")) {
			return -1;
		}
	}
	return kind;
}

/* The noun of a rate that stands elsewhere: "Requests: 40 per second", "peak 40/s". */
static int noun_before(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);
	size_t from = i > s.first + 12 ? i - 12 : s.first;

	for (size_t k = i; k > from; k--) {
		if (is(d, k - 1, LC_REQNOUN) != NULL ||
			word_is(d, k - 1, "throughput|load|traffic|rps|qps"))
			return RPS;
		if (is(d, k - 1, LC_EVNOUN) != NULL)
			return EPS;
	}
	if (find_in_header(d, i, LC_REQNOUN) != NOT_FOUND)
		return RPS;
	return -1;
}

/* "Requests per day (peak) | 1.2M" */
static int key_rate(
	const struct doc *d, struct reading *r, struct best *b, const struct numeral *q)
{
	size_t noun = key_unit(d, q->first, q->next, LC_REQNOUN), t;
	int kind = RPS;

	if (noun == NOT_FOUND) {
		noun = key_unit(d, q->first, q->next, LC_EVNOUN);
		kind = EPS;
	}
	t = noun == NOT_FOUND ? noun : key_unit(d, q->first, q->next, LC_TIME);
	if (t == NOT_FOUND || t <= noun || is(d, t - 1, LC_PER) == NULL ||
		factor(is(d, t, LC_TIME)) < 1)
		return 0;
	add_rate(d, r, b, kind, q->hi / factor(is(d, t, LC_TIME)),
		factor(is(d, t, LC_TIME)), q->first, q->next);
	return 1;
}

/* A unit that says all: "40 rps", "qps 75", "peak rps | 450". Its lexeme, or NOT_FOUND. */
static size_t rate_unit(const struct doc *d, const struct numeral *q)
{
	size_t k = q->next;

	if (is(d, k, LC_RATE) != NULL)
		return k;
	if (is(d, k, LC_TIME) == NULL && is(d, k, LC_PCT) == NULL)
		for (size_t j = q->first; j > 0 && j + 3 > q->first; j--)
			if (is(d, j - 1, LC_RATE) != NULL &&
				(j == q->first || sign_is(d, j, ':') ||
					sign_is(d, j, '=') || sign_is(d, j, '~') ||
					d->s.lex[j].kind == LEX_CELL) &&
				(j < 2 ||
					(d->s.lex[j - 2].kind != LEX_NUMBER &&
						is(d, j - 2, LC_SCALE) == NULL)))
				return j - 1;
	return key_unit(d, q->first, k, LC_RATE);
}

/* "requests per day: 5M", "tickets a day: ~8000" */
static int time_before(
	const struct doc *d, struct reading *r, struct best *b, const struct numeral *q)
{
	size_t c = q->first, at, next = 0;
	double t;
	int kind;

	while (c > 0 &&
		(sign_is(d, c - 1, ':') || sign_is(d, c - 1, '~') ||
			sign_is(d, c - 1, '=') || d->s.lex[c - 1].kind == LEX_CELL ||
			is(d, c - 1, LC_SOFT) != NULL || sign_is(d, c - 1, '>') ||
			word_is(d, c - 1, "up to|peak|max|is")))
		c--;
	if (c == q->first || c < 2)
		return 0;
	at = c >= 3 && is(d, c - 1, LC_TIME) != NULL ? c - 2 : c - 1;
	t = per_time(d, at, &next);
	if (t == 0 || next != c || is(d, q->next, LC_TIME) != NULL ||
		is(d, q->next, LC_CUR) != NULL)
		return 0;
	kind = noun_before(d, at);
	if (kind < 0)
		return 0;
	add_rate(d, r, b, kind, q->hi / t, t, at - 1, q->next);
	return 1;
}

/* "40 requests (peak) per second": where "per second" begins behind what is counted, its
 * seconds in *t, its end in *next; *t is 0 when there is none. */
static size_t time_behind(const struct doc *d, size_t from, double *t, size_t *next)
{
	size_t k = from;

	while (k < from + 7 && is_gap_word(d, k) && is(d, k, LC_PER) == NULL &&
		is(d, k, LC_PERIOD) == NULL)
		k++;
	if (sign_is(d, k, '(')) {
		size_t e = k + 1;

		while (e < k + 4 && !sign_is(d, e, ')'))
			e++;
		if (sign_is(d, e, ')') && per_time(d, e + 1, next) > 0)
			k = e + 1;
	}
	if (word_is(d, k - 1, "a|an|in a") && is(d, k, LC_TIME) != NULL)
		k--;
	*t = per_time(d, k, next);
	/* the words between may have run over "a day" */
	for (size_t j = from; *t == 0 && j < k; j++) {
		*t = per_time(d, j, next);
		if (*t > 0)
			return j;
	}
	return k;
}

/* "Sensor values arrive via MQTT, 12k a minute": nobody asks for them. */
static int arrives(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);

	for (size_t k = s.first; k < s.last; k++) {
		const char *w = is(d, k, LC_WORKLOAD);

		if (d->at[k].dead == 0 &&
			((w != NULL && strcmp(w, "streaming") == 0) ||
				word_is(d, k,
					"arrive|arrives|arriving|sensor|sensors|device|"
					"devices|meter|meters|emit|emits|publish|"
					"publishes|"
					"gateway|gateways|come in|comes in")))
			return 1;
	}
	return 0;
}

/* What is counted by a noun that the lexicon does not know, or by none: "30,000 widgets a
 * day", "3,000 of those a day", "peak 40 a second". -1: nothing that arrives. */
static int unnamed(const struct doc *d, const struct numeral *q, size_t k, double t)
{
	size_t from = q->next, behind = k;
	int kind = -1;

	if (k == from) {
		if (find(d, clause_of(d, q->first).first, q->first, LC_BUDSTRONG) !=
			NOT_FOUND)
			return -1; /* "the budget is 5k a month" */
		kind = noun_before(d, q->first);
		if (kind >= 0 || t > 60)
			return kind;
		return arrives(d, q->first) ? EPS : RPS;
	}
	for (size_t j = from; j < k; j++)
		if (word_is(d, j,
			    "times|time|days|hours|runs|jobs|weeks|months|people|percent|"
			    "releases|deployments|models|meetings|sprints|years|minutes"))
			return -1;
	/* "narratives come in per day" */
	while (k > from + 1 &&
		word_is(d, k - 1,
			"come|comes|in|come in|comes in|coming in|arrive|arrives|"
			"arriving|received|coming|are|is|are received|are made|are filed|"
			"are sent"))
		k--;
	if (word_is(d, k - 1, "those|them|these|such"))
		return noun_before(d, q->first) == RPS ? RPS : EPS;
	if (is_word(d, k - 1) && is(d, k - 1, LC_DET) == NULL &&
		(d->s.lex[k - 1].kind == LEX_WORD || is(d, k - 1, LC_TEXTNOUN) != NULL ||
			is(d, k - 1, LC_DC) != NULL || is(d, k - 1, LC_CORPUS) != NULL) &&
		(is(d, k, LC_PERIOD) == NULL || k < behind))
		kind = EPS;
	return kind;
}

static int rate_at(
	const struct doc *d, struct reading *r, struct best *b, const struct numeral *q)
{
	size_t k = q->next, next = 0, unit = rate_unit(d, q);
	double t;
	int kind, users;

	if (unit != NOT_FOUND) {
		const char *u = is(d, unit, LC_RATE);

		t = strtod(u + 1, NULL);
		add_rate(d, r, b, u[0] == 'r' ? RPS : EPS, q->hi / t, t,
			unit < q->first && q->first - unit < 3 ? unit : q->first,
			unit == k ? k + 1 : k);
		return 1;
	}
	if (key_rate(d, r, b, q))
		return 1;
	/* "1.5M daily requests": the period stands first */
	if (is(d, k, LC_PERIOD) != NULL &&
		(is(d, k + 1, LC_REQNOUN) != NULL || is(d, k + 1, LC_EVNOUN) != NULL)) {
		t = factor(is(d, k, LC_PERIOD));
		add_rate(d, r, b, is(d, k + 1, LC_REQNOUN) != NULL ? RPS : EPS, q->hi / t,
			t, q->first, k + 2);
		return 1;
	}
	/* "Daily 90,000 images are uploaded" */
	if (q->first > 0 && word_is(d, q->first - 1, "daily|hourly|weekly|monthly") &&
		(is(d, k, LC_REQNOUN) != NULL || is(d, k, LC_EVNOUN) != NULL) &&
		is(d, k + 1, LC_PER) == NULL) {
		t = factor(is(d, q->first - 1, LC_PERIOD));
		add_rate(d, r, b, is(d, k, LC_REQNOUN) != NULL ? RPS : EPS, q->hi / t, t,
			q->first - 1, k + 1);
		return 1;
	}
	k = time_behind(d, q->next, &t, &next);
	if (t == 0)
		return time_before(d, r, b, q);
	if (is(d, k, LC_PERIOD) != NULL && !word_is(d, k, "daily|hourly|weekly|monthly"))
		return 0;
	kind = counted(d, q->next, k, &users);
	if (kind == -2) {
		if (t >= 86400)
			better(d, &b[USERS], q->hi, q->first, k, "volume.users");
		return 1;
	}
	if (kind == -1)
		kind = unnamed(d, q, k, t);
	if (kind < 0)
		return 0;
	add_rate(d, r, b, kind, q->hi / t, t, q->first, next);
	return 1;
}

/* ---- bytes ---- */

static int hardware(const struct doc *d, size_t first, size_t last)
{
	struct range seg = segment_of(d, first);
	size_t from = first > seg.first + 5 ? first - 5 : seg.first;

	return find(d, from, first, LC_REF_HW) != NOT_FOUND ||
		find(d, last, last + 4 < seg.last ? last + 4 : seg.last, LC_REF_HW) !=
		NOT_FOUND;
}

/* The seconds of "a day" behind the bytes, its end in *next: "50 GB a day", "1 TB (daily)". */
static double time_after_bytes(const struct doc *d, const struct numeral *q, size_t *next)
{
	size_t k = q->next + 1, last = segment_of(d, q->first).last;
	double t = 0;

	for (size_t j = k; j < k + 6 && j < last && t == 0; j++) {
		t = per_time(d, j, next);
		if (t == 0 && !is_gap_word(d, j) && !sign_is(d, j, '/') &&
			!sign_is(d, j, '('))
			break;
	}
	return t == 0 && sign_is(d, k, '(') ? per_time(d, k + 1, next) : t;
}

/* Likewise before them: "comes in once a day, 35 GB", "daily volume: 50 GB". */
static double time_before_bytes(
	const struct doc *d, const struct numeral *q, size_t *next)
{
	struct range seg = segment_of(d, q->first);
	size_t n = find(d, seg.first, q->first, LC_PERIOD);

	if (sign_is(d, q->first - 1, ',') && q->first > clause_of(d, q->first).first)
		for (size_t j = q->first; j > 3 && q->first - j < 5; j--)
			if (word_is(d, j - 2, "once|once a|once per") ||
				word_is(d, j - 3, "once"))
				return per_time(d, j - 1, next);
	if (n != NOT_FOUND &&
		(is(d, n + 1, LC_SCHEDJOB) != NULL ||
			word_is(d, n + 1,
				"volume|growth|inflow|intake|delta|data|increase|traffic|"
				"load|amount|volumes")))
		return factor(is(d, n, LC_PERIOD));
	for (n = seg.first; n + 1 < q->first; n++)
		if (is(d, n, LC_PER) != NULL && is(d, n + 1, LC_TIME) != NULL &&
			factor(is(d, n + 1, LC_TIME)) >= 1 && !word_is(d, n, "a|an"))
			return factor(is(d, n + 1, LC_TIME));
	return 0;
}

/* "3 TB nightly"; "every night the sales data (roughly 35 GB) lands in X", "Each night we
 * get the bills dropped into X, about 45 GB" */
static int every_night(const struct doc *d, const struct numeral *q)
{
	struct range seg = segment_of(d, q->first), c = clause_of(d, q->first);

	if (find(d, seg.first, seg.last, LC_NIGHTLY) != NOT_FOUND ||
		(seg.last < c.last && is(d, seg.last + 1, LC_NIGHTLY) != NULL))
		return 1;
	for (size_t j = q->first; j > c.first && q->first - j < 4; j--)
		if (sign_is(d, j - 1, '(') || sign_is(d, j - 1, ',')) {
			struct range s = sentence_of(d, j);
			size_t n = find(d, s.first, j, LC_NIGHTLY);

			if (n != NOT_FOUND && n < s.first + 3 &&
				find(d, n, j, LC_BYTES) == NOT_FOUND)
				return 1;
		}
	return 0;
}

static int bytes_at(const struct doc *d, struct best *b, const struct numeral *q)
{
	const char *u = is(d, q->next, LC_BYTES);
	size_t k = q->next + 1, next = 0;
	struct range seg = segment_of(d, q->first);
	double gb, t;

	if (u == NULL || d->at[q->first].dead)
		return 0;
	gb = q->hi * factor(u);
	t = time_after_bytes(d, q, &next);
	if (t == 0)
		t = every_night(d, q) ? 86400 : time_before_bytes(d, q, &next);
	if (hardware(d, q->first, k) &&
		(t == 0 ||
			(find(d, seg.first, seg.last, LC_GROWTH) == NOT_FOUND && t <= 1 &&
				find(d, seg.first, q->first, LC_REF_HW) != NOT_FOUND)))
		return 1;
	if (t > 0)
		better(d, &b[GBD], gb * 86400 / t, q->first, next > q->next ? next : k,
			"volume.bytes-per-day");
	else if (gb >= 0.001)
		better(d, &b[STORE], gb, q->first, k, "volume.storage");
	return 1;
}

/* ---- documents, users ---- */

static int scheduled_count(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i);

	for (size_t k = c.first; k < i; k++) {
		const char *w = is(d, k, LC_WORKLOAD);

		/* "batch reports" are of a factory */
		if (w != NULL && strcmp(w, "batch") == 0 && is(d, k, LC_SCHED) == NULL &&
			!(word_is(d, k, "batch") && is(d, k + 1, LC_DOCNOUN) != NULL))
			return 1;
	}
	return 0;
}

/* "How many people will use it? About 600 agents." */
static int asked_for_users(const struct doc *d, size_t i)
{
	int32_t h = d->sent[d->at[i].sentence].header;

	if (h < 0 || !d->sent[h].question)
		return 0;
	for (size_t k = d->sent[h].first; k < d->sent[h].last; k++)
		if (word_is(d, k,
			    "use|using|uses|access|log in|work with|users|will use|would "
			    "use|who will|using it|who uses|will be using"))
			return 1;
	return 0;
}

enum noun { NOUN_NONE, NOUN_DOCS, NOUN_USERS, NOUN_ROLE };

/* Ends the group of words behind a number that may hold what it counts. */
static int ends_group(const struct doc *d, size_t k, size_t next)
{
	if (word_is(d, k,
		    "images|pictures|rows|customers|records|skus|products|items|stores|"
		    "locations|years|months|days|hours|parameters|languages|countries|"
		    "types|categories|tables|models|sensors|devices|sites"))
		return 1;
	if (is_gap_word(d, k) && is(d, k, LC_PER) == NULL &&
		is(d, k, LC_USECUE) == NULL &&
		!word_is(d, k, "and|or|with|in|on|from|that|which|by"))
		return 0;
	return !(word_is(d, k, "of") && k == next) &&
		!word_is(d, k, "internal|support|help");
}

/* What a number counts: the last noun of the group ("support articles"), in *at. */
static enum noun noun_behind(const struct doc *d, const struct numeral *q, size_t *at)
{
	enum noun noun = NOUN_NONE;
	size_t last = sentence_of(d, q->first).last;

	for (size_t k = q->next; k < q->next + 5 && k < last; k++) {
		if (is(d, k, LC_USERNOUN) != NULL) {
			*at = k;
			return NOUN_USERS;
		}
		if (is(d, k, LC_DOCNOUN) != NULL) {
			*at = k;
			noun = NOUN_DOCS;
			continue;
		}
		if (noun == NOUN_DOCS)
			return noun;
		/* "20k customer e-mails" */
		if (is(d, k, LC_ROLENOUN) != NULL && is(d, k + 1, LC_DOCNOUN) != NULL)
			continue;
		if (is(d, k, LC_ROLENOUN) != NULL) {
			*at = k;
			noun = NOUN_ROLE;
			if (is(d, k + 1, LC_USERNOUN) == NULL &&
				is(d, k + 1, LC_ROLENOUN) == NULL)
				return noun;
			continue;
		}
		/* "3,000 recipe and hygiene documents" */
		if (noun == NOUN_NONE && word_is(d, k, "and|or") && k > q->next &&
			k + 3 < last && !d->at[k + 1].entity &&
			(is(d, k + 2, LC_DOCNOUN) != NULL ||
				is(d, k + 3, LC_DOCNOUN) != NULL))
			continue;
		if (ends_group(d, k, q->next))
			return noun;
	}
	return noun;
}

/* "12k PDFs", not worked off by a scheduled run, nor so many kinds of them. */
static void documents(
	const struct doc *d, struct best *b, const struct numeral *q, size_t at)
{
	struct range seg = segment_of(d, q->first);

	/* "1.2 million contracts to be scored" */
	if (word_is(d, at + 1, "to be|to|are to be") &&
		(is(d, at + 2, LC_SCHEDJOB) != NULL ||
			is(d, at + 2, LC_SCOREWORD) != NULL ||
			word_is(d, at + 2, "priced|ranked|rated|rate|rank|price")))
		return;
	if (scheduled_count(d, q->first) && !sign_is(d, q->first - 1, '(') &&
		find(d, seg.first, q->first, LC_CORPUS) == NOT_FOUND &&
		find(d, at + 1, seg.last, LC_CORPUS) == NOT_FOUND)
		return;
	if (word_is(d, at + 1,
		    "types|type|classes|class|categories|templates|formats|languages|"
		    "each|long|view|views"))
		return;
	better(d, &b[DOCS], q->hi, q->first, at + 1, "volume.documents");
}

/* "are going to use it", "will work with the platform": within a few words from k. */
static int will_use(const struct doc *d, size_t k)
{
	for (size_t j = k; j < k + 5 && (j == k || is_word(d, j - 1)); j++)
		if (word_is(d, j, "will use|would use|are going to use|going to use") ||
			(word_is(d, j, "going to|are going to|will|would") &&
				(word_is(d, j + 1,
					 "use|query|ask|work with|ask questions|consult|"
					 "search|put questions to|look up|look "
					 "at|view") ||
					(word_is(d, j + 1, "work") &&
						word_is(d, j + 2, "with")))))
			return 1;
	return 0;
}

/* "dashboards for 60 people" */
static int for_people(const struct doc *d, const struct numeral *q, size_t at)
{
	return word_is(d, q->first - 1, "for") &&
		(word_is(d, at, "people|persons|colleagues") ||
			(q->hi > 20 && is(d, at, LC_ROLENOUN) != NULL &&
				!word_is(d, at, "customer|customers|drivers")));
}

/* People of a company or a trade that are not said to use anything. */
static int mere_heads(const struct doc *d, const struct numeral *q, size_t at)
{
	struct range sent = sentence_of(d, q->first);

	if (will_use(d, at + 1) || for_people(d, q, at))
		return 0;
	if (find(d, sent.first, sent.last, LC_COMPANYHEAD) < q->first &&
		!word_is(d, at, "employees|employee"))
		return 1;
	if (is(d, q->first - 1, LC_SIZE_TOTAL) != NULL)
		return 1;
	return word_is(d, at,
		       "customer|customers|member|members|people|developers|engineers|"
		       "scientists|students|drivers|workers|engineer") &&
		!(word_is(d, at + 1, "using|use|who|will|ask|that") ||
			word_is(d, at + 2, "use|using|ask|query"));
}

/* "for our 300 agents", "80 analysts will look it up" */
static int are_users(const struct doc *d, const struct numeral *q, size_t at)
{
	struct range seg = segment_of(d, q->first), sent = sentence_of(d, q->first);
	size_t before = q->first, cue;
	int use = will_use(d, at + 1) || for_people(d, q, at);

	while (before > sent.first && q->first - before < 5 &&
		(is(d, before - 1, LC_DET) != NULL ||
			is(d, before - 1, LC_SOFT) != NULL ||
			sign_is(d, before - 1, '~') || sign_is(d, before - 1, '(') ||
			word_is(d, before - 1, "up to|ca|roughly|some|nearly|almost"))) {
		before--;
		use |= word_is(d, before, "for|to|by|our");
	}
	for (size_t j = at + 1; j < at + 6 && j < sent.last; j++)
		use |= is(d, j, LC_USECUE) != NULL &&
			!word_is(d, j,
				"for|to|by|about|internal|help|support|between|among");
	cue = find(d, seg.first, q->first, LC_USECUE);
	use |= cue != NOT_FOUND &&
		word_is(d, cue,
			"used by|served to|serves|serving|available to|rolled out "
			"to|roll "
			"out to|assume|users|audience|target group|user base|accessible "
			"to|open to|helps|help|lets|supports");
	use |= is(d, at + 1, LC_CHATBOT) != NULL; /* "get answers from" */
	use |= asked_for_users(d, q->first);
	/* "120 lawyers." as an item of its own */
	use |= sent.last - sent.first <= 3 && is(d, at, LC_TEAMNOUN) == NULL &&
		!word_is(d, at, "employee|employees|people|customers|staff");
	if (word_is(d, before - 1, "has|have|are|employ|employs|with|of|team"))
		use = find(d, at + 1, at + 6 < sent.last ? at + 6 : sent.last,
			      LC_USECUE) != NOT_FOUND &&
			word_is(d, at + 1, "using|who|that|will|use");
	return use;
}

/* "90 associates will use it": whatever they are called */
static int unknown_users(const struct doc *d, const struct numeral *q)
{
	size_t k = q->next;

	if (will_use(d, k + 1))
		return 1;
	/* "15,000 retail clients use the app" */
	for (size_t j = k; j < k + 2 && d->s.lex[j].kind == LEX_WORD; j++)
		if (word_is(d, j + 2, "use|uses|using") &&
			word_is(d, j + 3, "it|the|our|this") && is_word(d, j + 1) &&
			is(d, j + 1, LC_PER) == NULL)
			return 1;
	if (d->s.lex[k].kind != LEX_WORD || is(d, k + 2, LC_LANG) != NULL ||
		is(d, k + 2, LC_TECH) != NULL)
		return 0;
	return word_is(d, k + 1,
		       "use|using|will use|would use|who will|who use|can use") ||
		(word_is(d, k + 1, "will|who|would|shall|can|to") &&
			(word_is(d, k + 2, "use|using|query|ask") ||
				word_is(d, k + 3, "use|query|ask")));
}

/* "Advisors (25 people)", "the sales team (25 people)" */
static int people_in_brackets(const struct doc *d, const struct numeral *q)
{
	if (!word_is(d, q->next, "people|persons|heads|users"))
		return 0;
	/* "for the commercial department, 60 people" */
	if (sign_is(d, q->first - 1, ','))
		return is(d, q->first - 2, LC_BIZTEAM) != NULL ||
			word_is(d, q->first - 2, "department|dept|division");
	return sign_is(d, q->first - 1, '(') && sign_is(d, q->next + 1, ')') &&
		(is(d, q->first - 2, LC_ROLENOUN) != NULL ||
			is(d, q->first - 2, LC_BIZTEAM) != NULL);
}

/* Where the noun of a bare number ends: "Users: 300", "Advisors (80)"; 0 when no colon,
 * bracket or cell lies between. */
static size_t key_before(const struct doc *d, const struct numeral *q)
{
	size_t p = q->first, first = sentence_of(d, q->first).first;

	while (p > first && q->first - p < 4 &&
		(sign_is(d, p - 1, '(') || sign_is(d, p - 1, ':') ||
			sign_is(d, p - 1, '~') || d->s.lex[p - 1].kind == LEX_CELL ||
			d->s.lex[p - 1].kind == LEX_BREAK ||
			is(d, p - 1, LC_SOFT) != NULL ||
			word_is(d, p - 1, "ca|ca.|some|currently")))
		p--;
	if (p == q->first || p == first ||
		!(sign_is(d, p, '(') || sign_is(d, p, ':') ||
			d->s.lex[p].kind == LEX_CELL))
		return 0;
	return p;
}

static void keyed_count(const struct doc *d, struct best *b, const struct numeral *q)
{
	size_t p = key_before(d, q);
	struct range sent = sentence_of(d, q->first);

	if (p == 0 || is(d, q->next, LC_PER) != NULL)
		return;
	if (is(d, p - 1, LC_USERNOUN) != NULL && is(d, q->next, LC_REQNOUN) == NULL &&
		(!sign_is(d, p, '(') || !is_word(d, q->next) ||
			word_is(d, q->next,
				"in|at|on|of|people|persons|total|and|for|with")))
		better(d, &b[USERS], q->hi, p - 1, q->next, "volume.users");
	else if (is(d, p - 1, LC_ROLENOUN) != NULL && sign_is(d, p, '(') &&
		sign_is(d, q->next, ')') &&
		!word_is(d, p - 1, "engineers|developers|scientists|customers") &&
		find(d, sent.first, sent.last, LC_TEAMWORD) == NOT_FOUND)
		better(d, &b[USERS], q->hi, p - 1, q->next, "volume.users");
	else if (is(d, p - 1, LC_DOCNOUN) != NULL &&
		!word_is(d, p - 1, "page|note|case|pages|notes|report") &&
		is(d, q->next, LC_TIME) == NULL && is(d, q->next, LC_BYTES) == NULL &&
		is(d, q->next, LC_CUR) == NULL && q->hi >= 10 &&
		(!is_word(d, q->next) || word_is(d, q->next, "of")))
		better(d, &b[DOCS], q->hi, p - 1, q->next, "volume.documents");
}

/* "peak 4000", "peaking at 900", "(peak: 75)": a bare number behind a word for the most */
static int at_peak(const struct doc *d, const struct numeral *q)
{
	size_t k = q->first;

	if (q->next < d->s.n && is_word(d, q->next) &&
		!word_is(d, q->next, "in|on|at|during|when|while|or so|and|but|then"))
		return 0;
	while (k > 0 && q->first - k < 4 &&
		(word_is(d, k - 1, "at|of|is|are|to|around|about|hits|reach|reaches") ||
			sign_is(d, k - 1, ':') || sign_is(d, k - 1, '~') ||
			sign_is(d, k - 1, '=') || is(d, k - 1, LC_SOFT) != NULL))
		k--;
	return k > 0 &&
		word_is(d, k - 1,
			"peak|peaks|peaking|spike|spikes|spiking|burst|bursts|bursting|"
			"rush hour|peak load|at peak");
}

/* "4 orders/sec (black friday 60)": in a bracket right behind a rate that ends at `end` */
static int in_bracket_behind(const struct doc *d, const struct numeral *q, size_t end)
{
	size_t k = q->first;

	while (k > end && !sign_is(d, k - 1, '(') && q->first - k < 5)
		k--;
	return k > 0 && k - 1 <= end + 1 && k - 1 >= end && sign_is(d, k - 1, '(') &&
		(sign_is(d, q->next, ')') || word_is(d, q->next, "in|on|at|during|when"));
}

/* "320 rps on a normal day, 900 in January", "1.2 million readings per minute on average
 * and 1.8 million after a power cut": the noun and the time are those before. */
static int same_rate(const struct doc *d, struct best *b, const struct numeral *q)
{
	struct range s = sentence_of(d, q->first);

	int follows = at_peak(d, q) ||
		((sign_is(d, q->first - 1, ',') ||
			 word_is(d, q->first - 1, "and|but|to") ||
			 is(d, q->first - 1, LC_SOFT) != NULL) &&
			word_is(d, q->next,
				"in|on|at|after|during|when|while|around|before|over|for "
				"peaks"));

	for (int kind = RPS; kind <= EPS; kind++) {
		struct best *o = &b[kind];

		if (!o->set || o->unit == 0 || o->first < s.first || o->last > q->first ||
			q->first - o->last > 9 ||
			(!follows && !in_bracket_behind(d, q, o->last)))
			continue;
		better(d, o, q->hi / o->unit, q->first, q->next, o->rule);
		return 1;
	}
	return 0;
}

/* "18,000 documents - correction, 81,000": nothing but a revision lies between. */
static int corrected(const struct doc *d, struct best *b, const struct numeral *q)
{
	for (int kind = RPS; kind < N_VOLUMES; kind++) {
		size_t k = b[kind].last;

		if (!b[kind].set || k > q->first || q->first - k > 6 ||
			find(d, k, q->first, LC_REVISE) == NOT_FOUND ||
			find(d, k, q->first, LC_REVISEOLD) != NOT_FOUND ||
			(q->next < d->s.n && is_word(d, q->next)))
			continue;
		b[kind].value =
			kind <= EPS && b[kind].unit > 0 ? q->hi / b[kind].unit : q->hi;
		b[kind].first = q->first;
		b[kind].last = q->next;
		b[kind].revised = 1;
		return 1;
	}
	return 0;
}

/* "for field technicians, about 260 of them" */
static int of_them(const struct doc *d, struct best *b, const struct numeral *q)
{
	struct range s = sentence_of(d, q->first);

	if (!word_is(d, q->next, "of them|in all|of those") &&
		!(word_is(d, q->next, "of") && word_is(d, q->next + 1, "them|those")))
		return 0;
	for (size_t k = q->first; k > s.first && q->first - k < 8; k--) {
		if (is(d, k - 1, LC_USERNOUN) != NULL ||
			is(d, k - 1, LC_ROLENOUN) != NULL) {
			if (find(d, s.first, s.last, LC_USECUE) == NOT_FOUND &&
				find(d, s.first, s.last, LC_CHATBOT) == NOT_FOUND)
				return 0;
			better(d, &b[USERS], q->hi, q->first, q->next + 1,
				"volume.users");
			return 1;
		}
		if (is(d, k - 1, LC_DOCNOUN) != NULL) {
			better(d, &b[DOCS], q->hi, q->first, q->next + 1,
				"volume.documents");
			return 1;
		}
	}
	return 0;
}

static void count_at(const struct doc *d, struct best *b, const struct numeral *q)
{
	size_t at = NOT_FOUND;
	enum noun noun;

	if (d->at[q->first].dead || q->hi < 2)
		return;
	noun = noun_behind(d, q, &at);
	if (noun == NOUN_DOCS && is(d, at + 1, LC_PER) == NULL &&
		is(d, at + 1, LC_PERIOD) == NULL) {
		documents(d, b, q, at);
	} else if (noun == NOUN_USERS) {
		better(d, &b[USERS], q->hi, q->first, at + 1, "volume.users");
	} else if (people_in_brackets(d, q)) {
		better(d, &b[USERS], q->hi, q->first - 2, q->next + 1, "volume.users");
	} else if (noun == NOUN_NONE && unknown_users(d, q)) {
		better(d, &b[USERS], q->hi, q->first, q->next + 1, "volume.users");
	} else if (noun == NOUN_ROLE) {
		size_t key = key_before(d, q);

		if ((key > 0 && is(d, key - 1, LC_USERNOUN) != NULL) ||
			(!mere_heads(d, q, at) && are_users(d, q, at)))
			better(d, &b[USERS], q->hi, q->first, at + 1, "volume.users");
	} else if (noun == NOUN_NONE) {
		keyed_count(d, b, q);
	}
}

/* "B.3 Log files": the number of a section, not of files. */
static int numbers_section(const struct doc *d, size_t i)
{
	return i >= 2 && sign_is(d, i - 1, '.') && (d->s.lex[i].flags & LEX_GLUED) &&
		d->s.lex[i - 2].to - d->s.lex[i - 2].from == 1 &&
		i - 2 == sentence_of(d, i).first;
}

void read_volumes(const struct doc *d, struct reading *r)
{
	struct best b[N_VOLUMES];

	memset(b, 0, sizeof(b));
	for (size_t i = 0; i < d->s.n; i++) {
		struct numeral q;

		if (d->s.lex[i].kind != LEX_NUMBER && is(d, i, LC_NUMBER) == NULL)
			continue;
		if (d->at[i].dead || (d->s.lex[i].flags & LEX_INWORD) ||
			is(d, i - 1, LC_CUR) != NULL || numbers_section(d, i))
			continue;
		if (!quantity_at(&d->s, &d->words, i, LC_CUR, &q))
			continue;
		if (is(d, q.next, LC_CUR) != NULL || is(d, q.next, LC_PCT) != NULL) {
			i = q.next - 1;
			continue;
		}
		if (is_negative(d, i) || !(q.hi < 1e15)) {
			if (find_in_sentence(d, i, LC_REQNOUN) != NOT_FOUND ||
				find_in_sentence(d, i, LC_EVNOUN) != NOT_FOUND ||
				is(d, q.next, LC_RATE) != NULL ||
				is(d, q.next, LC_BYTES) != NULL)
				note_add(r, "throughput", "the figure cannot be meant", i,
					q.next);
			i = q.next - 1;
			continue;
		}
		if (!bytes_at(d, b, &q) && !rate_at(d, r, b, &q) &&
			!same_rate(d, b, &q) && !corrected(d, b, &q) &&
			!of_them(d, b, &q))
			count_at(d, b, &q);
		i = q.next - 1;
	}
	for (size_t k = 0; k < N_VOLUMES; k++)
		if (b[k].set)
			fact_add(r, "throughput", members[k], NULL, b[k].value,
				b[k].first, b[k].last, b[k].rule, 0.9);
}
