/* Semantic digests of a state's parts, and the seal over them. */
#include "approval.h"

/*
 * What is left out of a digest: wording, where and when a figure was read, what is
 * computed from the rest for people, and how hard the search was. Everything else is
 * material, also what is added to a state later.
 */
static const char *const noise[] = {
	/* wording */
	"action", "availability_basis", "basis", "check", "detail", "diagram_mermaid",
	"effect", "evidence", "instead", "note", "open_questions", "raise", "references",
	"remediation", "summary", "title", "why",
	/* sources, dates, and the version before */
	"as_of", "confidence", "date", "delta", "delta_vs_prev_pct", "delta_vs_prev_usd",
	"price_book", "source", "usage_file",
	/* made from the rest */
	"by_capability", "by_service", "counts", "judged", "qty_text", "share_pct",
	/* the search */
	"proof"
};

/* Whose order means something: the first region is the main one, hops are a path. */
static const char *const ordered[] = { "regions", "hops", "tiers" };

static int listed(const char *const *names, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (names[i][0] == key[0] && strcmp(names[i], key) == 0)
			return 1;
	return 0;
}

/* A text beside the figures that it tells: "3.5 GB" beside quantity and unit. */
static int tells_again(const cJSON *object, const char *key)
{
	return strcmp(key, "qty") == 0 && json_is(json_get(object, key), JSON_STRING) &&
		json_has(object, "quantity");
}

static void write_meaning(const cJSON *v, int keep_order, struct buf *out);
static void write_raw(const cJSON *v, struct buf *out);

static int by_name(const void *a, const void *b)
{
	return strcmp(
		json_key(*(const cJSON *const *)a), json_key(*(const cJSON *const *)b));
}

/* Members by name, without noise. A parameter may have any name. */
static void write_object(const cJSON *v, int raw, struct buf *out)
{
	const cJSON **m = calloc(json_len(v) + 1, sizeof(*m));
	size_t n = 0;

	JSON_EACH (it, v)
		if (m != NULL &&
			(raw ||
				(!listed(noise, ARRAY_LEN(noise), json_key(it)) &&
					!tells_again(v, json_key(it)))))
			m[n++] = it;
	out->failed |= m == NULL;
	if (n > 1)
		qsort(m, n, sizeof(*m), by_name);
	buf_add_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		const char *key = json_key(m[i]);

		if (i > 0)
			buf_add_char(out, ',');
		json_print_string(key, out);
		buf_add_char(out, ':');
		if (raw || strcmp(key, "params") == 0)
			write_raw(m[i], out);
		else
			write_meaning(
				m[i], listed(ordered, ARRAY_LEN(ordered), key), out);
	}
	buf_add_char(out, '}');
	free(m);
}

static void write_raw(const cJSON *v, struct buf *out)
{
	if (json_is(v, JSON_OBJECT)) {
		write_object(v, 1, out);
	} else if (json_is(v, JSON_ARRAY)) {
		buf_add_char(out, '[');
		JSON_EACH (it, v) {
			if (it != json_first(v))
				buf_add_char(out, ',');
			write_raw(it, out);
		}
		buf_add_char(out, ']');
	} else {
		json_print(v, JSON_COMPACT, out);
	}
}

struct item {
	size_t start, len; /* in the text of all items */
	const char *text;
};

static int by_text(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;
	size_t n = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, n);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void write_list(const cJSON *v, int keep_order, struct buf *out)
{
	struct buf all = BUF_INIT(BUF_NO_LIMIT);
	struct item *item = calloc(json_len(v) + 1, sizeof(*item));
	size_t n = 0;

	JSON_EACH (it, v) {
		if (item == NULL)
			break;
		item[n].start = all.len;
		write_meaning(it, 0, &all);
		item[n].len = all.len - item[n].start;
		n++;
	}
	for (size_t i = 0; i < n; i++)
		item[i].text = all.ptr + item[i].start;
	if (!keep_order && n > 1)
		qsort(item, n, sizeof(*item), by_text);
	buf_add_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		buf_add(out, item[i].text, item[i].len);
	}
	buf_add_char(out, ']');
	out->failed |= item == NULL || all.failed;
	free(item);
	buf_release(&all);
}

/* Canonical text without noise; lists in an order of their own, but where order counts. */
static void write_meaning(const cJSON *v, int keep_order, struct buf *out)
{
	if (json_is(v, JSON_OBJECT))
		write_object(v, 0, out);
	else if (json_is(v, JSON_ARRAY))
		write_list(v, keep_order, out);
	else
		json_print(v, JSON_COMPACT, out);
}

static const struct part {
	const char *name, *key; /* in the digest, in the state */
} parts[] = { { "constraints", "constraints" }, { "plan", "plan" }, { "cost", "cost" },
	{ "findings", "critique" }, { "policy", "policy" } };

static int digest_part(const cJSON *value, char hex[DIGEST_HEX_MAX], struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	write_meaning(value, 0, &text);
	ret = buf_ok(&text, e);
	if (ret == 0)
		digest_hex(text.ptr, text.len, hex);
	buf_release(&text);
	return ret;
}

int approval_digest(const cJSON *state, cJSON *out, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const cJSON *value = json_get(state, parts[i].key);

		if (value != NULL && digest_part(value, hex, e) < 0)
			return -1;
		if (json_set_str(out, parts[i].name, value == NULL ? NULL : hex, e) < 0)
			return -1;
	}
	return 0;
}

/* What the seal covers: the parts' digests, who decided what, when, and until when. */
static int seal(const cJSON *hitl, char hex[DIGEST_HEX_MAX], struct err *e)
{
	static const char *const who[] = { "status", "mode", "actor", "decided_at",
		"expires_at", "waived" };
	cJSON *covered = json_new_object(e), *digests = NULL;
	int ret = -1;

	if (covered == NULL)
		return -1;
	digests = json_add_object(covered, "digest", e);
	for (size_t i = 0; digests != NULL && i < ARRAY_LEN(parts); i++)
		if (json_has(json_get(hitl, "digest"), parts[i].name) &&
			json_set_copy(digests, parts[i].name,
				json_get(json_get(hitl, "digest"), parts[i].name), e) < 0)
			goto out;
	for (size_t i = 0; digests != NULL && i < ARRAY_LEN(who); i++)
		if (json_has(hitl, who[i]) &&
			json_set_copy(covered, who[i], json_get(hitl, who[i]), e) < 0)
			goto out;
	ret = digests == NULL ? -1 : json_digest(covered, hex, e);
out:
	json_free(covered);
	return ret;
}

int approval_seal(cJSON *hitl, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	return seal(hitl, hex, e) < 0
		? -1
		: json_set_str(json_own(hitl, "digest", e), "all", hex, e);
}

static int why_not(char why[APPROVAL_WHY_MAX], const char *text)
{
	snprintf(why, APPROVAL_WHY_MAX, "%s", text);
	return 0;
}

int approval_check(
	const cJSON *state, int64_t now_ns, char why[APPROVAL_WHY_MAX], struct err *e)
{
	const cJSON *hitl = json_get(state, "hitl"), *bound = json_get(hitl, "digest");
	const char *expires = json_str_or(hitl, "expires_at", NULL);
	char hex[DIGEST_HEX_MAX];
	int64_t end;

	why[0] = '\0';
	if (strcmp(json_str_or(hitl, "status", ""), "approved") != 0)
		return why_not(why,
			"the plan is not approved (mlops-gate --approve --actor NAME)");
	if (seal(hitl, hex, e) < 0)
		return -1;
	if (strcmp(json_str_or(bound, "all", ""), hex) != 0)
		return why_not(why,
			"the approval is void: who approved what, and when, was changed "
			"after it");
	if (expires != NULL && (clock_parse(expires, &end) < 0 || now_ns >= end))
		return why_not(why, "the approval has expired");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const cJSON *value = json_get(state, parts[i].key);
		const char *approved = json_text(json_get(bound, parts[i].name));

		if (value == NULL)
			continue;
		if (digest_part(value, hex, e) < 0)
			return -1;
		if (approved != NULL && strcmp(approved, hex) == 0)
			continue;
		snprintf(why, APPROVAL_WHY_MAX,
			"the approval is void: %s changed after it", parts[i].name);
		return 0;
	}
	return 0;
}
