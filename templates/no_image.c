/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Templates of which no image could be made, so that not every create tries for seconds in vain and warns again. What was
 * tried is part of the note: another mkfs.erofs or kernel may do better. 'vztmpl image' tries whatever stands here, 'vztmpl
 * verify' forgets it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"

/* The tool that "auto" would take, and the kernel, in one line. */
static int tried_with(char out[400])
{
	const char *tool = image_maker_path(image_format("erofs"));
	struct utsname u;
	struct stat st;

	if (!tool || stat(tool, &st) < 0 || uname(&u) < 0)
		return -ENOENT;
	return str_fmt(out, 400, "%s %llu %llu.%09lu %s", tool, (unsigned long long)st.st_size,
		       (unsigned long long)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec, u.release);
}

/* What is not the template's fault may be gone at the next create. */
static bool passes(const struct err *why)
{
	static const int codes[] = { ENOSPC, EDQUOT, ENOMEM, EAGAIN, ETIMEDOUT, EMFILE, ENFILE, EIO, EROFS, EBUSY };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (why->code == codes[i] || strstr(why->text, strerror(codes[i])))
			return true;
	return strstr(why->text, "was killed by signal");
}

void no_image_note(int dir, const struct err *why)
{
	auto_buf struct buf b = BUF_INIT;
	struct err none = { 0 };
	char with[400];

	if (passes(why) || tried_with(with) < 0)
		return;
	buf_addf(&b, "%s\n%s\n", with, why->text);
	if (!buf_failed(&b))
		fio_replace(dir, NO_IMAGE, buf_str(&b), b.len, 0600, &none);	/* else it is tried once more */
}

bool no_image_known(int base, const char *digest)
{
	auto_buf struct buf b = { .cap = 4096 };
	struct err none = { 0 };
	char path[128], with[400];
	size_t n;

	store_path(path, digest, "/" NO_IMAGE);
	if (fio_read_at(base, path, &b, &none) < 0 || tried_with(with) < 0)
		return false;
	n = strlen(with);
	return strncmp(buf_str(&b), with, n) == 0 && buf_str(&b)[n] == '\n';
}

void no_image_forget(int base, const char *digest)
{
	char path[128];

	store_path(path, digest, "/" NO_IMAGE);
	unlinkat(base, path, 0);
}
