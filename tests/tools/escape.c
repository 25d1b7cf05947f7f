/* escape LANGUAGE: a JSON array of texts on stdin, the same ones escaped on stdout. */
#include "json/json.h"
#include "template/template.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int language(const char *name)
{
	for (enum template_language l = TEMPLATE_HTML; l <= TEMPLATE_MAKE; l++)
		if (strcmp(template_language_name(l), name) == 0)
			return (int)l;
	return -1;
}

int main(int argc, char **argv)
{
	struct buf in = BUF_INIT((size_t)16 << 20), out = BUF_INIT((size_t)64 << 20);
	int lang = argc == 2 ? language(argv[1]) : -1;
	struct err e = { 0 };
	cJSON *texts, *escaped;

	if (lang < 0) {
		fputs("usage: escape LANGUAGE\n", stderr);
		return 2;
	}
	if (file_read_fd(STDIN_FILENO, "stdin", &in, &e) < 0)
		return 1;
	texts = json_parse(in.ptr, in.len, JSON_STRICT, &e);
	escaped = json_new_array(&e);
	JSON_EACH (t, texts) {
		struct buf one = BUF_INIT((size_t)16 << 20);

		template_escape(json_text(t), (enum template_language)lang, &one);
		json_push_str(escaped, one.ptr, &e);
		buf_release(&one);
	}
	json_print(escaped, JSON_COMPACT, &out);
	puts(out.ptr);
	json_free(texts);
	json_free(escaped);
	buf_release(&in);
	buf_release(&out);
	return 0;
}
