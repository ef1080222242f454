/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program arpsend: looks for another owner of an address (-D), or tells everybody who has it now (-U). */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/ether.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "util/sys.h"
#include "vzctl/tool.h"

#define TARGETS_MAX 64

static const char usage[] = "Usage: arpsend -U|-D [-i IP] [-e IP] [-s MAC] [-t MAC] [-c NUM] [-w SEC] [-v] DEVICE\n"
	"  -D       does another machine have an address? Status 3 if so\n  -U       tell that this machine has it\n"
	"  -i IP    source address       -e IP    address asked for or told; may be repeated\n"
	"  -s MAC   source               -t MAC   target (default: everybody)\n"
	"  -c NUM   how many times       -w SEC   how long to wait for an answer\n";
static const struct opt_flag flags[] = {
	{ NULL, 'U', false, 'U', NULL }, { NULL, 'D', false, 'D', NULL }, { NULL, 'v', false, 'v', NULL },
	{ NULL, 'i', true, 'i', NULL }, { NULL, 'e', true, 'e', NULL }, { NULL, 's', true, 's', NULL },
	{ NULL, 't', true, 't', NULL }, { NULL, 'c', true, 'c', NULL }, { NULL, 'w', true, 'w', NULL },
	{ "help", 'h', false, 'h', NULL },
};

struct arpsend {
	char mode;
	bool verbose, has_src, has_smac;
	const char *dev;
	uint8_t src[4], target[TARGETS_MAX][4], smac[6], tmac[6];
	size_t n;
	uint64_t times, seconds;
};

static int address(const char *s, uint8_t ret[4], struct err *e)
{
	return inet_pton(AF_INET, s, ret) == 1 ? 0 : err_say(e, EINVAL, "Invalid address: %s", s);
}

static int option(struct arpsend *a, int id, const char *arg, struct err *e)
{
	switch (id) {
	case 'i':
		a->has_src = true;
		return address(arg, a->src, e);
	case 'e':
		if (a->n == TARGETS_MAX)
			return err_say(e, E2BIG, "Too many addresses");
		return address(arg, a->target[a->n++], e);
	case 's':
	case 't':
		a->has_smac |= id == 's';
		if (tool_mac_parse(arg, id == 's' ? a->smac : a->tmac) < 0)
			return err_say(e, EINVAL, "Invalid MAC address: %s", arg);
		return 0;
	case 'c':
	case 'w':
		if (num_u64(arg, id == 'c' ? &a->times : &a->seconds) < 0 || a->times > 1000 || a->seconds > 3600)
			return err_say(e, EINVAL, "Invalid number: %s", arg);
		return 0;
	case 'v':
		a->verbose = true;
		return 0;
	default:
		a->mode = (char)id;
		return 0;
	}
}

/* 1: help is wanted. */
static int args(struct arpsend *a, char **argv, struct err *e)
{
	struct opt o = { .prog = "arpsend", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_OPERAND && a->dev)
			return err_say(e, EINVAL, "One device at a time");
		if (what == OPT_OPERAND)
			a->dev = f.arg;
		else if (f.flag->id == 'h')
			return 1;
		else if (option(a, f.flag->id, f.arg, e) < 0)
			return -e->code;
	}
	if (what == 0 && a->mode == 'U' && !a->n && a->has_src)
		memcpy(a->target[a->n++], a->src, 4);
	return what < 0 ? what : a->mode && a->dev && a->n ? 0 : -EINVAL;
}

/* -U: source and target are the address itself; -D: the source is nobody, so that no cache learns it from us. */
static int send_all(const struct arpsend *a, int fd, struct err *e)
{
	for (size_t i = 0; i < a->n; i++) {
		struct net_arp p = { .op = ARPOP_REQUEST };
		uint8_t frame[NET_ARP_LEN];

		memcpy(p.dst, a->tmac, 6);
		memcpy(p.smac, a->smac, 6);
		memcpy(p.tmac, a->mode == 'U' ? a->tmac : (const uint8_t[6]){ 0 }, 6);
		memcpy(p.tip, a->target[i], 4);
		if (a->has_src || a->mode == 'U')
			memcpy(p.sip, a->has_src ? a->src : a->target[i], 4);
		net_arp_build(&p, frame);
		if (send(fd, frame, sizeof(frame), 0) < 0)
			return err_set(e, errno, "send on %s", a->dev);
	}
	return 0;
}

/* Somebody else speaks for one of the addresses? */
static bool is_taken(const struct arpsend *a, const struct net_arp *p)
{
	if (memcmp(p->smac, a->smac, 6) == 0)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(p->sip, a->target[i], 4) == 0)
			return true;
	return false;
}

/* 1: an owner was found. */
static int listen_for(const struct arpsend *a, int fd, int64_t end, struct err *e)
{
	for (int64_t left; (left = end - sys_now_ms()) > 0; ) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		struct sockaddr_ll from = { 0 };
		socklen_t len = sizeof(from);
		uint8_t frame[128];
		struct net_arp got;
		char text[INET_ADDRSTRLEN];
		ssize_t n;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &len);
		if (n < 0 && errno == ENETDOWN)
			return err_set(e, errno, "%s", a->dev);
		if (n < 0 || from.sll_pkttype == PACKET_OUTGOING || net_arp_parse(frame, (size_t)n, &got) < 0 ||
		    !is_taken(a, &got))
			continue;
		inet_ntop(AF_INET, got.sip, text, sizeof(text));
		printf("arpsend: %s is detected on another computer : %02x:%02x:%02x:%02x:%02x:%02x\n", text, got.smac[0],
		       got.smac[1], got.smac[2], got.smac[3], got.smac[4], got.smac[5]);
		return 1;
	}
	return 0;
}

static int run(struct arpsend *a, struct err *e)
{
	struct tool_dev dev;
	int rc = 0;

	if (tool_dev(a->dev, &dev, e) < 0)
		return -e->code;
	if (!dev.arp)
		return err_say(e, EINVAL, "%s knows no ARP", a->dev);
	if (!dev.up)
		return err_say(e, ENETDOWN, "%s is down", a->dev);
	if (!a->has_smac)
		memcpy(a->smac, dev.mac, 6);
	auto_close int fd = tool_raw_open(dev.index, ETH_P_ARP, e);
	for (uint64_t i = 0; fd >= 0 && rc == 0 && i < a->times; i++) {
		if (a->verbose)
			printf("arpsend: %s %zu address(es) on %s\n", a->mode == 'D' ? "asking for" : "announcing", a->n, a->dev);
		if (send_all(a, fd, e) < 0)
			break;
		if (a->mode == 'D')
			rc = listen_for(a, fd, sys_now_ms() + (int64_t)a->seconds * 1000, e);
		else if (i + 1 < a->times)
			sleep((unsigned)a->seconds);
	}
	return e->code ? -e->code : rc;
}

int main(int argc, char **argv)
{
	struct arpsend a = { .times = 1, .seconds = 1, .tmac = { 255, 255, 255, 255, 255, 255 } };
	struct err e = { 0 };
	int rc = args(&a, argv, &e);

	(void)argc;
	if (rc)
		return tool_usage(usage, &e, rc < 0);
	rc = run(&a, &e);
	if (rc < 0) {
		tool_fail("arpsend", &e);
		return 2;
	}
	return rc ? 3 : 0;
}
