/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handle of a container: opened from a number or a name, with its configuration merged; what it holds is released
 * with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "+-0123456789")];
}

static int load(struct ct *ct, struct err *e)
{
	if (ct_store_load(ct, e) == 0)
		return 0;
	if (e->code != ENOENT)
		return -e->code;
	err_clear(e);
	if (ct->open_flags & CT_NO_CONFIG_OK)
		return 0;
	err_say(e, ENOENT, "Container config file does not exist");
	return err_exit(e, VZ_NOVECONFIG);
}

static int open_id(struct ct *ct, const char *id_or_name, struct err *e)
{
	const char *name;

	if (load(ct, e) < 0)
		return -e->code;
	name = kv_get(&ct->kv, "NAME");
	if (!is_number(id_or_name) && name && !str_eq(name, id_or_name)) {
		err_say(e, ENOENT, "Unable to find container by name %s", id_or_name);
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	return 0;
}

int ct_open(struct ct_host *h, const char *id_or_name, unsigned flags, struct ct **ret, struct err *e)
{
	struct ct *ct;
	unsigned id;

	if (ct_id_parse(id_or_name, &id, e) < 0)
		return -e->code;
	ct = calloc(1, sizeof(*ct));
	if (!ct)
		return err_set(e, ENOMEM, "container %u", id);
	ct->host = h;
	ct->id = id;
	ct->open_flags = flags;
	ct->lock_fd = -1;
	str_fmt(ct->ids, sizeof(ct->ids), "%u", id);
	if (open_id(ct, id_or_name, e) < 0) {
		ct_close(ct);
		return -e->code;
	}
	*ret = ct;
	return 0;
}

void ct_close(struct ct *ct)
{
	if (!ct)
		return;
	ct_unlock(ct);
	ct_conf_done(&ct->conf);
	kv_done(&ct->kv);
	free(ct);
}

unsigned ct_id(const struct ct *ct)
{
	return ct->id;
}

const struct ct_conf *ct_conf(const struct ct *ct)
{
	return &ct->conf;
}

bool ct_has_conf(const struct ct *ct)
{
	return ct->has_conf;
}
