/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of vzadm. */
#include "util/auto.h"
#include "vzctl/vzadm.h"

#define ROWS(a) a, ARRAY_SIZE(a)
#define LIMITS \
	{ "cts", "num", "limits.cts", ADM_INT, false, "Containers it may have." }, \
	{ "memory", "size", "limits.memory", ADM_SIZE, false, "Sum of their memory, as 64G." }, \
	{ "disk", "size", "limits.disk", ADM_SIZE, false, "Sum of their disk space." }, \
	{ "cpus", "num", "limits.cpus", ADM_INT, false, "Sum of their processors." }, \
	{ "ipv4", "num", "limits.ipv4", ADM_INT, false, "IPv4 addresses." }, \
	{ "ipv6", "num", "limits.ipv6", ADM_INT, false, "IPv6 addresses." }

static const struct adm_opt token_add[] = {
	{ "role", "name", "role", ADM_STR, false, "viewer, operator, tenant-admin or admin." },
	{ "scopes", "list", "scopes", ADM_LIST, false, "Single scopes instead of a role, as ct:read,ct:power." },
	{ "tenant", "name", "tenant", ADM_STR, false, "Only what belongs to this tenant." },
	{ "ct", "list", "cts", ADM_LIST, false, "Only these containers, by CTID." },
	{ "from", "list", "from", ADM_LIST, false, "Only from these addresses and prefixes." },
	{ "expires", "time", "expires", ADM_STR, false, "How long it is good for, as 30d or 12h, or until when, as 2027-01-31." },
	{ "not-before", "time", "not_before", ADM_STR, false, "Not good before this time." },
	{ "description", "text", "description", ADM_STR, false, "What it is for." },
};
static const struct adm_opt token_list[] = {
	{ "tenant", "name", "tenant", ADM_STR, true, "Only of this tenant." },
	{ "created-by", "name", "created_by", ADM_STR, true, "Only those that this principal made." },
};
static const struct adm_opt token_revoke[] = {
	{ "created", NULL, "created", ADM_TRUE, true, "Also every token it made, and what those made." },
};
static const struct adm_opt tenant_add[] = { { "title", "text", "title", ADM_STR, false, "Its name for people." }, LIMITS };
static const struct adm_opt tenant_set[] = {
	{ "title", "text", "title", ADM_STR, false, "Its name for people." }, LIMITS,
};
static const struct adm_opt tenant_suspend[] = {
	{ "reason", "text", "reason", ADM_STR, false, "Told to whoever is refused." },
	{ "wait", NULL, NULL, ADM_OWN, false, "Return when all its containers are down." },
};
static const struct adm_opt tenant_usage[] = {
	{ "month", "yyyy-mm", "month", ADM_STR, true, "Which month; this one when absent." },
};
static const struct adm_opt audit[] = {
	{ "from", "time", "from", ADM_STR, true, "Not before, as 2026-11-27T10:00:00Z." },
	{ "to", "time", "to", ADM_STR, true, "Before this time." },
	{ "principal", "name", "principal", ADM_STR, true, "Only by this one: root, uid:1000, token:ID." },
	{ "tenant", "name", "tenant", ADM_STR, true, "Only by tokens of this tenant." },
	{ "path", "text", "path", ADM_STR, true, "Only paths that begin so." },
	{ "limit", "num", "limit", ADM_INT, true, "Only so many." },
};
static const struct adm_opt jobs[] = {
	{ "state", "word", "state", ADM_STR, true, "Only queued, running, done, failed or cancelled ones." },
	{ "ct", "ctid", "ct", ADM_STR, true, "Only of this container." },
	{ "limit", "num", "limit", ADM_INT, true, "Only so many." },
};
static const struct adm_opt job[] = {
	{ "wait", NULL, NULL, ADM_OWN, false, "Return when it has ended, with its exit status." },
};
static const struct adm_opt events[] = {
	{ "follow", NULL, NULL, ADM_OWN, false, "Go on with new ones as they come; without, only what is there is shown." },
	{ "since", "num", NULL, ADM_OWN, false, "Those after this number; 0: all that are kept." },
	{ "types", "list", NULL, ADM_OWN, false, "Only these types; 'ct.' means all that begin so." },
	{ "ct", "ctid", NULL, ADM_OWN, false, "Only of this container." },
};
static const struct adm_opt enable[] = {
	{ "listen", "addr:port", NULL, ADM_OWN, false, "Where, as 192.0.2.1:8443, 0.0.0.0:8443 or [::]:8443." },
};
static const struct adm_opt hook_add[] = {
	{ "url", "url", "url", ADM_STR, false, "Where events are posted to." },
	{ "types", "list", "types", ADM_LIST, false, "Only these types; 'ct.' means all that begin so." },
	{ "ct", "list", "cts", ADM_LIST, false, "Only of these containers." },
	{ "tenant", "name", "tenant", ADM_STR, false, "Only of this tenant's." },
	{ "description", "text", "description", ADM_STR, false, "What it is for." },
};

#define TOKEN_COLUMNS "id role tenant cts from expires last_used description"

const struct adm_cmd adm_cmds[] = {
	{ "token", "add", NULL, "POST", "/v1/tokens", NULL, "{}", NULL, NULL, adm_show_secret, ROWS(token_add),
	  "Makes a token and prints it, once: of its secret only a hash is kept." },
	{ "token", "list", NULL, "GET", "/v1/tokens", NULL, NULL, TOKEN_COLUMNS, NULL, NULL, ROWS(token_list), "Lists tokens." },
	{ "token", "show", "ID", "GET", "/v1/tokens/{}", NULL, NULL, NULL, NULL, NULL, NULL, 0, "Shows one token." },
	{ "token", "rotate", "ID", "POST", "/v1/tokens/{}/rotate", NULL, NULL, NULL, NULL, adm_show_secret, NULL, 0,
	  "Gives a token a new secret and prints it; the old one is wrong from then on." },
	{ "token", "revoke", "ID", "DELETE", "/v1/tokens/{}", NULL, NULL, NULL, NULL, NULL, ROWS(token_revoke),
	  "Ends a token; what it has open is closed." },
	{ "tenant", "add", "NAME", "POST", "/v1/tenants", "name", "{}", NULL, NULL, NULL, ROWS(tenant_add),
	  "Makes a tenant. A limit that is not given is none." },
	{ "tenant", "set", "NAME", "PATCH", "/v1/tenants/{}", NULL, "{}", NULL, NULL, NULL, ROWS(tenant_set),
	  "Changes a tenant's title and limits; 'none' lifts a limit." },
	{ "tenant", "list", NULL, "GET", "/v1/tenants", NULL, NULL,
	  "name title used.cts limits.cts used.memory limits.memory used.disk limits.disk suspended", NULL, NULL, NULL, 0,
	  "Lists tenants, what they use and may use." },
	{ "tenant", "show", "NAME", "GET", "/v1/tenants/{}", NULL, NULL, NULL, NULL, NULL, NULL, 0, "Shows one tenant." },
	{ "tenant", "suspend", "NAME", "PUT", "/v1/tenants/{}/suspended", NULL, "{\"suspended\":true}", NULL, adm_verb_suspend, NULL,
	  ROWS(tenant_suspend), "Stops a tenant's containers; its tokens may look and change nothing." },
	{ "tenant", "unsuspend", "NAME", "PUT", "/v1/tenants/{}/suspended", NULL, "{\"suspended\":false}", NULL, NULL, NULL, NULL, 0,
	  "Lets it go on; its containers stay stopped until they are started." },
	{ "tenant", "rm", "NAME", "DELETE", "/v1/tenants/{}", NULL, NULL, NULL, NULL, NULL, NULL, 0,
	  "Removes a tenant that has no containers, and its tokens." },
	{ "tenant", "usage", "NAME", "GET", "/v1/tenants/{}/usage", NULL, NULL, NULL, NULL, NULL, ROWS(tenant_usage),
	  "Shows what a tenant used in a month." },
	{ "webhook", "add", NULL, "POST", "/v1/webhooks", NULL, "{}", NULL, NULL, adm_show_secret, ROWS(hook_add),
	  "Has events posted to an address, and prints the secret that signs them, once." },
	{ "webhook", "list", NULL, "GET", "/v1/webhooks", NULL, NULL, "id url types cts tenant state pending last_error", NULL, NULL,
	  NULL, 0, "Lists webhooks." },
	{ "webhook", "rm", "ID", "DELETE", "/v1/webhooks/{}", NULL, NULL, NULL, NULL, NULL, NULL, 0,
	  "Removes a webhook and what it has not sent." },
	{ "audit", NULL, NULL, "GET", "/v1/audit", NULL, NULL, "time principal remote verb path status operation detail", NULL, NULL,
	  ROWS(audit), "Shows who changed what, the newest first." },
	{ "jobs", NULL, NULL, "GET", "/v1/operations", NULL, NULL, "id kind ct state progress stage principal created_at", NULL, NULL,
	  ROWS(jobs), "Lists jobs, the newest first." },
	{ "job", NULL, "ID", "GET", "/v1/operations/{}", NULL, NULL, NULL, adm_verb_job, NULL, ROWS(job), "Shows a job." },
	{ "log", NULL, "ID", "GET", "/v1/operations/{}/log", NULL, NULL, NULL, NULL, NULL, NULL, 0, "Prints what a job said." },
	{ "cancel", NULL, "ID", "DELETE", "/v1/operations/{}", NULL, NULL, NULL, NULL, NULL, NULL, 0, "Cancels a job." },
	{ "events", NULL, NULL, NULL, NULL, NULL, NULL, NULL, adm_verb_events, NULL, ROWS(events), "Shows events." },
	{ "api", "enable", NULL, NULL, NULL, NULL, NULL, NULL, adm_verb_api_enable, NULL, ROWS(enable),
	  "Has vzweb listen for HTTPS, and prints the certificate's SHA-256. Nothing listens before." },
	{ "api", "disable", NULL, NULL, NULL, NULL, NULL, NULL, adm_verb_api_disable, NULL, NULL, 0, "Ends that." },
	{ "api", "status", NULL, NULL, NULL, NULL, NULL, NULL, adm_verb_api_status, NULL, NULL, 0,
	  "Shows where the API can be reached, and the certificate's SHA-256." },
	{ "whoami", NULL, NULL, "GET", "/v1/token", NULL, NULL, NULL, NULL, NULL, NULL, 0, "Shows who is calling, and what he may." },
	{ "health", NULL, NULL, "GET", "/v1/health", NULL, NULL, NULL, NULL, NULL, NULL, 0, "Shows whether vzd is well." },
	{ "call", NULL, "VERB PATH [JSON|-]", NULL, NULL, NULL, NULL, NULL, adm_verb_call, NULL, NULL, 0,
	  "Makes any call and prints its body; JSON is the body to send, - reads it from standard input." },
};
const size_t adm_cmds_n = ARRAY_SIZE(adm_cmds);
