/* regions.c - share/regions/: which place is which provider's region. */
#include <stdlib.h>
#include <string.h>

#include "catalog/regions.h"

#define REGION_TEXT_MAX ((size_t)4 << 20)

static const char *const files[REGION_FILES] = { "regions/aws.json", "regions/gcp.json",
	"regions/azure.json", "regions/jurisdictions.json" };

static int add_cloud(
	struct region_book *b, const cJSON *doc, const char *file, struct err *e)
{
	const cJSON *rows;
	const char *cloud;

	if (json_str(doc, "cloud", &cloud, e) < 0 ||
		json_arr(doc, "regions", &rows, e) < 0)
		goto bad;
	b->at = realloc(b->at, (b->n + json_len(rows) + 1) * sizeof(*b->at));
	if (b->at == NULL)
		return err_no_memory(e);
	JSON_EACH (row, rows) {
		struct region *r = &b->at[b->n];

		memset(r, 0, sizeof(*r));
		if (json_str(row, "code", &r->code, e) < 0 ||
			json_str(row, "name", &r->name, e) < 0 ||
			json_str(row, "country", &r->country, e) < 0 ||
			json_arr(row, "places", &r->places, e) < 0) {
			err_where(e, "/regions/%zu", b->n);
			goto bad;
		}
		r->cloud = cloud;
		r->eea = json_bool_or(row, "eea", 0);
		r->gdpr = json_str_or(row, "gdpr", "not-adequate");
		r->zones = (int)json_num_or(row, "zones", 0);
		b->n++;
	}
	return 0;
bad:
	e->code = ERR_CONFIG;
	err_where(e, "share/%s", file);
	return -1;
}

struct region_book *region_book_load(struct node_env *env, struct err *e)
{
	struct region_book *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		err_no_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < REGION_FILES; i++)
		b->texts[i] = (struct buf)BUF_INIT(REGION_TEXT_MAX);
	for (size_t i = 0; i < REGION_FILES; i++) {
		b->files[i] = env_read_json_text(env, files[i], &b->texts[i], e);
		if (b->files[i] == NULL)
			goto fail;
	}
	for (size_t i = 0; i < 3; i++)
		if (add_cloud(b, b->files[i], files[i], e) < 0)
			goto fail;
	if (json_obj(b->files[3], "jurisdictions", &b->jurisdictions, e) < 0 ||
		json_obj(b->files[3], "cities", &b->cities, e) < 0 ||
		json_arr(b->files[3], "eea", &b->eea, e) < 0) {
		e->code = ERR_CONFIG;
		err_where(e, "share/%s", files[3]);
		goto fail;
	}
	return b;
fail:
	region_book_free(b);
	return NULL;
}

void region_book_free(struct region_book *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < REGION_FILES; i++) {
		json_free(b->files[i]);
		buf_release(&b->texts[i]);
	}
	free(b->at);
	free(b);
}

const struct region *region_by_code(const struct region_book *b, const char *code)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->at[i].code, code) == 0)
			return &b->at[i];
	return NULL;
}

size_t region_at_place(const struct region_book *b, const char *cloud, const char *place,
	const struct region **out)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->at[i].cloud, cloud) == 0 &&
			json_has_text(b->at[i].places, place)) {
			*out = &b->at[i];
			n++;
		}
	return n;
}

int jurisdiction_within(const struct region_book *b, const char *inner, const char *outer)
{
	return strcmp(inner, outer) == 0 ||
		(strcmp(outer, "EU") == 0 && json_has_text(b->eea, inner));
}

int region_within(
	const struct region_book *b, const struct region *r, const char *jurisdiction)
{
	return jurisdiction_within(b, r->country, jurisdiction) ||
		(r->eea && strcmp(jurisdiction, "EU") == 0);
}
