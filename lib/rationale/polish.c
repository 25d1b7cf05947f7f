/* A model's prose for the grounds of decisions; figures and names stay what they are. */
#include <ctype.h>
#include <string.h>

#include "compile.h"

#define RATIONALE "rationale"
#define TEXTS_MAX 40

static const char *ground(const cJSON *card)
{
	return json_text(json_at(card, "/choice/justification"));
}

static cJSON *question(const cJSON *cards, struct err *e)
{
	cJSON *in = json_new_object(e), *texts;

	texts = in == NULL ? NULL : json_add_array(in, "texts", e);
	JSON_EACH (c, cards) {
		cJSON *o;

		if (ground(c) == NULL || json_len(texts) == TEXTS_MAX)
			continue;
		o = texts == NULL ? NULL : json_push_object(texts, e);
		if (o == NULL ||
			json_set_str(o, "id", json_str_or(c, "decision_id", ""), e) < 0 ||
			json_set_str(o, "text", ground(c), e) < 0) {
			json_free(in);
			return NULL;
		}
	}
	if (texts != NULL)
		return in;
	json_free(in);
	return NULL;
}

static cJSON *card_of(cJSON *cards, const char *id)
{
	char pointer[32];
	size_t i = 0;

	JSON_EACH (c, cards) {
		if (strcmp(json_str_or(c, "decision_id", ""), id) == 0) {
			snprintf(pointer, sizeof(pointer), "/%zu", i);
			return json_edit(cards, pointer);
		}
		i++;
	}
	return NULL;
}

/* Words with a dot, a colon, an at sign or an underscore within, or of two capitals, are
 * names: each of the old text is still there. */
static int loses_a_name(const char *before, const char *after, char *name, size_t max)
{
	for (const char *p = before; *p != '\0';) {
		size_t n = strcspn(p, " \t\n,;()\"'"), signs = 0, capitals = 0;

		for (size_t i = 0; i < n; i++) {
			signs += i > 0 && i + 1 < n && strchr(".:@_=/", p[i]) != NULL;
			capitals += isupper((unsigned char)p[i]) != 0;
		}
		snprintf(name, max, "%.*s", (int)n, p);
		while (n > 0 && strchr(".:", name[strlen(name) - 1]) != NULL &&
			strlen(name) > 1)
			name[strlen(name) - 1] = '\0';
		if (n > 2 && n < max && (signs > 0 || capitals > 1) &&
			strstr(after, name) == NULL)
			return 1;
		p += n;
		p += *p != '\0';
	}
	return 0;
}

static int take(struct node_env *env, cJSON *cards, const cJSON *item,
	const struct numbers *known, int *taken, struct err *e)
{
	const char *id = json_str_or(item, "id", ""),
		   *text = json_str_or(item, "text", "");
	cJSON *card = card_of(cards, id);
	const char *before = card == NULL ? NULL : ground(card);
	char bad[128];

	if (before == NULL)
		return model_refuse(env, RATIONALE, e,
			"a text for '%.80s', which is no decision", id);
	if (strcmp(before, text) == 0)
		return 0;
	if (!numbers_known(known, text, bad, sizeof(bad)))
		return model_refuse(env, RATIONALE, e,
			"a text of %s: the number %s is not in the state",
			json_str_or(card, "node_name", "?"), bad);
	if (strlen(text) > 2 * strlen(before) + 80 || *text == '\0' ||
		strpbrk(text, "\n\r\t<>`") != NULL || strstr(text, "://") != NULL)
		return model_refuse(env, RATIONALE, e,
			"a text of %s: it is too long or holds what no sentence needs",
			json_str_or(card, "node_name", "?"));
	if (loses_a_name(before, text, bad, sizeof(bad)))
		return model_refuse(env, RATIONALE, e, "a text of %s: it loses '%s'",
			json_str_or(card, "node_name", "?"), bad);
	(*taken)++;
	return json_set_str(json_edit(card, "/choice"), "justification", text, e);
}

int polish(struct node_env *env, const cJSON *view, cJSON *cards, struct err *e)
{
	cJSON *in, *answer = NULL;
	struct numbers *known = NULL;
	int ret, taken = 0;

	if (!model_wanted(env))
		return 0;
	in = question(cards, e);
	ret = in == NULL ? -1 : model_ask(env, RATIONALE, in, NULL, &answer, e);
	if (ret > 0) {
		known = numbers_new(view, e);
		ret = known == NULL ? -1 : 0;
		JSON_EACH (item, json_get(answer, "texts"))
			if (ret == 0)
				ret = take(env, cards, item, known, &taken, e);
		if (ret == 0 && taken > 0)
			ret = model_accept(env, RATIONALE, e,
				"the prose of %d decisions in the documents", taken);
	}
	numbers_free(known);
	json_free(in);
	json_free(answer);
	return ret < 0 ? -1 : 0;
}
