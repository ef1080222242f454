/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/traffic_clock.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>

#include "libct/ct_priv.h"
#include "util/str.h"

void traffic_clock_read(struct traffic_clock *ret)
{
	struct timex tx = { .modes = 0 };
	struct timespec up = { 0 };
	struct stat st;

	*ret = (struct traffic_clock){ .wall_s = time(NULL) };
	clock_gettime(CLOCK_BOOTTIME, &up);
	ret->up_s = up.tv_sec;
	ret->synced = adjtimex(&tx) >= 0 && !(tx.status & STA_UNSYNC);
	if (stat("/proc/self/exe", &st) == 0)
		ret->floor_s = st.st_mtime;
	str_copy(ret->boot, sizeof(ret->boot), ct_boot_id());
}

bool traffic_clock_plausible(const struct traffic_clock *c)
{
	return c->synced || c->wall_s >= c->floor_s;
}

int traffic_clock_month(const struct traffic_clock *c)
{
	time_t t = (time_t)(traffic_clock_plausible(c) ? c->wall_s : c->floor_s);
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 100 + tm.tm_mon + 1;
}

bool traffic_clock_sure(const struct traffic_clock *c, struct traffic_steady *s)
{
	int64_t offset = c->wall_s - c->up_s, moved = offset - s->offset_s;

	if (!str_eq(s->boot, c->boot) || moved > TRAFFIC_STEP_S || moved < -TRAFFIC_STEP_S || c->up_s < s->since_s) {
		str_copy(s->boot, sizeof(s->boot), c->boot);
		s->offset_s = offset;
		s->since_s = c->up_s;
	}
	return c->synced || (traffic_clock_plausible(c) && c->up_s - s->since_s >= TRAFFIC_STEADY_S);
}
