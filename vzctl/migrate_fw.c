/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall of a container that moves: its rules travel in its configuration, groups stay and are looked for by name on the
 * destination. Asked before anything is stopped: a container does not come up there with less around it than it had.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/migrate.h"

#define NO_VZFW "/"		/* no group is called so */

static bool has_firewall(const struct net_conf *n)
{
	return n->fw_rule.n || n->fw_group.n || n->fw_in.n || n->fw_out.n || n->fw_zone.n || n->forward.n;
}

int migrate_fw_answer(const char *text, bool force, struct err *e)
{
	struct str_list missing = { 0 };
	struct buf auto_buf b = BUF_INIT;

	if (str_list_split(&missing, text, "\n", e) < 0)
		return -e->code;
	for (size_t i = 0; i < missing.n && !e->code; i++) {
		if (str_eq(missing.v[i], NO_VZFW) && !force)
			err_say(e, ENOTSUP, "the destination has no vzfw: firewall, zone and forwards of the container would "
				"not be in effect there; -f ignores that");
		else if (!str_eq(missing.v[i], NO_VZFW))
			buf_addf(&b, "%s%s", b.len ? ", " : "", missing.v[i]);
	}
	if (!e->code && b.len && !str_list_has(&missing, NO_VZFW))
		err_say(e, ENOENT, "firewall group %s does not exist on the destination: 'vzfw group create' it there, or take it "
			"from FW_GROUPS", buf_str(&b));
	str_list_clear(&missing);
	return -e->code;
}

int migrate_fw_there(struct migrate *m, struct err *e)
{
	const struct net_conf *n = &ct_conf(m->ct)->net;
	struct buf auto_buf out = BUF_INIT, cmd = BUF_INIT;

	if (!has_firewall(n))
		return 0;
	buf_adds(&cmd, "command -v vzfw >/dev/null || echo " NO_VZFW ";");
	for (size_t i = 0; i < n->fw_group.n; i++) {
		buf_adds(&cmd, " test -e /etc/vz/firewall/");
		migrate_quote(&cmd, n->fw_group.v[i]);
		buf_adds(&cmd, ".conf || echo ");
		migrate_quote(&cmd, n->fw_group.v[i]);
		buf_adds(&cmd, ";");
	}
	buf_adds(&cmd, " true");
	if (buf_failed(&cmd))
		return err_set(e, ENOMEM, "firewall groups");
	return remote_run(m, buf_str(&cmd), &out, NULL, e) < 0 ? -e->code : migrate_fw_answer(buf_str(&out), m->o.force_ip, e);
}
