/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vznetstat: traffic of running containers by network class. Class 1 is everything, class 0 what is not counted;
 * the host knows no others. With -r what was printed is remembered in /run/vz/CTID/netstat, which goes away with the start.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] =
	"Usage: vznetstat [-4 | -6] [-r] [-v CTID] [-c CLASS]\n"
	"  -4, -6    only this version of IP\n"
	"  -r        count anew from here on\n"
	"  -v CTID   only this container\n"
	"  -c CLASS  only this network class\n";
static const struct opt_flag flags[] = {
	{ NULL, '4', false, '4', NULL }, { NULL, '6', false, '6', NULL }, { NULL, 'r', false, 'r', NULL },
	{ NULL, 'v', true, 'v', NULL }, { NULL, 'c', true, 'c', NULL }, { "help", 'h', false, 'h', NULL },
};
static const char *const family_words[] = { [TOOL_ALL] = "ALL", [TOOL_V4] = "V4", [TOOL_V6] = "V6" };

struct netstat {
	enum tool_family family;
	bool reset, help;
	const char *ct;
	uint64_t cls;
	bool cls_given;
	struct buf out;
	struct err *e;
};

static int base_dir(unsigned id, struct err *e)
{
	char path[64];
	int fd;

	str_fmt(path, sizeof(path), "/run/vz/%u", id);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "%s", path) : fd;
}

static uint64_t base_figure(const struct kv *kv, enum tool_family family, const char *word)
{
	const char *text;
	uint64_t v = 0;
	char key[32];

	str_fmt(key, sizeof(key), "%s_%s", family_words[family], word);
	text = kv_get(kv, key);
	return text && num_u64(text, &v) == 0 ? v : 0;
}

/* What was there at the last -r of this start; zero if there was none. */
static void base_load(int dir, enum tool_family family, struct net_stat *ret)
{
	auto_kv struct kv kv = { 0 };
	struct err ignored = { 0 };

	*ret = (struct net_stat){ 0 };
	if (kv_load(&kv, dir, "netstat", &ignored) < 0)
		return;
	ret->rx_bytes = base_figure(&kv, family, "RX_BYTES");
	ret->tx_bytes = base_figure(&kv, family, "TX_BYTES");
	ret->rx_packets = base_figure(&kv, family, "RX_PACKETS");
	ret->tx_packets = base_figure(&kv, family, "TX_PACKETS");
}

static int base_save(int dir, const struct ct_info *info, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	for (size_t f = 0; f < ARRAY_SIZE(family_words); f++) {
		struct net_stat s;

		tool_net_family(&info->net, &info->net6, (enum tool_family)f, &s);
		buf_addf(&b, "%s_RX_BYTES=\"%" PRIu64 "\"\n%s_TX_BYTES=\"%" PRIu64 "\"\n%s_RX_PACKETS=\"%" PRIu64
			 "\"\n%s_TX_PACKETS=\"%" PRIu64 "\"\n", family_words[f], s.rx_bytes, family_words[f], s.tx_bytes,
			 family_words[f], s.rx_packets, family_words[f], s.tx_packets);
	}
	return fio_replace_run(dir, "netstat", buf_str(&b), b.len, 0644, e);
}

static int add(const struct tool_ct *t, void *arg)
{
	struct netstat *n = arg;
	struct net_stat s, base;
	auto_close int dir = -1;

	if (t->info.run != CT_RUNNING)
		return 0;
	dir = base_dir(t->id, n->e);
	if (dir < 0) {
		err_clear(n->e);		/* it ended a moment ago */
		return 0;
	}
	if (!n->cls_given || n->cls == 0)
		tool_net_row(&n->out, t->id, 0, &(struct net_stat){ 0 });
	if (!n->cls_given || n->cls == 1) {
		tool_net_family(&t->info.net, &t->info.net6, n->family, &s);
		base_load(dir, n->family, &base);
		tool_net_since(&s, &base);
		tool_net_row(&n->out, t->id, 1, &s);
	}
	return n->reset ? base_save(dir, &t->info, n->e) : 0;
}

static int run(struct netstat *n, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct tool_ct t;
	int rc;

	n->e = e;
	tool_net_head(&n->out);
	if (tool_host(&host, e) < 0)
		return -e->code;
	if (!n->ct)
		return tool_each(host, CT_WANT_NET | CT_WANT_NET6, add, n, e);
	if (tool_ct_open(host, n->ct, CT_WANT_NET | CT_WANT_NET6, &t, e) < 0)
		return -e->code;
	rc = add(&t, n);
	tool_ct_done(&t);
	return rc;
}

static int flag(struct netstat *n, const struct opt_found *f, struct err *e)
{
	switch (f->flag->id) {
	case '4':
	case '6':
		if (n->family != TOOL_ALL)
			return err_say(e, EINVAL, "-4 and -6 exclude one another; without them both are counted");
		n->family = f->flag->id == '4' ? TOOL_V4 : TOOL_V6;
		return 0;
	case 'r':
		n->reset = true;
		return 0;
	case 'v':
		n->ct = f->arg;
		return 0;
	case 'c':
		n->cls_given = true;
		if (num_u64(f->arg, &n->cls) < 0 || n->cls > 1)
			return err_say(e, EINVAL, "There is no network class %s: 1 is all traffic, 0 what is not counted", f->arg);
		return 0;
	default:
		n->help = true;
		return 0;
	}
}

int main(int argc, char **argv)
{
	struct opt o = { .prog = "vznetstat", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct netstat n = { .out = { .cap = 64u << 20 } };
	struct opt_found f;
	struct err e = { 0 };
	int what, rc;

	(void)argc;
	while ((what = opt_next(&o, &f, &e)) == OPT_FLAG)
		if (flag(&n, &f, &e) < 0)
			return tool_fail("vznetstat", &e);
	if (n.help || what != OPT_END)
		return tool_usage(usage, &e, n.help ? 0 : 1);
	rc = run(&n, &e);
	rc = rc < 0 ? tool_fail("vznetstat", &e) : tool_put(&n.out);
	buf_done(&n.out);
	return rc;
}
