/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-unpack: takes archives apart where they can do no harm. It is started by templates/unpack.c inside user, mount,
 * pid, network, ipc, uts and cgroup namespaces of its own, so it never has a right on the host; it then makes the empty
 * target its root, gives up what it does not need and reads the archive. One answer, then it exits.
 */
#include <errno.h>
#include <iconv.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fdmsg.h"

static int recv_go(struct unpack_go *go, int *ret_tree, struct err *e)
{
	size_t n = 1;

	if (fdmsg_recv(UNPACK_CTL, go, sizeof(*go), ret_tree, &n, 0) != (ssize_t)sizeof(*go) || go->magic != UNPACK_MAGIC ||
	    go->stage != UNPACK_GO)
		return err_say(e, EPROTO, "vz-unpack: no start message; it is run by vzctl, not by hand");
	return 0;
}

/*
 * libarchive converts names with the locale's character set: C.UTF-8 is built into the C library. One conversion now, so
 * that no table is looked for later, in a root that a stranger fills.
 */
static void warm_up(void)
{
	iconv_t cd;

	setlocale(LC_CTYPE, "C.UTF-8");
	cd = iconv_open("UTF-8", "UTF-8");
	if (cd != (iconv_t)-1)
		iconv_close(cd);
}

static int run_extract(const struct unpack_go *go, int tree, struct unpack_count *c, struct err *e)
{
	if (tree < 0)
		return err_say(e, EPROTO, "vz-unpack: no target");
	if (box_enter(tree, go->max_bytes, e) < 0 || box_seal(e) < 0)
		return -e->code;
	return extract_run(UNPACK_IN, go, c, e);
}

static int run_pack(const struct unpack_go *go, int tree, struct unpack_count *c, struct err *e)
{
	if (tree < 0)
		return err_say(e, EPROTO, "vz-unpack: no tree");
	if ((go->flags & UNPACK_READER ? box_enter_reader(tree, e) : box_enter(tree, INT64_MAX, e)) < 0 || box_seal(e) < 0)
		return -e->code;
	return pack_run(UNPACK_OUT, go, c, e);
}

static int run_base(const struct unpack_go *go, struct err *e)
{
	auto_free char *applets = NULL;

	if (box_enter(-1, go->max_bytes, e) < 0 || base_applets(UNPACK_IN, &applets, e) < 0 || box_seal(e) < 0)
		return -e->code;
	return base_write(UNPACK_IN, UNPACK_OUT, applets, e);
}

static int run_vzdump(const struct unpack_go *go, struct unpack_count *c, struct err *e)
{
	if (box_enter(-1, go->max_bytes, e) < 0 || box_seal(e) < 0)
		return -e->code;
	return vzdump_run(UNPACK_IN, UNPACK_OUT, go, c, e);
}

int main(int argc, char **argv)
{
	static struct unpack_done done = { .magic = UNPACK_MAGIC, .stage = UNPACK_DONE };
	struct unpack_go go = { 0 };
	int tree = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGXFSZ, SIG_IGN);
	warm_up();
	if (argc != 2) {
		err_say(&done.err, EINVAL, "vz-unpack: one mode, extract, pack, base or vzdump");
	} else if (recv_go(&go, &tree, &done.err) == 0) {
		if (strcmp(argv[1], "extract") == 0)
			run_extract(&go, tree, &done.count, &done.err);
		else if (strcmp(argv[1], "pack") == 0)
			run_pack(&go, tree, &done.count, &done.err);
		else if (strcmp(argv[1], "base") == 0)
			run_base(&go, &done.err);
		else if (strcmp(argv[1], "vzdump") == 0)
			run_vzdump(&go, &done.count, &done.err);
		else
			err_say(&done.err, EINVAL, "vz-unpack: unknown mode");
	}
	if (send(UNPACK_CTL, &done, sizeof(done), MSG_NOSIGNAL) != (ssize_t)sizeof(done))
		_exit(2);
	_exit(done.err.code != 0);
}
