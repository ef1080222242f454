/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that libct only keeps and vzd acts on: whose container it is, what happens when it goes down by itself, and its place
 * among others at boot. */
#include <errno.h>
#include <string.h>

#include "libct/files.h"
#include "libct/type.h"
#include "util/buf.h"
#include "util/table.h"

#define POLICY(field) .off = offsetof(struct ct_policy, field)

const char *const ct_restart_names[CT_RESTART_N] = {
	[CT_RESTART_NO] = "no", [CT_RESTART_FAILURE] = "on-failure", [CT_RESTART_OOM] = "on-oom", [CT_RESTART_ALWAYS] = "always",
};

static int owner_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (text[n] || n > 32 || text[0] == '-')
		return err_say(e, EINVAL, "an owner is up to 32 of a-z, 0-9 and '-', not '%s'", text);
	return param_str.parse(p, text, src, field, e);
}
static STR_TYPE(type_owner, "owner", owner_parse);

static int restart_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	struct num_opt *o = field;
	int i = table_find(ct_restart_names, CT_RESTART_N, text);

	(void)p;
	(void)src;
	if (i < 0)
		return err_say(e, EINVAL, "no, on-failure, on-oom or always, not '%s'", text);
	*o = (struct num_opt){ .v = (uint64_t)i, .set = true };
	return 0;
}

static void restart_print(const struct param *p, const void *field, struct buf *b)
{
	const struct num_opt *o = field;

	(void)p;
	buf_adds(b, o->v < CT_RESTART_N ? ct_restart_names[o->v] : "no");
}
static const struct param_type type_restart = {
	"restart policy", sizeof(struct num_opt), restart_parse, restart_print, num_is_set, num_equal, num_copy, num_done,
};

static bool is_container(const char *s, struct err *e)
{
	if (*s && !str_has_ctrl(s))
		return true;
	err_say(e, EINVAL, "'%s' is neither an id nor a name", s);
	return false;
}

static int after_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_listc, is_container, p, text, src, field, e);
}
static LIST_TYPE(type_after, "containers", after_parse);

const struct param ct_policy_params[] = {
	{ .key = "OWNER", .opt = "owner", .arg = "tenant", .type = &type_owner, POLICY(owner),
	  .flags = PARAM_ADMIN | PARAM_READ | PARAM_CREATE,
	  .man = "Tenant of the host's API whose container it is. An empty one: nobody's but the administrator's." },
	{ .key = "RESTART", .opt = "restart_policy", .arg = "no|on-failure|on-oom|always", .type = &type_restart,
	  POLICY(restart), .def = "no", .flags = PARAM_READ | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "What vzd does when the container goes down by itself: on-failure starts it again after a crash or the "
		 "kernel's memory killer, on-oom after the latter only, always also after a halt from inside." },
	{ .key = "RESTART_MAX", .opt = "restart_max", .arg = "num", .type = &param_u64, POLICY(restart_max), .max = 1000,
	  .def = "5", .flags = PARAM_CAPPED | PARAM_READ | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "So many restarts within an hour, with growing pauses; then vzd leaves the container down and says so." },
	{ .key = "START_DELAY", .opt = "start_delay", .arg = "seconds", .type = &param_u64, POLICY(start_delay), .max = 3600,
	  .def = "0", .flags = PARAM_READ | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "At boot, how long vzd waits after this container's start before it counts as up for those that start "
		 "after it." },
	{ .key = "START_AFTER", .opt = "start_after", .arg = "id", .type = &type_after, POLICY(start_after),
	  .flags = PARAM_READ | PARAM_LIST | PARAM_CREATE,
	  .man = "Containers, by id or name, that vzd starts before this one at boot. One that fails to start is not "
		 "waited for." },
};
const size_t ct_policy_params_n = ARRAY_SIZE(ct_policy_params);
