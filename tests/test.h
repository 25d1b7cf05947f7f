/*
 * test.h - what every unit test includes: cmocka, and J() for JSON that reads
 * well in C: ' stands for ".
 */
#ifndef MLOPS_TEST_H
#define MLOPS_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "json/json.h"

/* Parses text with ' for "; fails the test when it is not JSON. The caller frees. */
static inline cJSON *J(const char *text)
{
	struct err e = { 0 };
	char *copy = strdup(text);
	cJSON *v;

	assert_non_null(copy);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	v = json_parse(copy, strlen(copy), JSON_STRICT, &e);
	free(copy);
	if (v == NULL)
		fail_msg("%s: %s", text, e.msg);
	return v;
}

#endif
