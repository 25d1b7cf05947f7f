/*
 * The Nth allocation is refused, for N = 1, 2, ... until the call succeeds: each
 * time there is an error with a message, no crash and nothing left behind.
 */
#include "test.h"

#include <string.h>

#include "redact/redact.h"
#include "template/template.h"

#if defined(__SANITIZE_ADDRESS__)
#define CAN_REFUSE 0 /* the sanitizer has malloc for itself */
#else
#define CAN_REFUSE 1
#endif

static long refuse_at; /* 0: none */
static long live;      /* blocks allocated less blocks freed */

#if CAN_REFUSE
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *p);

static int refused(void)
{
	return refuse_at > 0 && --refuse_at == 0;
}

static void *counted(void *p)
{
	live += p != NULL;
	return p;
}

/* These stand before the C library's own, for the shared libraries, too. */
void *malloc(size_t size)
{
	return refused() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return refused() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
	void *p;

	if (refused())
		return NULL;
	p = __libc_realloc(old, size);
	live += old == NULL && p != NULL;
	return p;
}

void free(void *p)
{
	live -= p != NULL;
	__libc_free(p);
}
#endif

/* ---- the calls: 0 with `result`, or -1 with *e ---- */

static char result[4096]; /* what a call that succeeded made: always the same */

static void made_text(const char *s)
{
	snprintf(result, sizeof(result), "%s", s);
}

static void made(const cJSON *v)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	long keep = refuse_at;

	refuse_at = 0;
	json_print(v, JSON_COMPACT, &b);
	made_text(b.ptr);
	buf_release(&b);
	refuse_at = keep;
}

static const char text[] =
	"{\"a\":[1,2.5,{\"b\":\"x\\u00e9\"}],\"c\":{\"d\":null,\"e\":\"some "
	"text\"},\"f\":true,"
	"\"g\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26]}";

static int reading(struct err *e)
{
	cJSON *v = json_parse(text, sizeof(text) - 1, JSON_STRICT, e);

	made(v);
	json_free(v);
	return v == NULL ? -1 : 0;
}

/* Inputs that all the others share; made before anything is refused. */
static cJSON *doc, *rule, *schema_doc, *patch, *merge, *rules;

static int printing(struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT), c = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	json_print(doc, JSON_PRETTY, &b);
	ret = buf_ok(&b, e) < 0 || json_canonical(doc, &c, e) < 0 ? -1 : 0;
	made_text(c.ptr);
	buf_release(&b);
	buf_release(&c);
	return ret;
}

static int copying(struct err *e)
{
	cJSON *v = json_copy(doc, e);
	int ret = -1;

	if (v != NULL && json_set_str(v, "new", "x", e) == 0 &&
		json_set_copy(v, "a", doc, e) == 0 && json_setf(v, "c", e, "%d", 7) == 0)
		ret = 0;
	made(v);
	json_free(v);
	return ret;
}

static int evaluating(struct err *e)
{
	cJSON *v = logic_apply(NULL, rule, doc, e);

	made(v);
	json_free(v);
	return v == NULL ? -1 : 0;
}

static int validating(struct err *e)
{
	struct schema *s = schema_new(schema_doc, NULL, e);
	int ret = s == NULL ? -1 : schema_check(s, doc, "doc", e);

	schema_free(s);
	return ret;
}

static int patching(struct err *e)
{
	cJSON *v = json_patch(doc, patch, e),
	      *w = v == NULL ? NULL : json_merge_patch(v, merge, e);

	json_free(v);
	json_free(w);
	return w == NULL ? -1 : 0;
}

static int rendering(struct err *e)
{
	static const char tpl[] =
		"{{#g}}{{.}},{{/g}}{{c.e}}{{^no}}{{#a}}{{b}}{{/a}}{{/no}}";
	struct buf b = BUF_INIT((size_t)1 << 16);
	int ret = template_render(
		tpl, sizeof(tpl) - 1, "t", doc, TEMPLATE_JSON, NULL, &b, e);

	made_text(b.ptr);
	buf_release(&b);
	return ret;
}

static int redacting(struct err *e)
{
	static const char in[] =
		"mail a@nordic-bank.eu, key abc123, mail b@nordic-bank.eu";
	struct redact *r = redact_new(rules, e);
	struct buf b = BUF_INIT((size_t)1 << 16);
	int ret = r == NULL ? -1
			    : redact_mask(r, REDACT_ALL, in, sizeof(in) - 1, &b, NULL, e);

	made_text(b.ptr);
	redact_free(r);
	buf_release(&b);
	return ret;
}

static const struct {
	const char *name;
	int (*run)(struct err *e);
} calls[] = {
	{ "json_parse", reading },
	{ "json_print and json_canonical", printing },
	{ "json_copy and json_set", copying },
	{ "logic_apply", evaluating },
	{ "schema_new and schema_check", validating },
	{ "json_patch and json_merge_patch", patching },
	{ "template_render", rendering },
	{ "redact_new and redact_mask", redacting },
};

static int prepare(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	doc = json_parse(text, sizeof(text) - 1, JSON_STRICT, &e);
	rule = J("{'cat':[{'map':[{'var':'g'},{'*':[{'var':''},2]}]},{'reduce':[{'var':'"
		 "g'},{'+':["
		 "{'var':'current'},{'var':'accumulator'}]},0]},{'try':[{'throw':'x'},{'"
		 "val':'type'}]},"
		 "{'substr':[{'var':'c.e'},1,3]},{'if':[{'missing':['zz']},{'merge':[[1],"
		 "[2]]},0]}]}");
	schema_doc = J("{'$id':'http://x/y','type':'object','properties':{'a':{'$ref':'#/"
		       "$defs/l'},'c':{'anyOf':["
		       "{'type':'string'},{'properties':{'e':{'pattern':'^s.*t$'}}}]},'g'"
		       ":{'uniqueItems':true}},"
		       "'unevaluatedProperties':{'type':'boolean'},'$defs':{'l':{'$"
		       "anchor':'q','type':'array',"
		       "'contains':{'const':1}}}}");
	patch = J("[{'op':'add','path':'/a/1','value':{'z':1}},{'op':'move','from':'/"
		  "c','path':'/m'},"
		  "{'op':'copy','from':'/a','path':'/n'},{'op':'replace','path':'/"
		  "f','value':0}]");
	merge = J("{'a':null,'m':{'e':null,'q':{'r':1}}}");
	rules = J("{'rules':[{'id':'mail','title':'m','class':'pii:email','words':['@'],'"
		  "pattern':"
		  "'[a-z]+@[a-z.-]+','not':'zzz'},{'id':'key','title':'k','class':'"
		  "secret','words':["
		  "'key'],'pattern':'key ([a-z0-9]+)'}]}");
	return doc == NULL ? -1 : 0;
}

static int clean(void **unused)
{
	(void)unused;
	json_free(doc);
	json_free(rule);
	json_free(schema_doc);
	json_free(patch);
	json_free(merge);
	json_free(rules);
	return 0;
}

static void every_refused_allocation_is_an_error(void **unused)
{
	(void)unused;
	if (!CAN_REFUSE)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		static char want[sizeof(result)];
		struct err none = { 0 };

		assert_int_equal(calls[i].run(&none), 0);
		memcpy(want, result, sizeof(want));
		for (long n = 1;; n++) {
			struct err e = { 0 };
			long before = live;
			int ret;

			refuse_at = n;
			ret = calls[i].run(&e);
			if (live != before)
				fail_msg("%s: allocation %ld refused: %ld blocks left "
					 "behind",
					calls[i].name, n, live - before);
			if (ret == 0 && strcmp(result, want) != 0)
				fail_msg("%s: allocation %ld refused: made %s",
					calls[i].name, n, result);
			if (ret == 0 && refuse_at > 0)
				break; /* there were fewer than n */
			refuse_at = 0;
			if (ret < 0 && (e.code == ERR_NONE || e.msg[0] == '\0'))
				fail_msg("%s: allocation %ld refused without a message",
					calls[i].name, n);
			if (n > 20000)
				fail_msg("%s: has no end", calls[i].name);
		}
		refuse_at = 0;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refused_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, prepare, clean);
}
