/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_CT_BOX_H
#define TESTS_UNIT_T_CT_BOX_H
/*
 * A host of the test's own: /etc, /run and /var/lib are empty in this process's mount namespace, and vz.conf points
 * everything else below /run/box. What libct says is kept, one line each, "O " or "E " in front.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libct/files.h"
#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define BOX "/run/box"
#define BOX_CONF \
	"LOCKDIR=\"" BOX "/lock\"\nDUMPDIR=\"" BOX "/dump\"\nTEMPLATE=\"" BOX "/template\"\n" \
	"VE_ROOT=\"" BOX "/root/$VEID\"\nVE_PRIVATE=\"" BOX "/private/$VEID\"\nCGROUP_PARENT=\"vztest-box\"\n"

struct box {
	struct ct_host *host;
	struct buf said;
	struct err e;
};

static inline void box_say(void *arg, int level, unsigned ctid, const char *text)
{
	struct box *b = arg;

	(void)ctid;
	if (level <= 0)
		buf_addf(&b->said, "%c %s\n", level < 0 ? 'E' : 'O', text);
}

static inline void box_put(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0);
}

static inline void box_conf(unsigned id, const char *text)
{
	char path[64];

	str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf", id);
	box_put(path, text);
}

static inline bool box_file_is(const char *path, const char *text)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	if (fio_read_at(AT_FDCWD, path, &b, &e) < 0)
		return false;
	if (!strcmp(buf_str(&b), text))
		return true;
	fprintf(stderr, "# %s:\n%s", path, buf_str(&b));
	return false;
}

static inline bool box_is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* @conf: more lines for vz.conf, first ones win. */
static inline void box_init(struct box *b, const char *conf)
{
	static const char *const over[] = { "/etc", "/run", "/var/lib" };
	static const char *const dirs[] = { CT_CONF_DIR, BOX "/template/cache", BOX "/private" };
	const struct ct_ui ui = { box_say, b };
	auto_buf struct buf text = BUF_INIT;

	*b = (struct box){ .said = BUF_INIT };
	test_own_mounts();
	for (size_t i = 0; i < ARRAY_SIZE(over); i++)
		CHECK(mount("box", over[i], "tmpfs", 0, "mode=755") == 0);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		CHECK_OK(path_mkdir_host(dirs[i], 0755, &b->e), &b->e);
	buf_addf(&text, "%s%s", conf ? conf : "", BOX_CONF);
	box_put(CT_HOST_CONF, buf_str(&text));
	CHECK_OK(ct_host_open(&ui, &b->host, &b->e), &b->e);
}

static inline void box_done(struct box *b)
{
	ct_host_close(b->host);
	buf_done(&b->said);
}

static inline struct ct *box_open(struct box *b, const char *id, unsigned flags)
{
	struct ct *ct = NULL;

	CHECK_OK(ct_open(b->host, id, flags, &ct, &b->e), &b->e);
	return ct;
}

/* What was said since the last call. */
static inline void box_said(struct box *b, const char *want)
{
	CHECK_STR(buf_str(&b->said), want);
	buf_reset(&b->said);
}

static inline void box_failed(struct box *b, int rc, int exit, const char *text)
{
	CHECK(rc < 0);
	CHECK_EQ(b->e.exit, exit);
	if (text)
		CHECK_STR(b->e.text, text);
	err_clear(&b->e);
}

#endif
