/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths of a container as text: $VEID, parents. What lies at a path is looked at by others. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "util/buf.h"
#include "util/path.h"

#include "libct/files.h"

char *ct_expand(const char *pattern, unsigned id)
{
	static const char *const vars[] = { "${VEID}", "$VEID" };
	auto_buf struct buf b = { .cap = CT_PATH_MAX };

	if (!pattern || !*pattern)
		return NULL;
	while (*pattern) {
		size_t i;

		for (i = 0; i < ARRAY_SIZE(vars) && !str_starts(pattern, vars[i]); i++)
			;
		if (i < ARRAY_SIZE(vars)) {
			buf_addf(&b, "%u", id);
			pattern += strlen(vars[i]);
		} else {
			buf_addc(&b, *pattern++);
		}
	}
	return buf_take(&b);
}

char *ct_path_private(const struct ct *ct)
{
	return ct_expand(ct->conf.private_dir, ct->id);
}

char *ct_path_root(const struct ct *ct)
{
	return ct_expand(ct->conf.root, ct->id);
}

char *ct_path_conf(const struct ct *ct)
{
	return ct_expand(CT_CONF_DIR "/$VEID.conf", ct->id);
}

/* "/vz/private/101/" -> "/vz/private" and "101". */
int ct_path_split(const char *path, char **ret_parent, char **ret_name, struct err *e)
{
	size_t len = strlen(path);
	const char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	slash = memrchr(path, '/', len);
	if (!slash || slash + 1 == path + len)
		return err_say(e, EINVAL, "%s is not the absolute path of a directory of its own", path);
	auto_free char *name = strndup(slash + 1, (size_t)(path + len - slash - 1));
	auto_free char *parent = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	if (!name || !parent)
		return err_set(e, ENOMEM, "%s", path);
	if (path[0] != '/' || !path_is_component(name))
		return err_say(e, EINVAL, "%s is not the absolute path of a directory of its own", path);
	*ret_parent = take_ptr(parent);
	*ret_name = take_ptr(name);
	return 0;
}

int ct_path_fmt(char *dst, size_t size, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size)
		return err_say(e, ENAMETOOLONG, "a path is longer than %zu bytes", size - 1);
	return 0;
}
