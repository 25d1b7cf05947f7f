/* data.c - data_classification and compliance. */
#include <string.h>

#include "intake/internal.h"

static const char *const order[] = { "public", "internal", "confidential", "pii", "phi",
	"pci" };
#define N_CLASSES 6

static int rank_class(const char *id)
{
	for (int i = 0; i < N_CLASSES; i++)
		if (strcmp(order[i], id) == 0)
			return i;
	return -1;
}

/* Laws that bring a class with them when they apply. */
static const struct {
	const char *regime, *cls;
} implied[] = {
	{ "GDPR", "pii" },
	{ "CCPA", "pii" },
	{ "LGPD", "pii" },
	{ "PIPEDA", "pii" },
	{ "APPI", "pii" },
	{ "PDPA", "pii" },
	{ "FERPA", "pii" },
	{ "HIPAA", "phi" },
	{ "PCI-DSS", "pci" },
};

/* Does a negation govern lexeme i ("no PII", "GxP not relevant", "HIPAA does not apply")? */
static int negated(const struct doc *d, size_t i)
{
	unsigned st = status_of(d, i, i + 1);
	struct range seg = segment_of(d, i);

	if (st & (ST_EXCLUDED | ST_NOTHING | ST_LEFT))
		return 1;
	/* "X was mentioned but is not in scope" */
	for (size_t k = i + 1; k < i + 8 && k < sentence_of(d, i).last; k++)
		if (word_is(d, k, "not in scope|out of scope") ||
			(word_is(d, k, "in scope") && is(d, k - 1, LC_NOT) != NULL) ||
			(is(d, k, LC_NOT) != NULL && word_is(d, k + 1, "in") &&
				word_is(d, k + 2, "scope")))
			return 1;
	for (size_t k = i + 1; k < seg.last && k < i + 6; k++) {
		if (is(d, k, LC_NOT) != NULL || word_is(d, k, "n/a"))
			return !word_is(d, k + 1, "only|just") &&
				!word_is(d, k - 1, "if");
		if (is(d, k, LC_NONUSE) != NULL)
			return 1;
	}
	return 0;
}

static void read_compliance(const struct doc *d, struct reading *r)
{
	for (size_t i = 0; i < d->s.n; i++) {
		const char *id = is(d, i, LC_COMPLIANCE);

		if (id == NULL || d->at[i].dead)
			continue;
		if (is(d, i, LC_WEAK) != NULL && !lexeme_all_caps(&d->s, &d->s.lex[i]) &&
			d->any_capital)
			continue;
		if (word_is(d, i, "dora") && word_is(d, i + 1, "metrics|metric"))
			continue;
		if (word_is(d, i, "c5") && sign_is(d, i + 1, '.') && is_word(d, i + 2) &&
			d->s.lex[i + 2].flags & LEX_GLUED) /* an instance type */
			continue;
		if (word_is(d, i, "sox") && word_is(d, i - 1, "red|white"))
			continue;
		if (negated(d, i) || fact_with(r, "compliance", id) != NULL)
			continue;
		fact_add(
			r, "compliance", NULL, id, 0, i, i + 1, "compliance.named", 0.95);
	}
}

/* "public", "internal", "confidential" said of data, not of an endpoint or a company. */
static int plain_class(const struct doc *d, size_t i, const char **cls)
{
	static const char *const words[] = { "public", "internal", "confidential" };
	struct range s = sentence_of(d, i), c = clause_of(d, i);
	int k;

	for (k = 0; k < 3 && !word_is(d, i, words[k]); k++)
		;
	if (k == 3)
		return 0;
	*cls = words[k];
	/* the noun right behind, or one adjective further */
	for (size_t j = i + 1; j < i + 4 && j < s.last; j++) {
		if (is(d, j, LC_DCDATA) != NULL ||
			(is(d, j, LC_CORPUS) != NULL && k == 1))
			return 1;
		if (!is_word(d, j) ||
			word_is(d, j,
				"and|or|to|in|on|for|with|team|users|endpoint|network|"
				"customers|api|web|tool"))
			break;
	}
	/* a predicate or a bare value: "manuals are public", "Data: invoices, internal" */
	if (i + 1 >= s.last || sign_is(d, i + 1, '.') || sign_is(d, i + 1, ',') ||
		sign_is(d, i + 1, ')') || sign_is(d, i + 1, ';') ||
		d->s.lex[i + 1].kind == LEX_CELL ||
		word_is(d, i + 1, "and|but|only|by|though|until|before|for now")) {
		size_t from = i > c.first + 8 ? i - 8 : c.first;

		if (find(d, from, i, LC_DCDATA) != NOT_FOUND ||
			find(d, s.first, i, LC_DCCUE) != NOT_FOUND ||
			find(d, from, i, LC_CORPUS) != NOT_FOUND ||
			find_in_header(d, i, LC_DCCUE) != NOT_FOUND ||
			(d->sent[d->at[i].sentence].fragment && s.last - s.first <= 4))
			return 1;
	}
	return 0;
}

/* "classification: public", "the data is strictly confidential": all of the data. */
static int labels_data(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);
	size_t k;

	if (word_is(d, i, "data is public|data are public|all public"))
		return 1;
	k = find_back(d, s.first, i, LC_DCCUE);
	if (k != NOT_FOUND &&
		word_is(d, k, "classification|class|data class|sensitivity|classified"))
		return 1;
	for (k = i; k > s.first && i - k < 3 &&
		word_is(d, k - 1,
			"is|are|strictly|all|fully|entirely|highly|completely|treated as|"
			"considered|purely|as");
		k--)
		;
	return k > s.first && k < i &&
		word_is(d, k - 1, "data|everything|all data|the data|dataset|corpus");
}

/* "treat as confidential", "classification: internal", "considered public" */
static int outright(const struct doc *d, size_t i)
{
	struct range c = sentence_of(d, i);
	size_t k = find_back(d, c.first, i, LC_DCCUE);

	return (k != NOT_FOUND && i - k <= 6 && !word_is(d, k, "data")) ||
		labels_data(d, i);
}

static int pii_word_counts(const struct doc *d, size_t i)
{
	struct range s = segment_of(d, i), c = clause_of(d, i);

	if (word_is(d, i, "names")) {
		/* "names" of people: in a list of their details, or contained */
		for (size_t k = i > c.first + 6 ? i - 6 : c.first;
			k < i + 6 && k < c.last; k++)
			if (k != i &&
				((k + 1 == i &&
					 (is(d, k, LC_ROLENOUN) != NULL ||
						 is(d, k, LC_PEOPLE) != NULL)) ||
					word_is(d, k,
						"guest|guests|guests'|client|clients|"
						"contain|contains|include|includes|"
						"including|"
						"containing|mention|with|customer|"
						"customers|"
						"user|"
						"users|people|patient|employee|addresses|"
						"e-mail|"
						"email|phone|surnames|holds|has|have|are|"
						"plus") ||
					(is(d, k, LC_DC) != NULL &&
						strcmp(is(d, k, LC_DC), "pii") == 0)))
				return !word_is(d, i - 1,
					"domain|file|host|product|brand|table|column|"
					"class|bucket|service|place|feature|field|event|"
					"metric");
		return 0;
	}
	if (word_is(d, i, "patient")) {
		/* the data of one, not an adjective */
		for (size_t k = i + 1; k < i + 4 && k < s.last; k++)
			if (word_is(d, k,
				    "data|records|record|files|notes|images|scans|"
				    "letters|information|histories|documents|reports|"
				    "details|x-rays"))
				return 1;
		return 0;
	}
	if (is(d, i, LC_WEAK) != NULL && word_is(d, i, "pan|pans"))
		return lexeme_all_caps(&d->s, &d->s.lex[i]) ||
			find(d, c.first, c.last, LC_COMPLIANCE) != NOT_FOUND;
	if (word_is(d, i, "secret"))
		return 0;
	if (word_is(d, i, "prescription|prescriptions"))
		return !word_is(d, i + 1, "glasses");
	if (word_is(d, i, "diagnosis|diagnoses"))
		return !word_is(d, i - 1,
			       "fault|machine|engine|error|remote|vehicle|root-cause") &&
			!word_is(d, i + 1, "of machine|of faults|tool");
	return 1;
}

void read_data(const struct doc *d, struct reading *r)
{
	int best = -1, stated = -1, deid = 0, none = 0;
	size_t at = 0, stated_at = 0;
	size_t labels[2] = { NOT_FOUND, NOT_FOUND };
	const char *rule = "data.words";

	read_compliance(d, r);
	for (size_t i = 0; i < d->s.n; i++) {
		const char *cls = is(d, i, LC_DC);
		int k;

		if (d->at[i].dead)
			continue;
		deid |= is(d, i, LC_DCDEID) != NULL && !negated(d, i);
		if (is(d, i, LC_DCNEG) != NULL) {
			none = 1;
			continue;
		}
		if (cls == NULL && !plain_class(d, i, &cls))
			continue;
		if (!pii_word_counts(d, i))
			continue;
		/* "transcripts (PII scrubbed)" */
		if (is(d, i + 1, LC_DCDEID) != NULL ||
			word_is(d, i + 1, "removed|stripped|filtered|deleted"))
			continue;
		if (negated(d, i)) {
			if (strcmp(cls, "pii") == 0 || strcmp(cls, "phi") == 0)
				none = 1;
			continue;
		}
		k = rank_class(cls);
		if (outright(d, i)) {
			if (stated < k) {
				stated = k;
				stated_at = i;
			}
			if (labels_data(d, i)) {
				if (labels[0] == NOT_FOUND)
					labels[0] = i;
				else if (strcmp(is(d, labels[0], LC_DC) != NULL
							 ? is(d, labels[0], LC_DC)
							 : "",
						 cls) != 0)
					labels[1] = i;
			}
		}
		if (k > best) {
			best = k;
			at = i;
		}
	}
	for (size_t i = 0; i < r->n_facts; i++)
		for (size_t k = 0; k < sizeof(implied) / sizeof(implied[0]); k++)
			if (strcmp(r->facts[i].field, "compliance") == 0 &&
				strcmp(r->facts[i].text, implied[k].regime) == 0) {
				int c = rank_class(implied[k].cls);

				if (c > best && !(c == 3 && none)) {
					best = c;
					at = r->facts[i].first;
					rule = "data.law";
				}
			}
	if (deid && stated >= 0) {
		best = stated;
		at = stated_at;
		rule = "data.stated";
	}
	if (best < 0)
		return;
	if (labels[1] != NOT_FOUND &&
		sentence_of(d, labels[0]).first != sentence_of(d, labels[1]).first) {
		int a = rank_class(is(d, labels[0], LC_DC) != NULL
				? is(d, labels[0], LC_DC)
				: "public");
		int b = rank_class(is(d, labels[1], LC_DC) != NULL
				? is(d, labels[1], LC_DC)
				: "public");

		if ((a == 0 || b == 0) && a != b) {
			conflict_add(r, "data_classification", NULL, labels[0],
				labels[0] + 1, labels[1], labels[1] + 1,
				"the data is labelled in two ways");
			return;
		}
	}
	fact_add(r, "data_classification", NULL, order[best], 0, at, at + 1, rule,
		strcmp(rule, "data.law") == 0 ? 0.8 : 0.9);
}
