/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of vzadm. */
#include "util/auto.h"
#include "vzctl/vzadm.h"

#define ROWS(a) .opts = a, .n_opts = ARRAY_SIZE(a)
#define LIMITS \
	{ "cts", "num", "limits.cts", ADM_INT, false, "Containers it may have." }, \
	{ "memory", "size", "limits.memory", ADM_SIZE, false, "Sum of their memory, as 64G." }, \
	{ "disk", "size", "limits.disk", ADM_SIZE, false, "Sum of their disk space." }, \
	{ "cpus", "num", "limits.cpus", ADM_INT, false, "Sum of their processors." }, \
	{ "ipv4", "num", "limits.ipv4", ADM_INT, false, "IPv4 addresses." }, \
	{ "ipv6", "num", "limits.ipv6", ADM_INT, false, "IPv6 addresses." }, \
	{ "snapshots", "num", "limits.snapshots", ADM_INT, false, "Snapshots of all of them." }, \
	{ "backups", "num", "limits.backups", ADM_INT, false, "Archives in the directory of backups." }

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
static const struct adm_opt gc[] = {
	{ "dry-run", NULL, "dry_run", ADM_TRUE, false, "Only say what would be removed." },
};
static const struct adm_opt tmpl_pull[] = {
	{ "names", "list", "names", ADM_LIST, false, "Which: names, or patterns with * and ?; all when absent." },
};
static const struct adm_opt pool_attach[] = {
	{ "source", "text", "source", ADM_STR, false, "A directory, /dev/..., HOST:/PATH or nbd://HOST/EXPORT." },
};
static const struct adm_opt pool_add[] = {
	{ "template", "name", "template", ADM_STR, false, "A template of that host." },
	{ "format", "word", "format", ADM_STR, false, "erofs (default), erofs-lz4 or squashfs." },
};
static const struct adm_opt pool_gc[] = {
	{ "alone", NULL, "alone", ADM_TRUE, false, "No other node has the pool." },
	{ "dry-run", NULL, "dry_run", ADM_TRUE, false, "Only say what would be removed." },
};

#define TOKEN_COLUMNS "id role tenant cts from expires last_used description"

const struct adm_cmd adm_cmds[] = {
	{ .noun = "token", .word = "add", .verb = "POST", .path = "/v1/tokens", .body = "{}",
	  .show = adm_show_secret, ROWS(token_add),
	  .man = "Makes a token and prints it, once: of its secret only a hash is kept." },
	{ .noun = "token", .word = "list", .verb = "GET", .path = "/v1/tokens", .columns = TOKEN_COLUMNS,
	  ROWS(token_list), .man = "Lists tokens." },
	{ .noun = "token", .word = "show", .args = "ID", .verb = "GET", .path = "/v1/tokens/{}",
	  .man = "Shows one token." },
	{ .noun = "token", .word = "rotate", .args = "ID", .verb = "POST", .path = "/v1/tokens/{}/rotate",
	  .show = adm_show_secret,
	  .man = "Gives a token a new secret and prints it; the old one is wrong from then on." },
	{ .noun = "token", .word = "revoke", .args = "ID", .verb = "DELETE", .path = "/v1/tokens/{}",
	  ROWS(token_revoke), .man = "Ends a token; what it has open is closed." },
	{ .noun = "tenant", .word = "add", .args = "NAME", .verb = "POST", .path = "/v1/tenants", .member = "name",
	  .body = "{}", ROWS(tenant_add), .man = "Makes a tenant. A limit that is not given is none." },
	{ .noun = "tenant", .word = "set", .args = "NAME", .verb = "PATCH", .path = "/v1/tenants/{}", .body = "{}",
	  ROWS(tenant_set), .man = "Changes a tenant's title and limits; 'none' lifts a limit." },
	{ .noun = "tenant", .word = "list", .verb = "GET", .path = "/v1/tenants",
	  .columns = "name title used.cts limits.cts used.memory limits.memory used.disk limits.disk suspended",
	  .man = "Lists tenants, what they use and may use." },
	{ .noun = "tenant", .word = "show", .args = "NAME", .verb = "GET", .path = "/v1/tenants/{}",
	  .man = "Shows one tenant." },
	{ .noun = "tenant", .word = "suspend", .args = "NAME", .verb = "PUT", .path = "/v1/tenants/{}/suspended",
	  .body = "{\"suspended\":true}", .run = adm_verb_suspend, ROWS(tenant_suspend),
	  .man = "Stops a tenant's containers; its tokens may look and change nothing." },
	{ .noun = "tenant", .word = "unsuspend", .args = "NAME", .verb = "PUT", .path = "/v1/tenants/{}/suspended",
	  .body = "{\"suspended\":false}",
	  .man = "Lets it go on; its containers stay stopped until they are started." },
	{ .noun = "tenant", .word = "rm", .args = "NAME", .verb = "DELETE", .path = "/v1/tenants/{}",
	  .man = "Removes a tenant that has no containers, and its tokens." },
	{ .noun = "tenant", .word = "usage", .args = "NAME", .verb = "GET", .path = "/v1/tenants/{}/usage",
	  ROWS(tenant_usage), .man = "Shows what a tenant used in a month." },
	{ .noun = "webhook", .word = "add", .verb = "POST", .path = "/v1/webhooks", .body = "{}",
	  .show = adm_show_secret, ROWS(hook_add),
	  .man = "Has events posted to an address, and prints the secret that signs them, once." },
	{ .noun = "webhook", .word = "list", .verb = "GET", .path = "/v1/webhooks",
	  .columns = "id url types cts tenant state pending last_error", .man = "Lists webhooks." },
	{ .noun = "webhook", .word = "show", .args = "ID", .verb = "GET", .path = "/v1/webhooks/{}",
	  .man = "Shows one webhook, and what became of what it sent." },
	{ .noun = "webhook", .word = "test", .args = "ID", .verb = "POST", .path = "/v1/webhooks/{}/test",
	  .man = "Sends it something to try it out." },
	{ .noun = "webhook", .word = "rm", .args = "ID", .verb = "DELETE", .path = "/v1/webhooks/{}",
	  .man = "Removes a webhook and what it has not sent." },
	{ .noun = "template", .word = "list", .verb = "GET", .path = "/v1/templates",
	  .columns = "name archive_bytes sha256 unpacked used_by signed_by", .man = "Lists OS templates." },
	{ .noun = "template", .word = "show", .args = "NAME", .verb = "GET", .path = "/v1/templates/{}",
	  .man = "Shows one OS template." },
	{ .noun = "template", .word = "build", .args = "RECIPE", .verb = "POST", .path = "/v1/templates", .member = "recipe",
	  .body = "{}", .man = "Has a template built of a recipe: a job." },
	{ .noun = "template", .word = "pull", .args = "INDEX", .verb = "POST", .path = "/v1/templates/pull", .member = "index",
	  .body = "{}", ROWS(tmpl_pull), .man = "Has templates taken from a signed index, a URL: a job." },
	{ .noun = "template", .word = "verify", .args = "NAME", .verb = "POST", .path = "/v1/templates/{}/verify",
	  .man = "Has a template's archive, and what is kept of it, read and checked: a job." },
	{ .noun = "template", .word = "rm", .args = "NAME", .verb = "DELETE", .path = "/v1/templates/{}",
	  .man = "Removes a template from the cache: a job." },
	{ .noun = "template", .word = "gc", .verb = "POST", .path = "/v1/templates/gc", .body = "{}", ROWS(gc),
	  .man = "Removes unpacked trees that nothing stands on any more: a job." },
	{ .noun = "pool", .word = "list", .verb = "GET", .path = "/v1/pools", .columns = "name kind source state since why",
	  .man = "Lists pools of template images, and whether they are well." },
	{ .noun = "pool", .word = "show", .args = "NAME", .verb = "GET", .path = "/v1/pools/{}", .man = "Shows one pool." },
	{ .noun = "pool", .word = "attach", .args = "NAME", .verb = "POST", .path = "/v1/pools", .member = "name", .body = "{}",
	  ROWS(pool_attach), .man = "Attaches a pool: a job." },
	{ .noun = "pool", .word = "detach", .args = "NAME", .verb = "DELETE", .path = "/v1/pools/{}",
	  .man = "Detaches a pool that no container needs: a job." },
	{ .noun = "pool", .word = "check", .args = "NAME", .verb = "POST", .path = "/v1/pools/{}/check",
	  .man = "Asks the pool's device: a job that fails if it is not well." },
	{ .noun = "pool", .word = "verify", .args = "NAME", .verb = "POST", .path = "/v1/pools/{}/verify",
	  .man = "Reads the pool's images and compares their SHA-256: a job." },
	{ .noun = "pool", .word = "images", .args = "NAME", .verb = "POST", .path = "/v1/pools/{}/list",
	  .man = "Has what is in a pool listed: a job, whose log tells." },
	{ .noun = "pool", .word = "add", .args = "NAME", .verb = "POST", .path = "/v1/pools/{}/images", .body = "{}",
	  ROWS(pool_add), .man = "Puts the image of a template into a pool that is a directory there: a job." },
	{ .noun = "pool", .word = "gc", .args = "NAME", .verb = "POST", .path = "/v1/pools/{}/gc", .body = "{}", ROWS(pool_gc),
	  .man = "Removes images without a name that no node stands on: a job." },
	{ .noun = "audit", .verb = "GET", .path = "/v1/audit",
	  .columns = "time principal remote verb path status operation detail", ROWS(audit),
	  .man = "Shows who changed what, the newest first." },
	{ .noun = "jobs", .verb = "GET", .path = "/v1/operations",
	  .columns = "id kind ct state progress stage principal created_at", ROWS(jobs),
	  .man = "Lists jobs, the newest first." },
	{ .noun = "job", .args = "ID", .verb = "GET", .path = "/v1/operations/{}", .run = adm_verb_job, ROWS(job),
	  .man = "Shows a job." },
	{ .noun = "log", .args = "ID", .verb = "GET", .path = "/v1/operations/{}/log",
	  .man = "Prints what a job said." },
	{ .noun = "cancel", .args = "ID", .verb = "DELETE", .path = "/v1/operations/{}", .man = "Cancels a job." },
	{ .noun = "events", .run = adm_verb_events, ROWS(events), .man = "Shows events." },
	{ .noun = "api", .word = "enable", .run = adm_verb_api_enable, ROWS(enable),
	  .man = "Has vzweb listen for HTTPS, and prints the certificate's SHA-256. Nothing listens before." },
	{ .noun = "api", .word = "disable", .run = adm_verb_api_disable, .man = "Ends that." },
	{ .noun = "api", .word = "status", .run = adm_verb_api_status,
	  .man = "Shows where the API can be reached, and the certificate's SHA-256." },
	{ .noun = "whoami", .verb = "GET", .path = "/v1/token", .man = "Shows who is calling, and what he may." },
	{ .noun = "health", .verb = "GET", .path = "/v1/health", .man = "Shows whether vzd is well." },
	{ .noun = "call", .args = "VERB PATH [JSON|-]", .run = adm_verb_call,
	  .man = "Makes any call and prints its body; JSON is the body to send, - reads it from standard input." },
};
const size_t adm_cmds_n = ARRAY_SIZE(adm_cmds);
