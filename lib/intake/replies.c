/* replies.c - replies to questions as a file. */
#include "intake/replies.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "intake/extract.h"
#include "intake/intake.h"

/* Strings of an answer may hold secrets as a brief may. */
static int clean_strings(struct cleaner *c, cJSON *one, struct err *e)
{
	static const char *const keys[] = { "text", "value" };

	for (size_t i = 0; i < 2; i++) {
		const char *s = json_str_or(one, keys[i], NULL);
		struct buf b = BUF_INIT(INTAKE_ANSWER_MAX * 4);
		int ret = 0;

		if (s == NULL)
			continue;
		if (redact_secrets(c->rules, s, strlen(s), &b, NULL, e) < 0 ||
			buf_ok(&b, e) < 0 || json_set_str(one, keys[i], b.ptr, e) < 0)
			ret = -1;
		buf_release(&b);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int push_answer(
	cJSON *list, struct cleaner *c, const char *field, const cJSON *it, struct err *e)
{
	cJSON *one = field == NULL && json_is(it, JSON_OBJECT) ? json_copy(it, e)
							       : json_new_object(e);
	int ret = one == NULL ? -1 : 0;

	if (ret == 0 && field != NULL)
		ret = json_set_str(one, "field", field, e);
	if (ret == 0 && field != NULL)
		ret = json_set_copy(one, "value", it, e);
	if (ret == 0 && field != NULL && json_is(it, JSON_STRING))
		ret = json_set_copy(one, "text", it, e);
	if (ret == 0 && !json_has(one, "source"))
		ret = json_set_str(one, "source", "answer", e);
	if (ret == 0 && json_str_or(one, "field", NULL) == NULL)
		ret = err_set(e, ERR_INPUT, "an answer has no 'field'");
	if (ret == 0)
		ret = clean_strings(c, one, e);
	if (ret < 0) {
		json_free(one);
		return -1;
	}
	return json_push(list, one, e);
}

cJSON *answers_of_doc(
	struct cleaner *c, const cJSON *doc, const char *path, struct err *e)
{
	cJSON *list = json_new_array(e);
	const cJSON *rows = doc;
	int ret = list == NULL ? -1 : 0;

	if (ret == 0 && json_has(doc, "answers"))
		rows = json_get(doc, "answers");
	if (ret == 0 && !json_is(rows, JSON_ARRAY) && !json_is(rows, JSON_OBJECT))
		ret = err_set(
			e, ERR_INPUT, "%s: holds no list or object of answers", path);
	JSON_EACH (it, rows)
		if (ret == 0) {
			ret = push_answer(list, c,
				json_is(rows, JSON_OBJECT) ? json_key(it) : NULL, it, e);
			if (ret < 0)
				err_where(e, "%s", path);
		}
	if (ret < 0) {
		json_free(list);
		return NULL;
	}
	return list;
}

cJSON *answers_of_file(struct cleaner *c, const char *path, struct err *e)
{
	cJSON *doc = json_parse_file(path, 8 << 20, e);
	cJSON *list = doc == NULL ? NULL : answers_of_doc(c, doc, path, e);

	json_free(doc);
	return list;
}

/* ---- kept as they are given ---- */

#define FILE_MAX ((size_t)8 << 20)

int replies_keep(const char *path, const cJSON *answers, struct err *e)
{
	struct buf text = BUF_INIT(FILE_MAX);
	struct stat st;
	char *full = realpath(path, NULL); /* a symbolic link stays one */
	cJSON *doc = NULL;
	int there = full != NULL && stat(full, &st) == 0, ret = -1;

	if (there && !S_ISREG(st.st_mode)) {
		ret = 0;
		goto out;
	}
	if (there && (doc = json_parse_file(full, FILE_MAX, e)) == NULL)
		goto out;
	if (json_has(doc, "answers")) {
		if (json_set_copy(doc, "answers", answers, e) < 0)
			goto out;
		json_print(doc, JSON_PRETTY, &text);
	} else {
		json_print(answers, JSON_PRETTY, &text);
	}
	buf_add_char(&text, '\n');
	if (buf_ok(&text, e) == 0)
		ret = file_write_atomic(there ? full : path, text.ptr, text.len,
			there ? st.st_mode & 0777 : 0600, 0, e);
out:
	free(full);
	json_free(doc);
	buf_release(&text);
	return ret;
}
