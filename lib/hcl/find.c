/* Finding one's way in a parsed file. */
#include "hcl.h"

#include <stdlib.h>
#include <string.h>

const struct hcl_value *hcl_attr(const struct hcl_body *body, const char *name)
{
	for (size_t i = 0; body != NULL && i < body->n_attrs; i++)
		if (strcmp(body->attrs[i].name, name) == 0)
			return &body->attrs[i].value;
	return NULL;
}

const struct hcl_block *hcl_block(const struct hcl_body *body, const char *type,
	const char *label1, const char *label2)
{
	for (size_t i = 0; body != NULL && i < body->n_blocks; i++) {
		const struct hcl_block *b = &body->blocks[i];

		if (strcmp(b->type, type) == 0 &&
			(label1 == NULL ||
				(b->n_labels > 0 && strcmp(b->labels[0], label1) == 0)) &&
			(label2 == NULL ||
				(b->n_labels > 1 && strcmp(b->labels[1], label2) == 0)))
			return b;
	}
	return NULL;
}

const struct hcl_value *hcl_member(const struct hcl_value *object, const char *key)
{
	if (object == NULL || object->kind != HCL_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->n; i++)
		if (strcmp(object->keys[i], key) == 0)
			return &object->items[i];
	return NULL;
}

/* 1 when the token is a count; *out has it. */
static int as_index(const char *token, size_t *out)
{
	char *end;

	if (token[0] < '0' || token[0] > '9')
		return 0;
	*out = (size_t)strtoul(token, &end, 10);
	return *end == '\0';
}

/* The nth block of a type; a dynamic block of that label counts by its content. */
static const struct hcl_body *nested(
	const struct hcl_body *body, const char *type, size_t nth)
{
	for (size_t i = 0; i < body->n_blocks; i++) {
		const struct hcl_block *b = &body->blocks[i];
		int dynamic = strcmp(b->type, "dynamic") == 0 && b->n_labels > 0 &&
			strcmp(b->labels[0], type) == 0;

		if (!dynamic && strcmp(b->type, type) != 0)
			continue;
		if (nth-- > 0)
			continue;
		if (!dynamic)
			return &b->body;
		b = hcl_block(&b->body, "content", NULL, NULL);
		return b == NULL ? NULL : &b->body;
	}
	return NULL;
}

static const struct hcl_value *in_value(const struct hcl_value *v, char **rest)
{
	char *token;
	size_t i;

	while (v != NULL && (token = strsep(rest, ".")) != NULL) {
		if (v->kind == HCL_CALL && v->n == 1 &&
			strcmp(v->text, "jsonencode") == 0)
			v = &v->items[0];
		if (v->kind == HCL_LIST)
			v = as_index(token, &i) && i < v->n ? &v->items[i] : NULL;
		else
			v = hcl_member(v, token);
	}
	return v;
}

const struct hcl_value *hcl_path(
	const struct hcl_body *body, const char *path, int *is_block)
{
	char *copy = strdup(path), *rest = copy, *token;
	const struct hcl_value *v = NULL;
	size_t nth = 0;

	if (is_block != NULL)
		*is_block = 0;
	while (copy != NULL && body != NULL && (token = strsep(&rest, ".")) != NULL) {
		v = hcl_attr(body, token);
		if (v != NULL) {
			v = in_value(v, &rest);
			break;
		}
		nth = 0;
		if (rest != NULL && as_index(rest, &nth))
			(void)strsep(&rest, "."); /* the count was the last token */
		else if (rest != NULL && strchr(rest, '.') != NULL &&
			strspn(rest, "0123456789") == (size_t)(strchr(rest, '.') - rest))
			nth = (size_t)strtoul(strsep(&rest, "."), NULL, 10);
		body = nested(body, token, nth);
		if (body != NULL && rest == NULL && is_block != NULL)
			*is_block = 1;
	}
	free(copy);
	return v;
}
