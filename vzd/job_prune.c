/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is too old: rows in the database, and files in /run/vz/vzd/jobs that belong to no job in memory. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/job_priv.h"
#include "vzd/timefmt.h"

#define FIRST_MS 60000u
#define EVERY_MS 3600000u
#define SOON_MS 1000u
#define FILES_MAX 500		/* removed in one turn */

void job_files_remove(struct jobs *js, const char *id)
{
	static const char *const exts[] = { "run", "log", "out", "err", "result", "lock" };
	char name[48];

	for (size_t i = 0; i < ARRAY_SIZE(exts); i++)
		unlinkat(js->dir, job_file(id, exts[i], name), 0);
}

/* True: there may be more. */
static bool strays(struct jobs *js)
{
	int fd = openat(js->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const time_t old = time(NULL) - JOB_STRAY_S;
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d)) && n < FILES_MAX) {
		char id[JOB_ID_LEN + 1];
		struct stat st;

		if (strlen(de->d_name) <= JOB_ID_LEN || de->d_name[0] != 'j' || de->d_name[JOB_ID_LEN] != '.')
			continue;
		memcpy(id, de->d_name, JOB_ID_LEN);
		id[JOB_ID_LEN] = '\0';
		if (job_box_find(js, id) || fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime > old)
			continue;
		unlinkat(fd, de->d_name, 0);
		n++;
	}
	return n == FILES_MAX;
}

static int prune_rows(sqlite3 *s, void *arg, struct err *e)
{
	int64_t before = timefmt_now_ms() - JOB_KEEP_DAYS * 86400000LL;

	(void)arg;
	if (db_exec(s, e, "DELETE FROM job WHERE state >= 2 AND ended < ?1", "i", before) < 0)
		return -e->code;
	return db_exec(s, e, "DELETE FROM job WHERE state >= 2 AND id <"
		       " (SELECT id FROM job ORDER BY id DESC LIMIT 1 OFFSET ?1)", "i", (int64_t)JOB_KEEP_ROWS);
}

static void on_prune(void *arg)
{
	struct jobs *js = arg;
	struct err e = { 0 };

	if (strays(js)) {
		ev_set_timer(js->prune, SOON_MS);
		return;
	}
	if (db_write(js->d->db, prune_rows, NULL, NULL, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "old operations");
}

void job_prune_start(struct jobs *js)
{
	struct err e = { 0 };

	if (ev_add_timer(js->d->ev, "job prune", FIRST_MS, EVERY_MS, on_prune, js, &js->prune, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "old operations");
}
