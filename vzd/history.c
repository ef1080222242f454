/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring files of history.h. Coarser rings are kept by merging each written minute into their present slot, so there is no
 * roll-up that could be missed. Order of writes does not matter: a slot is valid by itself.
 */
#include "vzd/history.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"

const char *const hist_names[HIST_N] = {
	[HIST_CPU] = "cpu", [HIST_MEMORY] = "memory", [HIST_SWAP] = "swap", [HIST_RX] = "rx", [HIST_TX] = "tx",
	[HIST_READ] = "read", [HIST_WRITE] = "write", [HIST_DISK] = "disk", [HIST_PIDS] = "pids",
};
const char *const hist_span_names[HIST_SPAN_N] = {
	[HIST_HOUR] = "hour", [HIST_DAY] = "day", [HIST_MONTH] = "month", [HIST_YEAR] = "year",
};

static const struct { unsigned step, n; } rings[HIST_SPAN_N] = {
	[HIST_HOUR] = { 60, 60 }, [HIST_DAY] = { 300, 288 }, [HIST_MONTH] = { 3600, 744 }, [HIST_YEAR] = { 86400, 366 },
};

struct head {
	char magic[8];
	uint64_t key;
	uint32_t ctid, crc;
	char spare[HIST_HEAD_SIZE - 24];
};
#define MAGIC "vzhist1"
#define SAMPLES_MAX (1u << 20)	/* of a day, one a second; what claims more is not ours */
_Static_assert(sizeof(struct head) == HIST_HEAD_SIZE, "the head is what the slots begin after");
_Static_assert(sizeof(struct hist_slot) == 16 + 8 * HIST_N, "a slot has no holes");

unsigned hist_step(enum hist_span span)
{
	return rings[span].step;
}

unsigned hist_count(enum hist_span span)
{
	return rings[span].n;
}

/* CRC-32C, bit by bit: 88 bytes a few times in five minutes. */
static uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *s = p;

	for (crc = ~crc; n--; s++) {
		crc ^= *s;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static uint32_t slot_crc(const struct hist_slot *s)
{
	return crc32c(crc32c(0, s, offsetof(struct hist_slot, crc)), s->avg, sizeof(s->avg) + sizeof(s->max));
}

static uint32_t head_crc(const struct head *h)
{
	return crc32c(0, h, offsetof(struct head, crc));
}

static int64_t floor_to(int64_t t, unsigned step)
{
	return t - (t % step + step) % step;
}

static off_t slot_at(enum hist_span span, int64_t t)
{
	unsigned before = 0, n = rings[span].n;

	for (int i = 0; i < (int)span; i++)
		before += rings[i].n;
	return (off_t)(HIST_HEAD_SIZE + (before + (uint64_t)(t / rings[span].step) % n) * sizeof(struct hist_slot));
}

/* --- what is pending --------------------------------------------------------------------------------------------- */
static void merge(struct hist_slot *to, const struct hist_slot *from)
{
	float n = (float)to->n, m = (float)from->n;

	for (int i = 0; i < HIST_N; i++) {
		to->avg[i] = (to->avg[i] * n + from->avg[i] * m) / (n + m);
		to->max[i] = MAX(to->max[i], from->max[i]);
	}
	to->n += from->n;
}

bool hist_add(struct hist_acc *a, int64_t now_s, const float v[HIST_N])
{
	struct hist_slot one = { .t = floor_to(now_s, 60), .n = 1 }, *last = a->n ? &a->min[a->n - 1] : NULL;

	memcpy(one.avg, v, sizeof(one.avg));
	memcpy(one.max, v, sizeof(one.max));
	if (last && last->t == one.t) {
		merge(last, &one);
		return false;
	}
	if (a->n == HIST_PENDING || (last && last->t > one.t))
		return true;
	a->min[a->n++] = one;
	return false;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */
static void file_name(unsigned ctid, char dst[16])
{
	str_fmt(dst, 16, "%u", ctid);
}

static bool head_ok(int fd, unsigned ctid, uint64_t key)
{
	struct head h;

	return pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && memcmp(h.magic, MAGIC, sizeof(MAGIC)) == 0 &&
	       h.ctid == ctid && h.key == key && h.crc == head_crc(&h);
}

/* A new life: nothing of the old one may show, so the file is emptied before the new head stands. */
static int begin(int fd, unsigned ctid, uint64_t key, struct err *e)
{
	struct head h = { .magic = MAGIC, .key = key, .ctid = ctid };

	h.crc = head_crc(&h);
	if (ftruncate(fd, 0) < 0 || ftruncate(fd, HIST_FILE_SIZE) < 0 || pwrite(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return err_set(e, errno ? errno : ENOSPC, "begin the history of container %u", ctid);
	return 0;
}

static bool slot_get(int fd, enum hist_span span, int64_t t, struct hist_slot *ret)
{
	return pread(fd, ret, sizeof(*ret), slot_at(span, t)) == (ssize_t)sizeof(*ret) && ret->t == t && ret->n &&
	       ret->n <= SAMPLES_MAX && ret->crc == slot_crc(ret);
}

static int slot_put(int fd, enum hist_span span, struct hist_slot *s, struct err *e)
{
	s->crc = slot_crc(s);
	errno = ENOSPC;
	if (pwrite(fd, s, sizeof(*s), slot_at(span, s->t)) != (ssize_t)sizeof(*s))
		return err_set(e, errno, "write history");
	return 0;
}

/* Minutes v[0..n) that lie in one slot of the ring, merged with what it has. */
static int ring_put(int fd, enum hist_span span, const struct hist_slot *v, unsigned n, struct err *e)
{
	struct hist_slot sum = v[0], old;

	sum.t = floor_to(v[0].t, rings[span].step);
	for (unsigned i = 1; i < n; i++)
		merge(&sum, &v[i]);
	if (slot_get(fd, span, sum.t, &old)) {
		merge(&old, &sum);
		sum = old;
	}
	return slot_put(fd, span, &sum, e);
}

static int write_all_rings(int fd, const struct hist_acc *a, struct err *e)
{
	for (int span = 0; span < HIST_SPAN_N; span++)
		for (unsigned i = 0, k; i < a->n; i = k) {
			int64_t t = floor_to(a->min[i].t, rings[span].step);

			for (k = i + 1; k < a->n && floor_to(a->min[k].t, rings[span].step) == t;)
				k++;
			if (ring_put(fd, (enum hist_span)span, &a->min[i], k - i, e) < 0)
				return -e->code;
		}
	return 0;
}

int hist_flush(int dir, unsigned ctid, uint64_t key, struct hist_acc *a, struct err *e)
{
	auto_close int fd = -1;
	char name[16];
	int rc = 0;

	if (!a->n)
		return 0;
	file_name(ctid, name);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		rc = err_set(e, errno, "open the history of container %u", ctid);
	if (rc == 0 && !head_ok(fd, ctid, key))
		rc = begin(fd, ctid, key, e);
	if (rc == 0)
		rc = write_all_rings(fd, a, e);
	a->n = 0;
	return rc < 0 ? err_add(e, "container %u", ctid) : 0;
}

void hist_drop(int dir, unsigned ctid)
{
	char name[16];

	file_name(ctid, name);
	unlinkat(dir, name, 0);
}

int hist_read(int dir, unsigned ctid, uint64_t key, enum hist_span span, int64_t now_s, struct hist_slot *ret, struct err *e)
{
	unsigned step = rings[span].step, n = rings[span].n;
	int64_t t0 = floor_to(now_s, step) - (int64_t)step * (n - 1);
	auto_close int fd = -1;
	char name[16];
	bool ok;

	file_name(ctid, name);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return err_set(e, errno, "open the history of container %u", ctid);
	ok = fd >= 0 && head_ok(fd, ctid, key);
	for (unsigned i = 0; i < n; i++) {
		int64_t t = t0 + (int64_t)step * i;

		if (ok && t >= 0 && slot_get(fd, span, t, &ret[i]))
			continue;
		ret[i] = (struct hist_slot){ .t = t };
	}
	return (int)n;
}

/* --- as JSON ----------------------------------------------------------------------------------------------------- */
static json_t *number(enum hist_fig fig, float v)
{
	if (!isfinite(v) || v < 0)
		return json_null();
	if (fig == HIST_CPU)
		return json_real(round((double)v * 100) / 100);
	return json_integer((json_int_t)v);
}

static json_t *series(const struct hist_slot *v, unsigned n, bool max)
{
	json_t *o = json_object();

	for (int f = 0; o && f < HIST_N; f++) {
		json_t *a = json_array();

		for (unsigned i = 0; i < n; i++)
			json_array_append_new(a, v[i].n ? number((enum hist_fig)f, max ? v[i].max[f] : v[i].avg[f]) : json_null());
		json_object_set_new(o, hist_names[f], a);
	}
	return o;
}

json_t *hist_json(enum hist_span span, const struct hist_slot *v, unsigned n)
{
	return json_pack("{ss si sI so so}", "span", hist_span_names[span], "step", (int)hist_step(span), "t0",
			 (json_int_t)(n ? v[0].t : 0), "series", series(v, n, false), "max", series(v, n, true));
}
