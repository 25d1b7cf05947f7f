/*
 * edit-json: for shell tests. Reads a JSON document from stdin.
 *
 *   edit-json set POINTER JSON     prints it with one value replaced
 *   edit-json bump POINTER         ... with the value there made another of its kind
 *   edit-json leaves POINTER       prints "POINTER VALUE" for each leaf below
 *   edit-json get POINTER          prints the value there
 */
#include <string.h>
#include <unistd.h>

#include "json/json.h"

static int find(cJSON *root, const char *pointer, cJSON **parent, char *name, size_t max)
{
	const char *slash = strrchr(pointer, '/');
	char where[1024];

	if (slash == NULL || strlen(pointer) >= sizeof(where) || strlen(slash + 1) >= max)
		return -1;
	memcpy(where, pointer, (size_t)(slash - pointer));
	where[slash - pointer] = '\0';
	snprintf(name, max, "%s", slash + 1);
	*parent = json_edit(root, where);
	return *parent == NULL ? -1 : 0;
}

static cJSON *other(const cJSON *v, struct err *e)
{
	char text[256];

	switch (json_type(v)) {
	case JSON_NUMBER:
		return json_new_num(
			json_number(v, 0) == 0 ? 1 : json_number(v, 0) * 2, e);
	case JSON_BOOL:
		return json_new_bool(!json_true(v), e);
	case JSON_STRING:
		snprintf(text, sizeof(text), "%s-x", json_text(v));
		return json_new_str(text, e);
	default:
		return json_new_str("x", e);
	}
}

static void leaves(const cJSON *v, struct buf *pointer)
{
	size_t len = pointer->len;

	if (json_is(v, JSON_OBJECT)) {
		JSON_EACH (m, v) {
			json_pointer_add(pointer, json_key(m));
			leaves(m, pointer);
			buf_cut(pointer, len);
		}
		return;
	}
	struct buf text = BUF_INIT(1 << 20);

	json_print(v, JSON_COMPACT, &text);
	printf("%s %s\n", pointer->ptr, text.ptr);
	buf_release(&text);
}

static int show(const cJSON *v)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);

	json_print(v, JSON_COMPACT, &text);
	printf("%s\n", text.ptr);
	buf_release(&text);
	return 0;
}

static int replace(cJSON *root, const char *pointer, cJSON *value, struct err *e)
{
	cJSON *parent;
	char name[256];

	if (value == NULL || find(root, pointer, &parent, name, sizeof(name)) < 0 ||
		json_set(parent, name, value, e) < 0)
		return 1;
	return show(root);
}

int main(int argc, char **argv)
{
	struct buf in = BUF_INIT((size_t)64 << 20), pointer = BUF_INIT(4096);
	struct err e = { 0 };
	const char *verb = argc > 1 ? argv[1] : "", *at = argc > 2 ? argv[2] : "";
	cJSON *root = NULL;
	int status = 2;

	if (argc < 3 || file_read_fd(0, "stdin", &in, &e) < 0)
		goto out;
	root = json_parse(in.ptr, in.len, JSON_STRICT, &e);
	if (root == NULL)
		goto out;
	if (strcmp(verb, "get") == 0)
		status = json_at(root, at) == NULL ? 1 : show(json_at(root, at));
	else if (strcmp(verb, "set") == 0 && argc > 3)
		status = replace(root, at,
			json_parse(argv[3], strlen(argv[3]), JSON_STRICT, &e), &e);
	else if (strcmp(verb, "bump") == 0)
		status = replace(root, at, other(json_at(root, at), &e), &e);
	else if (strcmp(verb, "leaves") == 0) {
		buf_add_str(&pointer, at);
		leaves(json_at(root, at), &pointer);
		status = 0;
	}
out:
	if (status != 0)
		fprintf(stderr, "edit-json %s %s: %s\n", verb, at, e.msg);
	json_free(root);
	buf_release(&in);
	buf_release(&pointer);
	return status;
}
