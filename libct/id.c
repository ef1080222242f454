/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user types for a container: a number is always an id, everything else is a name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libct/files.h"

static int bad_id(const char *text, struct err *e)
{
	err_say(e, EINVAL, "Bad CT ID %s", text);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

/* 1: a number (*ret is set, if in range), 0: not one, -ERANGE. */
static int parse_number(const char *text, unsigned *ret)
{
	const char *digits = text + (*text == '-' || *text == '+');
	unsigned long long v;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return 0;
	errno = 0;
	v = strtoull(digits, NULL, 10);
	if (errno || v > CT_ID_MAX || (*text == '-' && v > 0))
		return -ERANGE;
	*ret = (unsigned)v;
	return 1;
}

int ct_id_parse(const char *text, unsigned *ret, struct err *e)
{
	unsigned id = 0;
	int r = parse_number(text, &id);

	if (r == 0 && ct_name_lookup(text, &id) == 0)
		r = 1;
	if (r <= 0)
		return bad_id(text, e);
	*ret = id;
	return 0;
}
