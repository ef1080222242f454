/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Template repositories that are directories (file:///DIR): what they hold, and a template's way into the local cache. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"
#include "vzctl/tool.h"

const char *tool_repo_dir(const char *url)
{
	if (strncmp(url, "file://", 7) == 0)
		url += 7;
	return *url == '/' ? url : NULL;
}

/* The name without its suffix in @dst. */
static bool is_template(const char *file, const char *suffix, char dst[256])
{
	size_t n = strlen(file), s = strlen(suffix);

	if (n <= s + 1 || n >= 256 || file[n - s - 1] != '.' || strcmp(file + n - s, suffix) != 0 || file[0] == '.')
		return false;
	memcpy(dst, file, n - s - 1);
	dst[n - s - 1] = '\0';
	return true;
}

int tool_repo_list(const char *dir, const struct str_list *suffixes, struct str_list *ret, struct err *e)
{
	auto_closedir DIR *d = opendir(dir);
	struct dirent *de;
	char name[256];

	if (!d)
		return err_set(e, errno, "%s", dir);
	while ((de = readdir(d)))
		for (size_t i = 0; i < suffixes->n; i++)
			if (is_template(de->d_name, suffixes->v[i], name) && !str_list_has(ret, name) &&
			    str_list_add(ret, name, e) < 0)
				return -e->code;
	return 0;
}

static int copy(int from, int to, struct err *e)
{
	char buf[1 << 16];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		for (ssize_t done = 0, w; done < n; done += w)
			if ((w = write(to, buf + done, (size_t)(n - done))) < 0)
				return err_set(e, errno, "write");
	return n < 0 ? err_set(e, errno, "read") : 0;
}

/* Aside, then renamed: nobody finds half an archive. The time stays, for the next comparison. */
static int fetch(int from, const struct stat *st, int cache, const char *file, struct err *e)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	char tmp[300];

	if (str_fmt(tmp, sizeof(tmp), ".%s.part", file) < 0)
		return err_set(e, ENAMETOOLONG, "%s", file);
	unlinkat(cache, tmp, 0);
	auto_close int to = openat(cache, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (to < 0)
		return err_set(e, errno, "%s", tmp);
	if (copy(from, to, e) == 0 && (futimens(to, times) < 0 || fsync(to) < 0 || renameat(cache, tmp, cache, file) < 0 ||
				       fsync(cache) < 0))
		err_set(e, errno, "%s", file);
	if (e->code)
		unlinkat(cache, tmp, 0);
	return -e->code;
}

int tool_repo_get(const char *dir, const char *name, const struct str_list *suffixes, int cache, struct err *e)
{
	auto_close int repo = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char file[300];

	if (repo < 0)
		return err_set(e, errno, "%s", dir);
	for (size_t i = 0; i < suffixes->n; i++) {
		struct stat st, have;

		if (str_fmt(file, sizeof(file), "%s.%s", name, suffixes->v[i]) < 0 || !path_is_component(file))
			return err_say(e, EINVAL, "Invalid template name: %s", name);
		auto_close int fd = openat(repo, file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			return err_say(e, EINVAL, "%s/%s is no archive", dir, file);
		if (fstatat(cache, file, &have, 0) == 0 && have.st_size == st.st_size && have.st_mtime == st.st_mtime)
			return 1;
		return fetch(fd, &st, cache, file, e);
	}
	return err_say(e, ENOENT, "%s has no template %s", dir, name);
}
