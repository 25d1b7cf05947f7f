/* What a template names: the partials it stands on, and text that nobody escapes. */
#include <string.h>

#include "template.h"
#include "tree.h"

int template_scan(const char *tpl, size_t len, const char *name,
	const struct template_visitor *v, struct err *e)
{
	struct tree t = { 0 };
	int ret = template_tree_read(&t, tpl, len, name, e);

	for (size_t i = 0; ret == 0 && i < t.n; i++) {
		const struct node *n = &t.nodes[i];
		char word[256];

		if (n->kind == NODE_RAW && v->raw != NULL)
			v->raw(v->arg, n->line);
		if ((n->kind != NODE_PARTIAL && n->kind != NODE_PARENT) || n->dynamic ||
			v->partial == NULL || n->text.len >= sizeof(word))
			continue;
		memcpy(word, n->text.at, n->text.len);
		word[n->text.len] = '\0';
		v->partial(v->arg, word, n->line);
	}
	template_tree_release(&t);
	return ret;
}
