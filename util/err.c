/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills struct err. Nothing here allocates, takes a lock or looks at the locale, so a child between clone() and exec may
 * use all of it. What to do with an error, and which exit status it becomes, is the caller's business.
 */
#include "util/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void trim_end(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == ' '))
		s[--n] = '\0';
}

static void __attribute__((format(printf, 3, 0)))
format(char *dst, size_t size, const char *fmt, va_list ap)
{
	if (vsnprintf(dst, size, fmt, ap) < 0)
		dst[0] = '\0';
	trim_end(dst);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	const char *why;
	char unknown[32];
	size_t room, n;
	va_list ap;

	if (code <= 0)
		code = EIO;
	why = strerrordesc_np(code);
	if (!why) {
		snprintf(unknown, sizeof(unknown), "error %d", code);
		why = unknown;
	}
	room = sizeof(e->text) - strlen(why) - 2;	/* a long text is cut, its reason never is */
	va_start(ap, fmt);
	format(e->text, room, fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, "%s%s", n ? ": " : "", why);
	e->code = code;
	return -code;
}

int err_say(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	e->code = code > 0 ? code : EIO;
	va_start(ap, fmt);
	format(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -e->code;
}

/* What does not fit is cut out of the middle of @old, whose end is the reason. */
static void append(char *text, size_t size, const char *old)
{
	size_t n = strlen(text), m = strlen(old), room = size - 1 - n, tail = room / 2;

	if (m <= room)
		memcpy(text + n, old, m + 1);
	else
		snprintf(text + n, size - n, "%.*s...%s", (int)(room - tail - 3), old, old + m - tail);
}

int err_add(struct err *e, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	va_list ap;

	if (e->code <= 0)
		e->code = EIO;
	memcpy(old, e->text, sizeof(old));
	old[sizeof(old) - 1] = '\0';
	va_start(ap, fmt);
	format(e->text, old[0] ? sizeof(e->text) / 2 : sizeof(e->text), fmt, ap);
	va_end(ap);
	if (old[0] && e->text[0])
		strncat(e->text, ": ", sizeof(e->text) - 1 - strlen(e->text));
	append(e->text, sizeof(e->text), old);
	return -e->code;
}

int err_exit(struct err *e, int exit)
{
	if (!e->exit)
		e->exit = exit;
	return -e->code;
}

void err_clear(struct err *e)
{
	e->code = 0;
	e->exit = 0;
	e->text[0] = '\0';
}
