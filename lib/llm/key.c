#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_MAX 4096

void key_shield(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

void key_forget(struct buf *key)
{
	if (key->cap > 0)
		explicit_bzero(key->ptr, key->len);
	buf_release(key);
}

/* Opened first and looked at then, so that it cannot be exchanged in between. */
static int read_file(const char *path, struct buf *out, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), ret = -1;
	char text[KEY_MAX];
	ssize_t n;

	if (fd < 0)
		return err_set(e, ERR_CONFIG, "cannot open key file '%s': %s", path,
			strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		(st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 077) != 0) {
		err_fill(e, ERR_CONFIG,
			"key file '%s' must be a regular file of yours that nobody else "
			"can "
			"read (chmod 600)",
			path);
		goto out;
	}
	n = read(fd, text, sizeof(text));
	if (n < 0 || n == (ssize_t)sizeof(text)) {
		err_fill(e, ERR_CONFIG, "key file '%s' cannot be read or is no key file",
			path);
		goto out;
	}
	while (n > 0 &&
		(text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	buf_add(out, text, (size_t)n);
	ret = buf_ok(out, e);
out:
	explicit_bzero(text, sizeof(text));
	close(fd);
	return ret;
}

static int read_env(const char *name, struct buf *out, struct err *e)
{
	const char *value = name == NULL ? NULL : getenv(name);

	if (value != NULL)
		buf_add_str(out, value);
	return buf_ok(out, e);
}

/* A header line must not be ended by what stands in a key. */
static int check(const struct buf *key, const char *provider, struct err *e)
{
	for (size_t i = 0; i < key->len; i++)
		if (key->ptr[i] <= ' ' || key->ptr[i] == 0x7f)
			return err_set(e, ERR_CONFIG,
				"the key for %s holds a blank or a control character at "
				"byte %zu",
				provider, i);
	return 0;
}

int key_find(struct llm_session *s, const char *provider, const cJSON *entry,
	struct buf *out, struct err *e)
{
	const char *file = s->o->key_file, *name = json_str_or(entry, "key_env", NULL);
	const char *ref = json_str_or(json_get(s->config, "keys"), provider, NULL);
	int ret;

	buf_init(out, KEY_MAX);
	if (file == NULL && ref != NULL && strncmp(ref, "file:", 5) == 0)
		file = ref + 5;
	else if (ref != NULL && strncmp(ref, "env:", 4) == 0)
		name = ref + 4;
	else if (file == NULL && ref != NULL)
		return err_set(e, ERR_CONFIG,
			"/keys/%s: a key is named, not given: 'file:PATH' or 'env:NAME'",
			provider);
	ret = file != NULL ? read_file(file, out, e) : read_env(name, out, e);
	return ret < 0 ? -1 : check(out, provider, e);
}
