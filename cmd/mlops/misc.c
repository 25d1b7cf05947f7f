/* mlops init, graph, version: small things. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/graph.h"
#include "mlops.h"

/* ---- init ---- */

struct init_args {
	const char *dir;
};

static int init_operand(void *args, const char *text, struct err *e)
{
	struct init_args *a = args;

	if (a->dir != NULL)
		return err_set(e, ERR_USAGE,
			"one directory at a time: '%s' is a second one", text);
	a->dir = text;
	return 0;
}

static int init(const struct init_args *a, struct buf *out, struct err *e)
{
	const char *dir = a->dir != NULL ? a->dir : ".";
	struct buf path = BUF_INIT(8192), url = BUF_INIT(8192);
	struct store *s = NULL;
	int there, ret = -1;

	buf_addf(&path, "%s/.mlops/.gitignore", dir);
	buf_addf(&url, "sqlite:%s/.mlops/mlops.db", dir);
	there = file_is_regular(url.ptr + 7);
	if (buf_ok(&path, e) == 0 && buf_ok(&url, e) == 0 &&
		store_open(&s, url.ptr, e) == 0)
		ret = file_write_atomic(path.ptr, "*\n", 2, 0644, 0, e);
	if (ret == 0)
		buf_addf(out, "%s %s/.mlops/mlops.db\n", there ? "found" : "made", dir);
	store_close(s);
	buf_release(&path);
	buf_release(&url);
	return ret;
}

int cmd_init(int argc, char **argv)
{
	static const struct opt opts[] = { OPT_END };
	static const struct program p = { .name = "mlops init",
		.summary = "Makes the store in DIR/.mlops (default: here); one that is "
			   "there stays.",
		.operands = "[DIR]",
		.examples = "  mlops init\n",
		.opts = opts,
		.args_size = sizeof(struct init_args),
		.operand = init_operand };
	struct init_args a = { 0 };
	struct common_args common = { 0 };
	struct buf out = BUF_INIT(1 << 16);
	struct err e = { 0 };
	int ret = options_parse(&p, argc, argv, &a, &common, &e);

	if (ret == 0 && init(&a, &out, &e) == 0)
		return front_print(p.name, &out);
	buf_release(&out);
	return ret > 0 ? 0 : front_fail(p.name, &common, &e);
}

/* ---- graph ---- */

struct graph_args {
	const char *format;
};

static void graph_text(struct buf *out)
{
	for (enum node_id n = 0; n < NODE_COUNT; n++)
		buf_addf(out, "%2d  %-18s %-15s reads %s\n%38swrites %s\n", (int)n + 1,
			node_rows[n].name, node_rows[n].exe,
			strcmp(node_rows[n].reads, "*") == 0 ? "every key"
							     : node_rows[n].reads,
			"", node_rows[n].writes);
}

static void graph_arrows(struct buf *out, int dot)
{
	for (enum node_id n = 0; n < NODE_COUNT; n++) {
		if (dot)
			buf_addf(out, "  %s [label=\"%s\\n%s\"];\n", node_rows[n].name,
				node_rows[n].name, node_rows[n].exe);
		else
			buf_addf(out, "  %s[\"%s<br/>%s\"]\n", node_rows[n].name,
				node_rows[n].name, node_rows[n].exe);
		if (n > 0)
			buf_addf(out, "  %s %s %s%s\n", node_rows[n - 1].name,
				dot ? "->" : "-->", node_rows[n].name, dot ? ";" : "");
	}
	buf_addf(out,
		dot ? "  gate_hitl -> planner [label=\"rejected\", style=dashed];\n"
		    : "  gate_hitl -.->|rejected| planner\n");
}

int cmd_graph(int argc, char **argv)
{
	static const struct opt opts[] = { OPT_STR(0, "format", "text|mermaid|dot",
						   struct graph_args, format,
						   "how to print"),
		OPT_END };
	static const struct program p = { .name = "mlops graph",
		.summary = "Prints the nodes in order, with the keys that they read and "
			   "write.",
		.examples = "  mlops graph --format dot | dot -Tsvg > graph.svg\n",
		.opts = opts,
		.args_size = sizeof(struct graph_args) };
	struct graph_args a = { 0 };
	struct common_args common = { 0 };
	struct buf out = BUF_INIT(1 << 16);
	struct err e = { 0 };
	int ret = options_parse(&p, argc, argv, &a, &common, &e);

	if (ret != 0)
		return ret > 0 ? 0 : front_fail(p.name, &common, &e);
	if (a.format == NULL || strcmp(a.format, "text") == 0) {
		graph_text(&out);
	} else if (strcmp(a.format, "mermaid") == 0) {
		buf_add_str(&out, "flowchart TD\n");
		graph_arrows(&out, 0);
	} else if (strcmp(a.format, "dot") == 0) {
		buf_add_str(&out, "digraph mlops {\n  node [shape=box];\n");
		graph_arrows(&out, 1);
		buf_add_str(&out, "}\n");
	} else {
		err_fill(&e, ERR_USAGE, "--format takes text, mermaid or dot, not '%s'",
			a.format);
		return front_fail(p.name, &common, &e);
	}
	return front_print(p.name, &out);
}

/* ---- version ---- */

int cmd_version(int argc, char **argv)
{
	static const struct opt opts[] = { OPT_END };
	static const struct program p = { .name = "mlops version",
		.summary = "Prints the versions of this program and of its database "
			   "library.",
		.opts = opts };
	struct common_args common = { 0 };
	struct buf out = BUF_INIT(1 << 16);
	struct err e = { 0 };
	int ret = strcmp(argv[0], "version") == 0
		? options_parse(&p, argc, argv, NULL, &common, &e)
		: 0;

	if (ret != 0)
		return ret > 0 ? 0 : front_fail(p.name, &common, &e);
	buf_addf(&out, "mlops %s\nstate schema %d\nsqlite %s\n", MLOPS_VERSION,
		STATE_SCHEMA_VERSION, sqlite3_libversion());
	return front_print(p.name, &out);
}
