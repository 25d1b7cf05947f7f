/* Options from a table: one parser, one --help, for every executable. */
#include "filter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct opt common_opts[] = {
	OPT_FLAG(
		0, "compact", struct common_args, compact, "print the state on one line"),
	OPT_FLAG(0, "pretty", struct common_args, pretty,
		"print the state indented (default on a terminal)"),
	OPT_STR(0, "errors", "text|json", struct common_args, errors,
		"how a failure is told on stderr"),
	OPT_STR(0, "provider", "NAME", struct common_args, provider,
		"model provider that may help (default none: offline, deterministic)"),
	OPT_STR(0, "share", "DIR", struct common_args, share,
		"data directory (default: $MLOPS_SHARE, else beside the program)"),
	OPT_STR(0, "patterns", "DIR[:DIR]", struct common_args, patterns,
		"own patterns beside those of the data directory ($MLOPS_PATTERNS)"),
	OPT_FLAG(0, "schema", struct common_args, schema,
		"print the JSON Schema of what it reads and writes"),
	OPT_FLAG('q', "quiet", struct common_args, quiet, "errors only on stderr"),
	OPT_FLAG('v', "verbose", struct common_args, verbose, "more detail on stderr"),
	OPT_FLAG('h', "help", struct common_args, help, "show this help"),
	OPT_FLAG(0, "version", struct common_args, version, "show the version"),
	OPT_END,
};

/* Where an option was found: in which table, filling which struct. */
struct found {
	const struct opt *opt;
	void *args;
};

static const struct opt *find_long(const struct opt *o, const char *name, size_t len)
{
	for (; o != NULL && o->name != NULL; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct opt *find_letter(const struct opt *o, char letter)
{
	for (; o != NULL && o->name != NULL; o++)
		if (o->letter != 0 && o->letter == letter)
			return o;
	return NULL;
}

/* `arg` starts with '-'; *value is what follows '=' or a letter, or NULL. */
static int find(const struct program *p, const char *arg, void *args,
	struct common_args *common, struct found *f, const char **value, struct err *e)
{
	size_t len;

	*value = NULL;
	if (arg[1] == '-') {
		len = strcspn(arg + 2, "=");
		if (arg[2 + len] == '=')
			*value = arg + 3 + len;
		*f = (struct found){ find_long(p->opts, arg + 2, len), args };
		if (f->opt == NULL)
			*f = (struct found){ find_long(common_opts, arg + 2, len),
				common };
	} else {
		if (arg[2] != '\0')
			*value = arg + 2;
		*f = (struct found){ find_letter(p->opts, arg[1]), args };
		if (f->opt == NULL)
			*f = (struct found){ find_letter(common_opts, arg[1]), common };
	}
	if (f->opt == NULL)
		return err_set(e, ERR_USAGE, "unknown option '%s' (see %s --help)", arg,
			p->name);
	return 0;
}

static int add_to_list(struct opt_list *l, const char *value, struct err *e)
{
	const char **at = realloc(l->at, (l->n + 1) * sizeof(*at));

	if (at == NULL)
		return err_no_memory(e);
	at[l->n++] = value;
	l->at = at;
	return 0;
}

static int store(const struct found *f, const char *value, struct err *e)
{
	void *field = (char *)f->args + f->opt->offset;
	char *end;
	double d;

	switch (f->opt->kind) {
	case OPT_KIND_FLAG:
		*(int *)field = 1;
		return 0;
	case OPT_KIND_STR:
		*(const char **)field = value;
		return 0;
	case OPT_KIND_NUM:
		d = strtod(value, &end);
		if (end == value || *end != '\0' || !(d > -1e15 && d < 1e15))
			return err_set(e, ERR_USAGE,
				"option '--%s' takes a number, not '%s'", f->opt->name,
				value);
		*(double *)field = d;
		return 0;
	case OPT_KIND_LIST:
		return add_to_list(field, value, e);
	default:
		assert(0);
		return -1;
	}
}

static void help_rows(const struct opt *o, struct buf *out)
{
	for (; o != NULL && o->name != NULL; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
			o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
			o->value ? " " : "", o->value ? o->value : "");
		buf_addf(out, "  %-32s %s\n", left, o->help);
	}
}

static int help(const struct program *p, struct err *e)
{
	struct buf b = BUF_INIT(1 << 20);
	int ret;

	buf_addf(&b, "usage: %s [options]%s%s%s\n\n%s\n", p->name, p->operands ? " " : "",
		p->operands ? p->operands : "",
		p->n_filters > 0 ? " < STATE > STATE" : "", p->summary);
	if (p->opts != NULL && p->opts->name != NULL) {
		buf_add_str(&b, "\noptions:\n");
		help_rows(p->opts, &b);
	}
	buf_add_str(&b, "\ncommon options:\n");
	help_rows(common_opts, &b);
	if (p->examples != NULL)
		buf_addf(&b, "\nexamples:\n%s", p->examples);
	buf_addf(&b, "\nThe manual: man %s\n", p->name);
	ret = buf_ok(&b, e) < 0 ? -1
				: file_write_fd(STDOUT_FILENO, "stdout", b.ptr, b.len, e);
	buf_release(&b);
	return ret < 0 ? -1 : 1;
}

static int version(const struct program *p, struct err *e)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %s\n", p->name, MLOPS_VERSION);

	return file_write_fd(STDOUT_FILENO, "stdout", line, (size_t)n, e) < 0 ? -1 : 1;
}

static int one_option(const struct program *p, char **argv, int *i, void *args,
	struct common_args *common, struct err *e)
{
	struct found f;
	const char *value;

	if (find(p, argv[*i], args, common, &f, &value, e) < 0)
		return -1;
	if (f.opt->kind == OPT_KIND_FLAG) {
		if (value != NULL)
			return err_set(e, ERR_USAGE, "option '--%s' takes no value",
				f.opt->name);
		return store(&f, NULL, e);
	}
	if (value == NULL)
		value = argv[++*i];
	if (value == NULL)
		return err_set(e, ERR_USAGE, "option '--%s' needs a value (%s)",
			f.opt->name, f.opt->value);
	return store(&f, value, e);
}

static int check_common(const struct common_args *c, struct err *e)
{
	if (c->errors != NULL && strcmp(c->errors, "text") != 0 &&
		strcmp(c->errors, "json") != 0)
		return err_set(
			e, ERR_USAGE, "--errors takes text or json, not '%s'", c->errors);
	if (c->compact && c->pretty)
		return err_set(e, ERR_USAGE, "--compact and --pretty exclude each other");
	return 0;
}

int options_parse(const struct program *p, int argc, char **argv, void *args,
	struct common_args *common, struct err *e)
{
	int plain = 0;

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (!plain && strcmp(a, "--") == 0) {
			plain = 1;
		} else if (!plain && a[0] == '-' && a[1] != '\0') {
			if (one_option(p, argv, &i, args, common, e) < 0)
				return -1;
		} else if (p->operand == NULL) {
			return err_set(e, ERR_USAGE,
				"%s takes no operand: '%s' (see %s --help)", p->name, a,
				p->name);
		} else if (p->operand(args, a, e) < 0) {
			return -1;
		}
	}
	if (common->help)
		return help(p, e);
	if (common->version)
		return version(p, e);
	return check_common(common, e);
}
