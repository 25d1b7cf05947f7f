/* A plan as a Mermaid flowchart: arrows go where data goes. */
#include "emit.h"

#include <string.h>

static void label(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '"')
			buf_add_str(b, "#quot;");
		else
			buf_add_char(b, *text);
}

int emit_diagram(const struct parts *all, const cJSON *edges, cJSON *plan, struct err *e)
{
	static const char *const order[] = { "ingest", "store", "transform", "feature",
		"train", "serve", "observe", "govern", "base" };
	struct buf b = BUF_INIT(1 << 20);
	int ret;

	buf_add_str(&b, "flowchart LR\n");
	for (size_t c = 0; c < ARRAY_LEN(order); c++) {
		int open = 0;

		for (size_t i = 0; i < all->n; i++) {
			const struct part *p = &all->at[i];

			if (strcmp(p->capability, order[c]) != 0)
				continue;
			if (!open)
				buf_addf(&b, "  subgraph %s\n", order[c]);
			open = 1;
			buf_addf(&b, "    %s[\"%s<br/>", p->module,
				p->base != NULL ? "shared" : p->name);
			label(&b, p->pattern->title);
			buf_add_str(&b, "\"]\n");
		}
		if (open)
			buf_add_str(&b, "  end\n");
	}
	JSON_EACH (edge, edges) {
		const char *port = json_str_or(edge, "port", "");
		int writes = json_true(json_get(edge, "writes"));
		const char *ends[2] = { json_str_or(edge, writes ? "to" : "from", ""),
			json_str_or(edge, writes ? "from" : "to", "") };

		if (strncmp(port, "sec.", 4) == 0 || strcmp(port, "obs.logs") == 0)
			continue; /* everything has these: they would hide the rest */
		for (size_t k = 0; k < 2; k++) {
			for (size_t i = 0; i < all->n; i++)
				if (strcmp(all->at[i].name, ends[k]) == 0)
					buf_addf(&b, k == 0 ? "  %s -->|" : " %s\n",
						all->at[i].module);
			if (k == 0)
				buf_addf(&b, "%s|", port);
		}
	}
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(plan, "diagram_mermaid", b.ptr, e);
	buf_release(&b);
	return ret;
}
