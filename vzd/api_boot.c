/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/node/autostart and /v1/node/shutdown: many containers at once, at boot and before the host goes down. */
#include <errno.h>
#include <stdlib.h>

#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/autostart.h"
#include "vzd/bus.h"
#include "vzd/inv.h"

#define VZHOST VZ_SBINDIR "/vzhost"

static int autostart_get(struct api_call *c, struct err *e)
{
	(void)e;
	api_json(c, 200, autostart_json(c->d->autostart));
	return 0;
}

/* Without ctids: every container with ONBOOT, higher BOOTORDER first. */
static size_t all_onboot(struct vzd *d, unsigned *ids)
{
	size_t n = 0;

	for (size_t i = 0; i < inv_count(d->inv); i++) {
		const struct inv_ct *ct = inv_at(d->inv, i);
		size_t at = n;

		if (!ct->onboot || ct->disabled)
			continue;
		while (at && inv_find(d->inv, ids[at - 1])->bootorder < ct->bootorder) {
			ids[at] = ids[at - 1];
			at--;
		}
		ids[at] = ct->id;
		n++;
	}
	return n;
}

static int autostart_run(struct api_call *c, struct err *e)
{
	const json_t *list = json_object_get(c->req.body, "ctids"), *v;
	auto_free unsigned *ids = calloc(json_array_size(list) + inv_count(c->d->inv) + 1, sizeof(*ids));
	size_t n = 0, i;

	if (c->d->conf.autostart.set && !c->d->conf.autostart.v) {
		api_problem(c, "maintenance", 0, "AUTOSTART is no in vzd.conf", NULL);
		return 0;
	}
	if (!ids)
		return err_set(e, ENOMEM, "start at boot");
	if (!list)
		n = all_onboot(c->d, ids);
	json_array_foreach(list, i, v) {
		const struct inv_ct *ct = inv_find_text(c->d->inv, json_string_value(v));

		if (ct)
			ids[n++] = ct->id;
	}
	if (autostart_add(c->d->autostart, ids, n, e) < 0)
		return -e->code;
	api_json(c, 202, autostart_json(c->d->autostart));
	return 0;
}

static int shutdown_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 };
	struct job_spec s = { .kind = c->route->op, .principal = c->who->name, .resource = "/v1/node", .again = true };

	if (ct_word(&a, VZHOST, e) < 0 || ct_word(&a, "boot", e) < 0 || ct_word(&a, "stop", e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	s.owner = "";
	bus_emit(c->d->bus, "host.shutdown", 0, "", NULL);
	return api_job(c, &s, NULL, e);
}

static const struct api_field autostart_body[] = {
	{ .name = "ctids", .type = API_LIST, .max = 65536, .doc = "Which, in this order; all with ONBOOT when absent." },
	{ .name = NULL },
};
static const struct api_route rows[] = {
	{ "GET", "/v1/node/autostart", "node.autostart.get", SCOPE_NODE_READ, 0, NULL, NULL, "Autostart",
	  "How far the start at boot is.", autostart_get },
	{ "POST", "/v1/node/autostart", "node.autostart", SCOPE_NODE_WRITE, API_WRITE, autostart_body, NULL, "Autostart",
	  "Starts containers as at boot: in order, in parallel, with their delays and dependencies.", autostart_run },
	{ "POST", "/v1/node/shutdown", "node.shutdown", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Stops all containers in order, as before the host goes down, and remembers which ran.", shutdown_run },
};
const struct api_table api_boot_table = API_TABLE(rows);
