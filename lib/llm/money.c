#include "money.h"

#include <math.h>

int64_t money_tokens(size_t bytes, int64_t bytes_per_token)
{
	int64_t per = bytes_per_token > 0 ? bytes_per_token : 3;

	return ((int64_t)bytes + per - 1) / per;
}

/* Pico-USD for one token. */
static int64_t price(const cJSON *prices, const char *name)
{
	return llround(json_num_or(prices, name, 0) * 1e6);
}

static int64_t round_half_even(int64_t pico)
{
	int64_t micro = pico / 1000000, rest = pico % 1000000;

	return micro + (rest > 500000 || (rest == 500000 && micro % 2 != 0));
}

int64_t money_cost(const struct llm_target *t, const struct llm_usage *u, int *priced)
{
	const cJSON *p = json_get(t->facts, "usd_per_mtok"),
		    *above = json_get(p, "above");
	double whole = (double)(u->input + u->cache_read + u->cache_write);

	*priced = p != NULL;
	if (above != NULL && whole > json_num_or(above, "input_tokens", 1e18))
		p = above;
	return round_half_even(u->input * price(p, "input") +
		u->cache_read * price(p, "cache_read") +
		u->cache_write * price(p, "cache_write") +
		u->output * price(p, "output"));
}

int64_t money_context(const struct llm_target *t)
{
	double all = json_num_or(t->facts, "context_tokens", 0);
	double priced = json_num_or(t->facts, "context_tokens_priced", all);

	return (int64_t)(priced < all || all == 0 ? priced : all);
}
