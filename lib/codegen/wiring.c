/*
 * Terraform wiring: for each unit of the plan the call of its module, for each
 * module the variables that its files use. A module's author writes var.NAME and
 * declares nothing: what may be used is the table below, and what is used is found
 * in the text, so that nothing is declared or passed in vain.
 */
#include "parts.h"

#include <string.h>

/* One thing that a module may use as var.NAME. */
struct input {
	char name[64];
	struct buf expr; /* what the call passes; empty: nothing, the default holds */
	struct buf type;
	struct buf about; /* description */
	const cJSON
		*fact; /* parameter's entry in pattern.json, for its bounds; or NULL */
	int is_null_by_default;
};

struct inputs {
	struct input *at;
	size_t n;
};

static void inputs_release(struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++) {
		buf_release(&in->at[i].expr);
		buf_release(&in->at[i].type);
		buf_release(&in->at[i].about);
	}
	free(in->at);
	*in = (struct inputs){ 0 };
}

static struct input *input_add(struct inputs *in, const char *name, struct err *e)
{
	struct input *more, *one;

	if (strlen(name) >= sizeof(one->name)) {
		err_fill(e, ERR_CONFIG, "'%s' is too long for a variable", name);
		return NULL;
	}
	more = realloc(in->at, (in->n + 1) * sizeof(*more));
	if (more == NULL) {
		err_no_memory(e);
		return NULL;
	}
	in->at = more;
	one = &more[in->n++];
	*one = (struct input){ 0 };
	memcpy(one->name, name, strlen(name) + 1);
	buf_init(&one->expr, GEN_FILE_MAX);
	buf_init(&one->type, 1 << 16);
	buf_init(&one->about, 1 << 16);
	return one;
}

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_';
}

/* 1 if `text` has var.NAME as a whole reference. */
static int uses(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; (p = strstr(p, "var.")) != NULL; p += 4)
		if ((p == text || (!is_word(p[-1]) && p[-1] != '.')) &&
			strncmp(p + 4, name, n) == 0 && !is_word(p[4 + n]))
			return 1;
	return 0;
}

static int declares(const char *text, const char *what, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "%s \"%s\"", what, name);
	return strstr(text, line) != NULL;
}

/* All Terraform text of one module. */
static int module_text(struct gen *g, const char *dir, struct buf *out, struct err *e)
{
	char prefix[128];
	size_t n;

	snprintf(prefix, sizeof(prefix), "infra/modules/%s/", dir);
	n = strlen(prefix);
	for (size_t i = 0; i < g->files->n; i++) {
		const struct gen_file *f = &g->files->at[i];
		size_t len = strlen(f->path);

		if (strncmp(f->path, prefix, n) == 0 && len > 3 &&
			strcmp(f->path + len - 3, ".tf") == 0) {
			buf_add(out, f->text.ptr, f->text.len);
			buf_add_char(out, '\n');
		}
	}
	return buf_ok(out, e);
}

/* ---- the inputs of one unit ---- */

static int add_standard(
	struct gen *g, const cJSON *view, struct inputs *in, struct err *e)
{
	JSON_EACH (s, json_get(g->skeleton, "inputs")) {
		struct input *i = input_add(in, json_str_or(s, "name", ""), e);

		if (i == NULL)
			return -1;
		buf_add_str(&i->type, json_str_or(s, "type", "string"));
		buf_add_str(&i->about, json_str_or(s, "description", ""));
		i->is_null_by_default = json_true(json_get(s, "nullable"));
		if (render_text(json_str_or(s, "expr", ""), i->name, view, &i->expr, e) <
			0)
			return -1;
	}
	return 0;
}

static int add_params(struct gen *g, const cJSON *unit, struct inputs *in, struct err *e)
{
	const cJSON *facts = json_get(
		json_get(g->patterns, json_str_or(unit, "pattern", "")), "parameters");

	JSON_EACH (p, json_get(unit, "p")) {
		struct input *i = input_add(in, json_key(p), e);
		const char *unit_name =
			json_str_or(json_get(facts, json_key(p)), "unit", "");

		if (i == NULL)
			return -1;
		i->fact = json_get(facts, json_key(p));
		buf_add_str(&i->type, hcl_type(p));
		buf_add_str(&i->about, json_str_or(i->fact, "why", json_key(p)));
		if (*unit_name != '\0')
			buf_addf(&i->about, " (%s)", unit_name);
		hcl_value(p, &i->expr);
	}
	return 0;
}

static int add_values(struct gen *g, const cJSON *unit, const cJSON *view,
	struct inputs *in, struct err *e)
{
	const cJSON *values = json_get(
		json_get(g->patterns, json_str_or(unit, "pattern", "")), "values");

	JSON_EACH (v, values) {
		const cJSON *answer = json_get(json_get(view, "v"), json_key(v));
		struct input *i = input_add(in, json_key(v), e);

		if (i == NULL)
			return -1;
		buf_add_str(&i->type, json_str_or(v, "type", hcl_type(answer)));
		buf_add_str(&i->about, json_str_or(v, "why", ""));
		hcl_value(answer, &i->expr);
	}
	return 0;
}

/* "vpc_id:string" -> a member of an object type, two spaces in. */
static void add_member(const char *name, size_t n, const char *type,
	const char *otherwise, size_t width, struct buf *out)
{
	buf_addf(out, "    %.*s%*s = optional(%s", (int)n, name, (int)(width - n), "",
		type);
	if (otherwise != NULL)
		buf_addf(out, ", %s", otherwise);
	buf_add_str(out, ")\n");
}

/* The object type of a port or base from ports.json. */
static int object_type(struct gen *g, const cJSON *facts, int common, struct buf *out)
{
	size_t width = common ? strlen("secrets") : 0;

	JSON_EACH (m, json_get(facts, "members"))
		if (json_text(m) != NULL && strcspn(json_text(m), ":") > width)
			width = strcspn(json_text(m), ":");
	buf_add_str(out, "object({\n");
	JSON_EACH (m, json_get(facts, "members")) {
		const char *text = json_text(m);
		size_t n = text == NULL ? 0 : strcspn(text, ":");

		if (n > 0 && text[n] == ':')
			add_member(text, n, text + n + 1, NULL, width, out);
	}
	if (common)
		JSON_EACH (m, json_get(g->ports, "common")) {
			const char *name = json_str_or(m, "name", "");

			add_member(name, strlen(name), json_str_or(m, "type", "string"),
				json_str_or(m, "else", NULL), width, out);
		}
	buf_add_str(out, "  })");
	return 0;
}

static int add_ports(struct gen *g, const cJSON *unit, struct inputs *in, struct err *e)
{
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));

	JSON_EACH (r, json_get(pattern, "requires")) {
		const char *port = json_str_or(r, "port", "");
		const cJSON *facts = json_get(json_get(g->ports, "ports"), port), *from;
		struct buf key = BUF_INIT(64);
		struct input *i;

		view_name(port, '_', &key);
		i = input_add(in, key.ptr, e);
		from = json_get(json_get(unit, "port"), key.ptr);
		buf_release(&key);
		if (i == NULL)
			return -1;
		if (facts == NULL)
			return err_set(e, ERR_CONFIG,
				"pattern '%s' requires port '%s', which "
				"share/patterns/ports.json "
				"does not have",
				json_str_or(unit, "pattern", ""), port);
		buf_addf(&i->about, "%s", json_str_or(facts, "title", port));
		i->is_null_by_default = json_true(json_get(r, "optional"));
		if (i->is_null_by_default)
			buf_add_str(&i->about, ", when the plan has it");
		object_type(g, facts, 1, &i->type);
		if (from != NULL)
			buf_add_str(&i->expr, json_str_or(from, "expr", ""));
	}
	return 0;
}

static const cJSON *base_of(struct gen *g, const char *pattern)
{
	JSON_EACH (u, g->units)
		if (json_true(json_get(u, "is_base")) &&
			strcmp(json_str_or(u, "pattern", ""), pattern) == 0)
			return u;
	return NULL;
}

static int add_bases(struct gen *g, const cJSON *unit, struct inputs *in, struct err *e)
{
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));

	JSON_EACH (s, json_get(pattern, "shares")) {
		const char *id =
			json_text(s) != NULL ? json_text(s) : json_str_or(s, "id", "");
		const cJSON *facts = json_get(json_get(g->ports, "bases"), id);
		const cJSON *base = base_of(g, id);
		const char *after = strchr(id, '.');
		struct buf key = BUF_INIT(64);
		struct input *i;

		view_name(after == NULL ? id : after + 1, '_', &key);
		i = input_add(in, key.ptr, e);
		buf_release(&key);
		if (i == NULL)
			return -1;
		i->is_null_by_default = base == NULL;
		buf_add_str(&i->about, json_str_or(facts, "title", id));
		object_type(g, facts, 0, &i->type);
		if (base != NULL)
			buf_addf(&i->expr, "module.%s.shared",
				json_str_or(base, "module", ""));
	}
	return 0;
}

/* watch: what all other modules want watched. */
static int add_watch(struct gen *g, const cJSON *unit, struct inputs *in, struct err *e)
{
	struct input *i = input_add(in, "watch", e);

	if (i == NULL)
		return -1;
	buf_add_str(&i->type,
		"map(list(object({\n"
		"    name       = string\n"
		"    title      = string\n"
		"    namespace  = string\n"
		"    metric     = string\n"
		"    requests   = optional(string)\n"
		"    dimensions = map(string)\n"
		"    statistic  = string\n"
		"    threshold  = number\n"
		"    comparison = string\n"
		"    periods    = number\n"
		"    unit       = string\n"
		"  })))");
	buf_add_str(&i->about, "Metrics of the other modules and when each is alarming");
	buf_add_str(&i->expr, "{");
	JSON_EACH (u, g->units) {
		struct buf text = BUF_INIT(GEN_FILE_MAX);
		int has;

		if (u == unit)
			continue;
		if (module_text(g, json_str_or(u, "dir", ""), &text, e) < 0) {
			buf_release(&text);
			return -1;
		}
		has = declares(text.ptr, "output", "watch");
		buf_release(&text);
		if (has)
			buf_addf(&i->expr, "\n    %s = module.%s.watch",
				json_str_or(u, "module", ""),
				json_str_or(u, "module", ""));
	}
	buf_add_str(&i->expr, i->expr.len > 1 ? "\n  }" : "}");
	return buf_ok(&i->expr, e);
}

/* ---- writing ---- */

static int write_call(struct gen *g, const cJSON *unit, struct inputs *in,
	const char *text, struct err *e)
{
	const char *module = json_str_or(unit, "module", "");
	struct buf out = BUF_INIT(GEN_FILE_MAX), path = BUF_INIT(256);
	struct buf aligned = BUF_INIT(GEN_FILE_MAX);
	int ret, multi = 0, blank = 0;

	buf_add_str(&out, "# ");
	for (const char *p = json_str_or(unit, "title", ""); *p != '\0'; p++)
		buf_add_char(&out, (unsigned char)*p < 0x20 ? ' ' : *p);
	buf_addf(&out, "\nmodule \"%s\" {\n  source = \"./modules/%s\"\n", module,
		json_str_or(unit, "dir", ""));
	for (size_t i = 0; i < in->n; i++) {
		struct input *one = &in->at[i];

		if (!uses(text, one->name) || one->expr.len == 0)
			continue;
		if (strchr(one->expr.ptr, '\n') != NULL) {
			multi = 1;
			continue;
		}
		buf_addf(&out, "%s  %s = %s\n", blank ? "" : "\n", one->name,
			one->expr.ptr);
		blank = 1;
	}
	for (size_t i = 0; multi && i < in->n; i++) {
		struct input *one = &in->at[i];

		if (!uses(text, one->name) || strchr(one->expr.ptr, '\n') == NULL)
			continue;
		buf_addf(&out, "\n  %s = %s\n", one->name, one->expr.ptr);
	}
	buf_add_str(&out, "}\n");
	buf_addf(&path, "infra/%s.tf", module);
	hcl_align(out.ptr, out.len, &aligned);
	ret = buf_ok(&path, e) < 0 || buf_ok(&out, e) < 0
		? -1
		: gen_put(g, path.ptr, "plan", "terraform", "0644", &aligned, e);
	buf_release(&path);
	buf_release(&out);
	buf_release(&aligned);
	return ret;
}

/* The bounds that the pattern states, as validation blocks. */
static void write_bounds(const struct input *i, struct buf *out)
{
	const cJSON *choices = json_get(i->fact, "choices");
	const cJSON *min = json_get(i->fact, "min"), *max = json_get(i->fact, "max");

	if (json_len(choices) > 0) {
		buf_addf(out, "\n  validation {\n    condition     = contains(");
		hcl_value(choices, out);
		buf_addf(out, ", var.%s)\n    error_message = \"%s must be one of ",
			i->name, i->name);
		JSON_EACH (c, choices) {
			if (json_is(c, JSON_STRING))
				template_escape(json_text(c), TEMPLATE_HCL, out);
			else
				json_print(c, JSON_COMPACT, out);
			buf_add_str(out, json_next(c) != NULL ? ", " : ".");
		}
		buf_add_str(out, "\"\n  }\n");
		return;
	}
	if (strcmp(i->type.ptr, "number") != 0 ||
		(!json_is(min, JSON_NUMBER) && !json_is(max, JSON_NUMBER)))
		return;
	buf_add_str(out, "\n  validation {\n    condition     = ");
	if (json_is(min, JSON_NUMBER)) {
		buf_addf(out, "var.%s >= ", i->name);
		hcl_value(min, out);
	}
	if (json_is(max, JSON_NUMBER)) {
		buf_addf(out, "%svar.%s <= ", json_is(min, JSON_NUMBER) ? " && " : "",
			i->name);
		hcl_value(max, out);
	}
	buf_addf(out, "\n    error_message = \"%s must be ", i->name);
	if (json_is(min, JSON_NUMBER)) {
		buf_add_str(out, "at least ");
		hcl_value(min, out);
	}
	if (json_is(max, JSON_NUMBER)) {
		buf_add_str(
			out, json_is(min, JSON_NUMBER) ? " and at most " : "at most ");
		hcl_value(max, out);
	}
	buf_add_str(out, ".\"\n  }\n");
}

static void write_variable(const struct input *i, struct buf *out)
{
	if (out->len > 0)
		buf_add_char(out, '\n');
	buf_addf(out, "variable \"%s\" {\n  description = ", i->name);
	hcl_string(i->about.ptr, out);
	if (strchr(i->type.ptr, '\n') == NULL) {
		buf_addf(out, "\n  type        = %s\n", i->type.ptr);
		if (i->is_null_by_default)
			buf_add_str(out, "  default     = null\n");
	} else {
		buf_addf(out, "\n  type = %s\n", i->type.ptr);
		if (i->is_null_by_default)
			buf_add_str(out, "  default = null\n");
	}
	write_bounds(i, out);
	buf_add_str(out, "}\n");
}

static int write_variables(struct gen *g, const cJSON *unit, const struct inputs *in,
	const char *text, struct err *e)
{
	struct buf out = BUF_INIT(GEN_FILE_MAX), path = BUF_INIT(256),
		   origin = BUF_INIT(256);
	int ret = 0;

	for (size_t i = 0; i < in->n; i++)
		if (uses(text, in->at[i].name) &&
			!declares(text, "variable", in->at[i].name))
			write_variable(&in->at[i], &out);
	buf_addf(&path, "infra/modules/%s/variables.tf", json_str_or(unit, "dir", ""));
	buf_addf(&origin, "pattern:%s@%s", json_str_or(unit, "pattern", ""),
		json_str_or(unit, "version", ""));
	if (buf_ok(&path, e) < 0 || buf_ok(&origin, e) < 0)
		ret = -1;
	else if (out.len > 0)
		ret = gen_put(g, path.ptr, origin.ptr, "terraform", "0644", &out, e);
	buf_release(&path);
	buf_release(&origin);
	buf_release(&out);
	return ret;
}

/* What is required and used must be there. */
static int check_required(
	const cJSON *unit, const struct inputs *in, const char *text, struct err *e)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->at[i].expr.len == 0 && !in->at[i].is_null_by_default &&
			uses(text, in->at[i].name))
			return err_set(e, ERR_INPUT,
				"slot '%s' requires '%s', and nothing in the plan "
				"provides it",
				json_str_or(unit, "name", ""), in->at[i].name);
	return 0;
}

/* view.needs: which standard inputs any module uses, for the root's variables. */
static int note_needs(
	struct gen *g, const struct inputs *in, const char *text, struct err *e)
{
	cJSON *needs = json_own(g->view, "needs", e);
	size_t i = 0;

	if (needs == NULL)
		return -1;
	JSON_EACH (s, json_get(g->skeleton, "inputs")) {
		if (i < in->n && uses(text, in->at[i].name) &&
			json_set_bool(needs, in->at[i].name, 1, e) < 0)
			return -1;
		(void)s;
		i++;
	}
	return 0;
}

static int wire_one(
	struct gen *g, const cJSON *unit, const char *text, int first, struct err *e)
{
	struct inputs in = { 0 };
	cJSON *view = view_enter(g, unit, e);
	int ret = -1;

	if (view != NULL && add_standard(g, view, &in, e) == 0 &&
		note_needs(g, &in, text, e) == 0 && add_ports(g, unit, &in, e) == 0 &&
		add_bases(g, unit, &in, e) == 0 && add_params(g, unit, &in, e) == 0 &&
		add_values(g, unit, view, &in, e) == 0 &&
		(!uses(text, "watch") || add_watch(g, unit, &in, e) == 0) &&
		check_required(unit, &in, text, e) == 0 &&
		write_call(g, unit, &in, text, e) == 0)
		ret = first ? write_variables(g, unit, &in, text, e) : 0;
	inputs_release(&in);
	if (view != NULL)
		view_leave(g);
	return ret;
}

int wire_modules(struct gen *g, struct err *e)
{
	cJSON *texts = json_new_object(e);
	int ret = texts == NULL ? -1 : 0;

	/* All texts first: the variables written below are no use of themselves. */
	JSON_EACH (u, g->units) {
		struct buf text = BUF_INIT(GEN_FILE_MAX);

		if (ret == 0 && !json_has(texts, json_str_or(u, "dir", "")))
			ret = module_text(g, json_str_or(u, "dir", ""), &text, e) < 0
				? -1
				: json_set_str(
					  texts, json_str_or(u, "dir", ""), text.ptr, e);
		buf_release(&text);
	}
	JSON_EACH (u, g->units) {
		const char *dir = json_str_or(u, "dir", ""),
			   *text = json_text(json_get(texts, dir));
		int first = 1;

		JSON_EACH (other, g->units) {
			if (other == u)
				break;
			if (strcmp(json_str_or(other, "dir", ""), dir) == 0)
				first = 0;
		}
		if (ret == 0 && text != NULL && *text != '\0')
			ret = wire_one(g, u, text, first, e);
	}
	json_free(texts);
	return ret;
}
