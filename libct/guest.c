/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host name, hosts and resolver of a guest, and its passwords. Texts are made on the host's
 * side; files are written by a process that has entered the container: at a start the child
 * before it execs init, later one made by inside.c.
 */
#include "libct/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "libct/ct_priv.h"
#include "libct/dist.h"
#include "libct/inside.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define HOSTS_MARK "\t# vz"
#define PASSWD_MS 60000

/* The host's own resolver file; behind a local stub (127.0.0.53) the real servers stand in the
 * second one. */
static int host_resolv(struct buf *b, struct err *e)
{
	static const char *const files[] = { "/etc/resolv.conf",
					     "/run/systemd/resolve/resolv.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		buf_reset(b);
		if (fio_read_at(AT_FDCWD, files[i], b, e) < 0) {
			err_clear(e);
			continue;
		}
		if (!strstr(buf_str(b), "nameserver 127.") || i + 1 == ARRAY_SIZE(files))
			return 0;
	}
	return 0;
}

static int make_resolv(const struct ct_conf *c, char **ret, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (!c->nameserver.n && !c->searchdomain.n)
		return 0;
	if (str_list_has(&c->nameserver, "inherit") || str_list_has(&c->searchdomain, "inherit")) {
		if (host_resolv(&b, e) < 0)
			return -e->code;
	} else {
		for (size_t i = 0; i < c->searchdomain.n; i++)
			buf_addf(&b, "%s%s", i ? " " : "search ", c->searchdomain.v[i]);
		if (c->searchdomain.n)
			buf_addc(&b, '\n');
		for (size_t i = 0; i < c->nameserver.n; i++)
			buf_addf(&b, "nameserver %s\n", c->nameserver.v[i]);
	}
	*ret = buf_take(&b);
	return *ret || !b.failed ? 0 : err_set(e, ENOMEM, "resolv.conf");
}

static int make_hosts_line(const struct ct_conf *c, char **ret, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	size_t label = strcspn(c->hostname, ".");
	struct net_ip ip;
	char text[64] = "127.0.1.1";

	if (c->net.ip.n) {
		if (net_ip_parse(c->net.ip.v[0], &ip, e) < 0)
			return -e->code;
		ip = net_ip_inside(&ip);
		net_ip_print(&ip, false, text, sizeof(text));
	}
	buf_addf(&b, "%s %s", text, c->hostname);
	if (c->hostname[label])
		buf_addf(&b, " %.*s", (int)label, c->hostname);
	buf_adds(&b, HOSTS_MARK "\n");
	*ret = buf_take(&b);
	return *ret ? 0 : err_set(e, ENOMEM, "hosts");
}

int ct_guest_prepare(const struct ct_conf *c, unsigned what, struct ct_guest *ret, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	bool named = c->hostname && *c->hostname;

	*ret = (struct ct_guest){ .net = what & (CT_GUEST_IP | CT_GUEST_HOSTNAME) ? c : NULL,
				  .console = (what & CT_GUEST_CONSOLE) != 0 };
	if ((what & CT_GUEST_DNS) && make_resolv(c, &ret->resolv, e) < 0)
		return -e->code;
	if (named && (what & CT_GUEST_HOSTNAME)) {
		buf_addf(&b, "%s\n", c->hostname);
		ret->hostname = buf_take(&b);
		if (!ret->hostname)
			return err_set(e, ENOMEM, "host name");
	}
	if (named && (what & (CT_GUEST_HOSTNAME | CT_GUEST_IP)))
		return make_hosts_line(c, &ret->hosts_line, e);
	return 0;
}

void ct_guest_done(struct ct_guest *g)
{
	free(g->hostname);
	free(g->resolv);
	free(g->hosts_line);
	ct_action_jobs_done(&g->jobs);
	*g = (struct ct_guest){ 0 };
}

/* A regular file of the guest, or nothing (a fifo, a device, a link elsewhere are not read). */
static void read_guest(int dir, const char *name, struct buf *b)
{
	auto_close int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct err e = { 0 };
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		fio_read_fd(fd, b, name, &e);
}

static int put(int etc, const char *name, const char *text, struct err *e)
{
	auto_buf struct buf old = BUF_INIT;
	struct stat st;

	read_guest(etc, name, &old);
	if (!buf_failed(&old) && old.s && str_eq(old.s, text))
		return 0;
	if (fstatat(etc, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISLNK(st.st_mode))
		return err_say(e, EEXIST, "/etc/%s in the container is neither a file nor a link",
			       name);
	return fio_replace_run(etc, name, text, strlen(text), 0644, e);
}

static int put_hosts(int etc, const char *line, struct err *e)
{
	auto_buf struct buf old = BUF_INIT, b = BUF_INIT;
	char *save = NULL, *l;

	read_guest(etc, "hosts", &old);
	if (!old.s || buf_failed(&old))
		buf_adds(&b, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
	else
		for (l = strtok_r(old.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
			if (!str_ends(l, HOSTS_MARK))
				buf_addf(&b, "%s\n", l);
	buf_adds(&b, line);
	return buf_failed(&b) ? err_set(e, EFBIG, "/etc/hosts in the container")
			      : put(etc, "hosts", buf_str(&b), e);
}

int ct_guest_files(const struct ct_guest *g, struct err *e)
{
	auto_close int root = -1, etc = -1;
	struct err ignored = { 0 };

	if (!g->hostname && !g->resolv && !g->hosts_line && !g->net && !g->console)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, errno, "open the container's root");
	/* the network is up without them: a guest whose files are strange or whose disk is full
	 * keeps what it has */
	if (g->net)
		ct_dist_apply(root, &g->net->net.ip, g->name_by_script ? NULL : g->net->hostname,
			      &ignored);
	if (g->console)
		ct_dist_console(root, &ignored);
	if (!g->hostname && !g->resolv && !g->hosts_line)
		return 0;
	etc = path_open(root, "etc", O_RDONLY | O_DIRECTORY, 0, e);
	if (etc < 0)
		return err_add(e, "directory /etc in the container");
	if (g->hostname && put(etc, "hostname", g->hostname, e) < 0)
		return -e->code;
	if (g->resolv && put(etc, "resolv.conf", g->resolv, e) < 0)
		return -e->code;
	return g->hosts_line ? put_hosts(etc, g->hosts_line, e) : 0;
}

/* --- running container --- */

struct apply { const struct ct_guest *g; const char *hostname; };

static int apply_inside(void *arg, struct err *e)
{
	const struct apply *a = arg;

	if (a->hostname && sethostname(a->hostname, strlen(a->hostname)) < 0)
		return err_set(e, errno, "set the host name %s", a->hostname);
	return ct_guest_files(a->g, e);
}

static int apply(struct ct *ct, const struct ct_conf *c, unsigned what, const struct ct_guest_change *change,
		 struct err *e)
{
	auto_call(ct_actions_done) struct ct_actions actions = { 0 };
	auto_call(ct_guest_done) struct ct_guest g = { 0 };
	struct apply a = { .g = &g, .hostname = (what & CT_GUEST_HOSTNAME) ? c->hostname : NULL };

	if (ct_actions_of(ct, c, &actions, e) < 0 || ct_guest_prepare(c, what, &g, e) < 0 ||
	    ct_guest_scripts(&g, &actions, c, what, change, e) < 0)
		return -e->code;
	if (ct_inside_call(ct, apply_inside, &a, e) < 0)
		return -e->code;
	return ct_action_jobs_inside(&g.jobs, ct, e);
}

int ct_guest_apply(struct ct *ct, const struct ct_conf *c, unsigned what, struct err *e)
{
	return apply(ct, c, what, &(struct ct_guest_change){ NULL, NULL }, e);
}

int ct_guest_ips(struct ct *ct, const struct ct_conf *c, const struct str_list *add, const struct str_list *del,
		 struct err *e)
{
	return apply(ct, c, CT_GUEST_IP, &(struct ct_guest_change){ add, del }, e);
}

/*
 * The guest's own tools know its password scheme; without chpasswd (busybox) the hash comes from
 * mkpasswd and goes into its shadow file. The password travels on standard input only, never in
 * an argument.
 */
static const char passwd_script[] =
	"IFS= read -r l || exit 1\n"
	"u=${l%%:*}\n"
	"new() { useradd -m -- \"$u\" 2>/dev/null || adduser -D \"$u\" >/dev/null 2>&1 || {\n"
	"  n=$(awk -F: '$3 >= 1000 && $3 < 60000 && $3 >= n { n = $3 + 1 } END { print n ? n : "
	"1000 }' /etc/passwd)\n"
	"  mkdir -p /home && mkdir -m 700 \"/home/$u\" && chown \"$n:$n\" \"/home/$u\" &&\n"
	"  echo \"$u:x:$n:$n::/home/$u:/bin/sh\" >>/etc/passwd && echo \"$u:x:$n:\" >>/etc/group "
	"&&\n"
	"  echo \"$u:*:19000:0:99999:7:::\" >>/etc/shadow; }; }\n"
	"id \"$u\" >/dev/null 2>&1 || new || exit 1\n"
	"command -v chpasswd >/dev/null && { printf '%s\\n' \"$l\" | chpasswd; exit; }\n"
	"h=$(printf '%s\\n' \"${l#*:}\" | mkpasswd -m sha512 -P 0) && [ -n \"$h\" ] || exit 1\n"
	"umask 077\n"
	"awk -F: -v OFS=: -v u=\"$u\" -v h=\"$h\" '$1 == u { $2 = h; f = 1 } { print } END { exit "
	"!f }' /etc/shadow \\\n"
	"  >/etc/shadow.vz && mv /etc/shadow.vz /etc/shadow\n";

static int passwd_by_script(struct ct *ct, const struct ct_actions *a, const char *userpw, struct err *e)
{
	const struct ct_action_var vars[] = { { "USERPW", userpw }, { NULL, NULL } };
	auto_call(ct_action_jobs_done) struct ct_action_jobs j = { 0 };

	if (ct_action_job(&j, a, CT_ACTION_SET_USERPASS, vars, e) < 0 || ct_action_jobs_inside(&j, ct, e) < 0)
		return err_exit(e, VZ_CHANGEPASS);
	return 0;
}

int ct_guest_passwd(struct ct *ct, const struct str_list *userpw, struct err *e)
{
	const char *const argv[] = { "sh", "-c", passwd_script, NULL };
	auto_call(ct_actions_done) struct ct_actions actions = { 0 };

	if (userpw->n && ct_actions_of(ct, &ct->conf, &actions, e) < 0)
		return -e->code;

	for (size_t i = 0; i < userpw->n; i++) {
		auto_buf struct buf in = BUF_INIT;
		int status = 0;

		if (actions.text[CT_ACTION_SET_USERPASS]) {
			if (passwd_by_script(ct, &actions, userpw->v[i], e) < 0)
				return -e->code;
			continue;
		}
		buf_addf(&in, "%s\n", userpw->v[i]);
		if (ct_inside_run(ct, "/bin/sh", argv, &in, PASSWD_MS, &status, e) < 0)
			return err_exit(e, VZ_CHANGEPASS);
		explicit_bzero(in.s, in.len);
		if (status != 0) {
			err_say(e, ECHILD, "Password change failed");
			return err_exit(e, VZ_CHANGEPASS);
		}
	}
	return 0;
}
