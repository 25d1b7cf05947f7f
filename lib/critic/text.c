/* --format text: the bill as a table with bars, the findings as a list. */
#include "internal.h"

#include <math.h>

#define BAR 24

/* Text from a state (buf_add_shown), at most `width` characters of UTF-8; answers how
 * many there were. */
static size_t words(struct buf *out, const char *text, size_t width)
{
	size_t n = 0;

	while (*text != '\0') {
		size_t hidden = buf_unshown(text);

		if (((unsigned char)*text & 0xC0) != 0x80 && n++ >= width)
			return width;
		buf_add_char(out, hidden > 0 ? '?' : *text);
		text += hidden > 0 ? hidden : 1;
	}
	return n;
}

/* The same in a column: padded to its width. */
static void cell(struct buf *out, const char *text, size_t width)
{
	for (size_t n = words(out, text, width); n < width; n++)
		buf_add_char(out, ' ');
}

static void money(struct buf *out, const cJSON *v)
{
	if (json_is(v, JSON_NUMBER))
		buf_addf(out, "%12.2f", json_number(v, 0));
	else
		buf_addf(out, "%12s", "-");
}

static void line_row(const cJSON *l, struct buf *out)
{
	struct buf price = BUF_INIT(64);

	cell(out, json_str_or(l, "component", ""), 20);
	buf_add_str(out, "  ");
	cell(out, json_str_or(l, "sku", ""), 40);
	buf_add_str(out, "  ");
	cell(out, json_str_or(l, "qty", ""), 24);
	if (json_is(json_get(l, "unit_price_usd"), JSON_NUMBER))
		json_print_number(json_num_or(l, "unit_price_usd", 0), &price);
	else
		buf_add_str(&price, "-");
	buf_addf(out, " %14s", price.ptr);
	money(out, json_get(l, "usd"));
	buf_addf(out, "  %-10s", json_str_or(l, "date", "undated"));
	if (strcmp(json_str_or(l, "status", "known"), "known") != 0)
		buf_addf(out, "  %s", json_str_or(l, "status", ""));
	buf_add_char(out, '\n');
	buf_release(&price);
}

static void bars(const cJSON *list, const char *label, struct buf *out)
{
	double most = json_num_or(json_first(list), "usd", 0);

	JSON_EACH (s, list) {
		double usd = json_num_or(s, "usd", 0);
		int n = most > 0 ? (int)nearbyint(usd * BAR / most) : 0;

		cell(out, json_str_or(s, label, ""), 32);
		money(out, json_get(s, "usd"));
		buf_addf(out, "  %5.1f %%  ", json_num_or(s, "share_pct", 0));
		for (int i = 0; i < n; i++)
			buf_add_char(out, '#');
		buf_add_char(out, '\n');
	}
}

static void summary(const cJSON *cost, struct buf *out)
{
	const cJSON *budget = json_get(cost, "budget"), *delta = json_get(cost, "delta");

	buf_addf(out, "\n%s%.2f USD a month",
		json_bool_or(cost, "lower_bound", 0) ? "at least " : "",
		json_num_or(cost, "monthly_usd", 0));
	buf_addf(out, "  (low %.2f, high %.2f; baseline %.2f, usage %.2f)\n",
		json_num_or(cost, "low_usd", 0), json_num_or(cost, "high_usd", 0),
		json_num_or(cost, "baseline_usd", 0), json_num_or(cost, "usage_usd", 0));
	if (json_num_or(cost, "one_off_usd", 0) > 0)
		buf_addf(out, "one-off: %.2f USD\n", json_num_or(cost, "one_off_usd", 0));
	if (json_num_or(cost, "unpriced_lines", 0) > 0)
		buf_addf(out, "%.0f lines have no price and are not in the sum\n",
			json_num_or(cost, "unpriced_lines", 0));
	if (json_num_or(cost, "estimated_lines", 0) > 0)
		buf_addf(out, "%.0f lines are estimated from another region's price\n",
			json_num_or(cost, "estimated_lines", 0));
	if (json_is(budget, JSON_OBJECT))
		buf_addf(out, "budget %.2f USD: %.2f USD %s\n",
			json_num_or(budget, "max_usd", 0),
			fabs(json_num_or(budget, "headroom_usd", 0)),
			json_bool_or(budget, "within", 0) ? "left" : "over");
	if (json_is(delta, JSON_OBJECT)) {
		buf_addf(out, "%+.2f USD", json_num_or(cost, "delta_vs_prev_usd", 0));
		if (json_is(json_get(cost, "delta_vs_prev_pct"), JSON_NUMBER))
			buf_addf(out, " (%+.1f %%)",
				json_num_or(cost, "delta_vs_prev_pct", 0));
		buf_addf(out, " against %.2f USD before\n",
			json_num_or(delta, "previous_usd", 0));
		JSON_EACH (c, json_get(delta, "by_cause"))
			buf_addf(
				out, "  %-14s %+12.2f\n", json_key(c), json_number(c, 0));
	}
}

int cost_text(const cJSON *state, struct buf *out, struct err *e)
{
	const cJSON *cost = json_get(state, "cost");

	if (!json_is(json_get(cost, "monthly_usd"), JSON_NUMBER)) {
		buf_add_str(out, "no cost: the plan has no bill of materials\n");
		return buf_ok(out, e);
	}
	cell(out, "component", 20);
	buf_add_str(out, "  ");
	cell(out, "sku", 40);
	buf_add_str(out, "  ");
	cell(out, "quantity", 24);
	buf_addf(out, " %14s%12s  price date\n", "unit price", "USD a month");
	JSON_EACH (l, json_get(cost, "breakdown"))
		line_row(l, out);
	buf_add_char(out, '\n');
	bars(json_get(cost, "by_service"), "service", out);
	buf_add_char(out, '\n');
	bars(json_get(cost, "by_capability"), "capability", out);
	summary(cost, out);
	return buf_ok(out, e);
}

int tech_text(const cJSON *state, struct buf *out, struct err *e)
{
	const cJSON *critique = json_get(state, "critique");

	JSON_EACH (f, json_get(critique, "findings")) {
		buf_add_char(out, '\n');
		cell(out, json_str_or(f, "severity", ""), 8);
		words(out, json_str_or(f, "title", ""), 200);
		buf_add_str(out, "\n        ");
		words(out, json_str_or(f, "detail", ""), 400);
		buf_add_str(out, "\n        remedy: ");
		words(out, json_str_or(json_get(f, "remedy"), "action", ""), 400);
		buf_add_char(out, '\n');
	}
	JSON_EACH (p, json_get(critique, "paths")) {
		buf_addf(out, "\npath %s: p50 %.1f ms, p95 %.1f ms",
			json_str_or(p, "name", "?"), json_num_or(p, "p50_ms", 0),
			json_num_or(p, "p95_ms", 0));
		if (json_is(json_get(p, "target_ms"), JSON_NUMBER))
			buf_addf(out, ", target %.1f ms", json_num_or(p, "target_ms", 0));
		buf_add_char(out, '\n');
	}
	return buf_ok(out, e);
}
