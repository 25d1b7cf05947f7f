/*
 * Claims: what the patterns of the plan say of the generated Terraform, looked up
 * again in the files, so that plan and code cannot disagree.
 */
#include "checks.h"

#include <stdlib.h>
#include <string.h>

#include "hcl/hcl.h"

struct claims {
	struct node_env *env;
	const struct vtree *tree;
	cJSON *check, *list;
	size_t proven, failed, unproven;
};

/* "aws.serve.fargate-alb" -> "serve_fargate_alb". */
static void module_of(const char *pattern, struct buf *out)
{
	const char *p = strchr(pattern, '.');

	for (p = p == NULL ? pattern : p + 1; *p != '\0'; p++)
		buf_add_char(out, *p == '.' || *p == '-' ? '_' : *p);
}

/* A claim's file with {{pattern.module}} and {{slot.module}} put in. */
static void file_of(
	const char *text, const char *pattern, const char *module, struct buf *out)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "{");
		const char *end = strstr(text + n, "}}");

		buf_add(out, text, n);
		text += n;
		if (strncmp(text, "{{pattern.module}}", 18) == 0)
			module_of(pattern, out);
		else if (strncmp(text, "{{slot.module}}", 15) == 0)
			buf_add_str(out, module);
		else if (*text != '\0') {
			buf_add_char(out, *text++);
			continue;
		}
		if (*text != '\0')
			text = end + 2;
	}
}

/* A value as it is written, for comparison and messages. */
static void show(const struct hcl_value *v, struct buf *out)
{
	switch (v->kind) {
	case HCL_NULL:
		buf_add_str(out, "null");
		break;
	case HCL_BOOL:
		buf_add_str(out, v->boolean ? "true" : "false");
		break;
	case HCL_NUMBER:
		(void)json_print_number(v->number, out);
		break;
	case HCL_LIST:
	case HCL_CALL:
		buf_addf(out, "%s%c", v->kind == HCL_CALL ? v->text : "",
			v->kind == HCL_CALL ? '(' : '[');
		for (size_t i = 0; i < v->n; i++) {
			buf_add_str(out, i > 0 ? ", " : "");
			show(&v->items[i], out);
		}
		buf_add_char(out, v->kind == HCL_CALL ? ')' : ']');
		break;
	case HCL_OBJECT:
		buf_add_str(out, "{");
		for (size_t i = 0; i < v->n; i++) {
			buf_addf(out, "%s%s = ", i > 0 ? ", " : " ", v->keys[i]);
			show(&v->items[i], out);
		}
		buf_add_str(out, " }");
		break;
	default:
		buf_add_str(out, v->text);
	}
}

static int same(const struct hcl_value *v, const cJSON *want)
{
	size_t i = 0;

	switch (json_type(want)) {
	case JSON_STRING: /* a literal, or an expression such as var.kms_key_arn */
		return (v->kind == HCL_STRING || v->kind == HCL_EXPR) &&
			strcmp(v->text, json_text(want)) == 0;
	case JSON_BOOL:
		return v->kind == HCL_BOOL && v->boolean == json_true(want);
	case JSON_NUMBER:
		return v->kind == HCL_NUMBER && v->number == json_number(want, 0);
	case JSON_NULL:
		return v->kind == HCL_NULL;
	case JSON_ARRAY:
		if (v->kind != HCL_LIST || v->n != json_len(want))
			return 0;
		JSON_EACH (w, want)
			if (!same(&v->items[i++], w))
				return 0;
		return 1;
	default:
		return 0;
	}
}

/* A reference to a variable of the module or to a local, followed to what is written
 * for it in the same file or beside it; the value itself when there is nothing. */
static const struct hcl_value *follow(
	const struct hcl_body *file, const struct hcl_value *v)
{
	for (int hops = 0; hops < 8 && v != NULL && v->kind == HCL_EXPR; hops++) {
		const struct hcl_value *next = NULL;

		if (strncmp(v->text, "local.", 6) == 0) {
			for (size_t i = 0; i < file->n_blocks && next == NULL; i++)
				if (strcmp(file->blocks[i].type, "locals") == 0)
					next = hcl_path(
						&file->blocks[i].body, v->text + 6, NULL);
		}
		if (next == NULL)
			return v;
		v = next;
	}
	return v;
}

/* 1 proven, 0 refuted; what was found (or what is missing) goes to `found`. */
static int prove(const struct hcl_body *file, const cJSON *proof, struct buf *found)
{
	const char *type = json_str_or(proof, "resource", ""),
		   *name = json_str_or(proof, "name", NULL);
	const char *argument = json_str_or(proof, "argument", "");
	const cJSON *equals = json_get(proof, "equals");
	int present = json_bool_or(proof, "present", 1), any = 0;

	for (size_t i = 0; i < file->n_blocks; i++) {
		const struct hcl_block *b = &file->blocks[i];
		const struct hcl_value *v;
		int is_block;

		if (strcmp(b->type, "resource") != 0 || b->n_labels < 2 ||
			strcmp(b->labels[0], type) != 0 ||
			(name != NULL && strcmp(b->labels[1], name) != 0))
			continue;
		any = 1;
		v = hcl_path(&b->body, argument, &is_block);
		buf_reset(found);
		if (v == NULL && !is_block) {
			buf_addf(found, "%s.%s has no %s", type, b->labels[1], argument);
			if (present)
				return 0;
			continue;
		}
		buf_addf(found, "%s.%s: %s = ", type, b->labels[1], argument);
		if (v != NULL)
			show(v, found);
		else
			buf_add_str(found, "{ ... }");
		if (!present)
			return 0;
		if (equals != NULL &&
			(v == NULL ||
				(!same(v, equals) && !same(follow(file, v), equals))))
			return 0;
	}
	if (!any) {
		buf_reset(found);
		buf_addf(found, "no resource %s%s%s", type, name ? "." : "",
			name ? name : "");
	}
	return any;
}

static int note(struct claims *c, const char *slot, const char *pattern,
	const cJSON *claim, const char *file, const char *status, const char *found,
	struct err *e)
{
	cJSON *o = json_push_object(c->list, e);
	struct buf why = BUF_INIT(1 << 16);
	int ret = -1;

	if (o == NULL ||
		json_set_str(o, "control", json_str_or(claim, "control", ""), e) < 0 ||
		json_set_str(o, "slot", slot, e) < 0 ||
		json_set_str(o, "pattern", pattern, e) < 0 ||
		json_set_str(o, "file", file, e) < 0 ||
		json_set_copy(o, "proof", json_get(claim, "proof"), e) < 0 ||
		json_set_str(o, "status", status, e) < 0 ||
		json_set_str(o, "found", found, e) < 0)
		return -1;
	if (strcmp(status, "proven") == 0) {
		c->proven++;
		return 0;
	}
	c->failed += strcmp(status, "failed") == 0;
	c->unproven += strcmp(status, "unproven") == 0;
	buf_addf(&why, "%s of %s is not proven: %s", json_str_or(claim, "control", "?"),
		pattern, found);
	if (buf_ok(&why, e) == 0)
		ret = check_finding(c->check, json_str_or(claim, "control", "claim"),
			"error", tree_find(c->tree, file) != NULL ? file : NULL, 0, 0,
			why.ptr, e);
	buf_release(&why);
	return ret;
}

static int one_claim(struct claims *c, const char *slot, const char *module,
	const char *pattern, const cJSON *claim, struct err *e)
{
	struct buf file = BUF_INIT(4096), found = BUF_INIT(1 << 16);
	struct hcl_body body = { 0 };
	struct err bad = { 0 };
	const struct vfile *f;
	int ret = -1;

	file_of(json_str_or(claim, "file", ""), pattern, module, &file);
	if (buf_ok(&file, e) < 0)
		goto out;
	f = tree_find(c->tree, file.ptr);
	if (f == NULL) {
		ret = note(c, slot, pattern, claim, file.ptr, "unproven",
			"the file is not there", e);
	} else if (hcl_parse(f->bytes.ptr, f->bytes.len, &body, &bad) < 0) {
		ret = note(c, slot, pattern, claim, file.ptr, "unproven", bad.msg, e);
	} else {
		int yes = prove(&body, json_get(claim, "proof"), &found);

		ret = buf_ok(&found, e) < 0
			? -1
			: note(c, slot, pattern, claim, file.ptr,
				  yes ? "proven" : "failed", found.ptr, e);
	}
out:
	hcl_release(&body);
	buf_release(&file);
	buf_release(&found);
	return ret;
}

/* share/patterns/aws/serve/fargate-alb/pattern.json for "aws.serve.fargate-alb". */
static int pattern_path(const char *id, struct buf *out, struct err *e)
{
	const char *dot = strchr(id, '.'),
		   *dot2 = dot == NULL ? NULL : strchr(dot + 1, '.');

	if (dot2 == NULL || strchr(id, '/') != NULL || strstr(id, "..") != NULL)
		return err_set(e, ERR_INPUT, "/plan: '%s' is no pattern id", id);
	buf_addf(out, "patterns/%.*s/%.*s/%s/pattern.json", (int)(dot - id), id,
		(int)(dot2 - dot - 1), dot + 1, dot2 + 1);
	return buf_ok(out, e);
}

static int of_instance(struct claims *c, const cJSON *inst, struct err *e)
{
	const char *id = json_str_or(inst, "pattern", NULL);
	const char *module = json_str_or(inst, "module", "");
	struct buf path = BUF_INIT(4096);
	cJSON *pattern;
	int ret = 0;

	if (id == NULL)
		return 0;
	if (pattern_path(id, &path, e) < 0)
		return -1;
	pattern = env_read_json(c->env, path.ptr, e);
	buf_release(&path);
	if (pattern == NULL)
		return -1;
	JSON_EACH (claim, json_get(pattern, "claims"))
		if (ret == 0)
			ret = one_claim(c, json_str_or(inst, "slot", module), module, id,
				claim, e);
	json_free(pattern);
	return ret;
}

int check_claims(cJSON *check, struct node_env *env, const struct vtree *t,
	const cJSON *plan, cJSON *report, struct err *e)
{
	struct claims c = { .env = env, .tree = t, .check = check };
	cJSON *sum;
	int ret = 0;

	c.list = json_add_array(report, "claims", e);
	if (c.list == NULL)
		return -1;
	JSON_EACH (s, json_get(plan, "slots"))
		if (ret == 0)
			ret = of_instance(&c, s, e);
	JSON_EACH (b, json_get(plan, "bases"))
		if (ret == 0)
			ret = of_instance(&c, b, e);
	sum = ret < 0 ? NULL : json_add_object(report, "summary", e);
	if (sum == NULL || json_set_int(sum, "proven", (int64_t)c.proven, e) < 0 ||
		json_set_int(sum, "failed", (int64_t)c.failed, e) < 0 ||
		json_set_int(sum, "unproven", (int64_t)c.unproven, e) < 0 ||
		check_detail(check, e, "%zu of %zu claims proven", c.proven,
			c.proven + c.failed + c.unproven) < 0 ||
		check_settle(check, e) < 0)
		return -1;
	if (c.failed + c.unproven > 0)
		return json_set_str(check, "status", "fail", e);
	if (c.proven == 0)
		return check_set(
			check, "skipped", e, "the plan's patterns claim nothing");
	return 0;
}
