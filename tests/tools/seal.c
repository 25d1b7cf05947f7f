/*
 * seal < STATE - approves a state whatever the gate said of it, and binds the approval to
 * it as it now stands: for suites that make plans which nobody would approve.
 */
#include <stdio.h>

#include "rules/approval.h"
#include "state/state.h"

int main(void)
{
	struct buf text = BUF_INIT(STATE_TEXT_MAX), out = BUF_INIT(BUF_NO_LIMIT);
	struct err e = { 0 };
	cJSON *state = NULL, *hitl;
	int bad = file_read_fd(0, "stdin", &text, &e) < 0 ||
		(state = state_read(text.ptr, text.len, &e)) == NULL ||
		(hitl = json_own(state, "hitl", &e)) == NULL ||
		json_set_str(hitl, "status", "approved", &e) < 0 ||
		approval_digest(state, json_own(hitl, "digest", &e), &e) < 0 ||
		approval_seal(hitl, &e) < 0;

	if (!bad) {
		json_print(state, JSON_COMPACT, &out);
		puts(out.ptr);
	} else {
		fprintf(stderr, "seal: %s\n", e.msg);
	}
	json_free(state);
	buf_release(&text);
	buf_release(&out);
	return bad;
}
