/* What the subcommands share: opening the store, tables, the last line. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mlops.h"

int front_fail(const char *program, const struct common_args *common, const struct err *e)
{
	return report_error(program, common, NULL, NULL, e);
}

int front_print(const char *program, struct buf *b)
{
	struct common_args common = { 0 };
	struct err e = { 0 };
	int ret = 0;

	if (buf_ok(b, &e) < 0 ||
		file_write_fd(STDOUT_FILENO, "stdout", b->ptr, b->len, &e) < 0)
		ret = front_fail(program, &common, &e);
	buf_release(b);
	return ret;
}

/* ---- tables ---- */

/* Columns that a UTF-8 text takes, one a character. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void cell(struct buf *out, const char *text, size_t width, int last)
{
	buf_add_str(out, text);
	for (size_t w = width_of(text); !last && w < width + 2; w++)
		buf_add_char(out, ' ');
}

void table_print(const struct table *t, struct buf *out)
{
	size_t width[16] = { 0 };

	for (size_t i = 0; i < t->columns; i++)
		width[i] = width_of(t->head[i]);
	JSON_EACH (row, t->rows) {
		size_t i = 0;

		JSON_EACH (c, row) {
			size_t w = width_of(json_text(c));

			width[i] = w > width[i] ? w : width[i];
			i++;
		}
	}
	for (size_t i = 0; i < t->columns; i++)
		cell(out, t->head[i], width[i], i + 1 == t->columns);
	buf_add_char(out, '\n');
	JSON_EACH (row, t->rows) {
		size_t i = 0;

		JSON_EACH (c, row) {
			cell(out, json_text(c), width[i], i + 1 == t->columns);
			i++;
		}
		buf_add_char(out, '\n');
	}
}

/* ---- opening ---- */

static int open_all(struct reader *r, struct err *e)
{
	const char *format = r->args.format;

	if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return err_set(
			e, ERR_USAGE, "--format takes text or json, not '%s'", format);
	if (store_open_existing(&r->store, r->args.db, e) < 0 ||
		store_project_find(r->store, r->args.project, &r->project, e) < 0)
		return -1;
	if (r->project == NULL && r->args.project != NULL) {
		char *full = realpath(r->args.project, NULL);
		int ret = full == NULL
			? 0
			: store_project_find(r->store, full, &r->project, e);

		free(full);
		if (ret < 0)
			return -1;
	}
	if (r->project == NULL)
		return err_set(e, ERR_NO_INPUT, "the store has no %s%s",
			r->args.project ? "project "
					: "project yet (mlops run makes one)",
			r->args.project ? r->args.project : "");
	if (store_set_find(r->store, json_str_or(r->project, "id", ""), r->args.what,
		    &r->set, e) < 0)
		return -1;
	if (r->set == NULL)
		return err_set(e, ERR_NO_INPUT, "project '%s' has no version %s",
			json_str_or(r->project, "name", ""),
			r->args.what ? r->args.what : "yet");
	return 0;
}

int reader_open(
	struct reader *r, const struct program *p, int argc, char **argv, struct err *e)
{
	int ret = options_parse(p, argc, argv, &r->args, &r->common, e);

	if (ret != 0)
		return ret;
	return open_all(r, e);
}

void reader_close(struct reader *r)
{
	json_free(r->project);
	json_free(r->set);
	store_close(r->store);
}
