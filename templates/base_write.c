/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the archive of vz-base: base_files.c, the given static busybox, and one symlink per applet it says it has. The
 * same busybox gives the same bytes: sorted names, one fixed time, no user names. Only vz-unpack links it.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/base_files.h"
#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/path.h"
#include "util/str.h"

#define BASE_TIME 1704067200	/* 2024-01-01: of every entry */
#define MAX_APPLETS ((size_t)1000)
#define APPLETS_TEXT (64u << 10)
#define ZSTD_LEVEL "15"
#define BUSYBOX "bin/busybox"

static void __attribute__((noreturn)) exec_list(int busybox, int out)
{
	char *const argv[] = { (char *)"busybox", (char *)"--list-full", NULL };
	char *const env[] = { NULL };

	if (dup2(out, 1) >= 0)
		syscall(SYS_execveat, busybox, "", argv, env, AT_EMPTY_PATH);
	_exit(127);
}

int base_applets(int busybox, char **ret, struct err *e)
{
	auto_buf struct buf b = { .cap = APPLETS_TEXT };
	int p[2], status;
	char chunk[4096];
	ssize_t n;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	pid = fork();
	if (pid == 0)
		exec_list(busybox, p[1]);
	close(p[1]);
	while (pid > 0 && (n = read(p[0], chunk, sizeof(chunk))) > 0)
		buf_add(&b, chunk, (size_t)n);
	close(p[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return err_set(e, errno, "run busybox");
	if (status != 0 || b.len == 0 || buf_failed(&b))
		return err_say(e, ENOEXEC, "busybox --list-full failed: a static busybox is needed (package busybox-static)");
	*ret = buf_take(&b);
	return 0;
}

/* "usr/bin/awk" and the like; anything else that busybox says is not believed. */
static bool applet_ok(const char *path)
{
	const char *name = strrchr(path, '/');
	size_t dir = name ? (size_t)(name - path) : 0;
	static const char *const dirs[] = { "bin", "sbin", "usr/bin", "usr/sbin" };

	if (!name || !path_is_component(name + 1) || strcmp(path, BUSYBOX) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (strlen(dirs[i]) == dir && strncmp(path, dirs[i], dir) == 0)
			return true;
	return false;
}

/* Of two with one name the file of ours comes first; it stands for the applet. */
static int by_path(const void *a, const void *b)
{
	const struct base_file *x = a, *y = b;
	int d = strcmp(x->path, y->path);

	return d ? d : S_ISLNK(x->mode) - S_ISLNK(y->mode);
}

static int put(struct archive *a, const struct base_file *f, const void *data, size_t len, struct err *e)
{
	struct archive_entry *en = archive_entry_new();
	int rc = -1;

	if (!en)
		return err_set(e, ENOMEM, "write the archive");
	archive_entry_set_pathname(en, f->path);
	archive_entry_set_mode(en, f->mode);
	archive_entry_set_gid(en, f->gid);
	archive_entry_set_mtime(en, BASE_TIME, 0);
	if (S_ISLNK(f->mode))
		archive_entry_set_symlink(en, f->text);
	archive_entry_set_size(en, S_ISREG(f->mode) ? (la_int64_t)len : 0);
	if (archive_write_header(a, en) == ARCHIVE_OK &&
	    (!S_ISREG(f->mode) || len == 0 || archive_write_data(a, data, len) == (la_ssize_t)len))
		rc = 0;
	archive_entry_free(en);
	return rc < 0 ? err_say(e, EIO, "write %s: %s", f->path, archive_error_string(a)) : 0;
}

static int put_busybox(struct archive *a, int busybox, struct err *e)
{
	const struct base_file f = { BUSYBOX, S_IFREG | 0755, NULL, 0 };
	struct stat st;
	auto_free char *data = NULL;

	if (fstat(busybox, &st) < 0 || st.st_size <= 0 || st.st_size > 32 << 20)
		return err_say(e, EFBIG, "busybox is not a file of at most 32 MiB");
	data = malloc((size_t)st.st_size);
	if (!data || pread(busybox, data, (size_t)st.st_size, 0) != st.st_size)
		return err_set(e, errno, "read busybox");
	return put(a, &f, data, (size_t)st.st_size, e);
}

static int put_all(struct archive *a, int busybox, struct base_file *v, size_t n, struct err *e)
{
	const char *last = "";

	qsort(v, n, sizeof(*v), by_path);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].path, last) == 0)
			continue;
		last = v[i].path;
		if (strcmp(last, BUSYBOX) == 0 ? put_busybox(a, busybox, e) < 0
					       : put(a, &v[i], v[i].text, v[i].text ? strlen(v[i].text) : 0, e) < 0)
			return -e->code;
	}
	return 0;
}

static int write_archive(int out, int busybox, struct base_file *v, size_t n, struct err *e)
{
	struct archive *a = archive_write_new();
	int rc;

	if (!a)
		return err_set(e, ENOMEM, "write the archive");
	archive_write_add_filter_zstd(a);
	archive_write_set_filter_option(a, "zstd", "compression-level", ZSTD_LEVEL);
	archive_write_set_format_ustar(a);
	if (archive_write_open_fd(a, out) != ARCHIVE_OK)
		rc = err_say(e, EIO, "open the archive: %s", archive_error_string(a));
	else
		rc = put_all(a, busybox, v, n, e);
	if (rc == 0 && archive_write_close(a) != ARCHIVE_OK)
		rc = err_say(e, EIO, "close the archive: %s", archive_error_string(a));
	archive_write_free(a);
	return rc;
}

int base_write(int busybox, int out, const char *applets, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_free struct base_file *v = NULL;
	size_t n = 0;

	if (str_list_split(&l, applets, "\n", e) < 0)
		return -e->code;
	v = calloc(base_files_n + MIN(l.n, MAX_APPLETS) + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "write the archive");
	for (size_t i = 0; i < base_files_n; i++)
		v[n++] = base_files[i];
	v[n++] = (struct base_file){ BUSYBOX, S_IFREG | 0755, NULL, 0 };
	for (size_t i = 0; i < l.n && i < MAX_APPLETS; i++)
		if (applet_ok(l.v[i]))
			v[n++] = (struct base_file){ l.v[i], S_IFLNK | 0777, "/" BUSYBOX, 0 };
	return write_archive(out, busybox, v, n, e);
}
