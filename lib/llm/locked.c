#include "locked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int locked_open(struct llm_session *s, const char *kind, const char *what,
	struct locked *l, struct err *e)
{
	struct buf b = BUF_INIT(8192), text = BUF_INIT(1 << 16);
	char hex[DIGEST_HEX_MAX];
	struct err broken;

	*l = (struct locked){ .fd = -1 };
	if (private_dir(s->state_dir, e) < 0)
		return -1;
	digest_hex(what, strlen(what), hex);
	buf_addf(&b, "%s/%s-%.16s.lock", s->state_dir, kind, hex);
	l->fd = open(b.ptr, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0) {
		err_fill(e, ERR_CANT_CREATE, "cannot open '%s': %s", b.ptr,
			strerror(errno));
		buf_release(&b);
		return -1;
	}
	while (flock(l->fd, LOCK_EX) < 0 && errno == EINTR)
		;
	buf_cut(&b, b.len - 5);
	buf_add_str(&b, ".json");
	if (file_is_regular(b.ptr) && file_read(b.ptr, &text, &broken) == 0)
		l->doc = json_parse(text.ptr, text.len, JSON_STRICT, &broken);
	if (!json_is(l->doc, JSON_OBJECT)) {
		json_free(l->doc);
		l->doc = json_new_object(e);
	}
	l->path = buf_take(&b);
	buf_release(&text);
	if (l->doc != NULL && l->path != NULL)
		return 0;
	(void)locked_close(l, 0, &broken);
	return err_no_memory(e);
}

int locked_close(struct locked *l, int write, struct err *e)
{
	struct buf text = BUF_INIT(1 << 20);
	int ret = 0;

	if (write && l->doc != NULL) {
		json_print(l->doc, JSON_COMPACT, &text);
		buf_add_char(&text, '\n');
		ret = buf_ok(&text, e) < 0
			? -1
			: file_write_atomic(l->path, text.ptr, text.len, 0600, 0, e);
	}
	buf_release(&text);
	json_free(l->doc);
	free(l->path);
	if (l->fd >= 0)
		close(l->fd);
	*l = (struct locked){ .fd = -1 };
	return ret;
}
