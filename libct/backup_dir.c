/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of archives: names, what is there, what may be removed, and the key that seals what this host makes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/backup.h"
#include "libct/ct_priv.h"
#include "util/buf.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/path.h"

#define KEY_LEN 32
#define PREFIX "vzdump-openvz-"
#define SUFFIX ".tar.zst"
#define SUFFIX_INC ".inc.tar.zst"

/* --- names -------------------------------------------------------------------------------------------------------------- */

/* @n digits at *s, followed by @end. */
static bool digits(const char **s, unsigned n, char end, int *ret)
{
	*ret = 0;
	for (unsigned i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*ret = *ret * 10 + (**s - '0');
	}
	if (end && *(*s)++ != end)
		return false;
	return true;
}

static bool when_of(const char **s, time_t *ret)
{
	struct tm t = { .tm_isdst = -1 };

	if (!digits(s, 4, '_', &t.tm_year) || !digits(s, 2, '_', &t.tm_mon) || !digits(s, 2, '-', &t.tm_mday) ||
	    !digits(s, 2, '_', &t.tm_hour) || !digits(s, 2, '_', &t.tm_min) || !digits(s, 2, 0, &t.tm_sec))
		return false;
	/* years of fewer digits would be printed so */
	if (t.tm_year < 1970 || t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour > 23 ||
	    t.tm_min > 59 || t.tm_sec > 60)
		return false;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	*ret = mktime(&t);
	return *ret != (time_t)-1;
}

bool ct_dump_name_parse(const char *name, unsigned *ctid, time_t *when, bool *foreign)
{
	static const char *const others[] = { ".tar", ".tar.gz", ".tgz", ".tar.lzo", ".tar.xz", ".tar.bz2" };
	const char *s = name + strlen(PREFIX);
	char id[16];
	uint64_t v;

	if (!str_starts(name, PREFIX) || strlen(name) >= CT_BACKUP_NAME_MAX ||
	    str_fmt(id, sizeof(id), "%.*s", (int)strcspn(s, "-"), s) < 0 || num_u64(id, &v) < 0 || v == 0 || v > CT_ID_MAX)
		return false;
	s += strlen(id);
	if (*s++ != '-' || !when_of(&s, when))
		return false;
	*ctid = (unsigned)v;
	*foreign = false;
	if (str_eq(s, SUFFIX) || str_eq(s, SUFFIX_INC))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		*foreign = *foreign || str_eq(s, others[i]);
	return *foreign;
}

int ct_dump_name(char *dst, size_t size, unsigned ctid, time_t when, bool incremental)
{
	char date[32];
	struct tm t;

	localtime_r(&when, &t);
	strftime(date, sizeof(date), "%Y_%m_%d-%H_%M_%S", &t);
	return str_fmt(dst, size, PREFIX "%u-%s%s", ctid, date, incremental ? SUFFIX_INC : SUFFIX);
}

/* --- what is there --------------------------------------------------------------------------------------------------------- */

static int by_date(const void *a, const void *b)
{
	const struct ct_dump *x = a, *y = b;

	if (x->ctid != y->ctid)
		return x->ctid < y->ctid ? -1 : 1;
	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	if (x->ours && y->ours && x->end.depth != y->end.depth)	/* of one second */
		return x->end.depth < y->end.depth ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void look(int dir, struct ct_dump *d, const uint8_t key[32], int key_len)
{
	auto_close int fd = openat(dir, d->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct err e = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		str_copy(d->broken, sizeof(d->broken), "not a file that can be read");
		return;
	}
	d->size = (uint64_t)st.st_size;
	if (d->foreign)
		return;
	if (bk_end_read(fd, &d->end, &e) < 0)
		str_fmt(d->broken, sizeof(d->broken), "%.*s", (int)sizeof(d->broken) - 1, e.text);
	else
		d->ours = true;
	d->sealed = d->ours && key_len > 0 && bk_end_sealed(&d->end, key, (size_t)key_len);
}

static struct ct_dump *parent_of(const struct ct_dumps *l, const struct ct_dump *d)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].ours && memcmp(l->v[i].end.digest, d->end.parent, 32) == 0)
			return &l->v[i];
	return NULL;
}

/* What builds on what; and what builds on something that is not there. From the whole ones up, whatever their dates say: an
 * hour of each autumn has two of each. */
static void link_up(struct ct_dumps *l)
{
	for (uint32_t depth = 1; depth < BK_CHAIN_MAX; depth++) {
		for (size_t i = 0; i < l->n; i++) {
			struct ct_dump *d = &l->v[i], *on = d->ours && d->end.depth == depth ? parent_of(l, d) : NULL;

			if (!d->ours || d->end.depth != depth)
				continue;
			if (on && on->end.depth + 1 == depth && !on->broken[0])
				on->needed = true;
			else
				str_fmt(d->broken, sizeof(d->broken), "builds on %.110s, which is not there or not the same",
					d->end.parent_name);
		}
	}
}

int ct_dumps_load(int dir, unsigned ctid, struct ct_dumps *ret, struct err *e)
{
	auto_closedir DIR *d = dir_list(dir);
	struct ct_dumps l = { 0 };
	struct err no_key = { 0 };
	uint8_t key[32];
	int key_len = ct_backup_key(false, key, &no_key);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "directory of archives");
	while ((de = readdir(d))) {
		struct ct_dump one = { 0 }, *v;

		if (!ct_dump_name_parse(de->d_name, &one.ctid, &one.when, &one.foreign) || (ctid && one.ctid != ctid))
			continue;
		str_copy(one.name, sizeof(one.name), de->d_name);
		v = reallocarray(l.v, l.n + 1, sizeof(*v));
		if (!v) {
			ct_dumps_done(&l);
			return err_set(e, ENOMEM, "archives");
		}
		l.v = v;
		l.v[l.n++] = one;
	}
	for (size_t i = 0; i < l.n; i++)
		look(dir, &l.v[i], key, key_len);
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_date);
	link_up(&l);
	*ret = l;
	return 0;
}

void ct_dumps_done(struct ct_dumps *d)
{
	free(d->v);
	*d = (struct ct_dumps){ 0 };
}

int ct_dump_remove_file(int dir, const char *name, struct err *e)
{
	auto_dumps struct ct_dumps l = { 0 };
	unsigned ctid;
	bool foreign;
	time_t when;

	if (!ct_dump_name_parse(name, &ctid, &when, &foreign))
		return err_say(e, EINVAL, "%s is no name of an archive", name);
	if (ct_dumps_load(dir, ctid, &l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++)
		if (str_eq(l.v[i].name, name) && l.v[i].needed)
			return err_say(e, EBUSY, "%s is needed by a later archive that holds only what has changed since: "
					"remove that "
				       "one first", name);
	if (unlinkat(dir, name, 0) < 0)
		return err_set(e, errno, "remove %s", name);
	return fio_fsync_dir(dir, e);
}

/* --- what is kept ------------------------------------------------------------------------------------------------------------ */

int ct_keep_parse(const char *text, struct ct_keep *ret, struct err *e)
{
	struct ct_keep k = { 0 };
	const struct { const char *name; unsigned *to; } t[] = {
		{ "last", &k.last }, { "hourly", &k.hourly }, { "daily", &k.daily }, { "weekly", &k.weekly }, { "monthly",
				&k.monthly },
		{ "yearly", &k.yearly },
	};
	struct str_list words __attribute__((cleanup(str_list_clear))) = { 0 };

	if (str_list_split(&words, text, ", ", e) < 0)
		return -e->code;
	for (size_t i = 0; i < words.n; i++) {
		const char *w = words.v[i] + (str_starts(words.v[i], "keep-") ? 5 : 0), *eq = strchr(w, '=');
		uint64_t v = 0;
		size_t at = 0;

		while (at < ARRAY_SIZE(t) && !(eq && strlen(t[at].name) == (size_t)(eq - w) && str_starts(w, t[at].name)))
			at++;
		if (at == ARRAY_SIZE(t) || num_u64(eq + 1, &v) < 0 || v > 10000)
			return err_say(e, EINVAL, "'%s' does not say what is kept: keep-last=N, keep-hourly=N, keep-daily=N, "
				       "keep-weekly=N, keep-monthly=N or keep-yearly=N", words.v[i]);
		*t[at].to = (unsigned)v;
	}
	if (words.n == 0)
		return err_say(e, EINVAL, "nothing is said of what is kept");
	*ret = k;
	return 0;
}

enum period { HOUR, DAY, WEEK, MONTH, YEAR, PERIOD_N };

static void period_of(char *dst, size_t size, enum period by, const struct tm *t)
{
	switch (by) {
	case HOUR: strftime(dst, size, "%Y %j %H", t); return;
	case DAY: strftime(dst, size, "%Y %j", t); return;
	case WEEK: strftime(dst, size, "%G %V", t); return;
	case MONTH: strftime(dst, size, "%Y %m", t); return;
	case YEAR: case PERIOD_N: strftime(dst, size, "%Y", t); return;
	}
}

/* The newest of each of the @n newest periods that have one. */
static void keep_by(const struct ct_dumps *d, unsigned n, enum period by, bool *keep)
{
	char last[32] = "";

	for (size_t i = d->n; n && i-- > 0; ) {
		char now[32];
		struct tm t;

		if (d->v[i].broken[0])
			continue;
		localtime_r(&d->v[i].when, &t);
		period_of(now, sizeof(now), by, &t);
		if (str_eq(now, last))
			continue;
		str_copy(last, sizeof(last), now);
		keep[i] = true;
		n--;
	}
}

static void keep_parents(const struct ct_dumps *d, bool *keep)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct ct_dump *on = &d->v[i];

		for (uint32_t depth = d->v[i].end.depth; keep[i] && on && depth > 0; depth--) {
			on = parent_of(d, on);
			if (on)
				keep[on - d->v] = true;
		}
	}
}

void ct_keep_mark(const struct ct_dumps *d, const struct ct_keep *k, bool *drop)
{
	const unsigned n[PERIOD_N] = { k->hourly, k->daily, k->weekly, k->monthly, k->yearly };
	bool any = k->last > 0;
	unsigned last = k->last;

	/* @drop holds what is kept, until the end */
	memset(drop, 0, d->n * sizeof(*drop));
	for (size_t i = d->n; last && i-- > 0; ) {
		drop[i] = !d->v[i].broken[0];
		last -= drop[i];
	}
	for (int i = 0; i < PERIOD_N; i++) {
		any = any || n[i];
		keep_by(d, n[i], (enum period)i, drop);
	}
	keep_parents(d, drop);
	for (size_t i = 0; i < d->n; i++)
		drop[i] = any && !drop[i] && !d->v[i].broken[0];
}

static bool is_of(const struct ct_dump *d, const char *owner)
{
	return !owner || (d->sealed && str_eq(d->end.owner, owner));
}

/* The others' are out of sight, and what they build on stays. */
static int mark_own(const struct ct_dumps *all, const char *owner, const struct ct_keep *k, bool *drop, struct err *e)
{
	struct ct_dumps own = { .v = calloc(all->n + 1, sizeof(*own.v)) };
	auto_free bool *keep = calloc(all->n + 1, sizeof(*keep)), *mark = calloc(all->n + 1, sizeof(*mark));
	size_t at = 0;

	if (!own.v || !keep || !mark) {
		free(own.v);
		return err_set(e, ENOMEM, "archives");
	}
	for (size_t i = 0; i < all->n; i++) {
		keep[i] = !is_of(&all->v[i], owner);
		if (!keep[i])
			own.v[own.n++] = all->v[i];
	}
	ct_keep_mark(&own, k, mark);
	keep_parents(all, keep);
	for (size_t i = 0; i < all->n; i++)
		drop[i] = is_of(&all->v[i], owner) && mark[at++] && !keep[i];
	free(own.v);
	return 0;
}

int ct_dumps_prune(int dir, unsigned ctid, const char *owner, const struct ct_keep *k, bool dry,
		   void (*say)(void *arg, const struct ct_dump *d, bool drop), void *arg, struct err *e)
{
	auto_dumps struct ct_dumps l = { 0 };
	auto_free bool *drop = NULL;

	if (ct_dumps_load(dir, ctid, &l, e) < 0)
		return -e->code;
	drop = calloc(l.n + 1, sizeof(*drop));
	if (!drop)
		return err_set(e, ENOMEM, "archives");
	if (mark_own(&l, owner, k, drop, e) < 0)
		return -e->code;
	for (size_t i = l.n; i-- > 0; ) {
		if (!is_of(&l.v[i], owner))
			continue;
		if (say)
			say(arg, &l.v[i], drop[i]);
		if (drop[i] && !dry && unlinkat(dir, l.v[i].name, 0) < 0 && errno != ENOENT)
			return err_set(e, errno, "remove %s", l.v[i].name);
	}
	return fio_fsync_dir(dir, e);
}

/* --- the key ----------------------------------------------------------------------------------------------------------------- */

/* Two first backups at once agree on one key: whoever comes second finds the name taken, and takes what is there. */
static int make_key(int dir, struct err *e)
{
	auto_close int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	char self[40];
	uint8_t key[KEY_LEN];
	int rc;

	if (fd < 0)
		return err_set(e, errno, "make " CT_BACKUP_KEY);
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return err_set(e, errno, "getrandom");
	rc = fio_write_all(fd, key, sizeof(key));
	if (rc < 0 || fsync(fd) < 0)
		return err_set(e, rc < 0 ? -rc : errno, "write " CT_BACKUP_KEY);
	str_fmt(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, dir, "backup.key", AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " CT_BACKUP_KEY);
	return fio_fsync_dir(dir, e);
}

int ct_backup_key(bool make, uint8_t ret[32], struct err *e)
{
	auto_buf struct buf b = { .cap = 64 };
	auto_close int dir = open(CT_ETC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_set(e, errno, CT_ETC);
	if (fio_read_at(dir, "backup.key", &b, e) < 0) {
		if (e->code != ENOENT || !make)
			return e->code == ENOENT ? (err_clear(e), 0) : -e->code;
		err_clear(e);
		if (make_key(dir, e) < 0 || fio_read_at(dir, "backup.key", &b, e) < 0)
			return -e->code;
	}
	if (b.len != KEY_LEN)
		return err_say(e, EBADMSG, CT_BACKUP_KEY " does not have 32 bytes: remove it, and a new one is made");
	memcpy(ret, b.s, KEY_LEN);
	return KEY_LEN;
}
