/*
 * things.c - technologies, clouds, regions, jurisdictions, languages and ways to
 * deploy: cloud, regions, data_residency, deployment_pref, the stack and preference
 * lists, exclusions, languages and skills.
 */
#include <stdlib.h>
#include <string.h>

#include "intake/internal.h"

#define CLOUDS 3
static const char *const clouds[CLOUDS] = { "aws", "gcp", "azure" };

struct cloud_view {
	int named, preferred, hedged, excluded, left, alternatives;
	int inferred, asked_tech; /* by region or technology */
	int rank;
	size_t at, inferred_at;
};

static int cloud_index(const char *id)
{
	for (int i = 0; i < CLOUDS; i++)
		if (strcmp(clouds[i], id) == 0)
			return i;
	return -1;
}

static void exclude(struct reading *r, const char *id, size_t first, const char *rule)
{
	if (fact_with(r, "exclusions", id) == NULL)
		fact_add(r, "exclusions", NULL, id, 0, first, first + 1, rule, 0.9);
}

static void list_add(struct reading *r, const char *field, const char *id, size_t at,
	const char *rule, double confidence)
{
	if (fact_with(r, field, id) == NULL)
		fact_add(r, field, NULL, id, 0, at, at + 1, rule, confidence);
}

/* ---- technologies ---- */

/* "reach me on Slack", "see Confluence page": in passing. */
static int in_passing(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i);

	if (!word_is(d, i,
		    "slack|teams|ms teams|microsoft "
		    "teams|jira|confluence|notion|sharepoint|"
		    "github|gitlab|google drive|bitbucket|servicenow|zendesk"))
		return 0;
	for (size_t k = c.first; k < c.last; k++)
		if (word_is(d, k,
			    "ping|dm|reach|contact|call|message|invite|attached|"
			    "attachment|see|join|"
			    "meet|discuss|posted|wrote|thread|chat with me|find "
			    "me|linked"))
			return word_is(d, i - 1, "on|in|via|through|over|the|our|my|a") ||
				word_is(d, i - 2, "on|in|via|through|over");
	return 0;
}

/* "AWS or GCP is not decided; they like Vertex AI": a wish inside an open choice. */
static int clouds_open(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);
	size_t a = find(d, s.first, s.last, LC_CLOUD);

	return a != NOT_FOUND && find(d, a + 1, s.last, LC_CLOUD) != NOT_FOUND &&
		find(d, s.first, s.last, LC_UNDECIDED) != NOT_FOUND;
}

static int is_pref(const struct technology *t)
{
	return t->category == TECH_STORAGE || t->category == TECH_OBSERVABILITY;
}

static void technology(const struct doc *d, struct reading *r, size_t i,
	const struct technology *t, int deploy[2][2], size_t deploy_at[2][2])
{
	unsigned st = status_of(d, i, i + 1);
	const char *pref =
		t->category == TECH_STORAGE ? "storage_prefs" : "observability_prefs";
	int wish = 0, use = 0;

	if (st & ST_EXCLUDED) {
		exclude(r, t->id, i, "tech.excluded");
		if (st & ST_IN_USE)
			list_add(r, "existing_stack", t->id, i, "tech.in-use", 0.8);
		return;
	}
	if (st & ST_LEFT) {
		exclude(r, t->id, i, "tech.left");
		return;
	}
	if (st & ST_NOTHING)
		return;
	if (st & ST_SKILL) {
		if (fact_with(r, "skills", t->id) == NULL)
			fact_add(r, "team_constraints", "skills", t->id, 0, i, i + 1,
				"team.skill", 0.85);
		return;
	}
	if (d->at[i].dead & DEAD_PAST || in_passing(d, i) ||
		(t->cloud != NULL && clouds_open(d, i)))
		return;
	if (st & ST_KEEP) {
		wish = use = 1;
	} else if (st & ST_IN_USE) {
		use = 1;
	} else {
		wish = 1;
	}
	if (use || !is_pref(t))
		list_add(r, "existing_stack", t->id, i,
			use ? "tech.in-use" : "tech.asked", st ? 0.9 : 0.75);
	if (wish && is_pref(t))
		list_add(r, pref, t->id, i, "tech.asked", st ? 0.9 : 0.75);
	if (t->deployment != NULL) {
		int k = strcmp(t->deployment, "serverless") == 0 ? 0 : 1;

		deploy[wish][k]++;
		if (deploy_at[wish][k] == 0)
			deploy_at[wish][k] = i + 1;
	}
}

/* "let us take Y instead of X" in the answer to a mail that wanted X: the first few. */
struct given_up {
	const char *id[16];
	uint16_t quote[16];
	size_t n;
};

static void find_given_up(const struct doc *d, struct given_up *g)
{
	g->n = 0;
	for (size_t k = 1; k < d->s.n && g->n < ARRAY_LEN(g->id); k++)
		if (is(d, k, LC_TECH) != NULL &&
			word_is(d, k - 1, "instead of|rather than|not|in place of")) {
			g->id[g->n] = is(d, k, LC_TECH);
			g->quote[g->n++] = d->sent[d->at[k].sentence].quote;
		}
}

static int is_given_up(
	const struct doc *d, const struct given_up *g, size_t i, const char *id)
{
	for (size_t k = 0; k < g->n; k++)
		if (g->quote[k] < d->sent[d->at[i].sentence].quote &&
			strcmp(g->id[k], id) == 0)
			return 1;
	return 0;
}

static void read_technologies(const struct doc *d, struct reading *r,
	struct cloud_view cv[CLOUDS], int deploy[2][2], size_t deploy_at[2][2])
{
	struct given_up given;

	find_given_up(d, &given);
	for (size_t i = 0; i < d->s.n; i++) {
		const char *id = is(d, i, LC_TECH);
		const struct technology *t;
		size_t before = r->n_facts;

		if (id == NULL || !d->at[i].entity ||
			(d->at[i].dead &
				(DEAD_STRUCK | DEAD_QUESTION | DEAD_SCOPE | DEAD_OTHER |
					DEAD_INJECT | DEAD_ROW)))
			continue;
		t = vocabulary_technology(d->v, id);
		if (t == NULL || is_given_up(d, &given, i, id))
			continue;
		technology(d, r, i, t, deploy, deploy_at);
		if (t->cloud == NULL)
			continue;
		for (size_t k = before; k < r->n_facts; k++)
			if (strcmp(r->facts[k].field, "exclusions") != 0 &&
				r->facts[k].member == NULL) {
				struct cloud_view *c = &cv[cloud_index(t->cloud)];

				c->inferred++;
				if (c->inferred_at == 0)
					c->inferred_at = i + 1;
				break;
			}
	}
}

/* ---- cloud ---- */

/* Two clouds in one breath, joined by "or" or "/". */
static int alternative(const struct doc *d, size_t i)
{
	struct range c = sentence_of(d, i);

	for (size_t k = i + 1; k < c.last && k < i + 6; k++) {
		if (is(d, k, LC_CLOUD) != NULL) {
			for (size_t j = i + 1; j < k; j++)
				if (word_is(d, j, "or|and/or|versus|vs|vs.") ||
					sign_is(d, j, '/'))
					return 1;
			return word_is(d, i + 1, "and") &&
				find(d, c.first, c.last, LC_UNDECIDED) != NOT_FOUND;
		}
	}
	return 0;
}

/* "we prefer AWS, Azure would be acceptable too": Azure is what would do as well. */
static int second_choice(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);

	for (size_t k = i + 1; k < s.last && k < i + 6 && !d->at[k].entity; k++)
		if (word_is(d, k,
			    "acceptable|possible|fallback|fall-back|second|also|too|as "
			    "well|would be ok|would be fine|is fine|is ok|are fine|"
			    "would do|will do|would work|works too"))
			return 1;
	return 0;
}

/* "AWS, eu-south-2 or eu-west-1, not decided": the Regions are open, not the cloud. */
static int open_regions(const struct doc *d, struct range s)
{
	size_t a = find(d, s.first, s.last, LC_REGION);

	return a != NOT_FOUND && word_is(d, a + 1, "or") &&
		is(d, a + 2, LC_REGION) != NULL;
}

static void one_cloud(
	const struct doc *d, struct reading *r, size_t i, struct cloud_view cv[CLOUDS])
{
	int k = cloud_index(is(d, i, LC_CLOUD));
	struct cloud_view *c = &cv[k];
	unsigned st;
	struct range seg = segment_of(d, i), sent = sentence_of(d, i);

	if (d->at[i].dead & ~(unsigned)DEAD_PAST)
		return;
	st = status_of(d, i, i + 1);
	if (st & ST_EXCLUDED) {
		exclude(r, clouds[k], i, "cloud.excluded");
		c->excluded++;
		return;
	}
	if (st & ST_LEFT) {
		exclude(r, clouds[k], i, "cloud.left");
		c->left++;
		return;
	}
	if (d->at[i].dead || (st & (ST_NOTHING | ST_SKILL)))
		return;
	if (alternative(d, i)) {
		size_t j = i + 1;

		while (is(d, j, LC_CLOUD) == NULL)
			j++;
		cv[cloud_index(is(d, j, LC_CLOUD))].alternatives++;
		c->alternatives++;
	}
	if (find(d, seg.first, seg.last, LC_UNDECIDED) != NOT_FOUND ||
		find(d, sent.first, sent.last, LC_UNDECIDED) != NOT_FOUND) {
		int others = 0;

		for (size_t j = sent.first; j < sent.last; j++)
			others += j != i && is(d, j, LC_CLOUD) != NULL;
		if (others)
			c->alternatives++;
		else if (!open_regions(d, sent))
			st |= ST_HEDGED;
	}
	if (st & ST_PREFERRED && second_choice(d, i))
		st &= ~(unsigned)ST_PREFERRED;
	if (!c->named || rank_of(d, i) > c->rank) {
		c->rank = rank_of(d, i);
		c->at = i;
	}
	c->named++;
	if (st & ST_PREFERRED)
		c->preferred++;
	if ((st & ST_HEDGED) && find(d, seg.first, seg.last, LC_CLOUD) == i)
		c->hedged++;
	else if (!(st & ST_HEDGED))
		c->hedged -= 100;
}

/* "a bit of GCP would be OK too" stands behind a stated preference. */
static void settle_cloud(
	const struct doc *d, struct reading *r, struct cloud_view cv[CLOUDS])
{
	int named = 0, best = -1, alt = 0, inferred = 0, best_inferred = -1;

	for (int i = 0; i < CLOUDS; i++) {
		if (cv[i].named) {
			named++;
			alt += cv[i].alternatives > 0;
			best = best < 0 ? i : best;
		}
		if (cv[i].inferred) {
			inferred++;
			best_inferred = i;
		}
	}
	if (named > 1) {
		int preferred = -1, n_preferred = 0, revised = -1;

		for (int i = 0; i < CLOUDS; i++)
			if (cv[i].named && cv[i].preferred) {
				preferred = i;
				n_preferred++;
			}
		for (int i = 0; i < CLOUDS; i++) {
			size_t k;

			if (!cv[i].named)
				continue;
			k = find(d, clause_of(d, cv[i].at).first,
				clause_of(d, cv[i].at).last, LC_REVISE);
			if (k != NOT_FOUND &&
				!word_is(d, k, "was|were|not|rather|confirmed") &&
				(revised < 0 || cv[i].at > cv[revised].at))
				revised = i;
			for (int j = 0; j < CLOUDS; j++)
				if (j != i && cv[j].named && cv[i].rank > cv[j].rank + 50)
					revised = i;
		}
		if (n_preferred == 1) {
			best = preferred;
			alt = 0;
		} else if (revised >= 0) {
			best = revised;
			alt = 0;
		} else if (alt > 0) {
			note_add(r, "cloud",
				"several clouds are named and none is chosen",
				cv[best].at, cv[best].at + 1);
			return;
		} else {
			size_t a = NOT_FOUND, b = NOT_FOUND;

			for (int i = 0; i < CLOUDS; i++)
				if (cv[i].named) {
					b = a;
					a = cv[i].at;
				}
			if (find_in_sentence(d, a, LC_MULTICLOUD) != NOT_FOUND ||
				find(d, 0, d->s.n, LC_MULTICLOUD) != NOT_FOUND) {
				note_add(
					r, "cloud", "several clouds are named", a, a + 1);
				return;
			}
			conflict_add(r, "cloud", NULL, b, b + 1, a, a + 1,
				"two clouds are named as the home of the system");
			return;
		}
	}
	if (best >= 0) {
		if (named == 1 && cv[best].alternatives > 0 && cv[best].hedged <= 0)
			cv[best].alternatives = 0;
		fact_add(r, "cloud", NULL, clouds[best], 0, cv[best].at, cv[best].at + 1,
			"cloud.named", cv[best].hedged > 0 ? 0.6 : 0.97);
		if (cv[best].hedged > 0)
			note_add(r, "cloud", "said with a hedge", cv[best].at,
				cv[best].at + 1);
		return;
	}
	if (inferred == 1 && !cv[best_inferred].excluded) {
		size_t at = cv[best_inferred].inferred_at - 1;

		fact_add(r, "cloud", NULL, clouds[best_inferred], 0, at, at + 1,
			"cloud.inferred", 0.85);
	} else if (inferred > 1) {
		size_t at = cv[best_inferred].inferred_at - 1;

		note_add(r, "cloud", "services of two clouds are named and no cloud", at,
			at + 1);
	}
}

static void read_clouds(
	const struct doc *d, struct reading *r, struct cloud_view cv[CLOUDS])
{
	for (size_t i = 0; i < d->s.n; i++)
		if (is(d, i, LC_CLOUD) != NULL)
			one_cloud(d, r, i, cv);
}

/* ---- regions and jurisdictions ---- */

static int cloud_tech(const struct doc *d, size_t k)
{
	const struct technology *t = is(d, k, LC_TECH) == NULL || !d->at[k].entity
		? NULL
		: vocabulary_technology(d->v, is(d, k, LC_TECH));

	return t != NULL && t->cloud != NULL;
}

/* Is a place named as where the system is to be, rather than people or companies? */
static int hosting_place(const struct doc *d, size_t i)
{
	struct range seg = segment_of(d, i), c = clause_of(d, i);
	size_t people = NOT_FOUND, host = NOT_FOUND, dist;

	for (size_t k = c.first; k < c.last; k++) {
		if (k == i || d->at[k].dead)
			continue;
		dist = k > i ? k - i : i - k;
		if (is(d, k, LC_PEOPLE) != NULL &&
			(people == NOT_FOUND || dist < people) && k >= seg.first &&
			k < seg.last)
			people = dist;
		if ((is(d, k, LC_HOSTING) != NULL || is(d, k, LC_CLOUD) != NULL ||
			    is(d, k, LC_REGION) != NULL || cloud_tech(d, k)) &&
			(host == NOT_FOUND || dist < host))
			host = dist;
	}
	if (host != NOT_FOUND &&
		(people == NOT_FOUND || host <= people ||
			(word_is(d, i + 1, "region|regions"))))
		return 1;
	if (people != NOT_FOUND)
		return 0;
	if (host != NOT_FOUND)
		return 1;
	if (find_in_header(d, i, LC_HOSTING) != NOT_FOUND)
		return 1;
	if (word_is(d, i - 1,
		    "agreed on|settled on|decided on|decided for|go with|went with|"
		    "going with|chose|choose|picked"))
		return 1;
	/* a bare item: "Google Cloud, Zurich", "- Frankfurt" */
	if (seg.last - seg.first <= 4)
		return find_in_sentence(d, i, LC_CLOUD) != NOT_FOUND ||
			sentence_of(d, i).last - sentence_of(d, i).first <= 4;
	return 0;
}

static void region_add(
	struct reading *r, const char *code, size_t i, const char *rule, double conf)
{
	list_add(r, "regions", code, i, rule, conf);
}

/* Where newer statements replace older ones, the older regions go. */
static int outdated(const struct doc *d, size_t i, size_t newest)
{
	struct range c;
	size_t k;

	if (newest == i || newest == NOT_FOUND)
		return 0;
	if (rank_of(d, newest) >= rank_of(d, i) + 50 ||
		(d->chat && rank_of(d, newest) > rank_of(d, i))) {
		c = sentence_of(d, newest);
		k = find(d, c.first, c.last, LC_REVISE);
		return k != NOT_FOUND;
	}
	if (newest < i)
		return 0;
	c = clause_of(d, newest);
	k = find(d, c.first, c.last, LC_REVISE);
	if (k != NOT_FOUND && k < i && i < newest)
		return 0; /* "now on X, with Y for DR": the word stands before both */
	if (k == NOT_FOUND && c.first > 0) {
		struct range s = sentence_of(d, newest);

		k = find(d, s.first, c.first, LC_REVISE);
		if (k != NOT_FOUND && k < i)
			k = NOT_FOUND;
	}
	return k != NOT_FOUND &&
		!word_is(d, k,
			"was|were|has "
			"been|decided|decision|confirmed|agreed|final|latest|rather");
}

static size_t newest_spot(const struct doc *d, unsigned cls)
{
	size_t best = NOT_FOUND;

	for (size_t i = 0; i < d->s.n; i++) {
		struct range c;
		size_t k;

		if (is(d, i, cls) == NULL || d->at[i].dead ||
			(status_of(d, i, i + 1) & (ST_EXCLUDED | ST_LEFT | ST_NOTHING)))
			continue;
		c = sentence_of(d, i);
		k = find(d, c.first, c.last, LC_REVISE);
		if (k == NOT_FOUND && word_is(d, i + 1, "rather than|instead of|not"))
			k = i - (i > 0);
		if (k == NOT_FOUND || (k > i && !word_is(d, k, "instead|now|actually")))
			continue;
		if (best == NOT_FOUND || rank_of(d, i) > rank_of(d, best) ||
			(rank_of(d, i) == rank_of(d, best) && i > best))
			best = i;
	}
	return best;
}

static const char *the_cloud(const struct reading *r)
{
	const struct fact *f = fact_get(r, "cloud", NULL);

	return f != NULL ? f->text : NULL;
}

/* The system's cloud; where none is settled, the one named with the place. */
static const char *cloud_at(const struct doc *d, const struct reading *r, size_t i)
{
	size_t k;

	if (the_cloud(r) != NULL)
		return the_cloud(r);
	k = find(d, segment_of(d, i).first, segment_of(d, i).last, LC_CLOUD);
	return k == NOT_FOUND ? NULL : is(d, k, LC_CLOUD);
}

/* The code named at i. "Canada Central" is Azure's name, and AWS's where only AWS is named. */
static const char *region_named(
	const struct doc *d, size_t i, const struct cloud_view cv[CLOUDS])
{
	const char *code = is(d, i, LC_REGION), *place = is(d, i, LC_PLACE);
	const struct region *g = NULL;
	int others = 0, other = -1;

	if (code == NULL || place == NULL || cv[2].named)
		return code;
	for (int k = 0; k < CLOUDS; k++)
		if (cv[k].named) {
			others++;
			other = k;
		}
	return others == 1 &&
			region_at_place(d->v->regions, clouds[other], place, &g) == 1
		? g->code
		: code;
}

static void read_region_codes(
	const struct doc *d, struct reading *r, struct cloud_view cv[CLOUDS])
{
	size_t newest = newest_spot(d, LC_REGION);

	for (size_t i = 0; i < d->s.n; i++) {
		const char *code = region_named(d, i, cv);
		const struct region *g;
		unsigned st;

		if (code == NULL || (d->at[i].dead & ~(unsigned)DEAD_PAST))
			continue;
		st = status_of(d, i, i + 1);
		if (st & (ST_EXCLUDED | ST_LEFT)) {
			exclude(r, code, i, "region.excluded");
			continue;
		}
		if ((st & ST_NOTHING) || d->at[i].dead || outdated(d, i, newest))
			continue;
		g = region_by_code(d->v->regions, code);
		/* "Central US", "East Asia" in running text: needs a cloud or a hosting word */
		if (strcmp(g->cloud, "azure") == 0 &&
			!lexeme_equals(&d->s, &d->s.lex[i], code) && !cv[2].named &&
			!hosting_place(d, i) && !lexeme_capital(&d->s, &d->s.lex[i]))
			continue;
		region_add(r, code, i, "region.code", 0.98);
		if (st & ST_HEDGED)
			note_add(r, "regions", "said with a hedge", i, i + 1);
		cv[cloud_index(g->cloud)].inferred++;
		if (cv[cloud_index(g->cloud)].inferred_at == 0)
			cv[cloud_index(g->cloud)].inferred_at = i + 1;
	}
}

static const char *country_of_city(const struct doc *d, const char *place)
{
	JSON_EACH (country, d->v->regions->cities)
		if (json_has_text(country, place))
			return json_key(country);
	for (size_t i = 0; i < d->v->regions->n; i++)
		if (json_has_text(d->v->regions->at[i].places, place))
			return d->v->regions->at[i].country;
	return NULL;
}

static void residency_add(
	struct reading *r, const char *code, size_t i, const char *rule, double conf)
{
	list_add(r, "data_residency", code, i, rule, conf);
}

static void read_places(const struct doc *d, struct reading *r)
{
	size_t newest = newest_spot(d, LC_PLACE), newest_code = newest_spot(d, LC_REGION);

	for (size_t i = 0; i < d->s.n; i++) {
		const char *place = is(d, i, LC_PLACE), *cloud = cloud_at(d, r, i),
			   *country;
		const struct region *g = NULL;
		unsigned st;
		size_t n;

		if (place == NULL || d->at[i].dead)
			continue;
		st = status_of(d, i, i + 1);
		/* "(eu-central-1)" right behind says it already */
		if (!hosting_place(d, i) || outdated(d, i, newest) ||
			outdated(d, i, newest_code))
			continue;
		if (is(d, i, LC_COUNTRY) != NULL &&
			(cloud == NULL ||
				region_at_place(d->v->regions, cloud, place, &g) != 1))
			continue; /* read as a country */
		/* in a list of one place and its code, the code counts */
		if (find(d, segment_of(d, i).first, segment_of(d, i).last + 2,
			    LC_REGION) != NOT_FOUND &&
			sentence_of(d, i).last >= segment_of(d, i).last)
			continue;
		if (cloud == NULL) {
			country = country_of_city(d, place);
			if (note_has(r, "cloud") &&
				find_in_sentence(d, i, LC_HOSTING) == NOT_FOUND)
				continue;
			if (country != NULL && !(st & (ST_EXCLUDED | ST_NOTHING)))
				residency_add(r, country, i, "residency.city", 0.7);
			note_add(r, "regions",
				"the place is named, the cloud is not known", i, i + 1);
			continue;
		}
		n = region_at_place(d->v->regions, cloud, place, &g);
		if (n == 0) {
			country = country_of_city(d, place);
			if (country != NULL && !(st & (ST_EXCLUDED | ST_NOTHING)) &&
				find(d, clause_of(d, i).first, clause_of(d, i).last,
					LC_HOSTING) != NOT_FOUND)
				note_add(r, "regions",
					"the cloud has no region at that place", i,
					i + 1);
			continue;
		}
		if (st & (ST_EXCLUDED | ST_LEFT)) {
			if (n == 1)
				exclude(r, g->code, i, "region.excluded");
			continue;
		}
		if (st & ST_NOTHING)
			continue;
		if (n > 1) {
			note_add(r, "regions",
				"several regions of the cloud are at that place", i,
				i + 1);
			continue;
		}
		region_add(r, g->code, i, "region.place", 0.92);
		if (st & ST_HEDGED)
			note_add(r, "regions", "said with a hedge", i, i + 1);
	}
}

/* "US" is a country in capitals or among hosting words; "us" mostly is not. */
static int country_word(const struct doc *d, size_t i)
{
	const struct lexeme *l = &d->s.lex[i];

	if (!word_is(d, i, "us"))
		return !word_is(d, i, "polish|turkey") || lexeme_capital(&d->s, l);
	if (lexeme_all_caps(&d->s, l))
		return i == 0 || !sign_is(d, i - 1, '$');
	return !d->any_capital && i > 0 &&
		word_is(d, i - 1, "the|in|outside|inside|within") &&
		(word_is(d, i - 1, "the") ||
			find(d, clause_of(d, i).first, clause_of(d, i).last, LC_BOUND) !=
				NOT_FOUND);
}

/* Is the country a boundary or hosting place here, or only where people are? */
static int boundary_of(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i), seg = segment_of(d, i);
	size_t people = NOT_FOUND, bound = NOT_FOUND;

	for (size_t k = seg.first; k < c.last; k++) {
		size_t dist = k > i ? k - i : i - k;

		if (k == i || d->at[k].dead)
			continue;
		if (k < seg.last && is(d, k, LC_PEOPLE) != NULL && dist < people)
			people = dist;
		if (is(d, k, LC_BOUND) != NULL && dist < bound)
			bound = dist;
	}
	for (size_t k = c.first; k < seg.first; k++)
		if (is(d, k, LC_BOUND) != NULL && i - k < bound)
			bound = i - k;
	/* "Azure, Netherlands", "AWS (Germany)", "on AWS in Canada" */
	if (i >= 2 && is(d, i - 2, LC_CLOUD) != NULL && is(d, i + 1, LC_PEOPLE) == NULL &&
		(sign_is(d, i - 1, ',') || sign_is(d, i - 1, '(') ||
			sign_is(d, i - 1, '/') || word_is(d, i - 1, "in")) &&
		!is_word(d, i + 1))
		return 1;
	/* "EU customers", "German company": the word right behind says whose it is */
	if (is(d, i + 1, LC_PEOPLE) != NULL && is(d, i + 1, LC_BOUND) == NULL &&
		people == 1)
		return 0;
	if (bound != NOT_FOUND && (people == NOT_FOUND || bound <= people + 1))
		return 1;
	if (people != NOT_FOUND)
		return 0;
	if (find_in_header(d, i, LC_BOUND) != NOT_FOUND)
		return 1;
	/* "..., in the EU." as a remark of its own */
	if (seg.last - seg.first <= 6 && i + 1 >= seg.last - 1 &&
		word_is(d, seg.first + (sign_is(d, seg.first, ',') ? 1 : 0),
			"in|within|inside"))
		return 1;
	if (sentence_of(d, i).last - sentence_of(d, i).first > 0) {
		size_t k = find(d, sentence_of(d, i).first, seg.first, LC_BOUND);

		if (k != NOT_FOUND && i - k <= 6)
			return 1;
	}
	return 0;
}

/* "not in the US", "but not US" */
static int directly_not(const struct doc *d, size_t i)
{
	size_t k = i;

	while (k > 0 && i - k < 4 && word_is(d, k - 1, "the|in|inside|within|on|from"))
		k--;
	return k > 0 && k < i &&
		(is(d, k - 1, LC_NOT) != NULL || word_is(d, k - 1, "but not|and not")) &&
		is(d, i + 1, LC_PEOPLE) == NULL;
}

/* "don't", "must never", "no", at a phrase's beginning, too */
static int denies(const struct doc *d, size_t k)
{
	static const char *const words[] = { "don't", "do not", "dont", "never",
		"must not", "mustn't", "may not", "cannot", "can't", "can not",
		"should not", "shouldn't", "shall not", "nothing", "no " };
	const struct lexeme *l = &d->s.lex[k];

	if (is(d, k, LC_NOT) != NULL || is(d, k, LC_NO) != NULL)
		return 1;
	for (size_t w = 0; w < ARRAY_LEN(words); w++) {
		size_t n = strlen(words[w]);

		if (l->to - l->from >= n && memcmp(d->s.norm + l->from, words[w], n) == 0)
			return 1;
	}
	return 0;
}

/* "don't host it in the US", "no data in the US", "nothing may be stored in China" */
static int kept_out(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i);
	const struct lexeme *to;
	size_t k = i, verb;

	while (k > c.first && word_is(d, k - 1, "the|mainland"))
		k--;
	if (k == c.first)
		return 0;
	to = &d->s.lex[k - 1];
	if (!word_is(d, k - 1, "in|inside|within|on")) {
		/* "hosted in" may be one phrase */
		if (to->to - to->from < 4 ||
			memcmp(d->s.norm + to->to - 3, " in", 3) != 0)
			return 0;
		k++;
	}
	for (verb = k - 1; verb > c.first && k - verb < 7; verb--)
		if (is(d, verb - 1, LC_HOSTING) != NULL ||
			is(d, verb - 1, LC_KEEP) != NULL ||
			is(d, verb - 1, LC_DCDATA) != NULL ||
			is(d, verb - 1, LC_DC) != NULL ||
			is(d, verb - 1, LC_INUSE) != NULL ||
			word_is(d, verb - 1,
				"put|save|saved|hold|held|live|placed|place"))
			for (size_t n = verb; n > c.first && verb - n < 4; n--)
				if (denies(d, n - 1))
					return 1;
	return 0;
}

/* "must not be hosted in the US" */
static int barred(const struct doc *d, size_t i)
{
	size_t k = i;

	while (k > 0 && i - k < 2 && is(d, k - 1, LC_DET) != NULL)
		k--;
	return k > 0 && is(d, k - 1, LC_EXCL) != NULL &&
		d->s.lex[k - 1].to - d->s.lex[k - 1].from > 8 &&
		memcmp(d->s.norm + d->s.lex[k - 1].to - 3, " in", 3) == 0;
}

/* "residency: CA": a code where a jurisdiction is asked for */
static const char *coded_country(const struct doc *d, size_t i)
{
	const struct lexeme *l = &d->s.lex[i];

	if ((l->kind != LEX_WORD && l->kind != LEX_PHRASE) || l->to - l->from != 2 ||
		i < 2 || d->at[i].dead || !lexeme_all_caps(&d->s, l) ||
		!(sign_is(d, i - 1, ':') || sign_is(d, i - 1, '=') ||
			d->s.lex[i - 1].kind == LEX_CELL) ||
		!word_is(d, i - 2,
			"residency|data_residency|residence|jurisdiction|sovereignty|"
			"data residency|data location"))
		return NULL;
	JSON_EACH (c, d->v->regions->jurisdictions)
		if (strlen(json_key(c)) == 2 && json_key(c)[0] == d->s.text[l->src] &&
			json_key(c)[1] == d->s.text[l->src + 1])
			return json_key(c);
	return NULL;
}

static void one_country(const struct doc *d, struct reading *r, size_t i, size_t newest)
{
	const char *code = is(d, i, LC_COUNTRY), *cloud = cloud_at(d, r, i),
		   *place = is(d, i, LC_PLACE);
	const struct region *g = NULL;
	struct range c = clause_of(d, i);
	unsigned st;
	size_t out;

	if ((d->at[i].dead & ~(unsigned)DEAD_PAST) || !country_word(d, i))
		return;
	if (sign_is(d, i + 1, '(') &&
		(is(d, i + 2, LC_PLACE) != NULL || is(d, i + 2, LC_REGION) != NULL))
		return; /* "Europe (Frankfurt)" */
	/* "Canada (Central)": a region's name, a bracket in it */
	if (sign_is(d, i + 1, '(') && sign_is(d, i + 3, ')') && cloud != NULL) {
		const struct lexeme *a = &d->s.lex[i], *b = &d->s.lex[i + 2];
		char name[64];

		snprintf(name, sizeof(name), "%.*s %.*s", (int)(a->to - a->from),
			d->s.norm + a->from, (int)(b->to - b->from), d->s.norm + b->from);
		if (region_at_place(d->v->regions, cloud, name, &g) == 1) {
			region_add(r, g->code, i, "region.place", 0.9);
			return;
		}
	}
	if (directly_not(d, i) || barred(d, i) || kept_out(d, i)) {
		exclude(r, code, i, "residency.excluded");
		return;
	}
	if (!boundary_of(d, i)) {
		if (place != NULL && cloud != NULL &&
			region_at_place(d->v->regions, cloud, place, &g) == 1 &&
			hosting_place(d, i) && !outdated(d, i, newest) &&
			!(status_of(d, i, i + 1) & (ST_EXCLUDED | ST_LEFT | ST_NOTHING)))
			region_add(r, g->code, i, "region.place", 0.9);
		return;
	}
	/* "AWS Ireland": the provider calls the region so */
	if (place != NULL && cloud != NULL &&
		region_at_place(d->v->regions, cloud, place, &g) == 1) {
		st = status_of(d, i, i + 1);
		if (st & (ST_EXCLUDED | ST_LEFT))
			exclude(r, g->code, i, "region.excluded");
		else if (!(st & ST_NOTHING) && !outdated(d, i, newest))
			region_add(r, g->code, i, "region.place", 0.9);
		return;
	}
	/* "never leave X", "nothing outside X": X is the boundary; "outside X": X is out */
	out = find_back(d, c.first, i, LC_BOUNDOUT);
	if (out != NOT_FOUND && i - out <= 5) {
		size_t neg = NOT_FOUND;

		for (size_t k = out > c.first + 7 ? out - 7 : c.first; k <= out; k++)
			if (is(d, k, LC_NOT) != NULL || is(d, k, LC_NO) != NULL ||
				is(d, k, LC_EXCL) != NULL ||
				word_is(d, k,
					"nothing|nowhere|never|none|never leave|not "
					"leave|must not leave|"
					"may not leave|cannot leave|can't leave|can not "
					"leave|never leaves|"
					"nothing outside|not outside|not allowed to "
					"leave|no transfer outside|leave the"))
				if (!(k == out &&
					    word_is(d, k,
						    "outside|outside of|outside of "
						    "the|leave|leaves|leaving|beyond")))
					neg = k;
		if (neg != NOT_FOUND || word_is(d, out, "nothing outside"))
			residency_add(r, code, i, "residency.boundary", 0.95);
		else if (word_is(d, out, "outside|outside of|outside of the"))
			exclude(r, code, i, "residency.outside");
		return;
	}
	if (find(d, c.first, i, LC_BOUND) != NOT_FOUND &&
		word_is(d, find_back(d, c.first, i, LC_BOUND),
			"never leave|not leave|never leaves|must not leave|may not "
			"leave|cannot leave|can't leave|"
			"can not leave|nothing outside|not outside|no transfer "
			"outside|not allowed to leave")) {
		residency_add(r, code, i, "residency.boundary", 0.95);
		return;
	}
	st = status_of(d, i, i + 1);
	if (st & ST_EXCLUDED) {
		exclude(r, code, i, "residency.excluded");
		return;
	}
	if ((st & ST_NOTHING) || d->at[i].dead)
		return;
	residency_add(r, code, i, "residency.hosting", 0.85);
	if (st & ST_HEDGED)
		note_add(r, "data_residency", "said with a hedge", i, i + 1);
}

/* The narrowest that the text gives; a preferred country inside a boundary adds nothing. */
static void narrow_residency(const struct doc *d, struct reading *r)
{
	for (size_t a = 0; a < r->n_facts; a++) {
		struct fact *in = &r->facts[a];

		if (strcmp(in->field, "data_residency") != 0)
			continue;
		for (size_t b = 0; b < r->n_facts; b++) {
			struct fact *out = &r->facts[b];
			struct range seg;
			size_t p;

			if (b == a || strcmp(out->field, "data_residency") != 0 ||
				!jurisdiction_within(
					d->v->regions, in->text, out->text) ||
				strcmp(in->text, out->text) == 0)
				continue;
			seg = segment_of(d, in->first);
			p = find(d, seg.first, seg.last, LC_SOFT);
			if (p == NOT_FOUND)
				p = find(d, seg.first, seg.last, LC_PREFER);
			fact_drop(r, "data_residency", NULL,
				p != NOT_FOUND ? in->text : out->text);
			narrow_residency(d, r);
			return;
		}
	}
}

/* ---- languages and deployment ---- */

static int language_counts(const struct doc *d, size_t i)
{
	if (word_is(d, i, "sql") &&
		(word_is(d, i + 1, "server|injection|queries|query|database|db|dump") ||
			word_is(d, i - 1, "ad-hoc|ad hoc|no|azure|cloud|ms")))
		return 0;
	if (word_is(d, i, ".net") && d->s.lex[i].flags & LEX_GLUED)
		return 0; /* of a host's name */
	if (word_is(d, i, "r") && (sign_is(d, i + 1, '&') || sign_is(d, i - 1, '&')))
		return 0;
	return 1;
}

static void read_languages(const struct doc *d, struct reading *r)
{
	for (size_t i = 0; i < d->s.n; i++) {
		const char *lang = is(d, i, LC_LANG);
		unsigned st;
		int have = 0;

		if (lang == NULL ||
			!(d->at[i].entity ||
				word_is(d, i - 1, "all|mostly|pure|plain")) ||
			(d->at[i].dead & ~(unsigned)DEAD_PAST) || !language_counts(d, i))
			continue;
		st = status_of(d, i, i + 1);
		if (st & (ST_EXCLUDED | ST_LEFT)) {
			exclude(r, lang, i, "language.excluded");
			continue;
		}
		if ((st & ST_NOTHING) || d->at[i].dead)
			continue;
		for (size_t k = 0; k < r->n_facts; k++)
			have |= r->facts[k].member != NULL &&
				strcmp(r->facts[k].member, "languages") == 0 &&
				strcmp(r->facts[k].text, lang) == 0;
		if (!have)
			fact_add(r, "team_constraints", "languages", lang, 0, i, i + 1,
				"team.language", 0.9);
	}
}

/* "container vessels": what carries goods runs no programs. */
static int is_cargo(const struct doc *d, size_t i)
{
	return word_is(d, i, "container|containers|pods") &&
		(word_is(d, i + 1,
			 "number|numbers|gate|gates|id|ids|vessel|vessels|ship|ships|"
			 "shipping|terminal|terminals|port|"
			 "ports|"
			 "freight|yard|yards|line|lines|logistics|trucks|cranes|handling|"
			 "glass|unloading") ||
			word_is(d, i - 1, "shipping|freight|reefer|cargo|sea|waste"));
}

/* "Everything runs as containers": of the system to be, unless it says "today" */
static int of_everything(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i);

	if (find(d, c.first, c.last, LC_PRESENT) != NOT_FOUND)
		return 0;
	for (size_t k = c.first; k < i; k++)
		if (word_is(d, k, "everything|all services|all programs"))
			return 1;
	return 0;
}

/* deploy[wish or in use][serverless or containers] */
static void read_deployment(
	const struct doc *d, struct reading *r, int deploy[2][2], size_t at[2][2])
{
	static const char *const names[2] = { "serverless", "containers" };
	int excluded[2] = { 0, 0 }, alternatives = 0;

	for (size_t i = 0; i < d->s.n; i++) {
		const char *id = is(d, i, LC_DEPLOY);
		unsigned st;
		int k, wish;

		if (id == NULL || (d->at[i].dead & ~(unsigned)DEAD_PAST) ||
			is_cargo(d, i))
			continue;
		k = strcmp(id, "serverless") == 0 ? 0 : 1;
		st = status_of(d, i, i + 1);
		if (st & ST_EXCLUDED) {
			exclude(r, id, i, "deployment.excluded");
			excluded[k] = 1;
			continue;
		}
		if ((st & (ST_LEFT | ST_NOTHING | ST_SKILL)) || d->at[i].dead)
			continue;
		wish = (st & ST_IN_USE) == 0 || (st & ST_KEEP) || of_everything(d, i);
		for (size_t j = i + 1; j < i + 3; j++)
			if (word_is(d, j, "or") && is(d, j + 1, LC_DEPLOY) != NULL)
				alternatives = 1;
		deploy[wish][k]++;
		if (at[wish][k] == 0)
			at[wish][k] = i + 1;
	}
	for (int wish = 1; wish >= 0; wish--) {
		if (deploy[wish][0] && deploy[wish][1]) {
			size_t a = at[wish][0] - 1, b = at[wish][1] - 1;
			size_t later = a > b ? a : b;

			if (!wish)
				return;
			if (alternatives ||
				find_in_sentence(d, a, LC_UNDECIDED) != NOT_FOUND) {
				note_add(r, "deployment_pref",
					"serverless and containers are both named", a,
					a + 1);
				return;
			}
			/* a stated wish outweighs technologies that only come with one side */
			if ((is(d, a, LC_DEPLOY) != NULL) !=
				(is(d, b, LC_DEPLOY) != NULL)) {
				int k = is(d, a, LC_DEPLOY) != NULL ? 0 : 1;

				struct range c = clause_of(d, at[1][!k] - 1);

				if (find(d, c.first, c.last, LC_ASK) == NOT_FOUND &&
					find(d, c.first, c.last, LC_ASKPOST) ==
						NOT_FOUND) {
					fact_add(r, "deployment_pref", NULL, names[k], 0,
						at[1][k] - 1, at[1][k],
						"deployment.asked", 0.8);
					return;
				}
			}
			if (find(d, clause_of(d, later).first, clause_of(d, later).last,
				    LC_REVISE) != NOT_FOUND) {
				int k = later == a ? 0 : 1;

				fact_add(r, "deployment_pref", NULL, names[k], 0, later,
					later + 1, "deployment.revised", 0.8);
				return;
			}
			conflict_add(r, "deployment_pref", NULL, a, a + 1, b, b + 1,
				"serverless and containers are both asked for");
			return;
		}
		for (int k = 0; k < 2; k++)
			if (deploy[wish][k]) {
				fact_add(r, "deployment_pref", NULL, names[k], 0,
					at[wish][k] - 1, at[wish][k],
					wish ? "deployment.asked" : "deployment.in-use",
					wish ? 0.9 : 0.75);
				if (excluded[k])
					conflict_add(r, "deployment_pref", "exclusions",
						at[wish][k] - 1, at[wish][k],
						at[wish][k] - 1, at[wish][k],
						"%s is asked for and ruled out",
						names[k]);
				return;
			}
	}
}

/* What is being left is not part of the stack. */
static void drop_left(struct reading *r)
{
	static const char *const lists[] = { "existing_stack", "storage_prefs",
		"observability_prefs" };

	for (size_t i = 0; i < r->n_facts; i++) {
		const char *id = r->facts[i].text;
		size_t before = r->n_facts;

		if (strcmp(r->facts[i].field, "exclusions") != 0 ||
			strcmp(r->facts[i].rule, "tech.left") != 0)
			continue;
		for (size_t k = 0; k < 3; k++)
			fact_drop(r, lists[k], NULL, id);
		if (r->n_facts != before) {
			drop_left(r);
			return;
		}
	}
}

void read_things(const struct doc *d, struct reading *r)
{
	struct cloud_view cv[CLOUDS] = { { 0 } };
	int deploy[2][2] = { { 0, 0 }, { 0, 0 } };
	size_t deploy_at[2][2] = { { 0, 0 }, { 0, 0 } }, newest;
	const char *code;

	read_clouds(d, r, cv);
	read_technologies(d, r, cv, deploy, deploy_at);
	read_region_codes(d, r, cv);
	settle_cloud(d, r, cv);
	read_places(d, r);
	newest = newest_spot(d, LC_REGION);
	for (size_t i = 0; i < d->s.n; i++)
		if (is(d, i, LC_COUNTRY) != NULL)
			one_country(d, r, i, newest);
		else if ((code = coded_country(d, i)) != NULL)
			residency_add(r, code, i, "residency.code", 0.9);
	narrow_residency(d, r);
	drop_left(r);
	read_languages(d, r);
	read_deployment(d, r, deploy, deploy_at);
}
