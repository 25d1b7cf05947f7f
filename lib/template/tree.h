/* tree.h - a template as read: one array of nodes; inside the room only. */
#ifndef MLOPS_TEMPLATE_TREE_H
#define MLOPS_TEMPLATE_TREE_H

#include <stddef.h>

#include "base/buf.h"

enum node_kind {
	NODE_TEXT,
	NODE_ESCAPED,  /* {{x}} */
	NODE_RAW,      /* {{{x}}} {{&x}} */
	NODE_SECTION,  /* {{#x}} */
	NODE_INVERTED, /* {{^x}} */
	NODE_PARTIAL,  /* {{>x}} */
	NODE_PARENT,   /* {{<x}} */
	NODE_BLOCK,    /* {{$x}} */
};

#define NONE ((size_t)-1)

struct span {
	const char *at;
	size_t len;
};

struct node {
	enum node_kind kind;
	struct span text;   /* the name, or the text */
	int dynamic;        /* {{>*x}}: the name is x's value */
	int bol;            /* begins a line of the source */
	int standalone;     /* its opening tag has its line to itself */
	struct span indent; /* white space before it on its line, when nothing else is */
	struct span intrinsic; /* BLOCK: white space that begins the first line inside */
	int line;
	size_t child, next; /* first node inside, next one beside; NONE */
};

struct tree {
	struct node *nodes;
	size_t n, cap;
	size_t first; /* first node of the top level; NONE when empty */
};

/* Reads a template; spans point into `text`, which must outlive the tree. */
int template_tree_read(
	struct tree *t, const char *text, size_t len, const char *name, struct err *e);
void template_tree_release(struct tree *t);

#endif
