/*
 * Where Terraform's providers can be had without a network: mirrors named in the
 * CLI configuration or MLOPS_TF_MIRRORS, and well-known directories. One counts
 * when it has every provider that the repository requires.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "hcl/hcl.h"

static const char *const well_known[] = {
	"/usr/share/terraform/plugins",
	"/usr/local/share/terraform/plugins",
	"/usr/share/terraform/providers",
	"/opt/tf-plugins",
};

/* "hashicorp/aws" -> "registry.terraform.io/hashicorp/aws". */
static void full_source(const char *source, struct buf *out)
{
	size_t slashes = 0;

	for (const char *p = source; *p != '\0'; p++)
		slashes += *p == '/';
	buf_addf(out, "%s%s%s", slashes < 2 ? "registry.terraform.io/" : "",
		slashes == 0 ? "hashicorp/" : "", source);
}

static int add_source(struct texts *to, const char *source, struct err *e)
{
	struct buf b = BUF_INIT(1024);
	int ret;

	full_source(source, &b);
	ret = buf_ok(&b, e) < 0 ? -1 : texts_add_once(to, b.ptr, b.len, e);
	buf_release(&b);
	return ret;
}

static int required_in(const struct vfile *f, struct texts *to, struct err *e)
{
	struct hcl_body body;
	struct err bad = { 0 };
	int ret = 0;

	if (hcl_parse(f->bytes.ptr, f->bytes.len, &body, &bad) < 0)
		return 0; /* terraform says so itself */
	for (size_t i = 0; i < body.n_blocks && ret == 0; i++) {
		const struct hcl_block *req;

		if (strcmp(body.blocks[i].type, "terraform") != 0)
			continue;
		req = hcl_block(&body.blocks[i].body, "required_providers", NULL, NULL);
		for (size_t k = 0; req != NULL && k < req->body.n_attrs && ret == 0;
			k++) {
			const struct hcl_value *s =
				hcl_member(&req->body.attrs[k].value, "source");

			ret = add_source(to,
				s != NULL && s->kind == HCL_STRING
					? s->text
					: req->body.attrs[k].name,
				e);
		}
	}
	hcl_release(&body);
	return ret;
}

/* filesystem_mirror paths of a CLI configuration file. */
static int from_config(const char *path, struct texts *dirs, struct err *e)
{
	struct buf text = BUF_INIT(1 << 20);
	struct hcl_body body = { 0 };
	struct err bad = { 0 };
	const struct hcl_block *inst;
	int ret = 0;

	if (file_read(path, &text, &bad) == 0 &&
		hcl_parse(text.ptr, text.len, &body, &bad) == 0) {
		inst = hcl_block(&body, "provider_installation", NULL, NULL);
		for (size_t i = 0; inst != NULL && i < inst->body.n_blocks && ret == 0;
			i++) {
			const struct hcl_block *b = &inst->body.blocks[i];
			const struct hcl_value *v = hcl_attr(&b->body, "path");

			if (strcmp(b->type, "filesystem_mirror") == 0 && v != NULL &&
				v->kind == HCL_STRING)
				ret = texts_add_once(dirs, v->text, strlen(v->text), e);
		}
		hcl_release(&body);
	}
	buf_release(&text);
	return ret;
}

static int candidates(struct texts *dirs, struct err *e)
{
	const char *list = getenv("MLOPS_TF_MIRRORS"), *home = getenv("HOME");
	const char *config = getenv("TF_CLI_CONFIG_FILE");
	struct buf path = BUF_INIT(8192);
	int ret = 0;

	for (const char *p = list; ret == 0 && p != NULL && *p != '\0';
		p += strspn(p, ":")) {
		size_t n = strcspn(p, ":");

		ret = n == 0 ? 0 : texts_add_once(dirs, p, n, e);
		p += n;
	}
	if (ret == 0 && config != NULL)
		ret = from_config(config, dirs, e);
	if (ret == 0 && home != NULL) {
		buf_addf(&path, "%s/.terraformrc", home);
		if (config == NULL)
			ret = from_config(path.ptr, dirs, e);
		buf_reset(&path);
		buf_addf(&path, "%s/.terraform.d/plugins", home);
		if (ret == 0)
			ret = texts_add_once(dirs, path.ptr, path.len, e);
	}
	for (size_t i = 0; ret == 0 && list == NULL && i < ARRAY_LEN(well_known); i++)
		ret = texts_add_once(dirs, well_known[i], strlen(well_known[i]), e);
	buf_release(&path);
	return ret;
}

/* Compares "5.100.0" and "5.9.0" as versions. */
static int version_less(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		char *ea, *eb;
		unsigned long x = strtoul(a, &ea, 10), y = strtoul(b, &eb, 10);

		if (x != y)
			return x < y;
		a = ea + strspn(ea, ".");
		b = eb + strspn(eb, ".");
		if (ea == a && eb == b)
			return strcmp(a, b) < 0;
	}
	return 0;
}

/* The newest version of a source in a mirror (unpacked or packed layout); 0: none. */
static int newest(const char *dir, const char *source, struct buf *version)
{
	struct buf path = BUF_INIT(8192);
	struct err none = { 0 };
	char **names = NULL;
	size_t n = 0;

	buf_reset(version);
	buf_addf(&path, "%s/%s", dir, source);
	if (file_list(path.ptr, &names, &n, &none) == 0)
		for (size_t i = 0; i < n; i++) {
			const char *v = strstr(names[i], ".zip") != NULL
				? strchr(names[i], '_')
				: names[i];
			size_t len;

			if (v == NULL)
				continue;
			v += *v == '_';
			len = strcspn(v, "_");
			if (len == 0 || v[0] < '0' || v[0] > '9')
				continue;
			if (version->len == 0 || version_less(version->ptr, v)) {
				buf_reset(version);
				buf_add(version, v, len);
			}
		}
	file_list_free(names, n);
	buf_release(&path);
	return version->len > 0;
}

static int add_mirror(
	struct mirrors *m, const char *dir, const struct texts *need, struct err *e)
{
	struct buf version = BUF_INIT(256), label = BUF_INIT(512);
	char *real = realpath(dir, NULL);
	struct mirror *at;
	int ret = 0;

	if (real == NULL)
		return 0;
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->at[i].path, real) == 0)
			goto out;
	for (size_t i = 0; i < need->n; i++) {
		const char *name = strrchr(need->at[i], '/') + 1;

		if (!newest(real, need->at[i], &version)) {
			if (m->why.len == 0)
				buf_addf(&m->why, "provider not available offline: %s",
					need->at[i]);
			goto out;
		}
		if (strcmp(name, "aws") == 0 || label.len == 0) {
			buf_reset(&label);
			buf_addf(&label, "%s-%s", name, version.ptr);
		}
	}
	ret = -1;
	at = realloc(m->at, (m->n + 1) * sizeof(*at));
	if (at == NULL || buf_ok(&label, e) < 0) {
		(void)err_no_memory(e);
		goto out;
	}
	m->at = at;
	at[m->n].path = real;
	at[m->n].label = buf_take(&label);
	real = NULL;
	m->n++;
	ret = 0;
out:
	free(real);
	buf_release(&version);
	buf_release(&label);
	return ret;
}

int mirrors_find(struct mirrors *m, const struct vtree *t, struct err *e)
{
	struct texts need = { 0 }, dirs = { 0 };
	int ret = 0;

	*m = (struct mirrors){ .why = BUF_INIT(1024) };
	for (size_t i = 0; ret == 0 && i < t->n; i++)
		if (glob_match("**/*.tf", t->at[i].path))
			ret = required_in(&t->at[i], &need, e);
	if (ret == 0)
		ret = candidates(&dirs, e);
	for (size_t i = 0; ret == 0 && i < dirs.n; i++)
		ret = add_mirror(m, dirs.at[i], &need, e);
	if (m->n == 0 && m->why.len == 0)
		buf_add_str(&m->why,
			"provider not available offline: no plugin mirror is set up");
	texts_release(&need);
	texts_release(&dirs);
	return ret;
}

void mirrors_release(struct mirrors *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->at[i].path);
		free(m->at[i].label);
	}
	free(m->at);
	buf_release(&m->why);
	*m = (struct mirrors){ 0 };
}
