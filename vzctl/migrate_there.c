/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The destination of a migration: what it is asked before anything is copied, and how what was copied is removed there. */
#include "vzctl/migrate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"

int mig_fail(struct err *e, enum migrate_exit exit)
{
	e->exit = (int)exit;
	return -e->code;
}

int mig_fail_remote(struct err *e, enum migrate_exit other)
{
	return mig_fail(e, e->code == ECONNREFUSED ? MIG_CONNECT : other);
}

int there_connect(struct migrate *m, struct err *e)
{
	int status = 0;

	if (remote_run(m, "/bin/true", NULL, &status, e) < 0) {
		err_add(e, "Can't connect to destination address (%s) via ssh", m->target);
		return mig_fail(e, MIG_CONNECT);
	}
	if (remote_run(m, "/etc/init.d/vz status >/dev/null 2>&1", NULL, &status, e) < 0) {
		err_add(e, "OpenVZ is not running on the destination");
		return mig_fail_remote(e, MIG_NO_VZ);
	}
	return 0;
}

int there_status(struct migrate *m, char *word, size_t size, bool *running, struct err *e)
{
	struct buf auto_buf out = BUF_INIT, cmd = BUF_INIT;

	buf_addf(&cmd, "vzctl --quiet status %u", m->id);
	if (remote_run(m, buf_str(&cmd), &out, NULL, e) < 0) {
		err_add(e, "Can't get the status of CT %u on the destination", m->id);
		return mig_fail_remote(e, MIG_EXISTS);
	}
	if (migrate_status_word(buf_str(&out), m->id, word, size) < 0) {
		err_say(e, EBADMSG, "vzctl status on the destination says: %.100s", buf_str(&out));
		return mig_fail(e, MIG_EXISTS);
	}
	*running = strstr(buf_str(&out), " running") != NULL;
	return 0;
}

static int paths(struct migrate *m, struct err *e)
{
	struct buf auto_buf out = BUF_INIT, cmd = BUF_INIT;

	buf_addf(&cmd, "VEID=%u; . /etc/vz/vz.conf && printf '%%s|%%s\\n' \"$VE_ROOT\" \"$VE_PRIVATE\"", m->id);
	if (remote_run(m, buf_str(&cmd), &out, NULL, e) < 0)
		return mig_fail_remote(e, MIG_PATHS);
	free(m->root);
	free(m->priv);
	m->root = m->priv = NULL;
	return migrate_paths(buf_str(&out), &m->root, &m->priv, e) < 0 ? mig_fail(e, MIG_PATHS) : 0;
}

static int addresses(struct migrate *m, struct err *e)
{
	const struct str_list *ips = &ct_conf(m->ct)->net.ip;
	struct buf auto_buf out = BUF_INIT;

	if (m->o.force_ip || !ips->n)
		return 0;
	if (remote_run(m, "cat /proc/vz/veip /var/lib/vzctl/veip/* 2>/dev/null; true", &out, NULL, e) < 0)
		return mig_fail_remote(e, MIG_IP);
	for (size_t i = 0; i < ips->n; i++)
		if (migrate_has_ip(buf_str(&out), ips->v[i])) {
			err_say(e, EADDRINUSE, "IP address %s is in use on the destination; -f ignores that", ips->v[i]);
			return mig_fail(e, MIG_IP);
		}
	return 0;
}

bool there_is_down(struct migrate *m)
{
	for (int i = 0; i < 3; i++) {
		struct err e = { 0 };
		bool running = true;
		char word[32];

		if (there_status(m, word, sizeof(word), &running, &e) == 0)
			return !running;
		sleep(1);
	}
	return false;
}

void there_remove(struct migrate *m)
{
	struct err e = { 0 };

	if (m->o.keep_dst)
		remote_runf(m, &e, "rm -f /etc/vz/conf/%u.conf; vzquota off %u >/dev/null 2>&1; true", m->id, m->id);
	else
		remote_runf(m, &e, "vzctl --quiet destroy %u; rm -rf %s; rm -f /etc/vz/conf/%u.*.destroyed "
			    "/etc/vz/conf/%u.conf; true", m->id, m->priv, m->id, m->id);
	if (!e.code)
		remote_runf(m, &e, "cd /etc/vz/conf && "
			    "rm -f %u.start %u.stop %u.mount %u.umount %u.premount %u.postumount %u.ugid; "
			    "find /etc/vz/names -lname '*/%u.conf' -delete; rmdir %s 2>/dev/null; true",
			    m->id, m->id, m->id, m->id, m->id, m->id, m->id, m->id, m->root);
	if (e.code)
		ui_sayf(&m->ui, -1, "Warning: what was copied to %s stays there: %s", m->target, e.text);
}

int there_check(struct migrate *m, struct err *e)
{
	bool running;
	char word[32];

	if (there_connect(m, e) < 0 || there_status(m, word, sizeof(word), &running, e) < 0)
		return -e->code;
	if (!str_eq(word, "deleted")) {
		err_say(e, EEXIST, "CT %u already exists on the destination", m->id);
		return mig_fail(e, MIG_EXISTS);
	}
	if (paths(m, e) < 0 || addresses(m, e) < 0)
		return -e->code;
	return migrate_fw_there(m, e) < 0 ? mig_fail_remote(e, MIG_CONFIG) : 0;
}
