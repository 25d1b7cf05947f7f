#include "words.h"

#include <stdlib.h>
#include <string.h>

#define SYMBOLS 64 /* 0 is "any other byte" */

struct state {
	unsigned next[SYMBOLS];
	unsigned fail;
	unsigned out;  /* 1 + index of the first output, 0: none */
	unsigned more; /* the nearest state on the fail path with outputs; 0: none */
};

struct output {
	unsigned id, next; /* next: 1 + index, 0: the last */
};

struct words {
	unsigned char symbol[256];
	struct state *states;
	struct output *outputs;
	unsigned n_states, max_states, n_outputs, max_outputs;
};

/* Letters in either case, digits, and the punctuation that words are made of. */
static void set_symbols(struct words *w)
{
	static const char other[] = "_-.:@=+/#~!$%&*()|?;, ";
	unsigned char n = 1;

	for (int c = 'a'; c <= 'z'; c++)
		w->symbol[c] = w->symbol[c - 32] = n++;
	for (int c = '0'; c <= '9'; c++)
		w->symbol[c] = n++;
	for (const char *p = other; *p != '\0'; p++)
		w->symbol[(unsigned char)*p] = n++;
}

static int grow(void **array, unsigned used, unsigned *max, size_t size)
{
	void *bigger;

	if (used < *max)
		return 0;
	*max = *max == 0 ? 256 : *max * 2;
	bigger = realloc(*array, *max * size);
	if (bigger == NULL)
		return -1;
	*array = bigger;
	return 0;
}

static int add_state(struct words *w)
{
	if (grow((void **)&w->states, w->n_states, &w->max_states, sizeof(*w->states)) <
		0)
		return -1;
	memset(&w->states[w->n_states++], 0, sizeof(*w->states));
	return 0;
}

struct words *words_new(struct err *e)
{
	struct words *w = calloc(1, sizeof(*w));

	if (w == NULL || add_state(w) < 0) {
		free(w);
		err_no_memory(e);
		return NULL;
	}
	set_symbols(w);
	return w;
}

void words_free(struct words *w)
{
	if (w == NULL)
		return;
	free(w->states);
	free(w->outputs);
	free(w);
}

int words_add(struct words *w, const char *word, unsigned id, struct err *e)
{
	unsigned at = 0;

	if (word[0] == '\0')
		return err_set(e, ERR_INPUT, "a word is empty");
	for (const char *p = word; *p != '\0'; p++) {
		unsigned s = w->symbol[(unsigned char)*p];

		if (s == 0)
			return err_set(e, ERR_INPUT,
				"the word '%.60s' has a character that words "
				"cannot have",
				word);
		if (w->states[at].next[s] == 0) {
			if (add_state(w) < 0)
				return err_no_memory(e);
			w->states[at].next[s] = w->n_states - 1;
		}
		at = w->states[at].next[s];
	}
	if (grow((void **)&w->outputs, w->n_outputs, &w->max_outputs,
		    sizeof(*w->outputs)) < 0)
		return err_no_memory(e);
	w->outputs[w->n_outputs] = (struct output){ id, w->states[at].out };
	w->states[at].out = ++w->n_outputs;
	return 0;
}

/* Where a state leads when it has no way of its own for a symbol. */
static void link_state(
	struct words *w, unsigned at, unsigned s, unsigned *queue, unsigned *tail)
{
	unsigned to = w->states[at].next[s];
	unsigned fallback = at == 0 ? 0 : w->states[w->states[at].fail].next[s];

	if (to == 0) {
		w->states[at].next[s] = fallback;
		return;
	}
	w->states[to].fail = fallback;
	w->states[to].more =
		w->states[fallback].out != 0 ? fallback : w->states[fallback].more;
	queue[(*tail)++] = to;
}

int words_build(struct words *w, struct err *e)
{
	unsigned *queue = malloc(w->n_states * sizeof(*queue));
	unsigned head = 0, tail = 0;

	if (queue == NULL)
		return err_no_memory(e);
	queue[tail++] = 0;
	while (head < tail) {
		unsigned at = queue[head++];

		for (unsigned s = 1; s < SYMBOLS; s++)
			link_state(w, at, s, queue, &tail);
	}
	free(queue);
	return 0;
}

int words_scan(const struct words *w, const char *text, size_t len,
	int (*hit)(void *arg, unsigned id, size_t end), void *arg)
{
	unsigned at = 0;

	for (size_t i = 0; i < len; i++) {
		at = w->states[at].next[w->symbol[(unsigned char)text[i]]];
		for (unsigned s = at; s != 0; s = w->states[s].more)
			for (unsigned o = w->states[s].out; o != 0;
				o = w->outputs[o - 1].next) {
				int ret = hit(arg, w->outputs[o - 1].id, i + 1);

				if (ret != 0)
					return ret;
			}
	}
	return 0;
}
