/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vz-outlet: the way out of the network of a template that is being made.
 *	vz-outlet [ADDRESS/PORT ...]
 * Descriptor 3: its caller, who is sent the namespace. It makes that, goes back to the host's network, becomes nobody, and
 * carries what goes out until its caller is gone. What is named may be reached although it is this host's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "templates/nobody.h"
#include "templates/outlet.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fdmsg.h"

static int answer(int netns, const struct err *e)
{
	struct outlet_answer a = { .code = e->code };

	str_copy(a.text, sizeof(a.text), e->text);
	return fdmsg_send(OUTLET_CTL, &a, sizeof(a), &netns, !e->code, 0) == (ssize_t)sizeof(a) ? 0 : -1;
}

static int begin(const struct outlet_named *named, struct outlet_sockets *s, int *netns, struct err *e)
{
	const bool routed[2] = { outlet_routed(AF_INET), outlet_routed(AF_INET6) };
	auto_close int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (host < 0 || unshare(CLONE_NEWNET) < 0 || (*netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
		return err_set(e, errno, "network namespace");
	if (outlet_net_up(named, routed, *netns, s, e) < 0)
		return -e->code;
	if (setns(host, CLONE_NEWNET) < 0)
		return err_set(e, errno, "back to the host's network");
	if (nobody_become(e) < 0)
		return -e->code;
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a change of user has taken it off */
	return 0;
}

int main(int argc, char **argv)
{
	struct outlet_named named = { .n = 0 };
	struct outlet_sockets s;
	struct err e = { 0 };
	int netns = -1;

	if (fcntl(OUTLET_CTL, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "vz-outlet: vztmpl and vzpkg run it\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc && named.n < OUTLET_NAMED_MAX; i++)
		if (outlet_addr_parse(argv[i], &named.v[named.n++]) < 0)
			return err_say(&e, EINVAL, "no address and port: %.60s", argv[i]), answer(-1, &e), 2;
	begin(&named, &s, &netns, &e);
	if (answer(netns, &e) < 0 || e.code)
		return 1;
	close(netns);		/* it lives with those in it, and with our sockets */
	if (outlet_pass(&s, &named, OUTLET_CTL, &e) < 0)
		fprintf(stderr, "vz-outlet: %s\n", e.text);
	return e.code ? 1 : 0;
}
