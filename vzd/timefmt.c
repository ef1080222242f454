/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as the API writes and reads them. */
#include "vzd/timefmt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/num.h"
#include "util/str.h"

const char *timefmt(int64_t unix_ms, char out[TIMEFMT_LEN])
{
	time_t s = (time_t)(unix_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&s, &tm))
		memset(&tm, 0, sizeof(tm));
	str_fmt(out, TIMEFMT_LEN, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(unix_ms % 1000));
	return out;
}

/* "Z", "+01:00", "-05:30" -> seconds east of UTC. */
static int parse_offset(const char *p, int *ret)
{
	int h, m, n = 0;

	*ret = 0;
	if (!strcmp(p, "Z") || !strcmp(p, "z"))
		return 0;
	if ((*p != '+' && *p != '-') || sscanf(p + 1, "%2d:%2d%n", &h, &m, &n) != 2 || p[1 + n] || n != 5 || h > 23 || m > 59)
		return -EINVAL;
	*ret = (h * 60 + m) * 60 * (*p == '-' ? -1 : 1);
	return 0;
}

int timefmt_parse(const char *text, int64_t *ret_ms)
{
	struct tm tm = { 0 };
	const char *p;
	uint64_t secs;
	int ms = 0, off;
	time_t t;

	if (num_u64(text, &secs) == 0) {
		if (secs > 253402300799)	/* the year 9999 */
			return -EINVAL;
		*ret_ms = (int64_t)secs * 1000;
		return 0;
	}
	p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!p)
		return -EINVAL;
	if (*p == '.') {
		int unit = 100;

		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			ms += (*p - '0') * unit;
	}
	if (parse_offset(p, &off) < 0)
		return -EINVAL;
	t = timegm(&tm);
	*ret_ms = ((int64_t)t - off) * 1000 + ms;
	return 0;
}

json_t *timefmt_json(int64_t unix_ms)
{
	char text[TIMEFMT_LEN];

	return unix_ms ? json_string(timefmt(unix_ms, text)) : json_null();
}

int64_t timefmt_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
