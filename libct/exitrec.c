/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a container went down, and what it had used by then, for a daemon that was not looking: one small file per death in
 * /run/vz/exit, written only if somebody made that directory, the last CT_EXIT_KEEP deaths of each container at most. Written
 * while its control groups still stand, before ct_down().
 */
#include "libct/exitrec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>

#include "libct/files.h"
#include "util/buf.h"
#include "util/fio.h"

#define CT_EXIT_KEEP 16

static int64_t unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void read_counters(struct ct *ct, struct ct_exit *x)
{
	struct cg_host *host;
	struct cg_stat s = { 0 };
	struct net_stat ns = { 0 };
	struct net *n;
	struct cg *cg;
	struct err none = { 0 };

	if (ct_host_cg_peek(ct->host, &host, &none) == 0 && cg_open(host, ct->ids, &cg, &none) == 0) {
		x->counted = cg_stat(cg, &s, &none) == 0;
		cg_close(cg);
	}
	x->cpu_usec = s.cpu_usec;
	x->oom_kills = s.oom_kills;
	if (ct->conf.net.ip.n && ct_host_net_peek(ct->host, &n, &none) == 0 && net_stat(n, ct->id, &ns, &none) == 0) {
		x->rx_bytes = ns.rx_bytes;
		x->tx_bytes = ns.tx_bytes;
		x->net_counted = true;
	}
}

void ct_exit_record(struct ct *ct, uint64_t gen, const char *reason)
{
	auto_close int dir = open(CT_EXIT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf auto_buf b = BUF_INIT;
	struct ct_exit x = { 0 };
	struct err none = { 0 };
	char name[32];

	if (dir < 0)
		return;
	read_counters(ct, &x);
	if (str_eq(reason, "killed") && x.oom_kills)
		reason = "oom";
	buf_addf(&b, "CTID=\"%u\"\nGEN=\"%" PRIu64 "\"\nREASON=\"%s\"\nTIME_MS=\"%" PRId64 "\"\nOOM_KILLS=\"%" PRIu64 "\"\n",
		 ct->id, gen, reason, unix_ms(), x.oom_kills);
	if (x.counted)
		buf_addf(&b, "CPU_USEC=\"%" PRIu64 "\"\n", x.cpu_usec);
	if (x.net_counted)
		buf_addf(&b, "RX_BYTES=\"%" PRIu64 "\"\nTX_BYTES=\"%" PRIu64 "\"\n", x.rx_bytes, x.tx_bytes);
	str_fmt(name, sizeof(name), "%u.%u", ct->id, (unsigned)(gen % CT_EXIT_KEEP));
	fio_replace_run(dir, name, buf_str(&b), b.len, 0600, &none);
}

void ct_exit_forget(unsigned id)
{
	auto_close int dir = open(CT_EXIT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[32];

	for (unsigned i = 0; dir >= 0 && i < CT_EXIT_KEEP; i++) {
		str_fmt(name, sizeof(name), "%u.%u", id, i);
		unlinkat(dir, name, 0);
	}
}

static bool get(const struct kv *kv, const char *key, uint64_t *ret)
{
	const char *s = kv_get(kv, key);

	return s && num_u64(s, ret) == 0;
}

int ct_exit_read(int dir, const char *name, struct ct_exit *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	struct ct_exit x = { 0 };
	uint64_t id = 0, time = 0;

	if (kv_load(&kv, dir, name, e) < 0)
		return -e->code;
	if (!get(&kv, "CTID", &id) || !get(&kv, "GEN", &x.gen) || !get(&kv, "TIME_MS", &time) || !kv_get(&kv, "REASON") ||
	    id > CT_ID_MAX)
		return err_say(e, EBADMSG, CT_EXIT_DIR "/%s is no record of an exit", name);
	x.ctid = (unsigned)id;
	x.time_ms = (int64_t)time;
	str_copy(x.reason, sizeof(x.reason), kv_get(&kv, "REASON"));
	get(&kv, "OOM_KILLS", &x.oom_kills);
	x.counted = get(&kv, "CPU_USEC", &x.cpu_usec);
	x.net_counted = get(&kv, "RX_BYTES", &x.rx_bytes) && get(&kv, "TX_BYTES", &x.tx_bytes);
	*ret = x;
	return 0;
}
