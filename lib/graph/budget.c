#include "budget.h"

#include <string.h>

#include "llm/predict.h"
#include "redact/redact.h"

#define WARN_SHARE 0.8

static int spends(const struct run *r)
{
	return strcmp(r->env.provider, "none") != 0 &&
		strcmp(r->env.provider, "replay") != 0;
}

int budget_set(struct run *r, struct err *e)
{
	double tokens = r->o->budget_tokens, usd = r->o->budget_usd;

	if (tokens == 0 && usd == 0)
		return 0;
	return store_quota_set(r->store, r->project_id,
		tokens == 0          ? STORE_QUOTA_KEEP
			: tokens < 0 ? -1
				     : (int64_t)tokens,
		usd == 0          ? STORE_QUOTA_KEEP
			: usd < 0 ? -1
				  : (int64_t)(usd * 1e6 + 0.5),
		e);
}

static int64_t left(int64_t quota, int64_t used)
{
	return used >= quota ? 0 : quota - used;
}

int budget_left(struct run *r, struct budget_left *out, struct err *e)
{
	struct store_quota q;

	out->tokens[0] = out->usd[0] = '\0';
	if (!spends(r))
		return 0;
	if (store_quota(r->store, r->project_id, &q, e) < 0)
		return -1;
	if (q.tokens >= 0)
		snprintf(out->tokens, sizeof(out->tokens), "MLOPS_LLM_LEFT_TOKENS=%lld",
			(long long)left(q.tokens, q.used_tokens));
	if (q.micro_usd >= 0)
		snprintf(out->usd, sizeof(out->usd), "MLOPS_LLM_LEFT_USD=%.6f",
			(double)left(q.micro_usd, q.used_micro_usd) / 1e6);
	return 0;
}

/* A run that pauses before it has read its brief keeps it, as intake would, so that
 * --resume needs nothing but the directory. */
static int keep_brief(struct run *r, struct err *e)
{
	struct buf masked = BUF_INIT(BRIEF_TEXT_MAX);
	cJSON *rules = env_read_json(&r->env, "redact/secrets.json", e), *input = NULL;
	struct redact *redact = rules == NULL ? NULL : redact_new(rules, e);
	int ret = -1;

	if (redact != NULL &&
		redact_secrets(redact, r->brief.ptr, r->brief.len, &masked, NULL, e) ==
			0 &&
		(input = json_new_object(e)) != NULL &&
		json_set_str(input, "brief", masked.ptr, e) == 0)
		ret = store_set_keep(r->store, r->set_id, input, e);
	redact_free(redact);
	json_free(rules);
	json_free(input);
	buf_release(&masked);
	return ret;
}

static int pause_here(struct run *r, enum node_id node, const char *why, struct err *e)
{
	if (node == NODE_INTAKE_EXTRACT && r->o->job == NULL && r->have_brief &&
		keep_brief(r, e) < 0)
		return -1;
	view_say(&r->view, "paused before node %s: %s", node_rows[node].name, why);
	snprintf(r->result->paused, sizeof(r->result->paused), "%s", why);
	r->answer = 10;
	return run_record_pause(r, "budget", why, e);
}

static int is_spent(const struct store_quota *q)
{
	return (q->tokens >= 0 && q->used_tokens >= q->tokens) ||
		(q->micro_usd >= 0 && q->used_micro_usd >= q->micro_usd);
}

int budget_allows(struct run *r, enum node_id node, struct err *e)
{
	struct store_quota q;
	cJSON *rest = NULL;
	double tokens, usd;
	char why[256] = "";

	if (!spends(r) || !predict_asks(&r->env, node))
		return 1;
	if (store_quota(r->store, r->project_id, &q, e) < 0)
		return -1;
	if (q.tokens < 0 && q.micro_usd < 0)
		return 1;
	rest = predict_from(&r->env, node, e);
	if (rest == NULL)
		return -1;
	tokens = json_num_or(rest, "tokens", 0);
	usd = json_num_or(rest, "usd", 0);
	json_free(rest);
	if (is_spent(&q))
		snprintf(why, sizeof(why),
			"the project's model budget is spent (%lld tokens, $%.4f)",
			(long long)q.used_tokens, (double)q.used_micro_usd / 1e6);
	else if (q.tokens >= 0 && tokens > (double)(q.tokens - q.used_tokens))
		snprintf(why, sizeof(why),
			"the rest of the run may take %.0f tokens and %lld of %lld are "
			"left",
			tokens, (long long)(q.tokens - q.used_tokens),
			(long long)q.tokens);
	else if (q.micro_usd >= 0 && usd * 1e6 > (double)(q.micro_usd - q.used_micro_usd))
		snprintf(why, sizeof(why),
			"the rest of the run may cost $%.4f and $%.4f of $%.4f are left",
			usd, (double)(q.micro_usd - q.used_micro_usd) / 1e6,
			(double)q.micro_usd / 1e6);
	if (*why == '\0')
		return 1;
	return pause_here(r, node, why, e) < 0 ? -1 : 0;
}

/* How far the fuller quota is used. */
static double share_used(const struct store_quota *q)
{
	double a = q->tokens > 0 ? (double)q->used_tokens / (double)q->tokens : 0;
	double b =
		q->micro_usd > 0 ? (double)q->used_micro_usd / (double)q->micro_usd : 0;

	return a > b ? a : b;
}

int budget_warn(struct run *r, struct err *e)
{
	struct store_quota q;
	double share;

	if (!spends(r) || r->warned)
		return 0;
	if (store_quota(r->store, r->project_id, &q, e) < 0)
		return -1;
	share = share_used(&q);
	if (share < WARN_SHARE)
		return 0;
	r->warned = 1;
	view_say(
		&r->view, "%.0f %% of the project's model budget are spent", share * 100);
	return run_record_warning(r, "budget_warning", share, e);
}
