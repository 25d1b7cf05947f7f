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
	for (size_t i = 0; key != NULL && i < n; i++)
		if (strcmp(names[i], key) == 0)
			return 1;
	return 0;
}

/* A text beside the figures that it tells: "3.5 GB" beside quantity and unit. */
static int tells_again(const cJSON *object, const char *key)
{
	return strcmp(key, "qty") == 0 && json_is(json_get(object, key), JSON_STRING) &&
		json_has(object, "quantity");
}

static cJSON *meaning(const cJSON *v, int keep_order, struct err *e);

static cJSON *object_meaning(const cJSON *v, struct err *e)
{
	cJSON *out = json_new_object(e), *m;

	JSON_EACH (it, v) {
		const char *key = json_key(it);

		if (out == NULL || listed(noise, ARRAY_LEN(noise), key) ||
			tells_again(v, key))
			continue;
		/* A parameter may have any name. */
		m = strcmp(key, "params") == 0
			? json_copy(it, e)
			: meaning(it, listed(ordered, ARRAY_LEN(ordered), key), e);
		if (json_set(out, key, m, e) < 0) {
			json_free(out);
			return NULL;
		}
	}
	return out;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The items' canonical texts, sorted. */
static cJSON *set_meaning(const cJSON *items, struct err *e)
{
	size_t n = json_len(items), i = 0;
	char **text = calloc(n + 1, sizeof(*text));
	cJSON *out = text == NULL ? NULL : json_new_array(e);
	int bad = out == NULL;

	JSON_EACH (it, items) {
		struct buf b = BUF_INIT(BUF_NO_LIMIT);

		bad = bad || json_canonical(it, &b, e) < 0 ||
			(text[i] = buf_take(&b)) == NULL;
		buf_release(&b);
		i += !bad;
	}
	if (!bad)
		qsort(text, n, sizeof(*text), by_text);
	for (i = 0; i < n && text != NULL; i++) {
		bad = bad || json_push_str(out, text[i], e) < 0;
		free(text[i]);
	}
	free(text);
	if (!bad)
		return out;
	json_free(out);
	err_no_memory(e);
	return NULL;
}

static cJSON *list_meaning(const cJSON *v, int keep_order, struct err *e)
{
	cJSON *items = json_new_array(e), *sorted;

	JSON_EACH (it, v)
		if (items != NULL && json_push(items, meaning(it, 0, e), e) < 0) {
			json_free(items);
			return NULL;
		}
	if (items == NULL || keep_order)
		return items;
	sorted = set_meaning(items, e);
	json_free(items);
	return sorted;
}

/* A copy without noise; lists in an order of their own, but where order counts. */
static cJSON *meaning(const cJSON *v, int keep_order, struct err *e)
{
	if (json_is(v, JSON_OBJECT))
		return object_meaning(v, e);
	if (json_is(v, JSON_ARRAY))
		return list_meaning(v, keep_order, e);
	return json_copy(v, e);
}

static const struct part {
	const char *name, *key; /* in the digest, in the state */
} parts[] = { { "constraints", "constraints" }, { "plan", "plan" }, { "cost", "cost" },
	{ "findings", "critique" }, { "policy", "policy" } };

static int digest_part(const cJSON *value, char hex[DIGEST_HEX_MAX], struct err *e)
{
	cJSON *m = meaning(value, 0, e);
	int ret = m == NULL ? -1 : json_digest(m, hex, e);

	json_free(m);
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
