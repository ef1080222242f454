/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/netlines.h"
#include "libct/record.h"
#include "libct/traffic_file.h"
#include "net/netif.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/path.h"

#define DIR_PATH CT_LIB_DIR "/traffic"
#define LOCK_MS 10000

int ct_traffic_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e)
{
	char name[16];
	struct net_if f;
	struct net *n;
	uint32_t used;

	if (ct_host_net_peek(ct->host, &n, e) < 0 || net_acct_classes(n, &used, e) < 0)
		return -e->code;
	net_ifname(ct->id, name);
	if (net_acct_line(lines, name, false, used, e) < 0)
		return -e->code;
	for (size_t i = 0; i < c->net.netif.n; i++) {
		if (net_if_parse(c->net.netif.v[i], &f, e) < 0 || net_if_fill(&f, ct->id, false, e) < 0 ||
		    net_acct_line(lines, f.host_ifname, true, used, e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_traffic_now(void)
{
	struct traffic_clock c;

	traffic_clock_read(&c);
	return traffic_clock_month(&c);
}

/* --- files --- */

static int open_dir(struct err *e)
{
	int fd = open(DIR_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (path_mkdir_host(DIR_PATH, 0755, e) < 0)
			return -e->code;
		fd = open(DIR_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? err_set(e, errno, "open " DIR_PATH) : fd;
}

static void slot_name(unsigned id, unsigned slot, char dst[24])
{
	str_fmt(dst, 24, "%u.%u", id, slot);
}

/* The newer whole one; none: zeros. */
static void load(int dir, unsigned id, struct traffic_file *ret)
{
	auto_free struct traffic_file *f = malloc(sizeof(*f));

	memset(ret, 0, sizeof(*ret));
	for (unsigned slot = 0; f && slot < 2; slot++) {
		auto_buf struct buf b = BUF_INIT;
		struct err ignored = { 0 };
		char name[24];

		slot_name(id, slot, name);
		if (fio_read_at(dir, name, &b, &ignored) == 0 && traffic_file_parse(buf_str(&b), f, &ignored) == 0 &&
		    f->seq > ret->seq)
			*ret = *f;
	}
}

static int save(int dir, unsigned id, struct traffic_file *f, bool sync, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	char name[24];

	f->seq++;
	if (!f->t.made && getrandom(&f->t.made, sizeof(f->t.made), 0) == sizeof(f->t.made))
		f->t.made = (f->t.made & INT64_MAX) | 1;
	slot_name(id, f->seq % 2, name);
	traffic_file_print(f, &b);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "traffic of CT %u", id);
	return sync ? fio_replace(dir, name, b.s, b.len, 0600, e) : fio_replace_run(dir, name, b.s, b.len, 0600, e);
}

void ct_traffic_forget(unsigned id)
{
	struct err ignored = { 0 };
	auto_close int dir = open_dir(&ignored);
	char name[24];

	for (unsigned slot = 0; dir >= 0 && slot < 2; slot++) {
		slot_name(id, slot, name);
		unlinkat(dir, name, 0);
	}
}

/* --- counting --- */

static int count_line(struct net *n, const struct ct_state *s, const char *words, struct traffic_file *f, int month, struct err *e)
{
	bool bridged = str_starts(words, "bridged ");
	struct net_traffic now;
	char ifname[16], id[96];
	uint64_t epoch;

	if (sscanf(words, "%*s %15s", ifname) != 1)
		return 0;
	if (net_acct_epoch(n, bridged, &epoch, e) < 0 || net_acct_read(n, ifname, bridged, &now, e) < 0)
		return -e->code;
	str_fmt(id, sizeof(id), "%s:%" PRIu64 ":%" PRIu64, ct_boot_id(), s->gen, epoch);
	if (epoch)
		traffic_file_count(f, ifname, id, &now, month);
	return 0;
}

static int count(struct ct *ct, struct traffic_file *f, int month, struct err *e)
{
	auto_list struct str_list lines = { 0 };
	struct ct_state s;
	struct net *n;

	if (ct_state_load(ct, &s, e) < 0 || ct_net_record(ct->id, &lines, e) < 0)
		return -e->code;
	if (!s.gen || !lines.n || ct_host_net_peek(ct->host, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < lines.n; i++)
		if (str_starts(lines.v[i], "traffic ") && count_line(n, &s, lines.v[i] + 8, f, month, e) < 0)
			return -e->code;
	return 0;
}

enum what { COLLECT, ANEW, RESET };

static int with_file(struct ct *ct, bool sync, enum what what, struct ct_traffic *ret, struct err *e)
{
	auto_free struct traffic_file *f = calloc(1, sizeof(*f));
	auto_close int dir = open_dir(e), lock = -1;
	struct traffic_clock clock;
	int month;

	if (dir < 0 || !f)
		return dir < 0 ? dir : err_set(e, ENOMEM, "traffic of CT %u", ct->id);
	if (lock_take(dir, "lock", LOCK_MS, &lock, e) < 0)
		return err_add(e, "traffic of CT %u", ct->id);
	load(dir, ct->id, f);
	traffic_clock_read(&clock);
	month = traffic_file_month(f, &clock);
	if (what == ANEW)
		f->n_src = 0;
	else if (count(ct, f, month, e) < 0)
		return err_add(e, "traffic of CT %u", ct->id);
	if (what == RESET)
		memset(&f->t.total, 0, sizeof(f->t.total));
	if (ret)
		*ret = f->t;
	if (!f->n_src && what == COLLECT)
		return 0;		/* it has never run */
	return save(dir, ct->id, f, sync, e);
}

int ct_traffic_collect(struct ct *ct, bool sync, struct ct_traffic *ret, struct err *e)
{
	return with_file(ct, sync, COLLECT, ret, e);
}

int ct_traffic_stored(unsigned id, struct ct_traffic *ret, struct err *e)
{
	auto_free struct traffic_file *f = calloc(1, sizeof(*f));
	auto_close int dir = open_dir(e);

	if (dir < 0 || !f)
		return dir < 0 ? dir : err_set(e, ENOMEM, "traffic of CT %u", id);
	load(dir, id, f);
	f->t.now = ct_traffic_now();
	*ret = f->t;
	return 0;
}

int ct_traffic_leave(unsigned id, struct err *e)
{
	auto_free struct traffic_file *f = calloc(1, sizeof(*f));
	auto_close int dir = open_dir(e), lock = -1;

	if (dir < 0 || !f)
		return dir < 0 ? dir : err_set(e, ENOMEM, "traffic of CT %u", id);
	if (lock_take(dir, "lock", LOCK_MS, &lock, e) < 0)
		return err_add(e, "traffic of CT %u", id);
	load(dir, id, f);
	memset(&f->steady, 0, sizeof(f->steady));
	for (int slot = 0; slot < 2 && f->seq; slot++) {
		f->t.made = 0;
		memset(&f->t.here, 0, sizeof(f->t.here));
		if (save(dir, id, f, false, e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_traffic_anew(struct ct *ct, struct err *e)
{
	return with_file(ct, false, ANEW, NULL, e);
}

int ct_traffic_reset(struct ct *ct, struct err *e)
{
	return with_file(ct, true, RESET, NULL, e);
}
