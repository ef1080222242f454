/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzhost setup, up, down and pool: from a fresh system to one that can run containers, and what each boot repeats. Every
 * step looks first and changes only what is missing, so it may be run at any time. Containers are not touched.
 */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/spawn.h"
#include "vzctl/host.h"

#define HOST_ETC "/etc/vz"

static const struct { const char *path; mode_t mode; } host_dirs[] = {
	{ HOST_ETC, 0755 }, { HOST_ETC "/conf", 0755 }, { HOST_ETC "/names", 0755 }, { "/var/lib/vz", 0700 },
	{ "/var/lib/vzctl", 0755 }, { HOST_REBOOT_DIR, 0755 }, { HOST_VZ, 0755 }, { "/run/vz", 0755 },
};

static int setup_dirs(struct host_call *c, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_dirs); i++) {
		bool there = access(host_dirs[i].path, F_OK) == 0;

		if (path_mkdir_host(host_dirs[i].path, host_dirs[i].mode, e) < 0)
			return -e->code;
		if (!there)
			ui_sayf(&c->ui, 0, "made %s", host_dirs[i].path);
	}
	return 0;
}

static int setup_file(struct host_call *c, const char *from, const char *dir, const char *name, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	auto_close int dfd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	auto_close int sfd = -1;

	if (dfd < 0)
		return err_set(e, errno, "%s", dir);
	if (faccessat(dfd, name, F_OK, 0) == 0)
		return 0;
	sfd = open(from, O_RDONLY | O_CLOEXEC);
	if (sfd < 0)
		return err_set(e, errno, "%s (run 'make install')", from);
	if (fio_read_fd(sfd, &b, from, e) < 0 || fio_replace(dfd, name, buf_str(&b), b.len, 0644, e) < 0)
		return -e->code;
	ui_sayf(&c->ui, 0, "wrote %s/%s", dir, name);
	return 0;
}

/* vz.conf, and into conf/ everything else that is shipped: samples and the host's own 0.conf. What is there is left alone. */
static int setup_files(struct host_call *c, struct err *e)
{
	auto_closedir DIR *d = opendir(VZ_DATADIR);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, VZ_DATADIR " (run 'make install')");
	while ((de = readdir(d))) {
		struct buf auto_buf from = BUF_INIT;
		bool global = str_eq(de->d_name, "vz.conf");

		if (*de->d_name == '.' || (!str_ends(de->d_name, ".conf") && !str_ends(de->d_name, ".conf-sample")))
			continue;
		buf_addf(&from, VZ_DATADIR "/%s", de->d_name);
		if (setup_file(c, buf_str(&from), global ? HOST_ETC : HOST_ETC "/conf", de->d_name, e) < 0)
			return -e->code;
	}
	return 0;
}

int host_open(struct host_call *c, struct err *e)
{
	const struct ct_ui sink = { .say = ui_say, .arg = &c->ui };

	if (c->host)
		return 0;
	if (ct_host_open(&sink, &c->host, e) < 0)
		return err_add(e, "run 'vzhost setup'");
	ui_log(&c->ui, ct_host_conf(c->host), "vzhost");
	return 0;
}

/*
 * Whom vzd serves: group vz may use its sockets, user vzweb runs what faces the network. Containers need neither, so a
 * host without the tools that make accounts is ready all the same.
 */
static void setup_account(struct host_call *c, const char *what, bool there, const char *const argv[])
{
	const struct spawn s = { .argv = argv, .err = -1, .timeout_ms = 30000 };
	struct err e = { 0 };
	int status = 0;

	if (there)
		return;
	if (spawn_wait(&s, &status, &e) < 0)
		ui_sayf(&c->ui, -1, "Warning: %s could not be made, vzd will say what it lacks: %s", what, e.text);
	else
		ui_sayf(&c->ui, 0, "made %s", what);
}

static void setup_accounts(struct host_call *c)
{
	static const char *const group[] = { "/usr/sbin/groupadd", "--system", "vz", NULL };
	static const char *const user[] = { "/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--home-dir",
					    "/nonexistent", "--shell", "/usr/sbin/nologin", "vzweb", NULL };

	setup_account(c, "group vz", getgrnam("vz") != NULL, group);
	setup_account(c, "user vzweb", getpwnam("vzweb") != NULL, user);
}

static int setup_kernel(struct host_call *c, struct err *e)
{
	const struct ct_host_conf *conf = ct_host_conf(c->host);
	auto_close int mark = -1;

	if (ct_host_setup(c->host, e) < 0)
		return -e->code;
	ui_sayf(&c->ui, 0, "network: forwarding is on, table inet %s keeps containers to their addresses, %s leaves by this host",
		conf->nft_table ? conf->nft_table : "vz", conf->pool4 && *conf->pool4 ? conf->pool4 : "nothing");
	mark = open(HOST_UP_MARK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return mark < 0 ? err_set(e, errno, HOST_UP_MARK) : 0;
}

static int setup_template(struct host_call *c, struct err *e)
{
	static const char *const where[] = { "/bin/busybox", "/usr/bin/busybox" };
	const char *dir = ct_host_conf(c->host)->template_dir;
	struct tmpl t;
	bool there = tmpl_find(dir, "vz-base", &t, e) == 0;

	err_clear(e);
	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		if (access(where[i], X_OK) < 0)
			continue;
		if (tmpl_build_base(dir, where[i], e) < 0 || (!there && tmpl_find(dir, "vz-base", &t, e) < 0))
			return -e->code;
		ui_sayf(&c->ui, 0, "template: vz-base is %s %s", there ? "there," : "made,", t.archive);
		return 0;
	}
	return err_say(e, ENOENT, "template vz-base: no busybox; install the package busybox-static");
}

int host_setup(struct host_call *c)
{
	struct err e = { 0 };

	if (setup_dirs(c, &e) < 0 || setup_files(c, &e) < 0 || host_open(c, &e) < 0 || host_storage(c, true, &e) < 0 ||
	    host_storage_dirs(c, &e) < 0)
		return ui_fail(&c->ui, &e);
	setup_accounts(c);
	if (setup_kernel(c, &e) < 0 || setup_template(c, &e) < 0)
		return ui_fail(&c->ui, &e);
	ui_say(&c->ui, 0, 0, "this host is ready");
	return 0;
}

int host_up(struct host_call *c)
{
	struct err e = { 0 };

	if (setup_dirs(c, &e) < 0 || host_open(c, &e) < 0 || host_storage(c, false, &e) < 0 ||
	    host_storage_dirs(c, &e) < 0 || setup_kernel(c, &e) < 0)
		return ui_fail(&c->ui, &e);
	return 0;
}

int host_down(struct host_call *c)
{
	auto_free unsigned *ids = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (host_open(c, &e) < 0 || host_running(c, &ids, &n, &e) < 0)
		return ui_fail(&c->ui, &e);
	if (n) {
		err_say(&e, EBUSY, "%zu container(s) run, %u is one; stop them first: 'vzhost boot stop'", n, ids[0]);
		return ui_fail(&c->ui, &e);
	}
	if (host_storage_down(c, &e) < 0)
		return ui_fail(&c->ui, &e);
	unlink(HOST_UP_MARK);
	return 0;
}
