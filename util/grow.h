/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_GROW_H
#define UTIL_GROW_H
#include <errno.h>
#include <stdlib.h>

/* Makes room for one more in the array @v, which has @n of @room: it doubles. 0, or -ENOMEM and all is as it was. */
#define GROW(v, n, room) ({									\
	int grown_ = 0;										\
	if ((n) == (room)) {									\
		const size_t room_ = (room) ? (size_t)(room) * 2 : 16;				\
		__typeof__(v) more_ = reallocarray((v), room_, sizeof(*(v)));			\
		if (more_)									\
			(v) = more_, (room) = room_;						\
		else										\
			grown_ = -ENOMEM;							\
	}											\
	grown_;											\
})

#endif
