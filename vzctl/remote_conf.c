/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the host is, which token opens it, and what its certificate is known by. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/exit.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/str.h"
#include "vzctl/remote.h"

#define SYSTEM_DIR "/etc/vz/remote"

static int open_dir(const char *home)
{
	struct buf auto_buf b = BUF_INIT;

	if (!home || home[0] != '/')
		return -1;
	buf_addf(&b, "%s/.config/vz", home);
	return open(buf_str(&b), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* 1: there is one and it may be used; 0: none. */
static int check_file(int dir, const char *name, struct err *e)
{
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, 0) < 0)
		return 0;
	if (st.st_mode & 077)
		return err_say(e, EPERM, "%s may be read by others, and it holds a token: chmod 600", name);
	return 1;
}

static int take(const struct kv *kv, const char *key, char **ret, struct err *e)
{
	const char *v = kv_get(kv, key);

	if (!v || !*v || *ret)
		return 0;
	*ret = strdup(v);
	return *ret ? 0 : err_set(e, ENOMEM, "remote host");
}

static int read_file(int dir, const char *name, struct remote *r, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	if (kv_load(&kv, dir, name, e) < 0)
		return -e->code;
	if (take(&kv, "TOKEN", &r->token, e) < 0 || take(&kv, "PIN", &r->pin, e) < 0 || take(&kv, "CA", &r->ca, e) < 0)
		return -e->code;
	if (r->pin && !str_starts(r->pin, "sha256//"))
		return err_say(e, EINVAL, "%s: PIN is sha256//BASE64, as `vzadm api status` prints it on the host", name);
	return 0;
}

/* "host", "host:port", "[addr6]:port"; nothing that could be a path or an option. */
static int split(const char *text, struct remote *r, struct err *e)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : NULL, *colon = strchr(end ? end : text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (!n || text[0] == '-' || text[0] == '.' ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") != strlen(text) ||
	    (colon && strspn(colon + 1, "0123456789") != strlen(colon + 1))) {
		err_say(e, EINVAL, "--host takes HOST or HOST:PORT, not '%s'", text);
		return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
	}
	r->host = strndup(text, n);
	r->port = strdup(colon && colon[1] ? colon + 1 : REMOTE_PORT);
	return r->host && r->port ? 0 : err_set(e, ENOMEM, "remote host");
}

int remote_conf(const char *host, struct remote *r, struct err *e)
{
	auto_close int home = open_dir(getenv("HOME")), sys = open(SYSTEM_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *token = getenv("VZ_TOKEN");
	char name[280];
	int there;

	*r = (struct remote){ 0 };
	if (split(host, r, e) < 0)
		return -e->code;
	if (token && *token && !(r->token = strdup(token)))
		return err_set(e, ENOMEM, "remote host");
	if (str_fmt(name, sizeof(name), "%s.conf", r->host) < 0)
		return err_say(e, ENAMETOOLONG, "--host: the name is too long");
	there = check_file(home, name, e);
	if (there > 0 && read_file(home, name, r, e) < 0)
		return -e->code;
	if (there == 0) {
		there = check_file(sys, name, e);
		if (there > 0 && read_file(sys, name, r, e) < 0)
			return -e->code;
	}
	if (there < 0)
		return there;
	if (!r->token)
		return err_say(e, ENOENT,
			       "there is no token for %s: put TOKEN=\"vz1_...\" into ~/.config/vz/%s, or into VZ_TOKEN",
			       r->host, name);
	return 0;
}

void remote_done(struct remote *r)
{
	if (r->token)
		explicit_bzero(r->token, strlen(r->token));
	free(r->host);
	free(r->port);
	free(r->token);
	free(r->pin);
	free(r->ca);
	*r = (struct remote){ 0 };
}
