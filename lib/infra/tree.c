/* Modules, followed from the root: what their names mean, and what they declare. */
#include "internal.h"

#define MODULES_MAX   256
#define STEPS_MAX     2000000L
#define NESTED_MAX    60 /* references that need references */
#define INSTANCES_MAX 10000

struct file {
	const struct infra_file *src;
	char dir[512]; /* "infra/modules/base_kms" */
	struct hcl_body body;
};

struct tree {
	struct file *file;
	size_t n;
	struct module *modules; /* all that were opened, for their release */
	size_t n_modules;
	const cJSON *variables; /* of the root */
	long steps;
	int nested;
};

/* One call of a module. */
struct module {
	struct tree *tree;
	struct module *parent, *next; /* parent NULL: the root */
	const struct hcl_block *call;
	char *name; /* "" in the root */
	char dir[512];
	cJSON *known; /* "var.a", "local.b", "module.c.d": their values */
	const struct local_name *each; /* of the resource that is being read */
};

static cJSON *resolve(
	void *arg, const char *const *parts, size_t n, size_t *used, struct err *e);

static cJSON *evaluate(struct module *m, const struct hcl_value *v, struct err *e)
{
	struct expr_env env = {
		.resolve = resolve, .arg = m, .names = m->each, .steps = &m->tree->steps
	};

	return expr_value(&env, v, e);
}

/* ---- files ---- */

static int open_file(struct file *f, const struct infra_file *src, struct err *e)
{
	const char *slash = strrchr(src->path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - src->path);

	f->src = src;
	if (n >= sizeof(f->dir))
		return err_set(e, ERR_INPUT, "%.200s: the path is too long", src->path);
	memcpy(f->dir, src->path, n);
	if (hcl_parse(src->text, src->len, &f->body, e) == 0)
		return 0;
	err_where(e, "%s", src->path);
	return -1;
}

/* The next file of a module's directory after *i. */
static struct file *file_of(const struct module *m, size_t *i)
{
	for (; *i < m->tree->n; (*i)++)
		if (strcmp(m->tree->file[*i].dir, m->dir) == 0)
			return &m->tree->file[(*i)++];
	return NULL;
}

/* The block of a type and label in any file of a module. */
static const struct hcl_block *block_of(
	const struct module *m, const char *type, const char *label1, const char *label2)
{
	size_t i = 0;

	for (struct file *f; (f = file_of(m, &i)) != NULL;) {
		const struct hcl_block *b = hcl_block(&f->body, type, label1, label2);

		if (b != NULL)
			return b;
	}
	return NULL;
}

static const struct hcl_value *local_of(const struct module *m, const char *name)
{
	size_t i = 0;

	for (struct file *f; (f = file_of(m, &i)) != NULL;)
		for (size_t k = 0; k < f->body.n_blocks; k++) {
			const struct hcl_block *b = &f->body.blocks[k];
			const struct hcl_value *v = strcmp(b->type, "locals") == 0
				? hcl_attr(&b->body, name)
				: NULL;

			if (v != NULL)
				return v;
		}
	return NULL;
}

/* ---- modules ---- */

/* "./modules/x" seen from dir; 0 when it is no local module. */
static int local_source(const char *dir, const char *source, char *out, size_t max)
{
	int n;

	if (strncmp(source, "./", 2) != 0)
		return 0;
	n = snprintf(out, max, "%s%s%s", dir, *dir != '\0' ? "/" : "", source + 2);
	return n > 0 && (size_t)n < max;
}

/* The call of that name, opened once; NULL without *e filled when there is none. */
static struct module *open_module(struct module *parent, const struct hcl_block *call,
	const char *name, struct err *e)
{
	struct tree *t = parent->tree;
	const struct hcl_value *source = hcl_attr(&call->body, "source");
	struct module *m;

	for (m = t->modules; m != NULL; m = m->next)
		if (m->call == call && m->parent == parent)
			return m;
	if (source == NULL || source->kind != HCL_STRING || t->n_modules == MODULES_MAX)
		return NULL;
	m = calloc(1, sizeof(*m));
	if (m == NULL ||
		!local_source(parent->dir, source->text, m->dir, sizeof(m->dir))) {
		free(m);
		return NULL;
	}
	m->tree = t;
	m->parent = parent;
	m->call = call;
	m->known = json_new_object(e);
	if (asprintf(&m->name, "%s%s%s", parent->name, *parent->name != '\0' ? "." : "",
		    name) < 0)
		m->name = NULL;
	m->next = t->modules;
	t->modules = m;
	t->n_modules++;
	return m->known == NULL || m->name == NULL ? NULL : m;
}

/* ---- what names mean ---- */

static cJSON *variable(struct module *m, const char *name, struct err *e)
{
	const struct hcl_block *b = block_of(m, "variable", name, NULL);
	const struct hcl_value *v = NULL;

	if (m->parent == NULL && json_has(m->tree->variables, name))
		return json_copy(json_get(m->tree->variables, name), e);
	if (m->call != NULL)
		v = hcl_attr(&m->call->body, name);
	if (v != NULL)
		return evaluate(m->parent, v, e);
	v = b == NULL ? NULL : hcl_attr(&b->body, "default");
	return v == NULL ? NULL : evaluate(m, v, e);
}

static cJSON *output(struct module *m, const char *call, const char *name, struct err *e)
{
	const struct hcl_block *b = block_of(m, "module", call, NULL);
	struct module *child = b == NULL ? NULL : open_module(m, b, call, e);
	const struct hcl_value *v;

	b = child == NULL ? NULL : block_of(child, "output", name, NULL);
	v = b == NULL ? NULL : hcl_attr(&b->body, "value");
	return v == NULL ? NULL : evaluate(child, v, e);
}

/* One instance as a whole: the arguments that it is given; whatever else it has stays
 * unknown (member() in expr.c). */
static cJSON *instance(struct module *m, const struct hcl_block *b, const char *address,
	const char *name, cJSON *value, struct err *e)
{
	struct local_name each = { .name = name, .len = strlen(name), .value = value };
	const struct local_name *outer = m->each;
	cJSON *o = value == NULL ? NULL : json_new_object(e);
	int bad = o == NULL || json_set_str(o, "$resource", address, e) < 0 ||
		json_set_str(o, "$module", m->name, e) < 0;

	m->each = &each;
	for (size_t i = 0; !bad && i < b->body.n_attrs; i++)
		bad = json_set(o, b->body.attrs[i].name,
			      evaluate(m, &b->body.attrs[i].value, e), e) < 0;
	m->each = outer;
	json_free(value);
	if (!bad)
		return o;
	json_free(o);
	return NULL;
}

static cJSON *each_value(const cJSON *it, struct err *e)
{
	cJSON *v = json_new_object(e);
	int bad = v == NULL ||
		(json_key(it) != NULL ? json_set_str(v, "key", json_key(it), e)
				      : json_set_copy(v, "key", it, e)) < 0 ||
		json_set_copy(v, "value", it, e) < 0;

	if (!bad)
		return v;
	json_free(v);
	return NULL;
}

static cJSON *count_value(double i, struct err *e)
{
	cJSON *v = json_new_object(e);

	if (v == NULL || json_set_num(v, "index", i, e) == 0)
		return v;
	json_free(v);
	return NULL;
}

/* A resource with `count` or `for_each` as a whole; NULL when how many is unknown. */
static cJSON *instances(
	struct module *m, const struct hcl_block *b, const char *address, struct err *e)
{
	const struct hcl_value *count = hcl_attr(&b->body, "count"),
			       *each = hcl_attr(&b->body, "for_each");
	cJSON *many = evaluate(m, count != NULL ? count : each, e), *out = NULL;
	double n = json_number(many, -1);
	int bad = 0;

	if (count != NULL && n >= 0 && n <= INSTANCES_MAX) {
		out = json_new_array(e);
		for (double i = 0; out != NULL && !bad && i < n; i++)
			bad = json_push(out,
				      instance(m, b, address, "count", count_value(i, e),
					      e),
				      e) < 0;
	} else if (each != NULL && !infra_is_unknown(many)) {
		out = json_new_object(e);
		JSON_EACH (it, out == NULL ? NULL : many) {
			const char *key =
				json_key(it) != NULL ? json_key(it) : json_text(it);

			bad = bad || key == NULL ||
				json_set(out, key,
					instance(m, b, address, "each", each_value(it, e),
						e),
					e) < 0;
		}
	}
	json_free(many);
	if (!bad)
		return out;
	json_free(out);
	return NULL;
}

/* An argument that a resource is given is also its attribute; the rest is computed. */
static cJSON *attribute(
	struct module *m, const char *const *parts, size_t n, size_t *used, struct err *e)
{
	const struct hcl_block *b = block_of(m, "resource", parts[0], parts[1]);
	const struct hcl_value *v =
		b == NULL || n < 3 ? NULL : hcl_attr(&b->body, parts[2]);
	int many = b != NULL &&
		(hcl_attr(&b->body, "for_each") != NULL ||
			hcl_attr(&b->body, "count") != NULL);
	struct buf text = BUF_INIT(4096);
	cJSON *out = NULL;

	*used = n;
	if (v != NULL && !many) {
		*used = 3;
		return evaluate(m, v, e);
	}
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i > 0 ? "." : "", parts[i]);
	if (many && n == 2)
		out = instances(m, b, text.ptr, e);
	if (out == NULL) {
		out = expr_unknown(text.ptr, text.len, e);
		if (out != NULL && json_set_str(out, "$module", m->name, e) < 0) {
			json_free(out);
			out = NULL;
		}
	}
	buf_release(&text);
	return out;
}

static cJSON *named(
	struct module *m, const char *const *parts, size_t *used, struct err *e)
{
	const struct hcl_value *v;

	if (strcmp(parts[0], "var") == 0)
		return variable(m, parts[1], e);
	if (strcmp(parts[0], "module") == 0) {
		*used = 3;
		return output(m, parts[1], parts[2], e);
	}
	v = local_of(m, parts[1]);
	return v == NULL ? NULL : evaluate(m, v, e);
}

/* Only a provider knows these; each and count are names of the resource being read. */
static int is_outside(const char *root)
{
	static const char *const roots[] = { "data", "path", "terraform", "each", "count",
		"self" };

	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		if (strcmp(root, roots[i]) == 0)
			return 1;
	return 0;
}

/* A variable, a local or a module's output, evaluated once. */
static cJSON *memoised(
	struct module *m, const char *const *parts, size_t n, size_t *used, struct err *e)
{
	int module = strcmp(parts[0], "module") == 0;
	const struct local_name *each = m->each;
	char key[256];
	int len;
	cJSON *v;

	if (n < (module ? 3u : 2u))
		return NULL;
	*used = module ? 3 : 2;
	len = snprintf(key, sizeof(key), "%s.%s%s%s", parts[0], parts[1],
		module ? "." : "", module ? parts[2] : "");
	if (len < 0 || (size_t)len >= sizeof(key))
		return NULL;
	if (json_has(m->known, key))
		return json_copy(json_get(m->known, key), e);
	/* Until it is known it is not: a name that needs itself ends here. */
	v = expr_unknown(key, (size_t)len, e);
	if (v == NULL || json_set(m->known, key, v, e) < 0)
		return NULL;
	m->each = NULL;
	v = named(m, parts, used, e);
	m->each = each;
	if (v == NULL)
		return json_copy(json_get(m->known, key), e);
	return json_set_copy(m->known, key, v, e) < 0 ? (json_free(v), NULL) : v;
}

static cJSON *resolve(
	void *arg, const char *const *parts, size_t n, size_t *used, struct err *e)
{
	struct module *m = arg;
	cJSON *v = NULL;

	*used = n;
	if (is_outside(parts[0]) || n < 2 || m->tree->nested >= NESTED_MAX)
		return NULL;
	m->tree->nested++;
	if (strcmp(parts[0], "var") == 0 || strcmp(parts[0], "local") == 0 ||
		strcmp(parts[0], "module") == 0)
		v = memoised(m, parts, n, used, e);
	else
		v = attribute(m, parts, n, used, e);
	m->tree->nested--;
	return v;
}

/* ---- resources ---- */

static int add_block(
	struct module *m, cJSON *to, const struct hcl_block *b, int depth, struct err *e);

static int add_body(struct module *m, cJSON *to, const struct hcl_body *body, int depth,
	struct err *e)
{
	for (size_t i = 0; i < body->n_attrs; i++)
		if (json_set(to, body->attrs[i].name,
			    evaluate(m, &body->attrs[i].value, e), e) < 0)
			return -1;
	for (size_t i = 0; depth < HCL_DEPTH_MAX && i < body->n_blocks; i++)
		if (add_block(m, to, &body->blocks[i], depth, e) < 0)
			return -1;
	return 0;
}

/* One block of a type is an object, several are an array of them. */
static int add_block(
	struct module *m, cJSON *to, const struct hcl_block *b, int depth, struct err *e)
{
	int dynamic = strcmp(b->type, "dynamic") == 0 && b->n_labels == 1;
	const char *name = dynamic ? b->labels[0] : b->type;
	const cJSON *have = json_get(to, name);
	cJSON *one, *list;

	if (dynamic)
		return have != NULL
			? 0
			: json_set(to, name, expr_unknown(name, strlen(name), e), e);
	one = json_new_object(e);
	if (one == NULL || add_body(m, one, &b->body, depth + 1, e) < 0) {
		json_free(one);
		return -1;
	}
	if (have == NULL)
		return json_set(to, name, one, e);
	if (json_is(have, JSON_ARRAY))
		return json_push(json_own(to, name, e), one, e);
	list = json_new_array(e);
	if (list == NULL || json_push_copy(list, have, e) < 0 ||
		json_push(list, one, e) < 0) {
		json_free(list);
		return -1;
	}
	return json_set(to, name, list, e);
}

static int add_instance(struct module *m, cJSON *out, const struct file *f,
	const struct hcl_block *b, int unknown, struct err *e)
{
	cJSON *o = json_push_object(out, e), *args;

	if (o == NULL || json_set_str(o, "type", b->labels[0], e) < 0 ||
		json_set_str(o, "name", b->labels[1], e) < 0 ||
		json_set_str(o, "module", m->name, e) < 0 ||
		json_setf(o, "address", e, "%s%s%s%s.%s",
			*m->name != '\0' ? "module." : "", m->name,
			*m->name != '\0' ? "." : "", b->labels[0], b->labels[1]) < 0 ||
		json_set_str(o, "file", f->src->path, e) < 0 ||
		json_set_int(o, "line", (int64_t)b->line, e) < 0 ||
		(unknown && json_set_bool(o, "instances_unknown", 1, e) < 0))
		return -1;
	args = json_add_object(o, "args", e);
	return args == NULL ? -1 : add_body(m, args, &b->body, 0, e);
}

/* With `each` or `count` as a name that the arguments may use. */
static int add_named(struct module *m, cJSON *out, const struct file *f,
	const struct hcl_block *b, const char *name, cJSON *value, struct err *e)
{
	struct local_name each = { .name = name, .len = strlen(name), .value = value };
	int ret;

	if (value == NULL)
		return -1;
	m->each = &each;
	ret = add_instance(m, out, f, b, 0, e);
	m->each = NULL;
	json_free(value);
	return ret;
}

static int add_resource(struct module *m, cJSON *out, const struct file *f,
	const struct hcl_block *b, struct err *e)
{
	const struct hcl_value *count = hcl_attr(&b->body, "count"),
			       *each = hcl_attr(&b->body, "for_each");
	cJSON *many;
	int ret = 0;

	if (count == NULL && each == NULL)
		return add_instance(m, out, f, b, 0, e);
	many = evaluate(m, count != NULL ? count : each, e);
	if (many == NULL)
		return -1;
	if (infra_is_unknown(many) ||
		(count != NULL &&
			!(json_number(many, -1) >= 0 &&
				json_number(many, -1) <= INSTANCES_MAX)) ||
		(each != NULL && !json_is(many, JSON_OBJECT) &&
			!json_is(many, JSON_ARRAY)))
		ret = add_instance(m, out, f, b, 1, e);
	else if (count != NULL)
		for (double i = 0; ret == 0 && i < json_number(many, 0); i++)
			ret = add_named(m, out, f, b, "count", count_value(i, e), e);
	else
		for (const cJSON *it = json_first(many); it != NULL && ret == 0;
			it = json_next(it))
			ret = add_named(m, out, f, b, "each", each_value(it, e), e);
	json_free(many);
	return ret;
}

/* What a call passes, as the module sees it. */
static int add_arguments(struct module *m, cJSON *modules, struct err *e)
{
	cJSON *o = m->call == NULL ? NULL : json_add_object(modules, m->name, e);

	if (m->call == NULL)
		return 0;
	for (size_t i = 0; o != NULL && i < m->call->body.n_attrs; i++) {
		const struct hcl_attr *a = &m->call->body.attrs[i];

		if (json_set(o, a->name, evaluate(m->parent, &a->value, e), e) < 0)
			return -1;
	}
	return o == NULL ? -1 : 0;
}

static int add_module(
	struct module *m, cJSON *out, cJSON *modules, int depth, struct err *e)
{
	size_t i = 0;

	if (add_arguments(m, modules, e) < 0)
		return -1;

	for (struct file *f; (f = file_of(m, &i)) != NULL;)
		for (size_t k = 0; k < f->body.n_blocks; k++) {
			const struct hcl_block *b = &f->body.blocks[k];

			if (strcmp(b->type, "resource") == 0 && b->n_labels == 2) {
				if (add_resource(m, out, f, b, e) < 0)
					return -1;
			} else if (strcmp(b->type, "module") == 0 && b->n_labels == 1 &&
				depth < 16) {
				struct module *child = open_module(m, b, b->labels[0], e);

				if (child != NULL &&
					add_module(child, out, modules, depth + 1, e) < 0)
					return -1;
			}
		}
	return 0;
}

/* ---- the contract ---- */

static void tree_release(struct tree *t, struct module *root)
{
	for (struct module *m = t->modules, *next; m != NULL; m = next) {
		next = m->next;
		json_free(m->known);
		free(m->name);
		free(m);
	}
	for (size_t i = 0; i < t->n; i++)
		hcl_release(&t->file[i].body);
	free(t->file);
	json_free(root->known);
}

cJSON *infra_read(const struct infra_file *files, size_t n, const char *root,
	const cJSON *variables, struct err *e)
{
	struct tree t = { .variables = variables, .steps = STEPS_MAX };
	struct module m = { .tree = &t, .name = (char[]){ "" } };
	cJSON *out = json_new_object(e), *resources, *modules;
	int ret = -1;

	resources = out == NULL ? NULL : json_add_array(out, "resources", e);
	modules = resources == NULL ? NULL : json_add_object(out, "modules", e);
	m.known = json_new_object(e);
	t.file = calloc(n + 1, sizeof(*t.file));
	if (modules == NULL || m.known == NULL || t.file == NULL) {
		err_no_memory(e);
		goto out;
	}
	snprintf(m.dir, sizeof(m.dir), "%s", root);
	for (; t.n < n; t.n++)
		if (open_file(&t.file[t.n], &files[t.n], e) < 0)
			goto out;
	ret = add_module(&m, resources, modules, 0, e);
out:
	tree_release(&t, &m);
	if (ret == 0)
		return out;
	json_free(out);
	return NULL;
}

static cJSON *nothing(
	void *arg, const char *const *parts, size_t n, size_t *used, struct err *e)
{
	(void)arg;
	(void)parts;
	(void)e;
	*used = n;
	return NULL;
}

cJSON *infra_variables(const char *text, size_t len, struct err *e)
{
	long steps = STEPS_MAX;
	struct expr_env env = { .resolve = nothing, .steps = &steps };
	struct hcl_body body = { 0 };
	cJSON *out = hcl_parse(text, len, &body, e) < 0 ? NULL : json_new_object(e);

	for (size_t i = 0; out != NULL && i < body.n_attrs; i++)
		if (json_set(out, body.attrs[i].name,
			    expr_value(&env, &body.attrs[i].value, e), e) < 0) {
			json_free(out);
			out = NULL;
		}
	hcl_release(&body);
	return out;
}
