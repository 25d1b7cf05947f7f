/* wording.c - a model's wording of a question that keeps its meaning. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "intake/model.h"

#define QUESTIONS "intake.questions"
#define TEXT_MAX  300

static cJSON *question(const cJSON *questions, struct err *e)
{
	static const char *const members[] = { "id", "text", "choices", "help", "why" };
	cJSON *in = json_new_object(e), *list;

	list = in == NULL ? NULL : json_add_array(in, "questions", e);
	JSON_EACH (q, questions) {
		cJSON *o = list == NULL ? NULL : json_push_object(list, e);

		for (size_t i = 0; o != NULL && i < ARRAY_LEN(members); i++)
			if (json_has(q, members[i]) &&
				json_set_copy(o, members[i], json_get(q, members[i]), e) <
					0)
				o = NULL;
		if (o == NULL) {
			json_free(in);
			return NULL;
		}
	}
	return in;
}

/* ---- the same meaning ---- */

static size_t word_at(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '-' || p[n] == '_' ||
		(p[n] & 0x80) != 0)
		n++;
	return n;
}

static int text_has_word(const char *text, const char *word, size_t n)
{
	for (const char *p = text; *p != '\0';) {
		size_t m = word_at(p);

		if (m == n && strncasecmp(p, word, n) == 0)
			return 1;
		p += m > 0 ? m : 1;
	}
	return 0;
}

static int tree_has_word(const cJSON *v, const char *word, size_t n)
{
	if (json_text(v) != NULL && text_has_word(json_text(v), word, n))
		return 1;
	JSON_EACH (m, v)
		if (tree_has_word(m, word, n))
			return 1;
	return 0;
}

/* Names (capitals after the first word, digits within) come from the question alone. */
static int brings_a_name(const cJSON *q, const char *text, char *name, size_t max)
{
	int first = 1;

	for (const char *p = text; *p != '\0';) {
		size_t n = word_at(p), capitals = 0;

		for (size_t i = 0; i < n; i++)
			capitals += isupper((unsigned char)p[i]) ||
				isdigit((unsigned char)p[i]) || (p[i] & 0x80) != 0;
		if (n > 0 && capitals > (first ? 1u : 0u) && !tree_has_word(q, p, n) &&
			!(n == 1 && *p == 'I')) {
			snprintf(name, max, "%.*s", (int)n, p);
			return 1;
		}
		first = n > 0 ? 0 : first;
		p += n > 0 ? n : 1;
	}
	return 0;
}

/* At least half of the long words of the old text are still there. */
static int keeps_words(const char *before, const char *after)
{
	size_t all = 0, kept = 0;

	for (const char *p = before; *p != '\0';) {
		size_t n = word_at(p);

		if (n > 3) {
			all++;
			kept += text_has_word(after, p, n) != 0;
		}
		p += n > 0 ? n : 1;
	}
	return kept * 2 >= all;
}

/* Why a wording does not count; NULL: it does. */
static const char *judge(const cJSON *q, const char *text, struct err *e)
{
	size_t n = strlen(text);
	struct numbers *known;
	char bad[64];
	int ok;

	if (n == 0 || n > TEXT_MAX || text[n - 1] != '?')
		return "it is no question of one sentence";
	if (strpbrk(text, "\n\r\t<>{}`\\") != NULL || strstr(text, "://") != NULL)
		return "it holds what no question needs";
	known = numbers_new(q, e);
	ok = known != NULL && numbers_known(known, text, bad, sizeof(bad));
	numbers_free(known);
	if (!ok)
		return "it brings a number";
	if (brings_a_name(q, text, bad, sizeof(bad)))
		return "it brings a name";
	return keeps_words(json_str_or(q, "text", ""), text) ? NULL
							     : "it asks something else";
}

static cJSON *by_id(cJSON *questions, const char *id, struct err *e)
{
	char pointer[32];
	size_t i = 0;

	(void)e;
	JSON_EACH (q, questions) {
		if (strcmp(json_str_or(q, "id", ""), id) == 0) {
			snprintf(pointer, sizeof(pointer), "/%zu", i);
			return json_edit(questions, pointer);
		}
		i++;
	}
	return NULL;
}

static int take(struct node_env *env, cJSON *questions, const cJSON *item, int *taken,
	struct err *e)
{
	const char *id = json_str_or(item, "id", ""),
		   *text = json_str_or(item, "text", "");
	cJSON *q = by_id(questions, id, e);
	const char *why = q == NULL ? "it was not asked" : judge(q, text, e);

	if (why != NULL)
		return model_refuse(
			env, QUESTIONS, e, "the wording of '%.60s': %s", id, why);
	(*taken)++;
	return json_set_str(q, "text", text, e);
}

int model_word(struct node_env *env, cJSON *questions, struct err *e)
{
	cJSON *in = NULL, *answer = NULL;
	int ret = 0, taken = 0;

	if (!model_wanted(env) || json_len(questions) == 0)
		return 0;
	in = question(questions, e);
	ret = in == NULL ? -1 : model_ask(env, QUESTIONS, in, NULL, &answer, e);
	if (ret > 0) {
		ret = 0;
		JSON_EACH (item, json_get(answer, "questions"))
			if (ret == 0)
				ret = take(env, questions, item, &taken, e);
		if (ret == 0 && taken > 0)
			ret = model_accept(env, QUESTIONS, e,
				"the wording of %d of %zu questions", taken,
				json_len(questions));
	}
	json_free(in);
	json_free(answer);
	return ret;
}
