/* The routes of specification sections 11 and 22.1, and what a page needs beside them.
 * share/openapi.json says the same for people; a test holds the two to each other. */
#include "internal.h"

#define ONE "/decision-sets/{id}"

/* clang-format off */
const struct route routes[] = {
	{ "GET", "/healthz", "getHealth", api_get_health, MAY_READ, ROUTE_OPEN | ROUTE_WORKER | ROUTE_NO_STORE },
	{ "GET", "/readyz", "getReadiness", api_get_readiness, MAY_READ, ROUTE_OPEN | ROUTE_WORKER },
	{ "GET", "/openapi.json", "getOpenapi", api_get_openapi, MAY_READ, ROUTE_OPEN | ROUTE_WORKER | ROUTE_NO_STORE },
	{ "GET", "/metrics", "getMetrics", api_get_metrics, MAY_ADMIN, ROUTE_WORKER },
	{ "GET", "/stats", "getStats", api_get_stats, MAY_READ, 0 },
	{ "GET", "/audit", "listAudit", api_list_audit, MAY_ADMIN, 0 },
	{ "POST", "/wake", "wake", api_wake, MAY_ADMIN, ROUTE_WORKER | ROUTE_NO_STORE },

	{ "GET", "/projects", "listProjects", api_list_projects, MAY_READ, 0 },
	{ "POST", "/projects", "createProject", api_create_project, MAY_WRITE, ROUTE_CHANGES },
	{ "GET", "/projects/{id}", "getProject", api_get_project, MAY_READ, 0 },
	{ "DELETE", "/projects/{id}", "eraseProject", api_erase_project, MAY_WRITE, ROUTE_CHANGES },
	{ "GET", "/projects/{id}/budget", "getBudget", api_get_budget, MAY_READ, 0 },
	{ "POST", "/projects/{id}/budget", "setBudget", api_set_budget, MAY_ADMIN, ROUTE_CHANGES },
	{ "POST", "/projects/{id}/constraints", "postConstraints", api_post_constraints, MAY_WRITE, ROUTE_CHANGES },
	{ "GET", "/projects/{id}/decision-sets", "listDecisionSets", api_list_sets, MAY_READ, 0 },
	{ "GET", "/projects/{id}/events", "listProjectEvents", api_list_project_events, MAY_READ, 0 },
	{ "GET", "/projects/{id}/ledger", "listLedger", api_list_ledger, MAY_READ, 0 },

	{ "GET", "/projects/{id}/webhooks", "listWebhooks", api_list_hooks, MAY_READ, 0 },
	{ "POST", "/projects/{id}/webhooks", "createWebhook", api_create_hook, MAY_WRITE, ROUTE_CHANGES },
	{ "DELETE", "/webhooks/{id}", "deleteWebhook", api_delete_hook, MAY_WRITE, ROUTE_CHANGES },
	{ "POST", "/webhooks/{id}/secret", "rotateWebhookSecret", api_rotate_hook, MAY_WRITE, ROUTE_CHANGES },
	{ "GET", "/webhooks/{id}/deliveries", "listDeliveries", api_list_deliveries, MAY_READ, 0 },

	{ "GET", ONE, "getDecisionSet", api_get_set, MAY_READ, 0 },
	{ "GET", ONE "/events", "listEvents", api_list_events, MAY_READ, 0 },
	{ "GET", ONE "/state", "getState", api_get_state, MAY_READ, 0 },
	{ "GET", ONE "/cards", "listCards", api_list_cards, MAY_READ, 0 },
	{ "GET", ONE "/coverage", "getCoverage", api_get_coverage, MAY_READ, 0 },
	{ "GET", ONE "/questions", "listQuestions", api_list_questions, MAY_READ, 0 },
	{ "GET", ONE "/changes", "getChanges", api_get_changes, MAY_READ, 0 },
	{ "GET", ONE "/approvals", "listApprovals", api_list_approvals, MAY_READ, 0 },
	{ "GET", ONE "/diff", "getDiff", api_get_diff, MAY_READ, 0 },
	{ "GET", ONE "/artifacts", "listArtifacts", api_list_artifacts, MAY_READ, 0 },
	{ "GET", ONE "/file", "getFile", api_get_file, MAY_READ, 0 },
	{ "GET", ONE "/zip", "getZip", api_get_zip, MAY_READ, 0 },
	{ "GET", ONE "/zip-url", "getZipUrl", api_get_zip_url, MAY_READ, 0 },
	{ "POST", ONE "/answers", "postAnswers", api_post_answers, MAY_WRITE, ROUTE_CHANGES },
	{ "POST", ONE "/approve", "approve", api_approve, MAY_APPROVE, ROUTE_CHANGES },
	{ "POST", ONE "/generate", "generate", api_generate, MAY_ADMIN, ROUTE_CHANGES },
	{ "POST", ONE "/rerun", "rerun", api_rerun, MAY_WRITE, ROUTE_CHANGES },
	{ "POST", ONE "/cancel", "cancel", api_cancel, MAY_WRITE, ROUTE_CHANGES },

	{ "GET", "/streams/{id}", "getStream", api_get_stream, MAY_READ, 0 },
	{ NULL, NULL, NULL, NULL, MAY_READ, 0 },
};
/* clang-format on */
