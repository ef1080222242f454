/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_TRAFFIC_CLOCK_H
#define LIBCT_TRAFFIC_CLOCK_H
/*
 * Which month it is, for what is counted by the month, by a clock that may be wrong: at a boot without a battery it stands at
 * 1970, by a slip of the hand far ahead.
 *
 * The clock is believed that the kernel calls synchronised (NTP). Else it is not below the time of the program's own file: time
 * that is earlier than the program is none. Whether it may overrule months that were booked before, it has to prove: it has kept
 * step with the time since boot for an hour, or is synchronised.
 */
#include <stdbool.h>
#include <stdint.h>

#define TRAFFIC_STEADY_S 3600
#define TRAFFIC_STEP_S 600	/* a clock that moves this far against the time since boot was set */

struct traffic_clock {
	int64_t wall_s, up_s;		/* unix time; CLOCK_BOOTTIME */
	int64_t floor_s;		/* the program's file; 0: unknown */
	bool synced;
	char boot[48];
};
struct traffic_steady {			/* since when the clock has not been set, as far as was looked */
	char boot[48];			/* "": never looked */
	int64_t offset_s, since_s;	/* wall - up; up */
};
void traffic_clock_read(struct traffic_clock *ret);
bool traffic_clock_plausible(const struct traffic_clock *c);
int traffic_clock_month(const struct traffic_clock *c);		/* local time, as 202611; of the floor if it is below that */
bool traffic_clock_sure(const struct traffic_clock *c, struct traffic_steady *s);	/* keeps @s */

#endif
