/*
 * The software bill of materials, CycloneDX 1.6: Python packages, container base
 * images, Terraform providers, GitHub actions. No time stamp; the serial number
 * comes from the content.
 */
#include "checks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hcl/hcl.h"

static int property(cJSON *component, const char *name, const char *value, struct err *e)
{
	cJSON *all = json_edit(component, "/properties"), *p;

	if (all == NULL)
		all = json_add_array(component, "properties", e);
	p = all == NULL ? NULL : json_push_object(all, e);
	if (p == NULL || json_set_str(p, "name", name, e) < 0)
		return -1;
	return json_set_str(p, "value", value, e);
}

/* Adds a component once by its reference; *out is the one that is there. */
static int component(cJSON *list, const char *ref, const char *type, const char *group,
	const char *name, const char *version, const char *purl, cJSON **out,
	struct err *e)
{
	cJSON *c;
	size_t i = 0;

	JSON_EACH (have, list) {
		if (strcmp(json_str_or(have, "bom-ref", ""), ref) == 0) {
			char pointer[32];

			snprintf(pointer, sizeof(pointer), "/%zu", i);
			*out = json_edit(list, pointer);
			return 1;
		}
		i++;
	}
	c = json_push_object(list, e);
	if (c == NULL || json_set_str(c, "type", type, e) < 0 ||
		json_set_str(c, "bom-ref", ref, e) < 0 ||
		(group != NULL && *group != '\0' &&
			json_set_str(c, "group", group, e) < 0) ||
		json_set_str(c, "name", name, e) < 0 ||
		(version != NULL && *version != '\0' &&
			json_set_str(c, "version", version, e) < 0) ||
		(purl != NULL && json_set_str(c, "purl", purl, e) < 0))
		return -1;
	*out = c;
	return 0;
}

/* Percent-encodes for a purl (ECMA-427): all but unreserved characters and those in
 * `keep`. */
static void purl_add(struct buf *b, const char *s, size_t n, const char *keep)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (isalnum(c) || strchr("-._~", c) != NULL || strchr(keep, c) != NULL)
			buf_add_char(b, (char)c);
		else
			buf_addf(b, "%%%02X", c);
	}
}

/* ---- Python ---- */

static int python_hashes(cJSON *c, const char *line, size_t len, struct err *e)
{
	cJSON *hashes = NULL, *h;

	for (size_t i = 0; i + 14 < len; i++) {
		char hex[65];
		size_t n = 0;

		if (strncmp(line + i, "--hash=sha256:", 14) != 0)
			continue;
		while (n < 64 && i + 14 + n < len &&
			isxdigit((unsigned char)line[i + 14 + n])) {
			hex[n] = (char)tolower((unsigned char)line[i + 14 + n]);
			n++;
		}
		if (n != 64)
			continue;
		hex[64] = '\0';
		if (hashes == NULL)
			hashes = json_add_array(c, "hashes", e);
		h = hashes == NULL ? NULL : json_push_object(hashes, e);
		if (h == NULL || json_set_str(h, "alg", "SHA-256", e) < 0 ||
			json_set_str(h, "content", hex, e) < 0)
			return -1;
	}
	return 0;
}

/* One requirement with its continuation lines: "name[extra]==1.2 ; marker --hash=…". */
static int python_line(
	cJSON *list, const char *path, const char *s, size_t len, struct err *e)
{
	char name[128], version[64];
	/* what only develops and tests the repository is no part of what it ships */
	const char *scope = strstr(path, "dev") != NULL ? "excluded" : "required";
	struct buf purl = BUF_INIT(1024);
	size_t n = 0, v = 0, i;
	cJSON *c;
	int ret = -1;

	while (n < len && n + 1 < sizeof(name) &&
		(isalnum((unsigned char)s[n]) ||
			(n > 0 && strchr("-_.", s[n]) != NULL))) {
		name[n] = s[n] == '_' || s[n] == '.' ? '-'
						     : (char)tolower((unsigned char)s[n]);
		n++;
	}
	if (n == 0)
		return 0; /* an option, a comment, nothing */
	name[n] = '\0';
	i = n;
	if (i < len && s[i] == '[')
		while (i < len && s[i++] != ']')
			;
	while (i < len && s[i] == ' ')
		i++;
	if (i + 2 < len && s[i] == '=' && s[i + 1] == '=')
		for (i += 2; i < len && v + 1 < sizeof(version) &&
			strchr(" ;\\,\t\r#", s[i]) == NULL;)
			version[v++] = s[i++];
	version[v] = '\0';
	buf_addf(&purl, "pkg:pypi/%s", name);
	if (v > 0) {
		buf_add_char(&purl, '@');
		purl_add(&purl, version, v, "");
	}
	if (buf_ok(&purl, e) < 0)
		goto out;
	ret = component(list, purl.ptr, "library", NULL, name, version, purl.ptr, &c, e);
	if (ret == 0 &&
		(json_set_str(c, "scope", scope, e) < 0 ||
			python_hashes(c, s, len, e) < 0 ||
			property(c, "mlops:file", path, e) < 0))
		ret = -1;
	else if (ret == 1 && strcmp(scope, "required") == 0)
		ret = json_set_str(c, "scope", scope, e);
	ret = ret < 0 ? -1 : 0;
out:
	buf_release(&purl);
	return ret;
}

static int python_file(cJSON *list, const struct vfile *f, struct err *e)
{
	const char *p = f->bytes.ptr, *end = p + f->bytes.len;

	while (p < end) {
		const char *stop = p;

		for (;;) {
			const char *nl = memchr(stop, '\n', (size_t)(end - stop));

			stop = nl == NULL ? end : nl;
			if (nl == NULL || nl == p || nl[-1] != '\\')
				break;
			stop = nl + 1;
		}
		while (p < stop && (*p == ' ' || *p == '\t'))
			p++;
		if (python_line(list, f->path, p, (size_t)(stop - p), e) < 0)
			return -1;
		p = stop < end ? stop + 1 : end;
	}
	return 0;
}

/* ---- containers ---- */

/* "python:3.12-slim@sha256:…" -> pkg:docker/library/python@3.12-slim. */
static int image(
	cJSON *list, const char *path, const char *text, size_t len, struct err *e)
{
	struct buf purl = BUF_INIT(2048), name = BUF_INIT(1024), version = BUF_INIT(256);
	const char *at = memchr(text, '@', len), *colon = NULL, *slash;
	size_t n = at == NULL ? len : (size_t)(at - text), host = 0;
	cJSON *c;
	int ret = -1;

	for (size_t i = n; i > 0 && text[i - 1] != '/'; i--)
		if (text[i - 1] == ':')
			colon = text + i - 1;
	buf_add(&name, text, colon == NULL ? n : (size_t)(colon - text));
	if (colon != NULL)
		buf_add(&version, colon + 1, (size_t)(text + n - colon - 1));
	slash = strchr(name.ptr, '/');
	if (slash != NULL &&
		(memchr(name.ptr, '.', (size_t)(slash - name.ptr)) != NULL ||
			memchr(name.ptr, ':', (size_t)(slash - name.ptr)) != NULL))
		host = (size_t)(slash - name.ptr);
	buf_add_str(&purl, "pkg:docker/");
	purl_add(&purl, name.ptr + (host ? host + 1 : 0),
		name.len - (host ? host + 1 : 0), "/");
	if (version.len > 0 || at != NULL) {
		buf_add_char(&purl, '@');
		if (at != NULL)
			purl_add(&purl, at + 1, (size_t)(text + len - at - 1), ":");
		else
			purl_add(&purl, version.ptr, version.len, "");
	}
	if (host > 0) {
		buf_add_str(&purl, "?repository_url=");
		purl_add(&purl, name.ptr, host, "");
	}
	if (buf_ok(&purl, e) < 0 || buf_ok(&name, e) < 0 || buf_ok(&version, e) < 0)
		goto out;
	ret = component(list, purl.ptr, "container", NULL, name.ptr, version.ptr,
		purl.ptr, &c, e);
	if (ret == 0)
		ret = property(c, "mlops:file", path, e);
	ret = ret < 0 ? -1 : 0;
out:
	buf_release(&purl);
	buf_release(&name);
	buf_release(&version);
	return ret;
}

/* FROM lines; not "scratch", not an earlier stage, not what a variable decides. */
static int docker_file(cJSON *list, const struct vfile *f, struct err *e)
{
	char stages[16][64];
	size_t n_stages = 0;

	for (const char *p = f->bytes.ptr; *p != '\0';) {
		size_t line = strcspn(p, "\n");
		char from[512] = "", stage[64] = "";
		const char *s = p;
		int earlier = 0;

		while (s < p + line && isspace((unsigned char)*s))
			s++;
		if (line < 600 && strncasecmp(s, "FROM ", 5) == 0) {
			char copy[600];

			snprintf(copy, sizeof(copy), "%.*s", (int)(p + line - s), s);
			if (sscanf(copy, "%*s --platform=%*s %511s %*[aA]%*[sS] %63s",
				    from, stage) < 1)
				(void)sscanf(
					copy, "%*s %511s %*[aA]%*[sS] %63s", from, stage);
		}
		for (size_t i = 0; i < n_stages; i++)
			earlier |= strcmp(stages[i], from) == 0;
		if (*from != '\0' && !earlier && strcmp(from, "scratch") != 0 &&
			strchr(from, '$') == NULL &&
			image(list, f->path, from, strlen(from), e) < 0)
			return -1;
		if (*stage != '\0' && n_stages < ARRAY_LEN(stages))
			memcpy(stages[n_stages++], stage, sizeof(stage));
		p += line + (p[line] == '\n');
	}
	return 0;
}

/* ---- Terraform ---- */

static int provider(
	cJSON *list, const char *path, const struct hcl_attr *a, struct err *e)
{
	const struct hcl_value *source = hcl_member(&a->value, "source");
	const struct hcl_value *wants = hcl_member(&a->value, "version");
	const char *full =
		source != NULL && source->kind == HCL_STRING ? source->text : a->name;
	const char *slash = strrchr(full, '/'), *name = slash == NULL ? full : slash + 1;
	struct buf ref = BUF_INIT(1024), group = BUF_INIT(512);
	cJSON *c;
	int ret = -1;

	buf_add(&group, full, slash == NULL ? 0 : (size_t)(slash - full));
	buf_addf(&ref, "terraform-provider:%s", full);
	if (buf_ok(&ref, e) < 0 || buf_ok(&group, e) < 0)
		goto out;
	ret = component(list, ref.ptr, "library", group.ptr, name, NULL, NULL, &c, e);
	if (ret == 0 &&
		(property(c, "mlops:kind", "terraform-provider", e) < 0 ||
			property(c, "mlops:file", path, e) < 0 ||
			(wants != NULL && wants->kind == HCL_STRING &&
				property(c, "mlops:version-constraint", wants->text, e) <
					0)))
		ret = -1;
	ret = ret < 0 ? -1 : 0;
out:
	buf_release(&ref);
	buf_release(&group);
	return ret;
}

static int terraform_file(cJSON *list, const struct vfile *f, struct err *e)
{
	struct hcl_body body;
	struct err bad = { 0 };
	int ret = 0;

	if (hcl_parse(f->bytes.ptr, f->bytes.len, &body, &bad) < 0)
		return 0; /* the Terraform checks say so */
	for (size_t i = 0; i < body.n_blocks; i++) {
		const struct hcl_block *req =
			strcmp(body.blocks[i].type, "terraform") != 0
			? NULL
			: hcl_block(
				  &body.blocks[i].body, "required_providers", NULL, NULL);

		for (size_t k = 0; req != NULL && k < req->body.n_attrs && ret == 0; k++)
			ret = provider(list, f->path, &req->body.attrs[k], e);
	}
	hcl_release(&body);
	return ret;
}

/* ---- GitHub actions ---- */

static int action(cJSON *list, const char *path, const char *s, size_t len,
	const char *comment, size_t comment_len, struct err *e)
{
	const char *at = memchr(s, '@', len), *slash = memchr(s, '/', len);
	struct buf purl = BUF_INIT(1024), group = BUF_INIT(256), name = BUF_INIT(512),
		   version = BUF_INIT(256), tag = BUF_INIT(256);
	cJSON *c;
	int ret = 0;

	if (at == NULL || slash == NULL || slash > at || s[0] == '.')
		return 0;
	buf_add(&group, s, (size_t)(slash - s));
	buf_add(&name, slash + 1, (size_t)(at - slash - 1));
	buf_add(&version, at + 1, (size_t)(s + len - at - 1));
	buf_add_str(&purl, "pkg:githubactions/");
	purl_add(&purl, s, (size_t)(at - s), "/");
	buf_add_char(&purl, '@');
	purl_add(&purl, version.ptr, version.len, "");
	clean_text(&tag, comment, comment_len, NULL);
	ret = buf_ok(&purl, e) < 0 || buf_ok(&group, e) < 0 || buf_ok(&name, e) < 0 ||
			buf_ok(&version, e) < 0
		? -1
		: component(list, purl.ptr, "application", group.ptr, name.ptr,
			  version.ptr, purl.ptr, &c, e);
	if (ret == 0 &&
		(property(c, "mlops:kind", "github-action", e) < 0 ||
			property(c, "mlops:file", path, e) < 0 ||
			(tag.len > 0 && property(c, "mlops:tag", tag.ptr, e) < 0)))
		ret = -1;
	buf_release(&purl);
	buf_release(&group);
	buf_release(&name);
	buf_release(&version);
	buf_release(&tag);
	return ret < 0 ? -1 : 0;
}

/* "uses: owner/name@ref # tag" lines of workflows. */
static int workflow_file(cJSON *list, const struct vfile *f, struct err *e)
{
	for (const char *p = f->bytes.ptr; *p != '\0';) {
		size_t line = strcspn(p, "\n");
		const char *end = p + line, *s = p, *stop;

		while (s < end && strchr(" \t-", *s) != NULL)
			s++;
		if (end - s > 6 && strncmp(s, "uses:", 5) == 0) {
			s += 5;
			while (s < end && strchr(" \t\"'", *s) != NULL)
				s++;
			for (stop = s; stop < end && strchr(" \t\"'#\r", *stop) == NULL;)
				stop++;
			const char *hash = memchr(stop, '#', (size_t)(end - stop));

			if (action(list, f->path, s, (size_t)(stop - s),
				    hash ? hash + 1 : end,
				    hash ? (size_t)(end - hash - 1) : 0, e) < 0)
				return -1;
		}
		p = end + (*end == '\n');
	}
	return 0;
}

/* ---- the document ---- */

static int by_ref(const void *a, const void *b)
{
	return strcmp(json_str_or(*(const cJSON *const *)a, "bom-ref", ""),
		json_str_or(*(const cJSON *const *)b, "bom-ref", ""));
}

static cJSON *sorted(const cJSON *list, struct err *e)
{
	size_t n = json_len(list), i = 0;
	const cJSON **at = calloc(n + 1, sizeof(const cJSON *));
	cJSON *out = at == NULL ? NULL : json_new_array(e);

	JSON_EACH (c, list)
		if (at != NULL)
			at[i++] = c;
	if (out != NULL && n > 0)
		qsort(at, n, sizeof(const cJSON *), by_ref);
	for (i = 0; out != NULL && i < n; i++)
		if (json_push_copy(out, at[i], e) < 0) {
			json_free(out);
			out = NULL;
		}
	free(at);
	return out;
}

static int collect(cJSON *list, const struct vtree *t, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct vfile *f = &t->at[i];
		const char *base = strrchr(f->path, '/');
		int ret = 0;

		base = base == NULL ? f->path : base + 1;
		if (glob_match("requirements*.txt", base) ||
			glob_match("requirements/*.txt", f->path))
			ret = python_file(list, f, e);
		else if (strncmp(base, "Dockerfile", 10) == 0)
			ret = docker_file(list, f, e);
		else if (glob_match("*.tf", base))
			ret = terraform_file(list, f, e);
		else if (glob_match(".github/workflows/*.y*ml", f->path))
			ret = workflow_file(list, f, e);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int head(cJSON *bom, const char *name, struct err *e)
{
	cJSON *meta = json_add_object(bom, "metadata", e), *tools, *tool, *app;

	tools = meta == NULL ? NULL : json_add_object(meta, "tools", e);
	tools = tools == NULL ? NULL : json_add_array(tools, "components", e);
	tool = tools == NULL ? NULL : json_push_object(tools, e);
	if (tool == NULL || json_set_str(tool, "type", "application", e) < 0 ||
		json_set_str(tool, "name", "mlops-validate", e) < 0 ||
		json_set_str(tool, "version", MLOPS_VERSION, e) < 0)
		return -1;
	app = json_add_object(meta, "component", e);
	if (app == NULL || json_set_str(app, "type", "application", e) < 0 ||
		json_set_str(app, "bom-ref", "repository", e) < 0)
		return -1;
	return json_set_str(app, "name", name, e);
}

static int depends(cJSON *bom, struct err *e)
{
	cJSON *deps = json_add_array(bom, "dependencies", e), *root, *on;

	root = deps == NULL ? NULL : json_push_object(deps, e);
	if (root == NULL || json_set_str(root, "ref", "repository", e) < 0)
		return -1;
	on = json_add_array(root, "dependsOn", e);
	JSON_EACH (c, json_get(bom, "components"))
		if (on == NULL || json_push_str(on, json_str_or(c, "bom-ref", ""), e) < 0)
			return -1;
	return on == NULL ? -1 : 0;
}

static int number(cJSON *bom, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	char id[ID_TEXT_MAX];
	int ret = json_canonical(bom, &text, e);

	if (ret == 0) {
		id_from_content(text.ptr, text.len, id);
		ret = json_setf(bom, "serialNumber", e, "urn:uuid:%s", id);
	}
	buf_release(&text);
	return ret;
}

cJSON *sbom_make(const struct vtree *t, const char *name, struct err *e)
{
	cJSON *bom = json_new_object(e), *list = json_new_array(e);

	if (bom == NULL || list == NULL || collect(list, t, e) < 0 ||
		json_set_str(bom, "bomFormat", "CycloneDX", e) < 0 ||
		json_set_str(bom, "specVersion", "1.6", e) < 0 ||
		json_set_null(bom, "serialNumber", e) < 0 ||
		json_set_int(bom, "version", 1, e) < 0 || head(bom, name, e) < 0 ||
		json_set(bom, "components", sorted(list, e), e) < 0 ||
		depends(bom, e) < 0 || number(bom, e) < 0) {
		json_free(bom);
		bom = NULL;
	}
	json_free(list);
	return bom;
}

size_t sbom_components(const cJSON *bom)
{
	return json_len(json_get(bom, "components"));
}

/* A Python package without a pinned version, an action by a movable tag, an image
 * without a digest or a tag: each is a warning, and so no failure. */
int check_sbom(cJSON *check, const cJSON *bom, struct err *e)
{
	JSON_EACH (c, json_get(bom, "components")) {
		const char *purl = json_str_or(c, "purl", NULL);
		const char *file = json_str_or(
			json_item(json_get(c, "properties"), 0), "value", NULL);
		int ret = 0;

		if (purl != NULL && json_get(c, "version") == NULL)
			ret = check_finding(check, "unpinned", "warning",
				file != NULL && strchr(file, '/') ? file : NULL, 0, 0,
				json_str_or(c, "name", ""), e);
		if (ret < 0)
			return -1;
	}
	if (check_detail(check, e, "%zu components", sbom_components(bom)) < 0)
		return -1;
	return check_settle(check, e);
}
