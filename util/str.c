/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings and lists of strings. Bytes are bytes here: no locale, no encoding. */
#include "util/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/err.h"

static int add_n(struct str_list *l, const char *s, size_t len, struct err *e)
{
	char *copy = strndup(s, len);
	char **v = copy ? reallocarray(l->v, l->n + 2, sizeof(*v)) : NULL;

	if (!v) {
		free(copy);
		return err_set(e, ENOMEM, "list");
	}
	v[l->n++] = copy;
	v[l->n] = NULL;
	l->v = v;
	l->set = true;
	return 0;
}

int str_list_add(struct str_list *l, const char *s, struct err *e)
{
	return add_n(l, s, strlen(s), e);
}

int str_list_split(struct str_list *l, const char *s, const char *seps, struct err *e)
{
	l->set = true;
	for (s += strspn(s, seps); *s; s += strspn(s, seps)) {
		size_t len = strcspn(s, seps);

		if (add_n(l, s, len, e) < 0)
			return -e->code;
		s += len;
	}
	return 0;
}

int str_list_copy(struct str_list *dst, const struct str_list *src, struct err *e)
{
	struct str_list tmp = { .set = src->set };

	for (size_t i = 0; i < src->n; i++) {
		if (str_list_add(&tmp, src->v[i], e) < 0) {
			str_list_clear(&tmp);
			return -e->code;
		}
	}
	tmp.set = src->set;
	str_list_clear(dst);
	*dst = tmp;
	return 0;
}

bool str_list_has(const struct str_list *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i], s))
			return true;
	}
	return false;
}

bool str_list_equal(const struct str_list *a, const struct str_list *b)
{
	if (a->set != b->set || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i], b->v[i]))
			return false;
	}
	return true;
}

void str_list_del(struct str_list *l, const char *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		char *item = l->v[i];

		if (strcmp(item, s))
			l->v[kept++] = item;
		else
			free(item);
	}
	l->n = kept;
	if (l->v)
		l->v[kept] = NULL;
}

void str_list_clear(struct str_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct str_list){ 0 };
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *str_trim(char *s)
{
	size_t n;

	while (is_blank(*s))
		s++;
	n = strlen(s);
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

bool str_has_ctrl(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	}
	return false;
}

int str_copy(char *dst, size_t size, const char *src)
{
	size_t n = strlen(src);

	if (size == 0)
		return -ENAMETOOLONG;
	memcpy(dst, src, n < size ? n : size - 1);
	dst[n < size ? n : size - 1] = '\0';
	return n < size ? 0 : -ENAMETOOLONG;
}

int str_fmt(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}
