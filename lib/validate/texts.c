#include "run.h"

#include <stdlib.h>
#include <string.h>

int texts_add(struct texts *l, const char *s, size_t len, struct err *e)
{
	char **at = realloc(l->at, (l->n + 2) * sizeof(*at));

	if (at == NULL)
		return err_no_memory(e);
	l->at = at;
	at[l->n] = strndup(s, len);
	at[l->n + 1] = NULL;
	if (at[l->n] == NULL)
		return err_no_memory(e);
	l->n++;
	return 0;
}

int texts_add_once(struct texts *l, const char *s, size_t len, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->at[i]) == len && memcmp(l->at[i], s, len) == 0)
			return 0;
	return texts_add(l, s, len, e);
}

void texts_release(struct texts *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
	*l = (struct texts){ 0 };
}
