/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_WEB_BOX_H
#define TESTS_UNIT_T_WEB_BOX_H
/* A script in place of vzweb, on a /run of the test's own: it writes its words and signals into a file, and lives on. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzd/webrun.h"

static struct err e;
static struct vzd d;
static char program[256], words[256];

static inline void put(const char *name, const char *text, mode_t mode)
{
	auto_close int dir = test_tmp_fd();

	CHECK_OK(fio_replace_run(dir, name, text, strlen(text), mode, &e), &e);
}

static inline char *path_of(const char *name)
{
	char *ret = NULL;

	CHECK(asprintf(&ret, "%s/%s", test_tmp(), name) > 0);
	return ret;
}

static inline void box_conf(const char *listen)
{
	vzd_conf_done(&d.conf);
	CHECK_OK(vzd_conf_read(&d.conf, "/nowhere", &e), &e);
	free(d.conf.listen);
	d.conf.listen = strdup(listen);
	free(d.conf.web_user);
	d.conf.web_user = strdup("nobody");
	free(d.conf.tls_cert);
	d.conf.tls_cert = path_of("cert.pem");
	free(d.conf.tls_key);
	d.conf.tls_key = path_of("key.pem");
}

static inline void box_open(const char *listen)
{
	struct buf auto_buf b = BUF_INIT;

	test_own_mounts();
	CHECK(mount("run", "/run", "tmpfs", 0, "mode=755") == 0);
	CHECK(mkdir("/run/vz", 0755) == 0);
	CHECK(str_fmt(program, sizeof(program), "%s/vzweb", test_tmp()) == 0);
	CHECK(str_fmt(words, sizeof(words), "%s/words", test_tmp()) == 0);
	buf_addf(&b, "#!/bin/sh\ntrap 'echo hup >>%s' HUP\ntrap 'echo term >>%s; exit 0' TERM\necho \"$*\" >>%s\n"
		     "while :; do sleep 0.02; done\n", words, words, words);
	put("vzweb", buf_str(&b), 0755);
	CHECK_OK(ev_open(&d.ev, &e), &e);
	box_conf(listen);
}

static inline void box_close(void)
{
	ev_close(d.ev);
	vzd_conf_done(&d.conf);
	CHECK(umount2("/run", MNT_DETACH) == 0);
}

static inline const char *said(void)
{
	static struct buf b = { .cap = 65536 };
	struct err ignored = { 0 };

	buf_reset(&b);
	if (fio_read_at(AT_FDCWD, words, &b, &ignored) < 0)
		return "";
	return buf_str(&b);
}

static inline void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

#endif
