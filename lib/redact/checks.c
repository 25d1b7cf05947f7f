#include "checks.h"

#include <string.h>

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ISO/IEC 7812-1, over the digits alone; payment cards have 13 to 19. */
static int luhn(const char *s, size_t len)
{
	int sum = 0, n = 0, all_same = 1;
	char first = '\0';

	for (size_t i = len; i-- > 0;) {
		int d;

		if (!is_digit(s[i]))
			continue;
		d = s[i] - '0';
		if (n % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
		n++;
		if (first == '\0')
			first = s[i];
		all_same &= s[i] == first;
	}
	return n >= 13 && n <= 19 && sum % 10 == 0 && !all_same;
}

/* ISO 13616: letters are 10 to 35, the first four go last, the rest by 97 is 1. */
static int iban(const char *s, size_t len)
{
	char plain[40];
	size_t n = 0;
	unsigned rest = 0;

	for (size_t i = 0; i < len; i++)
		if (is_digit(s[i]) || is_letter(s[i])) {
			if (n == sizeof(plain))
				return 0;
			plain[n++] = s[i];
		}
	if (n < 15 || n > 34)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char c = plain[(i + 4) % n];

		if (is_digit(c))
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		else
			rest = (rest * 100 + (unsigned)((c | 32) - 'a') + 10) % 97;
	}
	return rest == 1;
}

/* Areas 000, 666 and 9xx, group 00 and serial 0000 are never given out. */
static int ssn(const char *s, size_t len)
{
	char d[9];
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof(d); i++)
		if (is_digit(s[i]))
			d[n++] = s[i];
	return n == 9 && memcmp(d, "000", 3) != 0 && memcmp(d, "666", 3) != 0 &&
		d[0] != '9' && memcmp(d + 3, "00", 2) != 0 &&
		memcmp(d + 5, "0000", 4) != 0;
}

/* E.164: at most 15 digits, and no number is shorter than 8 with its country. */
static int phone(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (size_t)is_digit(s[i]);
	return n >= 8 && n <= 15;
}

static int letter_and_digit(const char *s, size_t len)
{
	int letters = 0, digits = 0;

	for (size_t i = 0; i < len; i++) {
		letters += is_letter(s[i]);
		digits += is_digit(s[i]);
	}
	return letters > 0 && digits > 0;
}

redact_check *redact_check_named(const char *name)
{
	static const struct {
		const char *name;
		redact_check *check;
	} all[] = {
		{ "iban", iban },
		{ "letter-and-digit", letter_and_digit },
		{ "luhn", luhn },
		{ "phone", phone },
		{ "ssn", ssn },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].check;
	return NULL;
}
