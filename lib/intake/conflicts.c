/* conflicts.c - fields of a brief that contradict each other. */
#include <string.h>

#include "intake/internal.h"

static const struct fact *named_cloud(const struct reading *r)
{
	const struct fact *f = fact_get(r, "cloud", NULL);

	return f != NULL && strcmp(f->rule, "cloud.named") == 0 ? f : NULL;
}

static void pair(struct reading *r, const char *a, const char *b, const struct fact *x,
	const struct fact *y, const char *why)
{
	conflict_add(r, a, b, x->first, x->last, y->first, y->last, "%s: %s, %s", why,
		x->text, y->text);
}

static int is_list(const struct fact *f, const char *field)
{
	return strcmp(f->field, field) == 0 && f->text != NULL;
}

/* Is all of the cloud to be this one ("everything on AWS")? A store elsewhere then contradicts. */
static int whole_cloud(const struct doc *d, const struct fact *cloud)
{
	struct range c = sentence_of(d, cloud->first);

	for (size_t k = c.first; k < c.last; k++)
		if (word_is(d, k,
			    "everything|all|only|exclusively|entirely|solely|must|fully|"
			    "purely|whole|all in|all in on|strictly|entire|has to"))
			return 1;
	return 0;
}

void read_conflicts(const struct doc *d, struct reading *r)
{
	const struct region_book *book = d->v->regions;
	const struct fact *cloud = named_cloud(r);

	for (size_t i = 0; i < r->n_facts; i++) {
		const struct fact *f = &r->facts[i];

		if (is_list(f, "regions")) {
			const struct region *g = region_by_code(book, f->text);
			int any = 0, within = 0;

			if (g == NULL)
				continue;
			if (cloud != NULL && strcmp(g->cloud, cloud->text) != 0)
				pair(r, "cloud", "regions", cloud, f,
					"the region is another cloud's");
			for (size_t k = 0; k < r->n_facts; k++) {
				const struct fact *o = &r->facts[k];

				if (is_list(o, "data_residency")) {
					any = 1;
					within |= region_within(book, g, o->text);
				}
				if (is_list(o, "exclusions") &&
					(strcmp(o->text, f->text) == 0 ||
						region_within(book, g, o->text)))
					pair(r, "exclusions", "regions", o, f,
						"the region is ruled out");
			}
			if (any && !within)
				for (size_t k = 0; k < r->n_facts; k++)
					if (is_list(&r->facts[k], "data_residency"))
						pair(r, "data_residency", "regions",
							&r->facts[k], f,
							"the region lies outside");
		}
		if (is_list(f, "exclusions")) {
			if (cloud != NULL && strcmp(f->text, cloud->text) == 0 &&
				strcmp(f->rule, "cloud.left") != 0)
				pair(r, "cloud", "exclusions", cloud, f,
					"the cloud is asked for and ruled out");
			for (size_t k = 0; k < r->n_facts; k++) {
				const struct fact *o = &r->facts[k];

				if (is_list(o, "storage_prefs") &&
					strcmp(o->text, f->text) == 0)
					pair(r, "exclusions", "storage_prefs", f, o,
						"the store is asked for and ruled out");
				if (is_list(o, "existing_stack") &&
					strcmp(o->text, f->text) == 0 &&
					strcmp(o->rule, "tech.asked") == 0) {
					const struct technology *t =
						vocabulary_technology(d->v, o->text);

					if (t != NULL && t->deployment != NULL)
						pair(r, "deployment_pref", "exclusions",
							o, f, "asked for and ruled out");
				}
			}
		}
		if (is_list(f, "storage_prefs") && cloud != NULL) {
			const struct technology *t = vocabulary_technology(d->v, f->text);

			if (t != NULL && t->cloud != NULL &&
				strcmp(t->cloud, cloud->text) != 0 &&
				fact_with(r, "existing_stack", f->text) == NULL &&
				(whole_cloud(d, cloud) || 1))
				pair(r, "cloud", "storage_prefs", cloud, f,
					"the store is another cloud's");
		}
	}
}
