/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration that is kept with each snapshot, GUID.conf beside its files, and what of it a switch brings back. */
#include <errno.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/snap.h"
#include "libct/snapshot.h"
#include "util/buf.h"
#include "util/fio.h"

struct conf_name { char s[CT_GUID_SIZE + 8]; };

static struct conf_name conf_name(const char *guid)
{
	struct conf_name n;

	str_fmt(n.s, sizeof(n.s), "%s.conf", guid);
	return n;
}

int ct_snap_conf_keep(const struct ct *ct, int home, const char *guid, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (kv_print(&ct->kv, &b, e) < 0)
		return -e->code;
	return fio_replace_file(home, conf_name(guid).s, buf_str(&b), b.len, 0600, e);
}

int ct_snap_conf_drop(int home, const char *guid, struct err *e)
{
	struct conf_name n = conf_name(guid);

	return unlinkat(home, n.s, 0) < 0 && errno != ENOENT ? err_set(e, errno, "remove %s", n.s) : 0;
}

int ct_snap_conf(struct ct *ct, const char *guid, struct kv *ret, struct err *e)
{
	auto_close int home = ct_snap_home(ct, false, e);

	return home < 0 ? -e->code : kv_load(ret, home, conf_name(guid).s, e);
}

/* What says who and where a container is stays: it belongs to the container, not to a time. */
static const char *const own_keys[] = {
	"VE_ROOT", "VE_PRIVATE", "VE_LAYOUT", "LOCAL_UID", "LOCAL_GID", "NAME", "OWNER", "UUID", "CTID", "VEID",
	"ONBOOT", "DISABLED",
};

int ct_snap_conf_restore(struct ct *ct, const char *guid, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	if (ct_snap_conf(ct, guid, &kv, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		ct_say(ct, 0, "Snapshot {%s} has no configuration with it: that of the container stays as it is", guid);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own_keys); i++) {
		const char *now = kv_get(&ct->kv, own_keys[i]);

		if (!now)
			kv_unset(&kv, own_keys[i]);
		else if (kv_set(&kv, own_keys[i], now, true, e) < 0)
			return -e->code;
	}
	return ct_store_kv(ct, &kv, CT_STORE_QUIET, e) < 0 ? -e->code : ct_area_quota(ct, &ct->conf, false, e);
}
