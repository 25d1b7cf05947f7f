/* JSON Patch, Merge Patch and JSON Pointer. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

/* ---- pointers ---- */

int json_pointer_check(const char *pointer, struct err *e)
{
	if (pointer[0] != '\0' && pointer[0] != '/')
		return err_set(e, ERR_INPUT,
			"the pointer '%.100s' does not start with '/'", pointer);
	for (const char *p = pointer; *p != '\0'; p++)
		if (*p == '~' && p[1] != '0' && p[1] != '1')
			return err_set(e, ERR_INPUT,
				"the pointer '%.100s' has a '~' that is neither ~0 nor "
				"~1",
				pointer);
	return 0;
}

const cJSON *json_pointer_find(const cJSON *root, const char *pointer, struct err *e)
{
	const cJSON *found;

	if (json_pointer_check(pointer, e) < 0)
		return NULL;
	found = json_at(root, pointer);
	if (found == NULL)
		err_fill(e, ERR_NO_INPUT, "there is no '%.100s'", pointer);
	return found;
}

/* ---- places in a tree that is being changed ---- */

struct place {
	cJSON *parent;    /* NULL: the whole document */
	struct buf token; /* the last token, unescaped */
	size_t index;     /* in an array; its length means "after the last" */
};

static void unescape(const char *p, struct buf *out)
{
	for (; *p != '\0'; p++) {
		if (*p == '~')
			buf_add_char(out, *++p == '0' ? '~' : '/');
		else
			buf_add_char(out, *p);
	}
}

/* 0 to n for a digit string without leading zeros, or "-" as n. -1 otherwise. */
static int index_of(const char *token, size_t n, size_t *out)
{
	size_t len = strlen(token);

	if (strcmp(token, "-") == 0) {
		*out = n;
		return 0;
	}
	if (len == 0 || len > 9 || strspn(token, "0123456789") != len ||
		(token[0] == '0' && len > 1))
		return -1;
	*out = (size_t)strtoul(token, NULL, 10);
	return *out <= n ? 0 : -1;
}

/* Where something can be added; the caller releases place->token. */
static int find_place(cJSON *root, const char *pointer, struct place *out, struct err *e)
{
	const char *last = strrchr(pointer, '/');
	char *before;

	if (json_pointer_check(pointer, e) < 0)
		return -1;
	out->parent = NULL;
	if (last == NULL)
		return 0;
	before = strndup(pointer, (size_t)(last - pointer));
	if (before == NULL)
		return err_no_memory(e);
	out->parent = json_edit(root, before);
	free(before);
	unescape(last + 1, &out->token);
	if (buf_ok(&out->token, e) < 0)
		return -1;
	if (json_is(out->parent, JSON_OBJECT))
		return 0;
	if (json_is(out->parent, JSON_ARRAY)) {
		if (index_of(out->token.ptr, json_len(out->parent), &out->index) == 0)
			return 0;
		return err_set(
			e, ERR_INPUT, "'%.100s' is no index of the array there", pointer);
	}
	return err_set(
		e, ERR_INPUT, "there is no object or array to hold '%.100s'", pointer);
}

/* Before the item at `index`, which is there. */
static void insert(cJSON *array, size_t index, cJSON *value)
{
	cJSON *after = array->child;

	while (index-- > 0)
		after = after->next;
	value->next = after;
	value->prev = after->prev; /* the last item when `after` is the first */
	if (after == array->child)
		array->child = value;
	else
		after->prev->next = value;
	after->prev = value;
}

/* Takes `value` over. */
static int put(cJSON **root, const char *pointer, cJSON *value, struct err *e)
{
	struct place at = { .token = BUF_INIT(BUF_NO_LIMIT) };
	int ret = -1;

	if (value == NULL)
		return -1;
	if (find_place(*root, pointer, &at, e) < 0) {
		json_free(value);
	} else if (at.parent == NULL) {
		json_free(*root);
		*root = value;
		ret = 0;
	} else if (json_is(at.parent, JSON_OBJECT)) {
		ret = json_set(at.parent, at.token.ptr, value, e);
	} else if (at.index == json_len(at.parent)) {
		ret = json_push(at.parent, value, e);
	} else {
		insert(at.parent, at.index, value);
		ret = 0;
	}
	buf_release(&at.token);
	return ret;
}

static cJSON *parent_of(cJSON *root, const char *pointer)
{
	const char *last = strrchr(pointer, '/');
	char *before = last == NULL ? NULL : strndup(pointer, (size_t)(last - pointer));
	cJSON *parent = before == NULL ? NULL : json_edit(root, before);

	free(before);
	return parent;
}

/* Takes a value out of the tree; the whole document leaves *root NULL. */
static cJSON *take(cJSON **root, const char *pointer, struct err *e)
{
	cJSON *found, *parent;

	if (json_pointer_find(*root, pointer, e) == NULL)
		return NULL;
	if (pointer[0] == '\0') {
		found = *root;
		*root = NULL;
		return found;
	}
	parent = parent_of(*root, pointer);
	found = json_edit(*root, pointer);
	if (parent == NULL || found == NULL) { /* both are there: only memory is not */
		err_no_memory(e);
		return NULL;
	}
	found = cJSON_DetachItemViaPointer(parent, found);
	free(found->string); /* it may become an item or another member */
	found->string = NULL;
	return found;
}

/* ---- the six operations ---- */

struct op {
	const cJSON *value;
	const char *path, *from;
};

/* A copy that has no name of its own. */
static cJSON *nameless(const cJSON *v, struct err *e)
{
	cJSON *copy = json_copy(v, e);

	if (copy != NULL) {
		free(copy->string);
		copy->string = NULL;
	}
	return copy;
}

static int run_add(cJSON **root, const struct op *op, struct err *e)
{
	return put(root, op->path, nameless(op->value, e), e);
}

static int run_remove(cJSON **root, const struct op *op, struct err *e)
{
	cJSON *gone;

	if (op->path[0] == '\0')
		return err_set(e, ERR_INPUT, "the whole document cannot be removed");
	gone = take(root, op->path, e);
	json_free(gone);
	return gone == NULL ? -1 : 0;
}

static int run_replace(cJSON **root, const struct op *op, struct err *e)
{
	const cJSON *old = json_pointer_find(*root, op->path, e);
	cJSON *fresh = old == NULL ? NULL : nameless(op->value, e), *parent;

	if (fresh == NULL)
		return -1;
	if (op->path[0] == '\0') {
		json_free(*root);
		*root = fresh;
		return 0;
	}
	if (old->string != NULL)
		fresh->string = strdup(old->string);
	if (old->string != NULL && fresh->string == NULL) {
		json_free(fresh);
		return err_no_memory(e);
	}
	parent = parent_of(*root, op->path);
	if (parent == NULL) {
		json_free(fresh);
		return err_no_memory(e);
	}
	cJSON_ReplaceItemViaPointer(parent, (cJSON *)(uintptr_t)old, fresh);
	return 0;
}

static int run_move(cJSON **root, const struct op *op, struct err *e)
{
	size_t n = strlen(op->from);
	cJSON *moved;

	if (json_pointer_find(*root, op->from, e) == NULL ||
		json_pointer_check(op->path, e) < 0)
		return -1;
	if (strcmp(op->from, op->path) == 0)
		return 0;
	if (strncmp(op->from, op->path, n) == 0 && op->path[n] == '/')
		return err_set(e, ERR_INPUT, "a value cannot move into itself");
	moved = take(root, op->from, e);
	return moved == NULL ? -1 : put(root, op->path, moved, e);
}

static int run_copy(cJSON **root, const struct op *op, struct err *e)
{
	const cJSON *source = json_pointer_find(*root, op->from, e);

	return source == NULL ? -1 : put(root, op->path, nameless(source, e), e);
}

static int run_test(cJSON **root, const struct op *op, struct err *e)
{
	const cJSON *found = json_pointer_find(*root, op->path, e);

	if (found == NULL)
		return -1;
	return json_equal(found, op->value)
		? 0
		: err_set(e, ERR_INPUT, "'%.100s' is not what the test expects",
			  op->path);
}

static const struct {
	const char *name;
	int (*run)(cJSON **root, const struct op *op, struct err *e);
	int needs_value, needs_from;
} operations[] = {
	{ "add", run_add, 1, 0 },
	{ "remove", run_remove, 0, 0 },
	{ "replace", run_replace, 1, 0 },
	{ "move", run_move, 0, 1 },
	{ "copy", run_copy, 0, 1 },
	{ "test", run_test, 1, 0 },
};

static int apply(cJSON **root, const cJSON *step, struct err *e)
{
	struct op op = { .value = json_get(step, "value") };
	const char *name;

	if (!json_is(step, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "is not an object");
	if (json_str(step, "op", &name, e) < 0 || json_str(step, "path", &op.path, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (strcmp(operations[i].name, name) != 0)
			continue;
		if (operations[i].needs_value && op.value == NULL)
			return err_set(e, ERR_INPUT, "'value' is missing");
		if (operations[i].needs_from && json_str(step, "from", &op.from, e) < 0)
			return -1;
		return operations[i].run(root, &op, e);
	}
	return err_set(e, ERR_INPUT, "'%.60s' is no operation", name);
}

cJSON *json_patch(const cJSON *doc, const cJSON *patch, struct err *e)
{
	cJSON *root;
	size_t i = 0;

	if (!json_is(patch, JSON_ARRAY)) {
		err_fill(e, ERR_INPUT, "a patch must be an array of operations");
		return NULL;
	}
	root = nameless(doc, e);
	for (const cJSON *step = json_first(patch); step != NULL && root != NULL;
		step = json_next(step), i++) {
		if (apply(&root, step, e) == 0)
			continue;
		err_where(e, "operation %zu", i);
		json_free(root);
		return NULL;
	}
	return root;
}

/* ---- merge patch ---- */

/* RFC 7396 section 2: nulls remove, objects merge, anything else replaces. */
static int merge(cJSON *into, const cJSON *patch, struct err *e)
{
	JSON_EACH (m, patch) {
		const char *key = json_key(m);
		cJSON *old;

		if (json_is(m, JSON_NULL)) {
			json_remove(into, key);
			continue;
		}
		if (!json_is(m, JSON_OBJECT)) {
			if (json_set(into, key, nameless(m, e), e) < 0)
				return -1;
			continue;
		}
		old = (cJSON *)(uintptr_t)json_get(into, key);
		if (!json_is(old, JSON_OBJECT))
			old = json_add_object(into, key, e);
		if (old == NULL || merge(old, m, e) < 0)
			return -1;
	}
	return 0;
}

cJSON *json_merge_patch(const cJSON *doc, const cJSON *patch, struct err *e)
{
	cJSON *root;

	if (!json_is(patch, JSON_OBJECT))
		return nameless(patch, e);
	root = json_is(doc, JSON_OBJECT) ? nameless(doc, e) : json_new_object(e);
	if (root != NULL && merge(root, patch, e) < 0) {
		json_free(root);
		return NULL;
	}
	return root;
}
