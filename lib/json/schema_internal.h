/*
 * schema_internal.h - what the parts of the JSON Schema validator share:
 * schema.c reads documents and resolves references, schema_check.c validates,
 * schema_format.c knows the formats. Not for other rooms.
 */
#ifndef MLOPS_JSON_SCHEMA_INTERNAL_H
#define MLOPS_JSON_SCHEMA_INTERNAL_H

#include "json.h"
#include "regex.h"
#include "uri.h"

enum dialect {
	DRAFT_07 = 1,
	DRAFT_2019 = 2,
	DRAFT_2020 = 4,
	DRAFT_OLD = 3,
	DRAFT_NEW = 6,
	DRAFT_ANY = 7
};

/* Vocabularies that a meta-schema can leave out. */
enum {
	VOCAB_CORE = 1,
	VOCAB_APPLICATOR = 2,
	VOCAB_VALIDATION = 4,
	VOCAB_UNEVALUATED = 8,
	VOCAB_FORMAT = 16, /* asserted */
	VOCAB_NOTE = 32,   /* annotations only */
	VOCAB_ALL = 47,    /* without VOCAB_FORMAT */
};

/* KEYWORD(id, name, shape, dialects, vocabulary): the stated scope. The order is the
 * order of evaluation where it matters: unevaluated last. */
#define KEYWORDS(KEYWORD)                                                               \
	KEYWORD(ID, "$id", TEXT, ANY, CORE)                                             \
	KEYWORD(SCHEMA, "$schema", TEXT, ANY, CORE)                                     \
	KEYWORD(COMMENT, "$comment", TEXT, ANY, CORE)                                   \
	KEYWORD(VOCABULARY, "$vocabulary", OBJECT, ANY, CORE)                           \
	KEYWORD(ANCHOR, "$anchor", TEXT, NEW, CORE)                                     \
	KEYWORD(DYNAMIC_ANCHOR, "$dynamicAnchor", TEXT, 2020, CORE)                     \
	KEYWORD(RECURSIVE_ANCHOR, "$recursiveAnchor", BOOL, 2019, CORE)                 \
	KEYWORD(DEFS, "$defs", MAP, ANY, CORE)                                          \
	KEYWORD(DEFINITIONS, "definitions", MAP, ANY, CORE)                             \
	KEYWORD(REF, "$ref", TEXT, ANY, CORE)                                           \
	KEYWORD(DYNAMIC_REF, "$dynamicRef", TEXT, 2020, CORE)                           \
	KEYWORD(RECURSIVE_REF, "$recursiveRef", TEXT, 2019, CORE)                       \
	KEYWORD(TYPE, "type", TYPES, ANY, VALIDATION)                                   \
	KEYWORD(CONST, "const", ANY, ANY, VALIDATION)                                   \
	KEYWORD(ENUM, "enum", ARRAY, ANY, VALIDATION)                                   \
	KEYWORD(MULTIPLE_OF, "multipleOf", NUMBER, ANY, VALIDATION)                     \
	KEYWORD(MAXIMUM, "maximum", NUMBER, ANY, VALIDATION)                            \
	KEYWORD(EXCLUSIVE_MAXIMUM, "exclusiveMaximum", NUMBER, ANY, VALIDATION)         \
	KEYWORD(MINIMUM, "minimum", NUMBER, ANY, VALIDATION)                            \
	KEYWORD(EXCLUSIVE_MINIMUM, "exclusiveMinimum", NUMBER, ANY, VALIDATION)         \
	KEYWORD(MAX_LENGTH, "maxLength", COUNT, ANY, VALIDATION)                        \
	KEYWORD(MIN_LENGTH, "minLength", COUNT, ANY, VALIDATION)                        \
	KEYWORD(PATTERN, "pattern", TEXT, ANY, VALIDATION)                              \
	KEYWORD(MAX_ITEMS, "maxItems", COUNT, ANY, VALIDATION)                          \
	KEYWORD(MIN_ITEMS, "minItems", COUNT, ANY, VALIDATION)                          \
	KEYWORD(UNIQUE_ITEMS, "uniqueItems", BOOL, ANY, VALIDATION)                     \
	KEYWORD(MAX_CONTAINS, "maxContains", COUNT, NEW, VALIDATION)                    \
	KEYWORD(MIN_CONTAINS, "minContains", COUNT, NEW, VALIDATION)                    \
	KEYWORD(MAX_PROPERTIES, "maxProperties", COUNT, ANY, VALIDATION)                \
	KEYWORD(MIN_PROPERTIES, "minProperties", COUNT, ANY, VALIDATION)                \
	KEYWORD(REQUIRED, "required", TEXTS, ANY, VALIDATION)                           \
	KEYWORD(DEPENDENT_REQUIRED, "dependentRequired", OBJECT, NEW, VALIDATION)       \
	KEYWORD(FORMAT, "format", TEXT, ANY, NOTE)                                      \
	KEYWORD(CONTENT_MEDIA_TYPE, "contentMediaType", TEXT, ANY, NOTE)                \
	KEYWORD(CONTENT_ENCODING, "contentEncoding", TEXT, ANY, NOTE)                   \
	KEYWORD(CONTENT_SCHEMA, "contentSchema", SCHEMA, NEW, NOTE)                     \
	KEYWORD(TITLE, "title", TEXT, ANY, NOTE)                                        \
	KEYWORD(DESCRIPTION, "description", TEXT, ANY, NOTE)                            \
	KEYWORD(DEFAULT, "default", ANY, ANY, NOTE)                                     \
	KEYWORD(DEPRECATED, "deprecated", BOOL, NEW, NOTE)                              \
	KEYWORD(READ_ONLY, "readOnly", BOOL, ANY, NOTE)                                 \
	KEYWORD(WRITE_ONLY, "writeOnly", BOOL, ANY, NOTE)                               \
	KEYWORD(EXAMPLES, "examples", ANY, ANY, NOTE)                                   \
	KEYWORD(ALL_OF, "allOf", LIST, ANY, APPLICATOR)                                 \
	KEYWORD(ANY_OF, "anyOf", LIST, ANY, APPLICATOR)                                 \
	KEYWORD(ONE_OF, "oneOf", LIST, ANY, APPLICATOR)                                 \
	KEYWORD(NOT, "not", SCHEMA, ANY, APPLICATOR)                                    \
	KEYWORD(IF, "if", SCHEMA, ANY, APPLICATOR)                                      \
	KEYWORD(THEN, "then", SCHEMA, ANY, APPLICATOR)                                  \
	KEYWORD(ELSE, "else", SCHEMA, ANY, APPLICATOR)                                  \
	KEYWORD(DEPENDENT_SCHEMAS, "dependentSchemas", MAP, NEW, APPLICATOR)            \
	KEYWORD(DEPENDENCIES, "dependencies", OBJECT, ANY, APPLICATOR)                  \
	KEYWORD(PREFIX_ITEMS, "prefixItems", LIST, 2020, APPLICATOR)                    \
	KEYWORD(ITEMS, "items", ITEMS, ANY, APPLICATOR)                                 \
	KEYWORD(ADDITIONAL_ITEMS, "additionalItems", SCHEMA, OLD, APPLICATOR)           \
	KEYWORD(CONTAINS, "contains", SCHEMA, ANY, APPLICATOR)                          \
	KEYWORD(PROPERTIES, "properties", MAP, ANY, APPLICATOR)                         \
	KEYWORD(PATTERN_PROPERTIES, "patternProperties", MAP, ANY, APPLICATOR)          \
	KEYWORD(ADDITIONAL_PROPERTIES, "additionalProperties", SCHEMA, ANY, APPLICATOR) \
	KEYWORD(PROPERTY_NAMES, "propertyNames", SCHEMA, ANY, APPLICATOR)               \
	KEYWORD(UNEVALUATED_ITEMS, "unevaluatedItems", SCHEMA, NEW, UNEVALUATED)        \
	KEYWORD(UNEVALUATED_PROPERTIES, "unevaluatedProperties", SCHEMA, NEW, UNEVALUATED)

enum keyword {
#define KEYWORD(id, name, shape, dialects, vocabulary) KW_##id,
	KEYWORDS(KEYWORD)
#undef KEYWORD
		KW_COUNT
};

/* A schema with a URI of its own: a document, or a subschema with $id. */
struct resource {
	struct resource *next;
	const struct resource
		*same; /* another URI of this resource; NULL for the first */
	char *uri;     /* absolute where known, without fragment; "" for none */
	const cJSON *root;
	enum dialect dialect;
	unsigned vocabulary;
};

struct anchor {
	struct anchor *next;
	const struct resource *in;
	const char *name;
	const cJSON *at;
	int dynamic;
};

struct node;

struct part { /* one keyword of a schema */
	enum keyword keyword;
	const cJSON *arg;
	struct node
		*target; /* what a reference leads to, or the one subschema, once found */
};

/* A schema object (or boolean) as read: its keywords in order of evaluation. */
struct node {
	struct node *next; /* in the hash chain */
	const cJSON *at;
	const struct resource *in;
	int always; /* boolean schemas: 1 true, 0 false; -1 for objects */
	int tracks; /* has unevaluated* */
	size_t n;
	struct part *parts;
};

struct pattern {
	struct pattern *next;
	const char *text;
	struct regex *regex;
};

struct loaded {
	struct loaded *next;
	cJSON *document;
};

#define NODE_CHAINS 512

struct store {
	struct schema_options options;
	char *directory; /* schema_load: where sibling files lie; else NULL */
	struct loaded *loaded;
	struct resource *resources;
	struct anchor *anchors;
	struct pattern *patterns;
	struct node *nodes[NODE_CHAINS];
	size_t n_files;
};

struct schema {
	struct store *store;
	struct node *root;
};

/* The node of a schema that stands at `at` in a resource; made when first asked for. */
struct node *schema_node(
	struct store *s, const cJSON *at, const struct resource *in, struct err *e);

/* Where a reference of a resource leads, not looking at the dynamic scope. */
struct node *schema_refer(
	struct store *s, const struct resource *from, const char *ref, struct err *e);
const struct anchor *schema_anchor(
	const struct store *s, const struct resource *in, const char *name);
const struct regex *schema_pattern(struct store *s, const char *text, struct err *e);

/* schema_format.c: 1 valid, 0 not, -1 for a format nobody asserts (unknown names). */
int schema_format(const char *format, const char *text);

#endif
