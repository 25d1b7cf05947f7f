/* replies.c - replies to questions as a file. */
#include "intake/replies.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "intake/extract.h"
#include "intake/intake.h"

static const char *const members[] = { "field", "value", "text", "question", "comments",
	"source" };

/* What an answer has of the members that answers have; its question names the field, too. */
static cJSON *answer_from(const cJSON *given, struct err *e)
{
	cJSON *one = json_new_object(e);
	const char *id = json_str_or(given, "question", "");

	if (one != NULL && !json_has(given, "field") && strncmp(id, "q-", 2) == 0 &&
		json_set_str(one, "field", id + 2, e) < 0) {
		json_free(one);
		return NULL;
	}

	for (size_t i = 0; one != NULL && i < ARRAY_LEN(members); i++)
		if (json_has(given, members[i]) &&
			json_set_copy(one, members[i], json_get(given, members[i]), e) <
				0) {
			json_free(one);
			return NULL;
		}
	return one;
}

/* A member `field` of an object of fields as an answer. */
static cJSON *answer_of(const char *field, const cJSON *value, struct err *e)
{
	cJSON *one = json_new_object(e);

	if (one != NULL && json_set_str(one, "field", field, e) == 0 &&
		json_set_copy(one, "value", value, e) == 0 &&
		(json_text(value) == NULL || json_set_copy(one, "text", value, e) == 0))
		return one;
	json_free(one);
	return NULL;
}

/* Takes `one` over, NULL included, without the secrets that it may hold as a brief may. */
static int push_answer(cJSON *list, struct cleaner *c, cJSON *one, struct err *e)
{
	cJSON *clean = NULL;

	if (one != NULL && json_str_or(one, "field", NULL) == NULL)
		err_fill(e, ERR_INPUT, "an answer has no 'field'");
	else if (one != NULL)
		clean = redact_tree(c->rules, one, e);
	json_free(one);
	if (json_push(list, clean, e) < 0)
		return -1;
	return json_has(clean, "source") ? 0 : json_set_str(clean, "source", "answer", e);
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
				json_is(rows, JSON_OBJECT)
					? answer_of(json_key(it), it, e)
					: answer_from(it, e),
				e);
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
