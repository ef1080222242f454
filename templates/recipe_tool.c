/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a builder's tools: what they say goes to our standard error as it comes, and if one fails, the reason is looked for
 * in it. And the keyring that judges what they fetch.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/recipe.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/spawn.h"
#include "util/str.h"
#include "util/sys.h"

#define TIMEOUT_MS (3600 * 1000)
#define WORK "/var/tmp"	/* there is nothing a builder would look for */
#define KEEP (1u << 20)	/* of what a tool says; whoever says more begins anew */

/* --- why --- */

/* What apt says of an archive, and what it means. With @after, a key's id follows the words and goes between the two. */
static const struct { const char *words, *text, *after; int code; } reasons[] = {
	{ "NO_PUBKEY ", "the archive is signed with key ", ", which the keyring does not have: is it that distribution's, and new "
	  "enough?", ENOKEY },
	{ "EXPKEYSIG ", "the archive is signed with key ", ", which has expired: get a newer keyring", EKEYEXPIRED },
	{ "REVKEYSIG ", "the archive is signed with key ", ", which was revoked: get a newer keyring", EKEYREVOKED },
	{ "BADSIG ", "the archive is not what key ", " signed: it was changed on the way, or the mirror is broken", EKEYREJECTED },
	{ " is not signed.", "the archive is not signed, so nobody vouches for what is in it", NULL, EKEYREJECTED },
	{ " is expired ", "the archive's signature was good for a time that is over: the mirror is no longer renewed, or this "
	  "host's clock is wrong", NULL, EKEYEXPIRED },
	{ " is not valid yet ", "the archive's signature is of the future: this host's clock is wrong", NULL, EKEYREJECTED },
	{ "Hash Sum mismatch", "a file is not what the archive's signed index says: it was changed on the way, or the mirror is "
	  "being renewed just now", NULL, EBADMSG },
	{ "No space left on device", "no space is left", NULL, ENOSPC },
};

static void printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
}

/* The first line that apt itself, or a script of the recipe, ends with; what mmdebstrap says of apt is noise. */
static bool first_error(const char *log, char out[256])
{
	static const char *const noise[] = { "E: apt-get ", "E: mmdebstrap ", "E: setup failed" };
	static const char wrap[] = "E: setup failed: ";

	for (const char *p = log; p && *p; p = strchr(p, '\n'), p += p ? 1 : 0) {
		if (str_starts(p, wrap))
			p += sizeof(wrap) - 1;
		bool mine = str_starts(p, "E: ");

		for (size_t i = 0; i < ARRAY_SIZE(noise); i++)
			mine = mine && !str_starts(p, noise[i]);
		if (!mine)
			continue;
		snprintf(out, 256, "%.*s", (int)strcspn(p + 3, "\n"), p + 3);
		printable(out);
		return true;
	}
	return false;
}

bool recipe_why(const char *log, struct err *e)
{
	char text[256], key[44] = "";

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		const char *at = strstr(log, reasons[i].words);

		if (!at)
			continue;
		at += strlen(reasons[i].words);
		for (size_t n = 0; reasons[i].after && n + 1 < sizeof(key) && isxdigit((unsigned char)at[n]); n++)
			key[n] = at[n];
		err_say(e, reasons[i].code, "%s%s%s", reasons[i].text, key, reasons[i].after ? reasons[i].after : "");
		return true;
	}
	if (!first_error(log, text))
		return false;
	err_say(e, ECHILD, "%s", text);
	return true;
}

/* --- what a tool says, kept and passed on by a child --- */

struct tee { int in, kept; pid_t pid; };

static void __attribute__((noreturn)) pass_on(int from, int kept)
{
	static char buf[4096];
	off_t at = 0;
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	from = fcntl(from, F_DUPFD_CLOEXEC, 10);
	kept = fcntl(kept, F_DUPFD_CLOEXEC, 10);
	if (from < 0 || kept < 0 || dup2(from, 3) < 0 || dup2(kept, 4) < 0)
		_exit(1);
	sys_close_range(5, ~0u, 0);	/* our maker's locks among them */
	while ((n = read(3, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		fio_write_all(2, buf, (size_t)n);
		if (at + n > (off_t)KEEP && ftruncate(4, 0) == 0)
			at = 0;
		if (pwrite(4, buf, (size_t)n, at) == n)
			at += n;
	}
	_exit(0);
}

static int tee_open(struct tee *t, struct err *e)
{
	auto_close int from = -1;
	int p[2];

	t->kept = memfd_create("log", MFD_CLOEXEC);
	if (t->kept < 0 || pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	t->in = p[1];
	from = p[0];
	t->pid = fork();
	if (t->pid == 0) {
		close(t->in);
		pass_on(from, t->kept);
	}
	return t->pid < 0 ? err_set(e, errno, "fork") : 0;
}

/* When the last writer is gone. */
static void tee_end(struct tee *t, struct buf *said)
{
	struct err none = { 0 };

	close(t->in);
	t->in = -1;
	while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
		;
	t->pid = 0;
	if (lseek(t->kept, 0, SEEK_SET) == 0)
		fio_read_fd(t->kept, said, "log", &none);
}

static void tee_done(struct tee *t)
{
	if (t->in >= 0)
		close(t->in);
	if (t->kept >= 0)
		close(t->kept);
}

int recipe_tool(const struct recipe_tool *r, struct err *e)
{
	const char *env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "TMPDIR=/tmp", NULL, NULL };
	struct tee t __attribute__((cleanup(tee_done))) = { .in = -1, .kept = -1 };
	struct spawn s = { .argv = (const char *const *)r->argv->v, .env = env, .timeout_ms = TIMEOUT_MS, .tied = true,
			   .netns = r->netns, .own_mounts = true, .own_pids = true, .over = r->work, .over_path = WORK };
	auto_buf struct buf said = { .cap = KEEP };
	struct err why = { 0 };
	char epoch[64];
	int status, rc;

	if (!r->argv->n || access(r->argv->v[0], X_OK) < 0)
		return err_say(e, ENOENT, "%s is missing: apt-get install %s", r->package, r->package);
	if (r->epoch && str_fmt(epoch, sizeof(epoch), "SOURCE_DATE_EPOCH=%s", r->epoch) == 0)
		env[4] = epoch;
	if (r->work > 0)
		env[3] = "TMPDIR=" WORK;
	if (tee_open(&t, e) < 0)
		return -e->code;
	s.out = s.err = t.in;
	rc = spawn_wait(&s, &status, e);
	tee_end(&t, &said);
	if (rc < 0 && recipe_why(buf_str(&said), &why))
		*e = why;
	return rc < 0 ? -e->code : 0;
}

/* --- keyring --- */

/* apt reads it as user _apt: every part of the path must be open to all. */
static int all_may_read(const char *path, struct err *e)
{
	char part[4096];
	struct stat st;

	if (str_copy(part, sizeof(part), path) < 0)
		return err_set(e, ENAMETOOLONG, "%s", path);
	if (stat(part, &st) < 0)
		return err_set(e, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "%s is no file", path);
	if (!(st.st_mode & S_IROTH))
		return err_say(e, EACCES, "apt checks signatures as a user who cannot read %s: chmod a+r it", path);
	for (char *slash = strrchr(part, '/'); slash && slash != part; slash = strrchr(part, '/')) {
		*slash = '\0';
		if (stat(part, &st) == 0 && !(st.st_mode & S_IXOTH))
			return err_say(e, EACCES, "apt checks signatures as a user who cannot read %s, since %s is closed to him: "
				       "put the keyring into /etc/vz/keyrings, say", path, part);
	}
	return 0;
}

int recipe_keyring(const char *path, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned char head[28] = { 0 };
	ssize_t n;

	if (fd < 0)
		return err_set(e, errno, "%s", path);
	n = read(fd, head, sizeof(head));
	if (n >= 12 && memcmp(head + 8, "KBXf", 4) == 0)
		return err_say(e, EINVAL, "%s is a keybox, which apt does not read: gpg --no-default-keyring --keyring %s --export "
			       "makes a keyring of it", path, path);
	if (n >= 10 && memcmp(head, "-----BEGIN", 10) == 0)
		return err_say(e, EINVAL, "%s is text: gpg --dearmor makes a keyring of it", path);
	if (n < 2 || !(head[0] & 0x80))
		return err_say(e, EINVAL, "%s is no OpenPGP keyring", path);
	return all_may_read(path, e);
}
