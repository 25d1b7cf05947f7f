/* JSON Schema: reading documents, their identifiers, and where references lead. */
#include "schema_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX       64
#define SCHEMA_FILE_MAX ((size_t)8 << 20)
#define SCAN_DEPTH_MAX  400

enum shape {
	SHAPE_ANY,
	SHAPE_TEXT,
	SHAPE_TEXTS,
	SHAPE_BOOL,
	SHAPE_NUMBER,
	SHAPE_COUNT,
	SHAPE_ARRAY,
	SHAPE_OBJECT,
	SHAPE_TYPES,
	SHAPE_SCHEMA,
	SHAPE_LIST,
	SHAPE_MAP,
	SHAPE_ITEMS, /* these hold subschemas */
};

static const struct {
	const char *name;
	enum shape shape;
	unsigned dialects, vocabulary;
} keywords[] = {
#define KEYWORD(id, name, shape, dialects, vocabulary) \
	{ name, SHAPE_##shape, DRAFT_##dialects, VOCAB_##vocabulary },
	KEYWORDS(KEYWORD)
#undef KEYWORD
};

/* ---- keywords ---- */

static int keyword_of(const char *name)
{
	for (int i = 0; i < KW_COUNT; i++)
		if (keywords[i].name[0] == name[0] && strcmp(keywords[i].name, name) == 0)
			return i;
	return -1;
}

static int is_schema(const cJSON *v)
{
	return json_is(v, JSON_OBJECT) || json_is(v, JSON_BOOL);
}

static int all_are(const cJSON *v, enum json_type t)
{
	JSON_EACH (it, v)
		if (!json_is(it, t))
			return 0;
	return 1;
}

static int all_schemas(const cJSON *v)
{
	JSON_EACH (it, v)
		if (!is_schema(it))
			return 0;
	return 1;
}

static int is_type_name(const cJSON *v)
{
	static const char *const names[] = { "null", "boolean", "object", "array",
		"number", "string", "integer" };

	for (size_t i = 0; json_text(v) != NULL && i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], json_text(v)) == 0)
			return 1;
	return 0;
}

static int are_type_names(const cJSON *v)
{
	if (!json_is(v, JSON_ARRAY))
		return is_type_name(v);
	JSON_EACH (it, v)
		if (!is_type_name(it))
			return 0;
	return 1;
}

/* NULL when the argument has its keyword's shape, else what it should be. */
static const char *wrong_shape(enum shape shape, const cJSON *v, enum dialect d)
{
	double n = json_number(v, -1);

	switch (shape) {
	case SHAPE_TEXT:
		return json_is(v, JSON_STRING) ? NULL : "must be a string";
	case SHAPE_TEXTS:
		return json_is(v, JSON_ARRAY) && all_are(v, JSON_STRING)
			? NULL
			: "must be an array of strings";
	case SHAPE_BOOL:
		return json_is(v, JSON_BOOL) ? NULL : "must be true or false";
	case SHAPE_NUMBER:
		return json_is(v, JSON_NUMBER) ? NULL : "must be a number";
	case SHAPE_COUNT:
		return n >= 0 && n == floor(n) ? NULL
					       : "must be a whole number of at least 0";
	case SHAPE_ARRAY:
		return json_is(v, JSON_ARRAY) ? NULL : "must be an array";
	case SHAPE_OBJECT:
		return json_is(v, JSON_OBJECT) ? NULL : "must be an object";
	case SHAPE_TYPES:
		return are_type_names(v) ? NULL : "must name JSON types";
	case SHAPE_SCHEMA:
		return is_schema(v) ? NULL : "must be a schema";
	case SHAPE_LIST:
		return json_is(v, JSON_ARRAY) && all_schemas(v)
			? NULL
			: "must be an array of schemas";
	case SHAPE_MAP:
		return json_is(v, JSON_OBJECT) && all_schemas(v)
			? NULL
			: "must be an object of schemas";
	case SHAPE_ITEMS:
		if (json_is(v, JSON_ARRAY) && d != DRAFT_2020)
			return all_schemas(v) ? NULL : "must be an array of schemas";
		return is_schema(v) ? NULL : "must be a schema";
	default:
		return NULL;
	}
}

/* ---- resources ---- */

static const struct resource *find_resource(const struct store *s, const char *uri)
{
	for (const struct resource *r = s->resources; r != NULL; r = r->next)
		if (strcmp(r->uri, uri) == 0)
			return r->same != NULL ? r->same : r;
	return NULL;
}

static const struct resource *resource_at(const struct store *s, const cJSON *root)
{
	for (const struct resource *r = s->resources; r != NULL; r = r->next)
		if (r->root == root && r->same == NULL)
			return r;
	return NULL;
}

/* Drafts 04 and 06 are read as 07; what they mean by other words (id, a boolean
 * exclusiveMaximum) is refused by its shape or leads nowhere, so never misread. */
static const struct {
	const char *uri;
	enum dialect dialect;
} dialects[] = {
	{ "https://json-schema.org/draft/2020-12/schema", DRAFT_2020 },
	{ "https://json-schema.org/draft/2019-09/schema", DRAFT_2019 },
	{ "http://json-schema.org/draft-07/schema", DRAFT_07 },
	{ "https://json-schema.org/draft-07/schema", DRAFT_07 },
	{ "http://json-schema.org/draft-06/schema", DRAFT_07 },
	{ "http://json-schema.org/draft-04/schema", DRAFT_07 },
};

static const struct {
	const char *name;
	unsigned bits;
} vocabularies[] = {
	{ "core", VOCAB_CORE },
	{ "applicator", VOCAB_APPLICATOR },
	{ "validation", VOCAB_VALIDATION },
	{ "unevaluated", VOCAB_UNEVALUATED },
	{ "meta-data", VOCAB_NOTE },
	{ "content", VOCAB_NOTE },
	{ "format", VOCAB_NOTE },
	{ "format-annotation", VOCAB_NOTE },
	{ "format-assertion", VOCAB_NOTE | VOCAB_FORMAT },
};

static unsigned vocabulary_of(const char *uri)
{
	static const char *const before[] = {
		"https://json-schema.org/draft/2020-12/vocab/",
		"https://json-schema.org/draft/2019-09/vocab/"
	};

	for (size_t b = 0; b < ARRAY_LEN(before); b++) {
		size_t n = strlen(before[b]);

		for (size_t i = 0;
			strncmp(uri, before[b], n) == 0 && i < ARRAY_LEN(vocabularies);
			i++)
			if (strcmp(uri + n, vocabularies[i].name) == 0)
				return vocabularies[i].bits;
	}
	return 0;
}

static const cJSON *fetch(struct store *s, const char *uri, struct err *e);

/* A meta-schema that is none of ours says which vocabularies it takes. */
static int custom_dialect(
	struct store *s, struct resource *r, const char *uri, struct err *e)
{
	const cJSON *meta = fetch(s, uri, e), *list = json_get(meta, "$vocabulary");

	if (meta == NULL) {
		err_fill(
			e, ERR_INPUT, "/$schema: the dialect '%.200s' is not known", uri);
		return -1;
	}
	if (!json_is(list, JSON_OBJECT))
		return 0;
	r->vocabulary = VOCAB_CORE;
	JSON_EACH (v, list) {
		unsigned bits = vocabulary_of(json_key(v));

		if (bits == 0 && json_true(v))
			return err_set(e, ERR_INPUT,
				"/$schema: requires the vocabulary '%.200s', which is "
				"not known",
				json_key(v));
		r->vocabulary |= bits;
	}
	return 0;
}

static int set_dialect(struct store *s, struct resource *r, struct err *e)
{
	const char *uri = json_text(json_get(r->root, "$schema"));
	size_t n = uri == NULL ? 0 : strlen(uri);

	if (uri == NULL)
		return 0;
	if (n > 0 && uri[n - 1] == '#')
		n--;
	r->vocabulary = VOCAB_ALL;
	r->dialect = DRAFT_2020;
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
		if (strlen(dialects[i].uri) == n &&
			strncmp(dialects[i].uri, uri, n) == 0) {
			r->dialect = dialects[i].dialect;
			return 0;
		}
	return custom_dialect(s, r, uri, e);
}

/* `like` lends its dialect to a resource without $schema; may be NULL. */
static struct resource *add_resource(struct store *s, const char *uri, const cJSON *root,
	const struct resource *like, struct err *e)
{
	struct resource *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->uri = strdup(uri);
	if (r == NULL || r->uri == NULL) {
		free(r);
		err_no_memory(e);
		return NULL;
	}
	r->root = root;
	r->dialect = like != NULL ? like->dialect : DRAFT_2020;
	r->vocabulary = like != NULL ? like->vocabulary : VOCAB_ALL;
	r->next = s->resources;
	s->resources = r;
	return set_dialect(s, r, e) < 0 ? NULL : r;
}

static int add_anchor(struct store *s, const struct resource *in, const char *name,
	const cJSON *at, int dynamic, struct err *e)
{
	struct anchor *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_no_memory(e);
	*a = (struct anchor){ s->anchors, in, name, at, dynamic };
	s->anchors = a;
	return 0;
}

const struct anchor *schema_anchor(
	const struct store *s, const struct resource *in, const char *name)
{
	for (const struct anchor *a = s->anchors; a != NULL; a = a->next)
		if (a->in == in && strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

/* ---- scanning a document for identifiers, once ---- */

static const char *id_of(const cJSON *at, const struct resource *in)
{
	const char *id = json_text(json_get(at, "$id"));

	/* Before 2019-09 nothing beside $ref counts, and "#name" is an anchor. */
	if (id == NULL || id[0] == '#' ||
		(in != NULL && in->dialect == DRAFT_07 && json_has(at, "$ref")))
		return NULL;
	return id;
}

/* The resource that starts at a schema with $id; `in` is where it stands. */
static const struct resource *enter(
	struct store *s, const cJSON *at, const struct resource *in, struct err *e)
{
	const char *id = id_of(at, in);
	const struct resource *r = resource_at(s, at);
	struct buf uri = BUF_INIT(BUF_NO_LIMIT);

	if (id == NULL || r != NULL)
		return r != NULL ? r : in;
	uri_resolve(in->uri, id, &uri);
	r = buf_ok(&uri, e) < 0 ? NULL : add_resource(s, uri.ptr, at, in, e);
	buf_release(&uri);
	return r;
}

static int note_anchors(
	struct store *s, const cJSON *at, const struct resource *in, struct err *e)
{
	const char *name = json_text(json_get(at, "$anchor"));
	const char *dynamic = json_text(json_get(at, "$dynamicAnchor"));
	const char *id = json_text(json_get(at, "$id"));

	if (name != NULL && in->dialect != DRAFT_07 &&
		add_anchor(s, in, name, at, 0, e) < 0)
		return -1;
	if (dynamic != NULL && in->dialect == DRAFT_2020 &&
		add_anchor(s, in, dynamic, at, 1, e) < 0)
		return -1;
	if (id != NULL && id[0] == '#' && id[1] != '\0' && in->dialect == DRAFT_07)
		return add_anchor(s, in, id + 1, at, 0, e);
	return 0;
}

static int scan(struct store *s, const cJSON *at, const struct resource *in,
	struct buf *where, int depth, struct err *e);

static int scan_each(struct store *s, const cJSON *list, const struct resource *in,
	struct buf *where, int depth, struct err *e)
{
	size_t len = where->len, i = 0;

	JSON_EACH (it, list) {
		if (json_key(it) != NULL && json_is(list, JSON_OBJECT))
			json_pointer_add(where, json_key(it));
		else
			buf_addf(where, "/%zu", i++);
		if (is_schema(it) && scan(s, it, in, where, depth, e) < 0)
			return -1;
		buf_cut(where, len);
	}
	return 0;
}

/* Refuses what a keyword cannot mean, and goes into its subschemas. */
static int scan_keyword(struct store *s, const cJSON *arg, const struct resource *in,
	struct buf *where, int depth, struct err *e)
{
	int k = keyword_of(json_key(arg));
	const char *wrong;

	if (k < 0 && s->directory != NULL && strncmp(json_key(arg), "x-", 2) != 0)
		return err_set(
			e, ERR_INPUT, "%s: is not a keyword of JSON Schema", where->ptr);
	if (k < 0 || (keywords[k].dialects & in->dialect) == 0)
		return 0;
	wrong = wrong_shape(keywords[k].shape, arg, in->dialect);
	if (wrong != NULL)
		return err_set(e, ERR_INPUT, "%s: %s", where->ptr, wrong);
	if (keywords[k].shape == SHAPE_SCHEMA ||
		(keywords[k].shape == SHAPE_ITEMS && !json_is(arg, JSON_ARRAY)))
		return scan(s, arg, in, where, depth, e);
	if (keywords[k].shape >= SHAPE_SCHEMA || k == KW_DEPENDENCIES)
		return scan_each(s, arg, in, where, depth, e);
	return 0;
}

static int scan(struct store *s, const cJSON *at, const struct resource *in,
	struct buf *where, int depth, struct err *e)
{
	size_t len = where->len;

	if (!json_is(at, JSON_OBJECT))
		return 0;
	if (depth > SCAN_DEPTH_MAX)
		return err_set(
			e, ERR_INPUT, "%s: the schema is nested too deeply", where->ptr);
	in = enter(s, at, in, e);
	if (in == NULL || note_anchors(s, at, in, e) < 0)
		return -1;
	JSON_EACH (arg, at) {
		json_pointer_add(where, json_key(arg));
		if (scan_keyword(s, arg, in, where, depth + 1, e) < 0)
			return -1;
		buf_cut(where, len);
	}
	return 0;
}

/* A document under the URI it was found by; its own $id may name it, too. */
static const struct resource *add_document(
	struct store *s, const char *uri, const cJSON *root, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	const char *id = id_of(root, NULL);
	struct resource *r = NULL;
	int ret = -1;

	if (!is_schema(root)) {
		err_fill(e, ERR_INPUT, "a schema must be an object or a boolean, not %s",
			json_type_name(json_type(root)));
		return NULL;
	}
	if (id != NULL)
		uri_resolve(uri, id, &text);
	else
		buf_add_str(&text, uri);
	r = buf_ok(&text, e) < 0 ? NULL : add_resource(s, text.ptr, root, NULL, e);
	buf_reset(&text);
	ret = r == NULL ? -1 : scan(s, root, r, &text, 0, e);
	buf_release(&text);
	return ret < 0 ? NULL : r;
}

/* ---- documents from elsewhere ---- */

static const cJSON *fetch_file(struct store *s, const char *uri, struct err *e)
{
	const char *slash = strrchr(uri, '/'), *name = slash != NULL ? slash + 1 : uri;
	struct buf path = BUF_INIT(4096);
	struct loaded *l = NULL;

	if (name[0] == '\0' || name[0] == '.' || s->n_files++ >= FILES_MAX)
		return NULL;
	buf_addf(&path, "%s/%s", s->directory, name);
	if (buf_ok(&path, e) == 0 && file_is_regular(path.ptr))
		l = calloc(1, sizeof(*l));
	if (l != NULL) {
		l->document = json_parse_file(path.ptr, SCHEMA_FILE_MAX, e);
		l->next = s->loaded;
		s->loaded = l;
	}
	buf_release(&path);
	return l == NULL ? NULL : l->document;
}

/* A document for an absolute URI, or NULL (with *e only for a broken file). */
static const cJSON *fetch(struct store *s, const char *uri, struct err *e)
{
	const struct resource *r = find_resource(s, uri);

	if (r != NULL)
		return r->root;
	if (s->directory != NULL)
		return fetch_file(s, uri, e);
	return s->options.find == NULL ? NULL : s->options.find(s->options.arg, uri);
}

static const struct resource *resource_for(
	struct store *s, const char *uri, struct err *e)
{
	const struct resource *r = find_resource(s, uri);
	struct resource *also;
	struct err cause = { 0 };
	const cJSON *document;

	if (r != NULL)
		return r;
	document = fetch(s, uri, &cause);
	if (document == NULL) {
		if (cause.code != ERR_NONE)
			*e = cause;
		else
			err_fill(
				e, ERR_INPUT, "the schema '%.200s' cannot be found", uri);
		return NULL;
	}
	r = add_document(s, uri, document, e);
	if (r == NULL) {
		err_where(e, "%.200s", uri);
	} else if (strcmp(r->uri, uri) != 0) {
		also = add_resource(s, uri, document, r, e);
		if (also == NULL)
			return NULL;
		also->same = r;
	}
	return r;
}

/* ---- references ---- */

/* Follows a pointer; entering a schema with $id changes the resource. */
static struct node *refer_pointer(
	struct store *s, const struct resource *in, const char *pointer, struct err *e)
{
	const cJSON *at = in->root;
	struct buf token = BUF_INIT(BUF_NO_LIMIT);

	while (at != NULL && *pointer == '/') {
		size_t n = strcspn(pointer + 1, "/");

		buf_reset(&token);
		buf_add(&token, pointer, n + 1);
		if (buf_ok(&token, e) < 0) {
			in = NULL;
			break;
		}
		at = json_at(at, token.ptr);
		pointer += n + 1;
		if (json_is(at, JSON_OBJECT) && id_of(at, in) != NULL &&
			*pointer == '/') {
			in = enter(s, at, in, e);
			if (in == NULL)
				at = NULL;
		}
	}
	buf_release(&token);
	if (in != NULL && at != NULL && is_schema(at))
		return schema_node(s, at, in, e);
	if (in != NULL)
		err_fill(e, ERR_INPUT, "a reference leads to no schema");
	return NULL;
}

struct node *schema_refer(
	struct store *s, const struct resource *from, const char *ref, struct err *e)
{
	struct buf uri = BUF_INIT(BUF_NO_LIMIT), fragment = BUF_INIT(BUF_NO_LIMIT);
	const char *hash = strchr(ref, '#');
	const struct resource *in = from;
	const struct anchor *a = NULL;
	struct node *n = NULL;

	if (hash != ref) {
		uri_resolve(from->uri, ref, &uri);
		in = buf_ok(&uri, e) < 0 ? NULL : resource_for(s, uri.ptr, e);
	}
	if (hash != NULL)
		uri_decode(hash + 1, &fragment);
	if (buf_ok(&fragment, e) < 0)
		in = NULL;
	if (in != NULL && (fragment.len == 0 || fragment.ptr[0] == '/')) {
		n = refer_pointer(s, in, fragment.ptr, e);
	} else if (in != NULL) {
		a = schema_anchor(s, in, fragment.ptr);
		if (a != NULL)
			n = schema_node(s, a->at, in, e);
		else
			err_fill(e, ERR_INPUT, "there is no anchor of that name");
	}
	if (n == NULL)
		err_where(e, "$ref '%.200s'", ref);
	buf_release(&uri);
	buf_release(&fragment);
	return n;
}

const struct regex *schema_pattern(struct store *s, const char *text, struct err *e)
{
	struct pattern *p;

	for (p = s->patterns; p != NULL; p = p->next)
		if (p->text == text)
			return p->regex;
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		err_no_memory(e);
		return NULL;
	}
	p->text = text;
	p->regex = regex_new(text, 0, e);
	if (p->regex == NULL) {
		free(p);
		err_where(e, "pattern '%.100s'", text);
		return NULL;
	}
	p->next = s->patterns;
	s->patterns = p;
	return p->regex;
}

/* ---- nodes ---- */

static size_t chain_of(const cJSON *at)
{
	uintptr_t x = (uintptr_t)at;

	return (x >> 4 ^ x >> 13) % NODE_CHAINS;
}

static int is_live(const struct resource *r, int k)
{
	return k >= 0 && (keywords[k].dialects & r->dialect) != 0 &&
		(keywords[k].vocabulary & r->vocabulary) != 0;
}

static int by_keyword(const void *a, const void *b)
{
	return (int)((const struct part *)a)->keyword -
		(int)((const struct part *)b)->keyword;
}

/* The keywords that say something about a value. */
static int fill_parts(struct node *n, struct err *e)
{
	int only_ref = n->in->dialect == DRAFT_07 && json_has(n->at, "$ref");

	n->parts = calloc(json_len(n->at) + 1, sizeof(*n->parts));
	if (n->parts == NULL)
		return err_no_memory(e);
	JSON_EACH (arg, n->at) {
		int k = keyword_of(json_key(arg));

		if (!is_live(n->in, k) || (only_ref && k != KW_REF))
			continue;
		if (wrong_shape(keywords[k].shape, arg, n->in->dialect) != NULL)
			return err_set(e, ERR_INPUT, "'%s' %s", json_key(arg),
				wrong_shape(keywords[k].shape, arg, n->in->dialect));
		if (k == KW_UNEVALUATED_ITEMS || k == KW_UNEVALUATED_PROPERTIES)
			n->tracks = 1;
		n->parts[n->n++] = (struct part){ (enum keyword)k, arg, NULL };
	}
	if (n->n > 1)
		qsort(n->parts, n->n, sizeof(*n->parts), by_keyword);
	return 0;
}

static void node_free(struct node *n)
{
	free(n->parts);
	free(n);
}

struct node *schema_node(
	struct store *s, const cJSON *at, const struct resource *in, struct err *e)
{
	struct node **chain = &s->nodes[chain_of(at)], *n;

	for (n = *chain; n != NULL; n = n->next)
		if (n->at == at)
			return n;
	n = calloc(1, sizeof(*n));
	if (n == NULL) {
		err_no_memory(e);
		return NULL;
	}
	n->at = at;
	n->always = json_is(at, JSON_BOOL) ? json_true(at) : -1;
	n->in = n->always >= 0 ? in : enter(s, at, in, e);
	if (n->in == NULL || (n->always < 0 && fill_parts(n, e) < 0)) {
		node_free(n);
		return NULL;
	}
	n->next = *chain;
	*chain = n;
	return n;
}

/* ---- the contract ---- */

void schema_free(struct schema *schema)
{
	struct store *s = schema == NULL ? NULL : schema->store;

	free(schema);
	if (s == NULL)
		return;
	for (struct resource *r = s->resources, *next; r != NULL; r = next) {
		next = r->next;
		free(r->uri);
		free(r);
	}
	for (struct anchor *a = s->anchors, *next; a != NULL; a = next) {
		next = a->next;
		free(a);
	}
	for (struct pattern *p = s->patterns, *next; p != NULL; p = next) {
		next = p->next;
		regex_free(p->regex);
		free(p);
	}
	for (struct loaded *l = s->loaded, *next; l != NULL; l = next) {
		next = l->next;
		json_free(l->document);
		free(l);
	}
	for (size_t i = 0; i < NODE_CHAINS; i++)
		for (struct node *n = s->nodes[i], *next; n != NULL; n = next) {
			next = n->next;
			node_free(n);
		}
	free(s->directory);
	free(s);
}

static struct schema *new_schema(struct err *e)
{
	struct schema *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->store = calloc(1, sizeof(*s->store));
	if (s == NULL || s->store == NULL) {
		free(s);
		err_no_memory(e);
		return NULL;
	}
	return s;
}

static int open_root(
	struct schema *s, const char *uri, const cJSON *document, struct err *e)
{
	const struct resource *r = add_document(s->store, uri, document, e);

	s->root = r == NULL ? NULL : schema_node(s->store, document, r, e);
	return s->root == NULL ? -1 : 0;
}

struct schema *schema_new(
	const cJSON *document, const struct schema_options *opts, struct err *e)
{
	struct schema *s = new_schema(e);

	if (s == NULL)
		return NULL;
	if (opts != NULL)
		s->store->options = *opts;
	if (open_root(s, "", document, e) == 0)
		return s;
	schema_free(s);
	return NULL;
}

struct schema *schema_load(const char *path, struct err *e)
{
	struct schema *s = new_schema(e);
	const char *slash = strrchr(path, '/');
	struct loaded *l = s == NULL ? NULL : calloc(1, sizeof(*l));

	if (l == NULL) {
		schema_free(s);
		return NULL;
	}
	s->store->loaded = l;
	s->store->directory =
		slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path));
	l->document = json_parse_file(path, SCHEMA_FILE_MAX, e);
	if (l->document != NULL && s->store->directory != NULL) {
		if (open_root(s, slash == NULL ? path : slash + 1, l->document, e) == 0)
			return s;
		err_where(e, "%s", path);
	}
	schema_free(s);
	return NULL;
}
