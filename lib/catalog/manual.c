/* mlops-patterns(7), made from the patterns themselves. */
#include "lint.h"

#include <string.h>

#include "patterns.h"

static const char *const capabilities[] = { "base", "ingest", "transform", "store",
	"feature", "train", "serve", "observe", "govern" };
static const char *const clouds[] = { "aws", "gcp", "azure" };

/* Text as mdoc takes it: no line starts with a control character, no backslash or
 * quote is taken for markup. */
static void text(struct buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_add_str(out, "\\&");
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			buf_add_str(out, "\\e");
		else if (s[0] == '.' && s[1] == ' ' && s[2] >= 'A' && s[2] <= 'Z')
			buf_add_str(out, ".\n"), s++; /* a sentence a line */
		else
			buf_add_char(out, *s);
	}
}

static void item(
	struct buf *out, const char *label, const cJSON *list, const char *member)
{
	int first = 1;

	if (json_len(list) == 0)
		return;
	buf_addf(out, ".It %s\n", label);
	JSON_EACH (it, list) {
		if (!first)
			buf_add_str(out, ";\n");
		first = 0;
		text(out,
			json_text(it) != NULL ? json_text(it)
					      : json_str_or(it, member, "?"));
		if (json_true(json_get(it, "optional")))
			buf_add_str(out, " (optional)");
	}
	buf_add_str(out, ".\n");
}

static void describe(struct buf *out, const struct pattern *p)
{
	const cJSON *j = p->json;

	buf_addf(out, ".Ss %s\n", p->id);
	text(out, p->title);
	buf_add_str(out, ".\n");
	text(out, json_str_or(j, "summary", ""));
	buf_add_str(out, "\n.Bl -tag -width \"failure domains\" -compact\n");
	item(out, "fills", json_at(j, "/serves/workloads"), "id");
	item(out, "requires", json_get(j, "requires"), "port");
	item(out, "provides", json_get(j, "provides"), "port");
	item(out, "shares", json_get(j, "shares"), "id");
	item(out, "services", json_get(j, "services"), "id");
	item(out, "failure domains", json_get(j, "failure_domains"), "id");
	item(out, "trade-offs", json_get(j, "tradeoffs"), "id");
	item(out, "avoid when", json_get(j, "avoid_when"), "id");
	buf_addf(out, ".It burden\n%g of 5.\n.El\n", json_num_or(j, "burden", 0));
}

static int cloud_section(
	struct node_env *env, const char *cloud, struct buf *out, struct err *e)
{
	struct patterns p;
	int ret = -1;

	if (patterns_init(&p, cloud, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (patterns_load(&p, env, capabilities[i], e) < 0)
			goto out;
	buf_addf(out, ".Sh PATTERNS OF %s\n",
		strcmp(cloud, "aws") == 0           ? "AWS"
			: strcmp(cloud, "gcp") == 0 ? "GOOGLE CLOUD"
						    : "AZURE");
	if (strcmp(cloud, "aws") != 0)
		buf_add_str(out,
			"Planned, and ranked by marked estimates; no repository is "
			"generated from them.\n");
	for (size_t i = 0; i < p.n; i++)
		describe(out, &p.at[i]);
	ret = buf_ok(out, e);
out:
	patterns_release(&p);
	return ret;
}

int catalog_manual(struct node_env *env, struct buf *out, struct err *e)
{
	buf_add_str(out,
		".\\\" Made from share/patterns by \"mlops catalog manual\": make man\n"
		".Dd November 22, 2026\n.Dt MLOPS-PATTERNS 7\n.Os\n.Sh NAME\n.Nm "
		"mlops-patterns\n"
		".Nd the capability patterns that plans are composed of\n.Sh "
		"DESCRIPTION\n"
		"A plan fills slots with patterns.\nWhat opens a slot, and what a "
		"pattern.json holds, is in\n"
		".Xr mlops-pattern 5 .\n");
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++)
		if (cloud_section(env, clouds[i], out, e) < 0)
			return -1;
	buf_add_str(out,
		".Sh SEE ALSO\n.Xr mlops 1 ,\n.Xr mlops-plan 1 ,\n.Xr mlops-pattern 5\n");
	return buf_ok(out, e);
}
