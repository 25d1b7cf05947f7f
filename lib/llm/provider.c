/* What all providers share: the table of faults and the reply. */
#include "provider.h"

#include <stdarg.h>
#include <string.h>

const struct llm_fault_row llm_faults[LLM_FAULTS] = {
#define FAULT(name, code, retry, trips, falls, err) \
	{ code, retry, trips, falls, ERR_##err },
#include "faults.def"
#undef FAULT
};

const struct llm_provider *llm_provider_of(const char *dialect)
{
	static const struct llm_provider *const all[] = { &provider_anthropic,
		&provider_responses, &provider_chat, &provider_claude_code };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i]->dialect, dialect) == 0)
			return all[i];
	return NULL;
}

void llm_reply_init(struct llm_reply *r, size_t max_text)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, max_text);
	r->retry_after_ms = -1;
	r->should_retry = -1;
}

void llm_reply_release(struct llm_reply *r)
{
	buf_release(&r->text);
	json_free(r->files);
	r->files = NULL;
}

/* Providers quote what they were sent, part of the key among it ("Incorrect API key
 * provided: sk-ab***yz"), so words that begin or end like the key go, too. */
static int is_like_key(const char *word, size_t n, const char *key)
{
	size_t k = key == NULL ? 0 : strlen(key);

	if (k < 8 || n < 4)
		return 0;
	for (size_t i = 0; i + 6 <= n; i++)
		for (size_t j = 0; j + 6 <= k; j++)
			if (memcmp(word + i, key + j, 6) == 0)
				return 1;
	return n >= 8 && memcmp(word, key, 3) == 0;
}

void llm_reply_fault(struct llm_reply *r, const struct llm_target *t,
	enum llm_fault fault, const char *fmt, ...)
{
	struct err clean = { 0 };
	struct buf raw = BUF_INIT(8192), out = BUF_INIT(8192);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&raw, fmt, ap);
	va_end(ap);
	for (const char *p = raw.ptr; *p != '\0';) {
		size_t space = strspn(p, " \t\r\n"), word = strcspn(p + space, " \t\r\n");

		buf_add_str(&out, space > 0 && out.len > 0 ? " " : "");
		if (is_like_key(p + space, word, t->key))
			buf_add_str(&out, "[redacted]");
		else
			buf_add(&out, p + space, word);
		p += space + word;
	}
	err_fill(&clean, ERR_PROVIDER, "%s", out.ptr);
	r->fault = fault;
	snprintf(r->why, sizeof(r->why), "%.255s", clean.msg);
	buf_release(&raw);
	buf_release(&out);
}

int llm_takes(const struct llm_target *t, const char *parameter)
{
	return json_has_text(json_get(t->facts, "takes"), parameter) ||
		(t->facts == NULL &&
			json_has_text(json_get(t->entry, "takes"), parameter));
}
