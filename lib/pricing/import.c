/* AWS Price List offers into price books. */
#include "import.h"

#include <ctype.h>

#include "catalog/prices.h"
#include "pricing.h"

#define TIERS_MAX 16
#define BOOKS_MAX 64

struct tier {
	double from, to; /* raw counts; to < 0: unbounded */
	pico_usd pico;
};

struct book {
	char region[64];
	char *path;
	cJSON *tree; /* owned */
	int touched;
};

struct importing {
	struct node_env *env;
	const char *dir, *file, *date;
	const cJSON *rules;
	struct book book[BOOKS_MAX];
	size_t n_books;
	struct price_import *out;
};

/* ---- books ---- */

static cJSON *new_book(const char *region, struct err *e)
{
	cJSON *b = json_new_object(e);

	if (b != NULL && json_set_num(b, "schema_version", 1, e) == 0 &&
		json_set_str(b, "cloud", "aws", e) == 0 &&
		json_set_str(b, "region", region, e) == 0 &&
		json_set_str(b, "currency", "USD", e) == 0 &&
		json_set_str(b, "as_of", "", e) == 0 &&
		json_add_array(b, "origins", e) != NULL &&
		json_add_array(b, "groups", e) != NULL &&
		json_add_object(b, "prices", e) != NULL)
		return b;
	json_free(b);
	return NULL;
}

/* A region code as it may stand in a file name. */
static int region_ok(const char *r)
{
	return *r != '\0' && strlen(r) < 40 &&
		strspn(r, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(r);
}

/* NULL with *e when it cannot be had; NULL without for an odd region. */
static struct book *book_for(
	struct importing *im, const char *region, int *bad, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	struct book *b;

	*bad = 0;
	for (size_t i = 0; i < im->n_books; i++)
		if (strcmp(im->book[i].region, region) == 0)
			return &im->book[i];
	if (!region_ok(region) || im->n_books == BOOKS_MAX)
		return NULL;
	*bad = 1;
	b = &im->book[im->n_books];
	snprintf(b->region, sizeof(b->region), "%s", region);
	buf_addf(&path, "%s/%s.json", im->dir, region);
	if (buf_ok(&path, e) < 0 || (b->path = buf_take(&path)) == NULL)
		return NULL;
	im->n_books++;
	b->tree = file_is_regular(b->path) ? json_parse_file(b->path, (size_t)64 << 20, e)
					   : new_book(region, e);
	if (b->tree == NULL)
		return NULL;
	*bad = 0;
	return b;
}

/* ---- rules: which product is which sku ---- */

/* '*' at either end of the wanted text matches anything there. */
static int like(const char *want, const char *have)
{
	size_t w = strlen(want), h = strlen(have);

	if (w > 0 && want[0] == '*')
		return h >= w - 1 && strcmp(have + h - (w - 1), want + 1) == 0;
	if (w > 0 && want[w - 1] == '*')
		return strncmp(want, have, w - 1) == 0;
	return strcmp(want, have) == 0;
}

static const char *attribute(const cJSON *product, const char *name)
{
	if (strcmp(name, "productFamily") == 0)
		return json_str_or(product, name, NULL);
	return json_str_or(json_get(product, "attributes"), name, NULL);
}

/* A usage type without the region that it may start with: "EUC1-TimedStorage-ByteHrs",
 * "EU-Requests-Tier1", "eu-west-1-KMS-Keys". */
static const char *without_region(const char *usage, const cJSON *product)
{
	const char *region = attribute(product, "regionCode"), *dash = strchr(usage, '-');
	size_t n = region == NULL ? 0 : strlen(region);

	if (n > 0 && strncmp(usage, region, n) == 0 && usage[n] == '-')
		return usage + n + 1;
	if (dash != NULL && dash - usage >= 2 && dash - usage <= 5 &&
		strspn(usage, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
			(size_t)(dash - usage))
		return dash + 1;
	return usage;
}

static int rule_matches(const cJSON *rule, const cJSON *product)
{
	JSON_EACH (m, json_get(rule, "match")) {
		const char *have = attribute(product, json_key(m)), *want = json_text(m);

		if (have == NULL || want == NULL)
			return 0;
		if (!like(want, have) &&
			(strcmp(json_key(m), "usagetype") != 0 ||
				!like(want, without_region(have, product))))
			return 0;
	}
	return 1;
}

/* "ec2.{instanceType}.linux.hour" with the product's attributes, lower case. */
static int make_sku(const char *name, const cJSON *product, struct buf *out)
{
	while (*name != '\0') {
		const char *close = *name == '{' ? strchr(name, '}') : NULL;
		char key[64];
		const char *v;

		if (close == NULL) {
			buf_add_char(out, *name++);
			continue;
		}
		snprintf(key, sizeof(key), "%.*s", (int)(close - name - 1), name + 1);
		v = attribute(product, key);
		if (v == NULL || *v == '\0' || strlen(v) > 60)
			return 0;
		for (; *v != '\0'; v++)
			buf_add_char(out, (char)tolower((unsigned char)*v));
		name = close + 1;
	}
	return !out->failed &&
		strspn(out->ptr, "abcdefghijklmnopqrstuvwxyz0123456789._-") == out->len;
}

/* ---- prices of one product ---- */

static int read_count(const cJSON *dim, const char *key, double *out, struct err *e)
{
	const char *text = json_str_or(dim, key, key[0] == 'b' ? "0" : "Inf");
	char *end;

	if (strcmp(text, "Inf") == 0) {
		*out = -1;
		return 0;
	}
	*out = strtod(text, &end);
	if (*text == '\0' || *end != '\0' || !(*out >= 0))
		return err_set(e, ERR_INPUT, "%s: '%.40s' is no count", key, text);
	return 0;
}

/* One price dimension; `per` raw counts make one unit of the book. */
static int read_dimension(struct tier *t, const cJSON *dim, double per, struct err *e)
{
	const cJSON *money = json_get(dim, "pricePerUnit");
	const char *usd = json_str_or(money, "USD", NULL);

	if (usd == NULL)
		return err_set(e, ERR_INPUT, "pricePerUnit: there is no price in USD");
	if (pico_parse(usd, &t->pico) < 0)
		return err_set(e, ERR_INPUT, "pricePerUnit: '%.40s' is no amount", usd);
	if (t->pico < 0)
		return err_set(e, ERR_INPUT, "pricePerUnit: the price is negative");
	if (__builtin_mul_overflow(t->pico, (pico_usd)per, &t->pico))
		return err_set(e, ERR_INPUT, "pricePerUnit: the price is too large");
	return read_count(dim, "beginRange", &t->from, e) < 0
		? -1
		: read_count(dim, "endRange", &t->to, e);
}

static int by_from(const void *pa, const void *pb)
{
	const struct tier *a = pa, *b = pb;

	return a->from < b->from ? -1 : a->from > b->from;
}

static int check_tiers(const struct tier *t, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		double start = i == 0 ? 0 : t[i - 1].to;

		if (i > 0 && (t[i - 1].to < 0 || t[i - 1].to > t[i].from))
			return err_set(e, ERR_INPUT, "price dimensions overlap");
		if (t[i].from > start || (t[i].to >= 0 && t[i].to <= t[i].from))
			return err_set(e, ERR_INPUT, "price dimensions leave a gap");
	}
	return 0;
}

/* All dimensions of the product's on-demand term; 0 of them when it has none. */
static int read_tiers(struct tier tier[TIERS_MAX], size_t *n, const cJSON *term,
	double per, struct err *e)
{
	*n = 0;
	JSON_EACH (offer, term)
		JSON_EACH (dim, json_get(offer, "priceDimensions")) {
			if (*n == TIERS_MAX)
				return err_set(e, ERR_INPUT,
					"more than %d price dimensions", TIERS_MAX);
			if (read_dimension(&tier[*n], dim, per, e) < 0) {
				err_where(e, "%s",
					json_key(dim) == NULL ? "?" : json_key(dim));
				return -1;
			}
			(*n)++;
		}
	qsort(tier, *n, sizeof(*tier), by_from);
	return check_tiers(tier, *n, e);
}

/* ---- into the book ---- */

/* Index of an equal item of a list, which is added when there is none. */
static int intern(cJSON *list, cJSON *item, size_t *index, struct err *e)
{
	size_t i = 0;

	JSON_EACH (it, list) {
		if (json_equal(it, item)) {
			json_free(item);
			*index = i;
			return 0;
		}
		i++;
	}
	*index = i;
	return json_push(list, item, e);
}

static int group_index(struct importing *im, struct book *b, const cJSON *rule,
	double per, size_t *out, struct err *e)
{
	const char *base = strrchr(im->file, '/');
	cJSON *origin = json_new_object(e), *group = json_new_object(e);
	size_t at;

	if (origin == NULL || group == NULL ||
		json_setf(origin, "source", e, "AWS Price List offer file %s",
			base == NULL ? im->file : base + 1) < 0 ||
		json_set_str(origin, "date", im->date, e) < 0 ||
		json_set_str(origin, "confidence", "provider-feed", e) < 0) {
		json_free(origin);
		json_free(group);
		return -1;
	}
	if (intern(json_edit(b->tree, "/origins"), origin, &at, e) < 0 ||
		json_set_str(group, "service", json_str_or(rule, "service", ""), e) < 0 ||
		json_set_str(group, "unit", json_str_or(rule, "unit", ""), e) < 0 ||
		(per > 1 && json_set_num(group, "per", per, e) < 0) ||
		json_set_num(group, "origin", (double)at, e) < 0) {
		json_free(group);
		return -1;
	}
	return intern(json_edit(b->tree, "/groups"), group, out, e);
}

static int set_row(cJSON *prices, const char *sku, const struct tier *t, int tiered,
	size_t group, struct err *e)
{
	cJSON *row = json_new_array(e);

	if (row == NULL || json_push_num(row, pico_number(t->pico), e) < 0 ||
		json_push_num(row, (double)group, e) < 0 ||
		(tiered &&
			(json_push_num(row, t->from, e) < 0 ||
				json_push(row,
					t->to < 0 ? json_new_null(e)
						  : json_new_num(t->to, e),
					e) < 0))) {
		json_free(row);
		return -1;
	}
	return json_set(prices, sku, row, e);
}

/* The first price that the book has for a base id; NAN for none. */
static double price_now(const cJSON *prices, const char *sku)
{
	char tier[256];
	const cJSON *row = json_get(prices, sku);

	snprintf(tier, sizeof(tier), "%s.tier1", sku);
	if (row == NULL)
		row = json_get(prices, tier);
	return row == NULL ? -1 : json_number(json_first(row), -1);
}

static int same_rows(const cJSON *prices, const char *sku, const struct tier *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[256];
		const cJSON *row;

		snprintf(name, sizeof(name), n > 1 ? "%s.tier%zu" : "%s", sku, i + 1);
		row = json_get(prices, name);
		if (row == NULL ||
			json_number(json_first(row), -1) != pico_number(t[i].pico))
			return 0;
		if (n > 1 && json_number(json_item(row, 3), -1) != t[i].to)
			return 0;
	}
	return 1;
}

static void remove_rows(cJSON *prices, const char *sku)
{
	char name[256];

	json_remove(prices, sku);
	for (int i = 1; i <= TIERS_MAX; i++) {
		snprintf(name, sizeof(name), "%s.tier%d", sku, i);
		json_remove(prices, name);
	}
}

static int note_change(struct importing *im, const char *sku, const char *region,
	double from, double to, struct err *e)
{
	cJSON *o = json_push_object(im->out->changes, e);

	if (o == NULL || json_set_str(o, "sku", sku, e) < 0 ||
		json_set_str(o, "region", region, e) < 0)
		return -1;
	if (from < 0 ? json_set_null(o, "from_usd", e) < 0
		     : json_set_num(o, "from_usd", from, e) < 0)
		return -1;
	return json_set_num(o, "to_usd", to, e);
}

/* An equal price is written again, too: its source and date are newer. */
static int put_price(struct importing *im, struct book *b, const cJSON *rule,
	const char *sku, const struct tier *t, size_t n, double per, struct err *e)
{
	cJSON *prices = json_edit(b->tree, "/prices");
	double before = price_now(prices, sku), now = pico_number(t[0].pico);
	int same = same_rows(prices, sku, t, n);
	size_t group;

	if (group_index(im, b, rule, per, &group, e) < 0)
		return -1;
	remove_rows(prices, sku);
	for (size_t i = 0; i < n; i++) {
		char name[256];

		snprintf(name, sizeof(name), n > 1 ? "%s.tier%zu" : "%s", sku, i + 1);
		if (set_row(prices, name, &t[i], n > 1, group, e) < 0)
			return -1;
	}
	b->touched = 1;
	im->out->same += (size_t)same;
	im->out->added += (size_t)(!same && before < 0);
	im->out->changed += (size_t)(!same && before >= 0);
	return same ? 0 : note_change(im, sku, b->region, before, now, e);
}

/* ---- the offer file ---- */

static int import_product(struct importing *im, const cJSON *product, const cJSON *rule,
	const cJSON *term, struct err *e)
{
	struct tier tier[TIERS_MAX];
	struct buf sku = BUF_INIT(200);
	const char *region =
		json_str_or(json_get(product, "attributes"), "regionCode", "");
	double per = json_num_or(rule, "per", 1);
	struct book *b;
	size_t n;
	int bad, ret = -1;

	if (!make_sku(json_str_or(rule, "sku", ""), product, &sku)) {
		ret = 0;
		goto out;
	}
	b = book_for(im, region, &bad, e);
	if (b == NULL) {
		ret = bad ? -1 : 0;
		goto out;
	}
	if (read_tiers(tier, &n, term, per, e) < 0)
		goto out;
	ret = 0;
	if (n > 0) {
		im->out->matched++;
		ret = put_price(im, b, rule, sku.ptr, tier, n, per, e);
	}
out:
	buf_release(&sku);
	return ret;
}

static int import_offer(struct importing *im, const cJSON *offer, struct err *e)
{
	const cJSON *products, *terms = json_at(offer, "/terms/OnDemand");
	const char *code = json_str_or(offer, "offerCode", "");

	if (json_obj(offer, "products", &products, e) < 0 ||
		json_str(offer, "publicationDate", &im->date, e) < 0)
		return -1;
	if (!json_is(terms, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "/terms/OnDemand: is not an object");
	JSON_EACH (product, products) {
		const cJSON *term = json_get(terms, json_key(product));

		if (term == NULL)
			continue;
		im->out->products++;
		JSON_EACH (rule, im->rules) {
			if (strcmp(json_str_or(rule, "offer", ""), code) != 0 ||
				!rule_matches(rule, product))
				continue;
			if (import_product(im, product, rule, term, e) < 0) {
				err_where(e, "/terms/OnDemand/%s", json_key(product));
				return -1;
			}
			break;
		}
	}
	return 0;
}

/* The offer's date without the time: "2026-11-20T12:00:00Z" -> "2026-11-20". */
static int import_file(struct importing *im, const char *file, struct err *e)
{
	struct buf text = BUF_INIT(IMPORT_FILE_MAX);
	cJSON *offer = NULL;
	char date[11];
	int ret = -1;

	im->file = file;
	if (file_read(file, &text, e) < 0)
		goto out;
	offer = json_parse(text.ptr, text.len, JSON_PLAIN, e);
	if (offer != NULL) {
		snprintf(date, sizeof(date), "%.10s",
			json_str_or(offer, "publicationDate", ""));
		json_set_str(offer, "publicationDate", *date == '\0' ? NULL : date, e);
		ret = import_offer(im, offer, e);
	}
	if (ret < 0)
		err_where(e, "%s", file);
out:
	json_free(offer);
	buf_release(&text);
	return ret;
}

/* ---- writing ---- */

static int by_key(const void *pa, const void *pb)
{
	const cJSON *const *a = pa, *const *b = pb;

	return strcmp(json_key(*a), json_key(*b));
}

static void print_rows(const cJSON *list, const char *name, struct buf *out)
{
	buf_addf(out, ",\n\"%s\":[\n", name);
	JSON_EACH (it, list) {
		json_print(it, JSON_COMPACT, out);
		buf_add_str(out, json_next(it) != NULL ? ",\n" : "\n");
	}
	buf_add_str(out, "]");
}

/* The layout of the shipped books: one price a line, sorted by sku. */
static int print_book(const cJSON *tree, struct buf *out, struct err *e)
{
	const cJSON *prices = json_get(tree, "prices"), **order;
	size_t n = json_len(prices), i = 0;
	cJSON *head = json_copy(tree, e);

	order = calloc(n + 1, sizeof(*order));
	if (head == NULL || order == NULL) {
		json_free(head);
		free(order);
		return err_no_memory(e);
	}
	json_remove(head, "origins");
	json_remove(head, "groups");
	json_remove(head, "prices");
	json_print(head, JSON_COMPACT, out);
	buf_cut(out, out->len - 1);
	print_rows(json_get(tree, "origins"), "origins", out);
	print_rows(json_get(tree, "groups"), "groups", out);
	buf_add_str(out, ",\n\"prices\":{\n");
	JSON_EACH (row, prices)
		order[i++] = row;
	qsort(order, n, sizeof(*order), by_key);
	for (i = 0; i < n; i++) {
		buf_addf(out, "\"%s\":", json_key(order[i]));
		json_print(order[i], JSON_COMPACT, out);
		buf_add_str(out, i + 1 < n ? ",\n" : "\n");
	}
	buf_add_str(out, "}}\n");
	json_free(head);
	free(order);
	return buf_ok(out, e);
}

/* What is about to be written must load. */
static int check_book(const struct book *b, struct err *e)
{
	struct prices *p = NULL;
	cJSON *copy = json_copy(b->tree, e);

	if (copy == NULL || prices_from_json(&p, copy, b->path, e) < 0)
		return -1;
	prices_free(p);
	return 0;
}

/* What is about to be replaced stays beside, by its digest: estimates name their books
 * so, and can be made again. */
static int keep_book(const struct importing *im, const struct book *b, struct err *e)
{
	struct buf text = BUF_INIT((size_t)64 << 20), path = BUF_INIT(8192);
	char hex[DIGEST_HEX_MAX];
	int ret = -1;

	if (!file_is_regular(b->path))
		return 0;
	buf_addf(&path, "%s/replaced", im->dir);
	if (buf_ok(&path, e) < 0 || file_mkdirs(path.ptr, e) < 0 ||
		file_read(b->path, &text, e) < 0)
		goto out;
	digest_hex(text.ptr, text.len, hex);
	buf_addf(&path, "/%s.json", hex);
	ret = buf_ok(&path, e) < 0
		? -1
		: file_write_atomic(path.ptr, text.ptr, text.len, 0644, 0, e);
out:
	buf_release(&text);
	buf_release(&path);
	return ret;
}

static int write_books(struct importing *im, struct err *e)
{
	for (size_t i = 0; i < im->n_books; i++)
		if (im->book[i].touched && check_book(&im->book[i], e) < 0)
			return -1;
	for (size_t i = 0; i < im->n_books; i++) {
		struct buf text = BUF_INIT((size_t)64 << 20);
		int ret = 0;

		if (im->book[i].touched)
			ret = print_book(im->book[i].tree, &text, e) < 0 ||
					keep_book(im, &im->book[i], e) < 0
				? -1
				: file_write_atomic(im->book[i].path, text.ptr, text.len,
					  0644, 0, e);
		buf_release(&text);
		if (ret < 0)
			return -1;
	}
	return 0;
}

void price_import_release(struct price_import *p)
{
	json_free(p->changes);
	p->changes = NULL;
}

int price_import(struct node_env *env, const char *dir, const char *const *files,
	size_t n, struct price_import *out, struct err *e)
{
	struct importing im = { .env = env, .dir = dir, .out = out };
	cJSON *rules = env_read_json(env, "prices/aws/import.json", e);
	char today[CLOCK_TEXT_MAX];
	int ret = -1;

	*out = (struct price_import){ .changes = json_new_array(e) };
	if (rules == NULL || out->changes == NULL)
		goto out;
	im.rules = json_get(rules, "rules");
	for (size_t i = 0; i < n; i++)
		if (import_file(&im, files[i], e) < 0)
			goto out;
	clock_format(env->now_ns, today);
	today[10] = '\0';
	for (size_t i = 0; i < im.n_books; i++)
		if (json_set_str(im.book[i].tree, "as_of", today, e) < 0)
			goto out;
	ret = write_books(&im, e);
out:
	if (ret < 0)
		price_import_release(out);
	for (size_t i = 0; i < im.n_books; i++) {
		free(im.book[i].path);
		json_free(im.book[i].tree);
	}
	json_free(rules);
	return ret;
}

static void print_change(struct buf *out, const cJSON *c)
{
	buf_addf(out, "%-16s%-48s", json_str_or(c, "region", ""),
		json_str_or(c, "sku", ""));
	if (json_is(json_get(c, "from_usd"), JSON_NUMBER))
		json_print_number(json_num_or(c, "from_usd", 0), out);
	else
		buf_add_str(out, "none");
	buf_add_str(out, " -> ");
	json_print_number(json_num_or(c, "to_usd", 0), out);
	buf_add_char(out, '\n');
}

int price_import_command(struct node_env *env, const char *const *files, size_t n,
	struct buf *out, struct err *e)
{
	struct price_import done;
	struct buf dir = BUF_INIT(8192);
	int ret = -1;

	buf_addf(&dir, "%s/prices/aws", env->share);
	if (buf_ok(&dir, e) == 0 && price_import(env, dir.ptr, files, n, &done, e) == 0) {
		JSON_EACH (c, done.changes)
			print_change(out, c);
		buf_addf(out,
			"%zu products, %zu matched: %zu prices added, %zu changed, %zu "
			"the same\n",
			done.products, done.matched, done.added, done.changed, done.same);
		ret = buf_ok(out, e);
		price_import_release(&done);
	}
	buf_release(&dir);
	return ret;
}
