/*
 * infra-dump DIR ROOT [TFVARS] - what the Terraform files below DIR declare, seen from
 * the module ROOT (a directory below DIR), as JSON.
 */
#include <stdio.h>

#include "infra/infra.h"

struct files {
	struct infra_file *at;
	struct buf *text;
	char **path;
	size_t n;
};

static int add(struct files *f, const char *dir, const char *relative, struct err *e)
{
	char path[8192];
	size_t i = f->n;

	f->at = realloc(f->at, (i + 1) * sizeof(*f->at));
	f->text = realloc(f->text, (i + 1) * sizeof(*f->text));
	f->path = realloc(f->path, (i + 1) * sizeof(*f->path));
	snprintf(path, sizeof(path), "%s/%s", dir, relative);
	f->text[i] = (struct buf)BUF_INIT(BUF_NO_LIMIT);
	f->path[i] = strdup(relative);
	f->n++;
	return file_read(path, &f->text[i], e);
}

static int walk(struct files *f, const char *dir, const char *relative, struct err *e)
{
	char path[8192], below[4096];
	char **names;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, relative);
	if (file_list(path, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		snprintf(below, sizeof(below), "%s/%s", relative, names[i]);
		snprintf(path, sizeof(path), "%s/%s", dir, below);
		if (file_is_dir(path)
				? walk(f, dir, below, e) < 0
				: len > 3 && strcmp(names[i] + len - 3, ".tf") == 0 &&
					add(f, dir, below, e) < 0)
			return -1;
	}
	file_list_free(names, n);
	return 0;
}

int main(int argc, char **argv)
{
	struct files f = { 0 };
	struct buf out = BUF_INIT(BUF_NO_LIMIT), vars = BUF_INIT(BUF_NO_LIMIT);
	struct err e = { 0 };
	cJSON *variables = NULL, *all = NULL;

	if (argc < 3 || walk(&f, argv[1], argv[2], &e) < 0)
		goto fail;
	if (argc > 3 &&
		(file_read(argv[3], &vars, &e) < 0 ||
			(variables = infra_variables(vars.ptr, vars.len, &e)) == NULL))
		goto fail;
	for (size_t i = 0; i < f.n; i++)
		f.at[i] = (struct infra_file){ f.path[i], f.text[i].ptr, f.text[i].len };
	all = infra_read(f.at, f.n, argv[2], variables, &e);
	if (all == NULL)
		goto fail;
	json_print(all, JSON_PRETTY, &out);
	puts(out.ptr);
	return 0;
fail:
	fprintf(stderr, "infra-dump: %s\n", argc < 3 ? "DIR ROOT [TFVARS]" : e.msg);
	return 1;
}
