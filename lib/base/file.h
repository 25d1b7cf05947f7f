/*
 * file.h - reading whole files within a bound and writing them so that a
 * half-written one never stands under its final name.
 *
 * Errors name the path and the system's reason. Thread safety: all functions
 * are reentrant; nothing here changes directory, umask or signal handling.
 */
#ifndef MLOPS_FILE_H
#define MLOPS_FILE_H

#include "buf.h"

/* Appends the whole file, up to out->max bytes. ERR_NO_INPUT when it is not
 * there, ERR_INPUT when it is too long, ERR_IO otherwise. */
int file_read(const char *path, struct buf *out, struct err *e);

/* The same from a descriptor, to its end; `name` stands in messages. */
int file_read_fd(int fd, const char *name, struct buf *out, struct err *e);

/* Writes to a temporary name in the same directory, then renames. With `sync`
 * data and directory reach the disk first. ERR_CANT_CREATE when the file cannot
 * be made, ERR_IO when writing fails (a full disk); nothing is left behind. */
int file_write_atomic(const char *path, const void *data, size_t len, unsigned mode,
	int sync, struct err *e);

/* All bytes to a descriptor; ERR_IO with the reason (EPIPE included). */
int file_write_fd(int fd, const char *name, const void *data, size_t len, struct err *e);

/* mkdir -p; an existing directory is fine. ERR_CANT_CREATE. */
int file_mkdirs(const char *path, struct err *e);

/* Removes a file or a whole tree, without following symbolic links; a missing
 * path is fine. */
int file_remove_tree(const char *path, struct err *e);

/* 1 if path exists and is a regular file / directory (links followed), else 0. */
int file_is_regular(const char *path);
int file_is_dir(const char *path);

/*
 * A relative path as it may stand in a manifest: not empty, not absolute, no
 * empty, "." or ".." component, no backslash, no control character.
 * 0, or -1 with ERR_INPUT.
 */
int file_check_relative(const char *path, struct err *e);

#define FILE_DEPTH_MAX 32

/*
 * Writes many files below one directory: directories stay open from one file to the
 * next, so files in path order cost one open each. Starts as FILE_WRITER(root), which
 * is borrowed; file_writer_close releases it.
 */
struct file_writer {
	const char *root;
	int depth; /* open directories: the root and what lies below it */
	struct {
		int fd;
		char name[256]; /* "" for the root */
	} at[FILE_DEPTH_MAX];
};
#define FILE_WRITER(dir)      \
	{                     \
		.root = (dir) \
	}

/*
 * Makes the parent directories of root/relative, refusing to pass through a
 * symbolic link below root, and writes the file atomically (no sync).
 */
int file_writer_put(struct file_writer *w, const char *relative, const void *data,
	size_t len, unsigned mode, struct err *e);
void file_writer_close(struct file_writer *w);

/* The same for one file. */
int file_write_below(const char *root, const char *relative, const void *data, size_t len,
	unsigned mode, struct err *e);

/* Names in a directory, sorted by byte value, without "." and "..". The caller
 * frees with file_list_free. A missing directory is ERR_NO_INPUT. */
int file_list(const char *dir, char ***names, size_t *n, struct err *e);
void file_list_free(char **names, size_t n);

/* Every regular file below root, as sorted relative paths with '/'. Symbolic
 * links are refused (ERR_INPUT). */
int file_walk(const char *root, char ***paths, size_t *n, struct err *e);

#endif
