#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_NS ((int64_t)1000000000)

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

int64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

/* 1 with the seconds when SOURCE_DATE_EPOCH holds a plain decimal number. */
static int source_date(int64_t *seconds)
{
	const char *s = getenv("SOURCE_DATE_EPOCH");
	size_t n = s == NULL ? 0 : strspn(s, "0123456789");

	if (n == 0 || n > 11 || s[n] != '\0')
		return 0;
	*seconds = strtoll(s, NULL, 10);
	return 1;
}

int clock_is_fixed(void)
{
	int64_t s;

	return source_date(&s);
}

int64_t clock_now_ns(void)
{
	int64_t s;

	return source_date(&s) ? s * SECOND_NS : clock_wall_ns();
}

int64_t clock_epoch_ns(void)
{
	int64_t s;

	return source_date(&s) ? s * SECOND_NS : (int64_t)315532800 * SECOND_NS;
}

void clock_format(int64_t ns, char out[CLOCK_TEXT_MAX])
{
	time_t t = (time_t)(ns / SECOND_NS);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static int digits(const char **p, int n, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	*out = v;
	return 0;
}

static int literal(const char **p, const char *any)
{
	if (**p == '\0' || strchr(any, **p) == NULL)
		return -1;
	(*p)++;
	return 0;
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_from_civil(int y, int m, int d)
{
	int64_t yy = m <= 2 ? y - 1 : y, era = (yy >= 0 ? yy : yy - 399) / 400;
	int64_t yoe = yy - era * 400, mp = (m + 9) % 12;
	int64_t doy = (153 * mp + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int days_in_month(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[m - 1] + (m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0));
}

static int fraction(const char **p, int64_t *ns)
{
	int64_t unit = SECOND_NS / 10;

	*ns = 0;
	if (**p != '.')
		return 0;
	(*p)++;
	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		*ns += (**p - '0') * unit;
	return 0;
}

static int offset(const char **p, int64_t *seconds)
{
	int sign, h, m;

	*seconds = 0;
	if (literal(p, "Zz") == 0)
		return 0;
	sign = **p == '-' ? -1 : 1;
	if (literal(p, "+-") < 0 || digits(p, 2, &h) < 0 || literal(p, ":") < 0 ||
		digits(p, 2, &m) < 0 || h > 23 || m > 59)
		return -1;
	*seconds = sign * (h * 3600 + m * 60);
	return 0;
}

/* A leap second exists only as 23:59:60 UTC on the last day of a month. */
static int leap_ok(int64_t utc_minute_start)
{
	int64_t day = utc_minute_start / 86400;
	time_t next = (time_t)(day + 1) * 86400;
	struct tm tm;

	if (utc_minute_start - day * 86400 != 86340)
		return 0;
	gmtime_r(&next, &tm);
	return tm.tm_mday == 1;
}

int clock_parse_parts(const char *text, int64_t *seconds, int64_t *nanoseconds)
{
	const char *p = text;
	int y, mo, d, h, mi, s;
	int64_t off, frac, minute;

	if (digits(&p, 4, &y) < 0 || literal(&p, "-") < 0 || digits(&p, 2, &mo) < 0 ||
		literal(&p, "-") < 0 || digits(&p, 2, &d) < 0 || literal(&p, "Tt") < 0 ||
		digits(&p, 2, &h) < 0 || literal(&p, ":") < 0 || digits(&p, 2, &mi) < 0 ||
		literal(&p, ":") < 0 || digits(&p, 2, &s) < 0 ||
		fraction(&p, &frac) < 0 || offset(&p, &off) < 0 || *p != '\0')
		return -1;
	if (mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo) || h > 23 || mi > 59 ||
		s > 60)
		return -1;
	minute = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 - off;
	if (s == 60 && !leap_ok(minute))
		return -1;
	*seconds = minute + s;
	*nanoseconds = frac;
	return 0;
}

int clock_parse(const char *text, int64_t *ns)
{
	int64_t seconds, rest, whole;

	if (clock_parse_parts(text, &seconds, &rest) < 0 ||
		__builtin_mul_overflow(seconds, SECOND_NS, &whole) ||
		__builtin_add_overflow(whole, rest, ns))
		return -1;
	return 0;
}
