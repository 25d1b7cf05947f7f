/*
 * The plan as a layered drawing, inline SVG. Slots stand in columns by the longest
 * way that data takes to them, rows by the middle of their neighbours; shared
 * foundations stand in a band below. Only plain arithmetic: the same plan gives the
 * same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "compile.h"

#define NODES_MAX 512 /* slots, and the points where long arrows pass a column */
#define SLOTS_MAX 64
#define EDGES_MAX 256
#define BOX_W     212
#define BOX_H     58
#define PASS_H    10
#define GAP_X     108
#define GAP_Y     26
#define MARGIN    16

struct node {
	const char *name, *pattern, *capability;
	size_t layer;
	double row;
	int passes; /* 1: no box, an arrow's way through a column */
	int x, y, h;
};

struct edge {
	size_t from, to;
	const char *port;
	int back;          /* closes a circle: has no say in the columns */
	size_t via, n_via; /* nodes that it passes, one a column */
};

/* A step from one column to the next, for the order of rows. */
struct link {
	size_t from, to;
};

struct drawing {
	struct node at[NODES_MAX];
	size_t n;
	struct edge edges[EDGES_MAX];
	size_t n_edges, n_layers;
	struct link links[NODES_MAX + EDGES_MAX];
	size_t n_links;
};

static size_t find(const struct drawing *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->at[i].name, name) == 0)
			return i;
	return NODES_MAX;
}

static void collect(struct drawing *d, const cJSON *plan)
{
	JSON_EACH (s, json_get(plan, "slots")) {
		if (d->n == SLOTS_MAX)
			break;
		d->at[d->n++] = (struct node){ .name = json_str_or(s, "slot", ""),
			.pattern = json_str_or(s, "pattern", ""),
			.capability = json_str_or(s, "capability", "") };
	}
	JSON_EACH (e, json_get(plan, "edges")) {
		int writes = json_true(json_get(e, "writes"));
		size_t from = find(d, json_str_or(e, writes ? "to" : "from", "")),
		       to = find(d, json_str_or(e, writes ? "from" : "to", ""));

		if (from < NODES_MAX && to < NODES_MAX && from != to &&
			d->n_edges < EDGES_MAX)
			d->edges[d->n_edges++] = (struct edge){ .from = from,
				.to = to,
				.port = json_str_or(e, "port", ""),
				.back = writes };
	}
}

/* Marks in `seen` what data reaches from `at` by the arrows that have a say. */
static void reach(const struct drawing *d, size_t at, char seen[SLOTS_MAX])
{
	seen[at] = 1;
	for (size_t i = 0; i < d->n_edges; i++)
		if (!d->edges[i].back && d->edges[i].from == at && !seen[d->edges[i].to])
			reach(d, d->edges[i].to, seen);
}

/* Who reads from a store stands behind it, and who writes before it, unless that one
 * reads from it, too. */
static void close_circles(struct drawing *d)
{
	for (size_t i = 0; i < d->n_edges; i++) {
		char seen[SLOTS_MAX] = { 0 };

		reach(d, d->edges[i].to, seen);
		d->edges[i].back = seen[d->edges[i].from];
	}
}

/* Longest path; a cycle stops growing after as many rounds as there are nodes. */
static void layer(struct drawing *d)
{
	close_circles(d);
	for (size_t round = 0; round < d->n; round++) {
		int moved = 0;

		for (size_t i = 0; i < d->n_edges; i++) {
			size_t least = d->at[d->edges[i].from].layer + 1;

			if (!d->edges[i].back && d->at[d->edges[i].to].layer < least &&
				least < d->n) {
				d->at[d->edges[i].to].layer = least;
				moved = 1;
			}
		}
		if (!moved)
			break;
	}
	for (size_t i = 0; i < d->n; i++)
		if (d->at[i].layer + 1 > d->n_layers)
			d->n_layers = d->at[i].layer + 1;
}

/* What nothing is connected to stands in the last column: it watches the others. */
static void place_lonely(struct drawing *d)
{
	for (size_t i = 0; i < d->n; i++) {
		int any = 0;

		for (size_t k = 0; k < d->n_edges; k++)
			any |= d->edges[k].from == i || d->edges[k].to == i;
		if (!any && d->n_layers > 0)
			d->at[i].layer = d->n_layers - 1;
	}
}

static void link_to(struct drawing *d, size_t from, size_t to)
{
	if (d->n_links < ARRAY_LEN(d->links))
		d->links[d->n_links++] = (struct link){ from, to };
}

/* A place in every column that an arrow passes; arrows between the same two boxes
 * share theirs. */
static void pass(struct drawing *d)
{
	for (size_t i = 0; i < d->n_edges; i++) {
		struct edge *e = &d->edges[i];
		size_t a = d->at[e->from].layer, b = d->at[e->to].layer, last = e->from;

		for (size_t k = 0; k < i && e->n_via == 0; k++)
			if (d->edges[k].from == e->from && d->edges[k].to == e->to) {
				e->via = d->edges[k].via;
				e->n_via = d->edges[k].n_via;
				last = NODES_MAX;
			}
		if (last == NODES_MAX || b <= a || d->n + b - a - 1 > NODES_MAX)
			continue;
		e->via = d->n;
		for (size_t l = a + 1; l < b; l++) {
			d->at[d->n] = (struct node){ .name = "",
				.pattern = "",
				.capability = "",
				.layer = l,
				.passes = 1 };
			link_to(d, last, d->n);
			last = d->n++;
			e->n_via++;
		}
		link_to(d, last, e->to);
	}
}

/* Rows of a layer, in the order of the wished places; ties by the order of the plan. */
static size_t settle(struct drawing *d, size_t layer_no, const double *wish)
{
	size_t order[NODES_MAX], n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->at[i].layer == layer_no) {
			size_t k = n++;

			for (; k > 0 && wish[order[k - 1]] > wish[i]; k--)
				order[k] = order[k - 1];
			order[k] = i;
		}
	for (size_t i = 0; i < n; i++)
		d->at[order[i]].row = (double)i;
	return n;
}

static void arrange(struct drawing *d)
{
	double wish[NODES_MAX];

	for (size_t i = 0; i < d->n; i++)
		wish[i] = (double)i;
	for (size_t l = 0; l < d->n_layers; l++)
		(void)settle(d, l, wish);
	for (int sweep = 0; sweep < 4; sweep++)
		for (size_t step = 0; step < d->n_layers; step++) {
			size_t l = sweep % 2 == 0 ? step : d->n_layers - 1 - step;

			for (size_t i = 0; i < d->n; i++) {
				double sum = 0;
				size_t n = 0;

				for (size_t k = 0; k < d->n_links; k++) {
					size_t other = sweep % 2 == 0 ? d->links[k].from
								      : d->links[k].to;
					size_t me = sweep % 2 == 0 ? d->links[k].to
								   : d->links[k].from;

					if (me == i) {
						sum += d->at[other].row;
						n++;
					}
				}
				wish[i] = n > 0 ? sum / (double)n : d->at[i].row;
			}
			(void)settle(d, l, wish);
		}
}

/* Height of a column as it will stand. */
static int column_height(const struct drawing *d, size_t l)
{
	int h = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->at[i].layer == l)
			h += (d->at[i].passes ? PASS_H : BOX_H) + GAP_Y;
	return h;
}

static int place(struct drawing *d)
{
	int most = BOX_H + GAP_Y;

	for (size_t l = 0; l < d->n_layers; l++)
		if (column_height(d, l) > most)
			most = column_height(d, l);
	for (size_t l = 0; l < d->n_layers; l++) {
		int y = MARGIN + (most - column_height(d, l)) / 2;
		size_t row = 0, placed = 1;

		for (; placed > 0; row++) {
			placed = 0;
			for (size_t i = 0; i < d->n; i++) {
				struct node *n = &d->at[i];

				if (n->layer != l || (size_t)n->row != row)
					continue;
				n->h = n->passes ? PASS_H : BOX_H;
				n->x = MARGIN + (int)l * (BOX_W + GAP_X);
				n->y = y;
				y += n->h + GAP_Y;
				placed++;
			}
		}
	}
	return MARGIN + most;
}

static void box(struct buf *out, const struct node *n)
{
	struct buf title = BUF_INIT(512);

	buf_addf(out, "<g class=\"node c-%s\"><title>", n->capability);
	put_html(out, n->pattern);
	buf_addf(out,
		"</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"9\"/>",
		n->x, n->y, BOX_W, BOX_H);
	buf_addf(out, "<text class=\"cap\" x=\"%d\" y=\"%d\">", n->x + 14, n->y + 22);
	put_html(out, n->name);
	buf_addf(out, "</text><text class=\"pat\" x=\"%d\" y=\"%d\">", n->x + 14,
		n->y + 43);
	put_html(out, title_of(n->pattern, &title));
	buf_add_str(out, "</text></g>\n");
	buf_release(&title);
}

/* One bend of an arrow, level at both ends. */
static void bend(struct buf *out, int x1, int y1, int x2, int y2)
{
	int mid = (x1 + x2) / 2;

	buf_addf(out, "C%d %d %d %d %d %d", mid, y1, mid, y2, x2, y2);
}

static void arrow(struct buf *out, const struct drawing *d, const struct edge *e)
{
	const struct node *a = &d->at[e->from], *b = &d->at[e->to];
	int x = a->x + BOX_W, y = a->y + BOX_H / 2;

	buf_add_str(out, "<g class=\"edge\"><title>");
	put_html(out, a->name);
	buf_add_str(out, " to ");
	put_html(out, b->name);
	buf_add_str(out, ": ");
	put_html(out, e->port);
	buf_add_str(out, "</title>");
	if (b->x > a->x) {
		buf_addf(out, "<path d=\"M%d %d", x, y);
		for (size_t i = 0; i < e->n_via; i++) {
			const struct node *v = &d->at[e->via + i];

			bend(out, x, y, v->x, v->y + PASS_H / 2);
			x = v->x + BOX_W;
			y = v->y + PASS_H / 2;
			buf_addf(out, "L%d %d", x, y);
		}
		bend(out, x, y, b->x - 7, b->y + BOX_H / 2);
	} else if (b->x < a->x) { /* back, below both */
		int below = (a->y > b->y ? a->y : b->y) + BOX_H + 2 * GAP_Y;

		buf_addf(out, "<path d=\"M%d %dC%d %d %d %d %d %d", a->x + BOX_W / 2,
			a->y + BOX_H, a->x + BOX_W / 2, below, b->x + BOX_W / 2, below,
			b->x + BOX_W / 2, b->y + BOX_H + 7);
	} else { /* the same column */
		int down = b->y > a->y;

		buf_addf(out, "<path d=\"M%d %dL%d %d", a->x + BOX_W / 2,
			down ? a->y + BOX_H : a->y, b->x + BOX_W / 2,
			down ? b->y - 7 : b->y + BOX_H + 7);
	}
	buf_add_str(out, "\" marker-end=\"url(#arrow)\"/></g>\n");
}

/* The ports of an arrow: once for each pair of boxes, above its middle. */
static void ports(struct buf *out, const struct drawing *d, size_t which)
{
	const struct edge *e = &d->edges[which];
	const struct node *a = &d->at[e->from], *b = &d->at[e->to];
	size_t more = 0;

	for (size_t i = 0; i < d->n_edges; i++)
		if (d->edges[i].from == e->from && d->edges[i].to == e->to) {
			if (i < which)
				return;
			more += i > which;
		}
	if (b->x - a->x != BOX_W + GAP_X)
		return; /* only where there is room: next column */
	buf_addf(out, "<text class=\"port\" x=\"%d\" y=\"%d\">",
		(a->x + BOX_W + b->x) / 2, (a->y + b->y + BOX_H) / 2 - 6);
	put_html(out, e->port);
	if (more > 0)
		buf_addf(out, " +%zu", more);
	buf_add_str(out, "</text>\n");
}

static int foundations(struct buf *out, const cJSON *bases, int y, int width)
{
	int x = MARGIN, line = y + 24;

	if (json_len(bases) == 0)
		return y;
	buf_addf(out,
		"<text class=\"band\" x=\"%d\" y=\"%d\">Shared foundations</text>\n",
		MARGIN, y + 10);
	JSON_EACH (b, bases) {
		struct buf title = BUF_INIT(512);
		int w;

		(void)title_of(json_str_or(b, "pattern", ""), &title);
		w = 28 + (int)title.len * 8;
		if (x + w > width - MARGIN && x > MARGIN) {
			x = MARGIN;
			line += 42;
		}
		buf_addf(out,
			"<g class=\"base\"><rect x=\"%d\" y=\"%d\" width=\"%d\" "
			"height=\"32\" rx=\"16\"/>"
			"<text x=\"%d\" y=\"%d\">",
			x, line, w, x + 14, line + 21);
		put_html(out, title.ptr);
		buf_add_str(out, "</text></g>\n");
		x += w + 12;
		buf_release(&title);
	}
	return line + 42;
}

void draw_plan(const cJSON *plan, struct buf *out)
{
	struct drawing *d = calloc(1, sizeof(*d));
	struct buf band = BUF_INIT(BUF_NO_LIMIT);
	int width, height;
	size_t slots;

	if (d == NULL) {
		out->failed = 1;
		return;
	}
	collect(d, plan);
	layer(d);
	place_lonely(d);
	slots = d->n;
	pass(d);
	arrange(d);
	height = place(d);
	width = 2 * MARGIN + (int)d->n_layers * (BOX_W + GAP_X) - GAP_X;
	if (width < 640)
		width = 640;
	height = foundations(&band, json_get(plan, "bases"), height + 8, width);
	buf_addf(out,
		"<svg class=\"plan\" role=\"img\" aria-labelledby=\"plan-title\" "
		"viewBox=\"0 0 %d %d\" "
		"width=\"%d\" height=\"%d\" xmlns=\"http://www.w3.org/2000/svg\">"
		"<title id=\"plan-title\">The plan: %zu components and how data flows "
		"between them</title>\n"
		"<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"1\" refY=\"4\" "
		"markerWidth=\"7\" "
		"markerHeight=\"7\" orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 "
		"8z\"/></marker></defs>\n",
		width, height + MARGIN, width, height + MARGIN, slots);
	for (size_t i = 0; i < d->n_edges; i++)
		arrow(out, d, &d->edges[i]);
	for (size_t i = 0; i < slots; i++)
		box(out, &d->at[i]);
	for (size_t i = 0; i < d->n_edges; i++)
		ports(out, d, i);
	buf_add(out, band.ptr, band.len);
	buf_add_str(out, "</svg>\n");
	buf_release(&band);
	free(d);
}

/* ---- cost ---- */

struct bar {
	const char *name;
	double usd;
};

#define BARS_MAX 12
#define ROW_H    30
#define NAME_W   190
#define BAR_W    430

static int by_usd(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;

	if (x->usd != y->usd)
		return x->usd < y->usd ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* By service: the figures of the cost report, else summed from its lines. */
static size_t bars_of(const cJSON *cost, struct bar *at, size_t max)
{
	const cJSON *list = json_get(cost, "by_service");
	size_t n = 0;

	if (json_len(list) == 0)
		list = json_get(cost, "breakdown");
	JSON_EACH (s, list) {
		const char *name =
			json_str_or(s, "service", json_str_or(s, "name", "other"));
		size_t i = 0;

		while (i < n && strcmp(at[i].name, name) != 0)
			i++;
		if (i == max)
			continue;
		if (i == n)
			at[n++] = (struct bar){ name, 0 };
		at[i].usd += json_num_or(s, "usd", 0);
	}
	if (n > 1)
		qsort(at, n, sizeof(*at), by_usd);
	return n;
}

static void one_bar(
	struct buf *out, size_t row, const char *name, double usd, double most)
{
	int y = (int)row * ROW_H, w = most > 0 ? (int)(usd / most * BAR_W + 0.5) : 0;

	buf_addf(out, "<text class=\"name\" x=\"%d\" y=\"%d\">", NAME_W - 10, y + 20);
	put_html(out, name);
	buf_addf(out,
		"</text><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"18\" rx=\"4\"/>",
		NAME_W, y + 6, w < 2 ? 2 : w);
	buf_addf(out, "<text x=\"%d\" y=\"%d\">", NAME_W + (w < 2 ? 2 : w) + 8, y + 20);
	put_usd(out, usd);
	buf_add_str(out, "</text>\n");
}

void draw_cost(const cJSON *cost, struct buf *out)
{
	struct bar at[128] = { { 0 } };
	size_t n = bars_of(cost, at, ARRAY_LEN(at)),
	       shown = n > BARS_MAX ? BARS_MAX - 1 : n;
	double rest = 0;

	if (n == 0)
		return;
	for (size_t i = shown; i < n; i++)
		rest += at[i].usd;
	n = shown + (rest > 0);
	buf_addf(out,
		"<svg class=\"cost\" role=\"img\" aria-labelledby=\"cost-title\" "
		"viewBox=\"0 0 %d %zu\" "
		"width=\"%d\" height=\"%zu\" xmlns=\"http://www.w3.org/2000/svg\">"
		"<title id=\"cost-title\">Monthly cost by service</title>\n",
		NAME_W + BAR_W + 110, n * ROW_H + 4, NAME_W + BAR_W + 110, n * ROW_H + 4);
	for (size_t i = 0; i < shown; i++)
		one_bar(out, i, at[i].name, at[i].usd, at[0].usd);
	if (rest > 0)
		one_bar(out, shown, "all others", rest, at[0].usd);
	buf_add_str(out, "</svg>\n");
}
