/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The objects that answers are made of. A test compares real answers with these rows, both ways. */
#include "vzd/api_schema.h"

#include <stddef.h>

#include "util/auto.h"

#define END { NULL, NULL, NULL }

static const struct api_prop root_props[] = {
	{ "version", "string", "Of vz." },
	{ "api", "v1", "Of the API: another one would be another path." },
	{ "features", "string[]", "What this version can do beyond the first one." },
	{ "auth", "string[]", "Ways to say who you are." },
	{ "node", "string", "Name of the host." },
	END
};
static const struct api_prop health_props[] = {
	{ "status", "ok|degraded", "" },
	{ "checks", "HealthCheck[]", "" },
	END
};
static const struct api_prop check_props[] = {
	{ "name", "string", "" },
	{ "ok", "bool", "" },
	{ "detail", "string", "Why not." },
	END
};
static const struct api_prop problem_props[] = {
	{ "type", "string", "/problems/SLUG: what kind it is; GET it for its explanation." },
	{ "title", "string", "The kind in words." },
	{ "status", "int", "As the answer's status." },
	{ "detail", "~string", "What is wrong, with which object, and what to do." },
	{ "instance", "~string", "Id of the request, as in X-Request-Id and in the log." },
	{ "code", "~int", "Exit status of vzctl for the same failure." },
	{ "errors", "~FieldError[]", "invalid-field: everything that is wrong with the input." },
	{ "required_scope", "~@scope", "forbidden." },
	{ "state", "~string", "conflict-state: that of the container." },
	{ "operation", "~string", "Id of the operation that is in the way, or that has failed." },
	{ "resource", "~string", "exists: path of what is there; quota-exceeded: which limit; forbidden: which parameter." },
	{ "current_etag", "~string", "precondition-failed." },
	{ "tenant", "~string", "quota-exceeded." },
	{ "limit", "~int?", "quota-exceeded, forbidden: the most." },
	{ "used", "~int?", "quota-exceeded." },
	{ "requested", "~int?", "quota-exceeded, forbidden; null: without limit." },
	{ "ctid", "~int", "exists." },
	END
};
static const struct api_prop field_error_props[] = {
	{ "pointer", "string", "JSON pointer into the body (RFC 6901), or ?name for a parameter of the query." },
	{ "code", "string", "unknown, required, type, value, range, length, characters, duplicate." },
	{ "detail", "string", "" },
	END
};
static const struct api_prop kind_props[] = {
	{ "slug", "@slug", "" },
	{ "status", "int", "" },
	{ "title", "string", "" },
	{ "doc", "string", "" },
	END
};
static const struct api_prop operation_props[] = {
	{ "id", "string", "Later ones sort after earlier ones." },
	{ "kind", "string", "ct.start ...: operationId of the route that began it." },
	{ "ct", "int?", "Container that it changes." },
	{ "owner", "string", "Tenant; empty: none." },
	{ "principal", "string", "Who asked." },
	{ "state", "queued|running|done|failed|cancelled", "" },
	{ "stage", "string", "The last line that the command said." },
	{ "progress", "Progress?", "null: unknown." },
	{ "resource", "string?", "Path of what it makes or changes." },
	{ "created_at", "time?", "" },
	{ "started_at", "time?", "" },
	{ "finished_at", "time?", "" },
	{ "cancelable", "bool", "" },
	{ "result", "Result?", "When it has ended." },
	{ "error", "Problem?", "When it has failed or was cancelled." },
	{ "log", "string", "Path of what the command says." },
	END
};
static const struct api_prop progress_props[] = { { "percent", "int", "" }, END };
static const struct api_prop result_props[] = {
	{ "exit", "int", "Status of the command; -1: a signal, or it never ran." },
	{ "stdout_b64", "~string?", "exec: what it wrote, in base64; null: no longer kept." },
	{ "stderr_b64", "~string?", "" },
	{ "truncated", "~bool", "There was more." },
	END
};

static const struct api_prop ct_props[] = {
	{ "ctid", "int", "" },
	{ "name", "string?", "" },
	{ "hostname", "string", "" },
	{ "description", "string", "" },
	{ "owner", "string?", "Tenant." },
	{ "state", "stopped|mounted|running|frozen|starting|stopping|broken", "broken: its configuration cannot be read." },
	{ "since", "time?", "Of the last change of state." },
	{ "started_at", "time?", "" },
	{ "template", "string", "" },
	{ "layout", "string", "" },
	{ "onboot", "bool", "Started with the host." },
	{ "disabled", "bool", "" },
	{ "memory", "CtMemory", "Limits in bytes; null: none." },
	{ "disk", "CtDisk", "" },
	{ "cpu", "CtCpu", "" },
	{ "addresses", "string[]", "" },
	{ "nameservers", "string[]", "" },
	{ "searchdomains", "string[]", "" },
	{ "restart", "CtRestart", "What is done when it goes down by itself." },
	{ "last_exit", "CtExit?", "" },
	{ "problem", "string?", "Why it is broken." },
	{ "etag", "string", "Of its configuration: for If-Match." },
	{ "config", "~Config", "Every parameter that is set; not in lists." },
	END
};
static const struct api_prop ct_memory_props[] = {
	{ "limit", "int?", "" }, { "swap", "int?", "" }, { "guarantee", "int", "" }, END
};
static const struct api_prop ct_disk_props[] = { { "limit", "int?", "" }, { "inodes", "int?", "" }, END };
static const struct api_prop ct_cpu_props[] = {
	{ "count", "int?", "" }, { "limit_pct", "int?", "Of one processor." }, { "units", "int?", "Relative share." }, END
};
static const struct api_prop ct_restart_props[] = {
	{ "policy", "string", "" }, { "max", "int", "Restarts until it is given up." }, END
};
static const struct api_prop ct_exit_props[] = {
	{ "reason", "string", "stop; halt, reboot, exited: by the guest; failed, killed, oom: a crash; unknown." },
	{ "at", "time?", "" }, END
};
static const struct api_prop ct_state_props[] = {
	{ "state", "stopped|mounted|running|frozen|starting|stopping|broken", "" },
	{ "since", "time?", "" },
	{ "started_at", "time?", "" },
	{ "init_pid", "int?", "Of its init, as the host sees it." },
	{ "last_exit", "CtExit?", "" },
	END
};
static const struct api_prop interface_props[] = {
	{ "name", "string", "Inside." },
	{ "kind", "routed|bridged|macvlan|lent", "" },
	{ "host", "string?", "The end on the host; null: there is none, or it is made up at the start." },
	{ "mac", "string?", "Hardware address inside; null: made from the id." },
	{ "host_mac", "string?", "" },
	{ "bridge", "string?", "That the host's end is a port of." },
	{ "macvlan", "string?", "Interface of the host that it shares." },
	{ "vlan", "int", "Of what is untagged; 0: none of its own." },
	{ "trunk", "string", "VLANs that are tagged: 10+20-29." },
	{ "mtu", "int", "0: the bridge's." },
	{ "mac_filter", "bool", "Only frames from its own hardware address." },
	{ "guard", "bool", "No router advertisements, DHCP servers, spanning tree, foreign tags." },
	{ "ip_filter", "string[]", "The only addresses that it may use; empty: any." },
	{ "addresses", "string[]", "Of the routed one; the guest gives the others theirs." },
	{ "fault", "string?", "What other hands did to its end on the host; null: nothing. The next change or repair mends it." },
	END
};
static const struct api_prop snapshot_props[] = {
	{ "guid", "string", "Its name in paths and for vzctl's --id." },
	{ "parent", "string?", "Snapshot that it was made from; null: none." },
	{ "current", "bool", "What the container's files come from now." },
	{ "name", "string", "" },
	{ "description", "string", "" },
	{ "created_at", "time", "" },
	END
};
static const struct api_prop pool_props[] = {
	{ "name", "string", "" },
	{ "kind", "directory|device|nfs|nbd", "" },
	{ "source", "string", "What it was attached from." },
	{ "path", "string", "Its directory on this host." },
	{ "id", "string", "Of the pool itself; empty: its attaching was interrupted." },
	{ "state", "ok|lost|hung|absent|foreign|unknown", "As vzd has last found it, some seconds ago." },
	{ "why", "string?", "What is wrong with it." },
	{ "since", "time?", "When it was lost or came back; null: nothing has happened since vzd began." },
	END
};
static const struct api_prop bridge_props[] = {
	{ "name", "string", "" },
	{ "vlan_aware", "bool", "Tells VLANs apart." },
	{ "mtu", "string?", "" },
	{ "ports", "string[]", "Interfaces of the host." },
	{ "addresses", "string[]", "Of the host on it." },
	{ "vxlan", "string?", "Number of the VXLAN to other hosts." },
	{ "local", "string?", "Address of this host that they know." },
	{ "remotes", "string[]", "Addresses of those hosts." },
	{ "udp_port", "string?", "Of VXLAN; 4789 when null." },
	END
};
static const struct api_prop address_props[] = {
	{ "address", "string", "" }, { "ctid", "int", "Whose it is." }, { "owner", "string", "Tenant; empty: none." }, END
};
static const struct api_prop network_classes_props[] = {
	{ "classes", "string[]", "\"CLASS NETWORK\": 0 is not counted, the longest prefix that fits decides." },
	{ "default", "bool", "Nobody has said anything: everything is class 1." },
	END
};
static const struct api_prop fw_group_props[] = {
	{ "name", "string", "" },
	{ "description", "string", "" },
	{ "rules", "string[]", "As vzfw(8) has them." },
	END
};
static const struct api_prop fw_zone_props[] = {
	{ "zone", "string", "" },
	{ "other", "string", "The two reach one another." },
	END
};
static const struct api_prop fw_host_props[] = {
	{ "from", "net|ct", "From the network, or from routed containers." },
	{ "policy", "string", "For what no rule is about: accept or drop, and whether that is logged." },
	{ "rules", "string[]", "" },
	END
};
static const struct api_prop fw_rule_props[] = {
	{ "rule", "string", "" },
	{ "group", "string?", "Whose rule it is; null: the container's own." },
	{ "packets", "int?", "Counted so far; null: the rule does not count." },
	{ "bytes", "int?", "" },
	END
};
static const struct api_prop user_limits_props[] = {
	{ "active", "bool", "Users and groups are counted, and their limits hold." },
	{ "reason", "string?", "Why not." },
	{ "max", "int?", "QUOTAUGIDLIMIT: so many may have limits." },
	{ "grace", "UserGrace[]", "" },
	{ "items", "UserLimit[]", "Everyone who owns something or has a limit." },
	END
};
static const struct api_prop user_grace_props[] = {
	{ "kind", "user|group", "" },
	{ "bytes_seconds", "int", "How long soft limits may be exceeded." },
	{ "inodes_seconds", "int", "" },
	END
};
static const struct api_prop user_limit_props[] = {
	{ "kind", "user|group", "" },
	{ "id", "int", "Inside." },
	{ "used_bytes", "int?", "null: nobody counts it." },
	{ "soft_bytes", "int?", "null: none." },
	{ "hard_bytes", "int?", "" },
	{ "used_inodes", "int?", "" },
	{ "soft_inodes", "int?", "" },
	{ "hard_inodes", "int?", "" },
	{ "bytes_until", "string?", "When the time above the soft limit ends; null: it is not above it." },
	{ "inodes_until", "string?", "" },
	END
};
static const struct api_prop fw_ct_props[] = {
	{ "ctid", "int", "" },
	{ "in_effect", "bool", "It runs, and the kernel has something of it: rules, forwards, rates, counters." },
	{ "policy_in", "string", "For what no rule is about: accept or drop, and whether that is logged." },
	{ "policy_out", "string", "" },
	{ "zone", "string?", "It is in; null: none, it reaches all." },
	{ "reached_by", "string[]", "Other zones that reach it and that it reaches." },
	{ "groups", "string[]", "Whose rules it has beside its own." },
	{ "routed", "string[]", "Interfaces on the host that have these rules." },
	{ "bridged", "string[]", "" },
	{ "rules", "FirewallRule[]", "Its own, then those of its groups." },
	{ "forwards", "string[]", "Ports of the host that lead into it." },
	{ "host_policy", "string", "What the host does with what comes from routed containers." },
	{ "host_rules", "string[]", "" },
	END
};
static const struct api_prop backup_props[] = {
	{ "name", "string", "" },
	{ "ctid", "int", "Whose archive it is, by its name." },
	{ "created", "time", "" },
	{ "size", "int", "Bytes of the file." },
	{ "kind", "whole|changes|foreign|broken", "changes: needs `builds_on`; foreign: of another program." },
	{ "bytes", "int?", "What the files in it hold." },
	{ "files", "int?", "" },
	{ "builds_on", "string?", "Name of the archive that it needs." },
	{ "sealed", "bool", "This host has made it, or one with the same key." },
	{ "owner", "string?", "Tenant that owned the container then; null: none, or nobody vouches for it." },
	{ "problem", "string?", "broken: why." },
	END
};
static const struct api_prop backup_file_props[] = {
	{ "path", "string", "In the container, without the first '/'." },
	{ "type", "file|directory|link|fifo|other", "" },
	{ "mode", "string", "Octal." },
	{ "uid", "int", "As the container has it." },
	{ "gid", "int", "As the container has it." },
	{ "size", "int", "Bytes." },
	{ "mtime", "time", "" },
	{ "target", "string?", "Where a link leads." },
	END
};
static const struct api_prop ticket_props[] = {
	{ "ws", "string", "Path of the WebSocket, with the ticket." }, { "ticket", "string", "" }, { "expires_at", "time", "" }, END
};
static const struct api_prop template_props[] = {
	{ "name", "string", "" },
	{ "archive_bytes", "int", "" },
	{ "sha256", "string?", "null: its archive has not been read yet." },
	{ "unpacked", "bool", "Its files are ready: a container begins at once." },
	{ "bytes", "int?", "" },
	{ "entries", "int?", "" },
	{ "used_by", "int", "Containers." },
	{ "signed_by", "string?", "The key that vouched for it; null: none, or not known." },
	{ "unusual", "string[]", "Set-id files, file capabilities, devices and files that all may write, which no distribution "
	  "has, and ACL entries that were left out; known once it is unpacked." },
	END
};
static const struct api_prop upload_props[] = { { "offset", "int", "Bytes that are here." }, END };
static const struct api_prop autostart_props[] = {
	{ "total", "int", "" }, { "up", "int", "" }, { "starting", "int", "" }, { "waiting", "int", "" },
	{ "failed", "AutostartFailure[]", "" }, END
};
static const struct api_prop autostart_failure_props[] = { { "ctid", "int", "" }, { "error", "string", "" }, END };

static const struct api_prop token_props[] = {
	{ "id", "string", "" },
	{ "description", "string", "" },
	{ "role", "string", "Empty: its scopes were chosen one by one." },
	{ "scopes", "@scope[]", "" },
	{ "tenant", "string", "Empty: none, it sees every container that its scopes allow." },
	{ "cts", "int[]", "Only these; empty: all of its tenant." },
	{ "from", "string[]", "Only from these addresses; empty: from any." },
	{ "not_before", "time?", "" },
	{ "expires", "time?", "" },
	{ "created", "time?", "" },
	{ "rotated", "time?", "" },
	{ "last_used", "time?", "To a minute." },
	{ "created_by", "string", "" },
	{ "token", "~string", "The secret: only in the answer that made it." },
	END
};
static const struct api_prop principal_props[] = {
	{ "principal", "string", "" }, { "role", "string", "" }, { "scopes", "@scope[]", "" }, { "tenant", "string", "" },
	{ "cts", "int[]", "" }, { "expires", "time?", "" }, { "suspended", "bool", "" }, { "remote", "string", "" }, END
};
static const struct api_prop tenant_props[] = {
	{ "name", "string", "" },
	{ "title", "string", "" },
	{ "limits", "TenantLimits", "null: none." },
	{ "suspended", "bool", "" },
	{ "reason", "string", "" },
	{ "suspended_at", "time?", "" },
	{ "stopping", "bool", "Containers of it are still being stopped." },
	{ "created", "time", "" },
	{ "used", "~TenantUse", "" },
	END
};
static const struct api_prop tenant_limits_props[] = {
	{ "cts", "int?", "" }, { "memory", "int?", "Bytes; a container without a limit counts as all of the host's." },
	{ "disk", "int?", "Bytes; a container without a limit does not fit." },
	{ "cpus", "int?", "A container without CPUS counts as all of the host's." },
	{ "ipv4", "int?", "" }, { "ipv6", "int?", "" }, { "snapshots", "int?", "" }, { "backups", "int?", "" }, END
};
static const struct api_prop tenant_use_props[] = {
	{ "cts", "int", "" }, { "running", "int", "" }, { "memory", "int", "" }, { "disk", "int", "" }, { "cpus", "int", "" },
	{ "ipv4", "int", "" }, { "ipv6", "int", "" }, { "snapshots", "int", "" },
	{ "backups", "int?", "Archives, those under way included; null in answers to changes, and when their directory "
	  "does not answer." }, END
};
static const struct api_prop audit_props[] = {
	{ "id", "int", "" }, { "time", "time", "" }, { "principal", "string", "" }, { "tenant", "string", "" },
	{ "remote", "string", "" }, { "verb", "string", "" }, { "path", "string", "" }, { "status", "int", "" },
	{ "operation", "string", "" }, { "detail", "string", "" }, END
};
static const struct api_prop webhook_props[] = {
	{ "id", "string", "" },
	{ "url", "string", "" },
	{ "types", "string[]", "Empty: all events." },
	{ "cts", "int[]", "Empty: any." },
	{ "tenant", "string", "" },
	{ "description", "string", "" },
	{ "enabled", "bool", "" },
	{ "state", "ok|retrying|disabled", "" },
	{ "pending", "int", "Events that wait." },
	{ "last_error", "string", "Empty: the last one was taken." },
	{ "last_status", "int?", "HTTP status of the last answer; null: there was none." },
	{ "last_success", "time?", "" },
	{ "next_try", "time?", "" },
	{ "created", "time?", "" },
	{ "created_by", "string", "" },
	{ "secret", "~string", "Only in the answer that made it." },
	END
};
static const struct api_prop event_props[] = {
	{ "seq", "int", "Only grows; a stream resumes after it." },
	{ "time", "~time", "" },
	{ "type", "@event", "" },
	{ "ctid", "~int?", "" },
	{ "data", "~object", "What is special to the type." },
	END
};
static const struct api_prop openapi_props[] = {
	{ "openapi", "string", "" }, { "info", "object", "" }, { "servers", "any", "" },
	{ "security", "any", "" }, { "paths", "object", "" }, { "components", "object", "" }, END
};

static const struct api_schema rows[] = {
	{ "OpenApi", "An OpenAPI 3.1 description.", openapi_props },
	{ "Root", "What this is.", root_props },
	{ "Health", "Is the daemon well?", health_props },
	{ "HealthCheck", "", check_props },
	{ "Problem", "Why a request was refused, or failed (RFC 9457).", problem_props },
	{ "FieldError", "", field_error_props },
	{ "ProblemKind", "A kind of problem.", kind_props },
	{ "Operation", "Long work: accepted, under way or ended.", operation_props },
	{ "Progress", "", progress_props },
	{ "Result", "", result_props },
	{ "Ct", "A container.", ct_props },
	{ "CtMemory", "", ct_memory_props },
	{ "CtDisk", "", ct_disk_props },
	{ "CtCpu", "", ct_cpu_props },
	{ "CtRestart", "", ct_restart_props },
	{ "CtExit", "How it went down last.", ct_exit_props },
	{ "CtState", "", ct_state_props },
	{ "Interface", "A network interface of a container.", interface_props },
	{ "Snapshot", "A kept state of a container's files and configuration.", snapshot_props },
	{ "Pool", "A pool of template images on a device or export that several nodes have.", pool_props },
	{ "Backup", "An archive of a container.", backup_props },
	{ "BackupFile", "A file in an archive.", backup_file_props },
	{ "Bridge", "A bridge of the host.", bridge_props },
	{ "Address", "An address, or a prefix, that a container has.", address_props },
	{ "NetworkClasses", "Networks by class of traffic, as in networks_classes.", network_classes_props },
	{ "FirewallGroup", "Rules that any number of containers use.", fw_group_props },
	{ "FirewallZonePair", "Two zones that reach one another.", fw_zone_props },
	{ "FirewallHost", "What the host itself takes.", fw_host_props },
	{ "UserLimits", "Limits of users and groups inside a container.", user_limits_props },
	{ "UserLimit", "", user_limit_props },
	{ "UserGrace", "", user_grace_props },
	{ "Firewall", "What is in effect for a container, all of it together.", fw_ct_props },
	{ "FirewallRule", "", fw_rule_props },
	{ "Ticket", "Lets one WebSocket in, once, within 30 seconds.", ticket_props },
	{ "Template", "An OS template.", template_props },
	{ "Upload", "An archive that comes in pieces.", upload_props },
	{ "Autostart", "The start at boot.", autostart_props },
	{ "AutostartFailure", "", autostart_failure_props },
	{ "Token", "Of a token everything but its secret.", token_props },
	{ "TokenSecret", "A token that was just made.", token_props },
	{ "Principal", "Who calls.", principal_props },
	{ "Tenant", "A customer: owns containers and tokens, within limits.", tenant_props },
	{ "TenantLimits", "", tenant_limits_props },
	{ "TenantUse", "", tenant_use_props },
	{ "Audit", "One change: who, what, and how it ended.", audit_props },
	{ "Webhook", "Where events are posted to.", webhook_props },
	{ "WebhookSecret", "A webhook that was just made.", webhook_props },
	{ "Event", "What happened.", event_props },
};
static const struct api_schema_table table = { rows, ARRAY_SIZE(rows) };

extern const struct api_schema_table api_schema_stats;
const struct api_schema_table *const api_schemas[] = { &table, &api_schema_stats };
const size_t api_schemas_n = ARRAY_SIZE(api_schemas);
