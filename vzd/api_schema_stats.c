/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures: containers now and over time, the host, limits that were hit, usage for billing. */
#include <stddef.h>

#include "util/auto.h"
#include "vzd/api_schema.h"

#define END { NULL, NULL, NULL }

static const struct api_prop stats_props[] = {
	{ "ctid", "int", "" },
	{ "time", "time", "Of the sample." },
	{ "state", "string", "As in Ct." },
	{ "uptime_s", "number?", "null, as most below, unless it runs." },
	{ "cpu", "StatsCpu?", "" },
	{ "memory", "StatsMemory?", "Bytes." },
	{ "processes", "int?", "" },
	{ "io", "StatsIo?", "" },
	{ "pressure", "StatsPressure?", "Seconds in which processes waited (PSI)." },
	{ "network", "StatsNetwork?", "As the container sees it." },
	{ "disk", "StatsDisk", "" },
	{ "traffic", "TrafficClass[]", "By network class and version of IP, over all starts, a minute old at most." },
	END
};
static const struct api_prop traffic_class_props[] = {
	{ "class", "int", "Of networks_classes." }, { "family", "ipv4|ipv6", "" },
	{ "rx_bytes", "int", "" }, { "tx_bytes", "int", "" }, { "rx_packets", "int", "" }, { "tx_packets", "int", "" }, END
};
static const struct api_prop stats_cpu_props[] = {
	{ "used_s", "number", "" }, { "throttled_s", "number", "" },
	{ "pct", "number", "Of one processor, since the sample before." }, END
};
static const struct api_prop stats_memory_props[] = {
	{ "used", "int", "" }, { "limit", "int?", "" }, { "cache", "int", "" }, { "peak", "int", "" },
	{ "guarantee", "int", "" },
	{ "swap", "int", "" }, { "swap_limit", "int?", "" }, { "zswap", "int", "" }, { "oom_kills", "int", "" }, END
};
static const struct api_prop stats_io_props[] = {
	{ "read_bytes", "int", "" }, { "write_bytes", "int", "" }, { "reads", "int", "" }, { "writes", "int", "" }, END
};
static const struct api_prop stats_pressure_props[] = {
	{ "cpu", "PressureSeconds", "" }, { "memory", "PressureSeconds", "" }, { "io", "PressureSeconds", "" }, END
};
static const struct api_prop pressure_s_props[] = { { "some_s", "number", "" }, { "full_s", "number", "" }, END };
static const struct api_prop stats_network_props[] = {
	{ "rx_bytes", "int", "" }, { "tx_bytes", "int", "" }, { "rx_packets", "int", "" }, { "tx_packets", "int", "" },
	{ "rx_drops", "int", "" }, { "tx_drops", "int", "" }, { "interfaces", "StatsInterface[]", "" }, END
};
static const struct api_prop stats_if_props[] = {
	{ "name", "string", "" }, { "rx_bytes", "int", "" }, { "tx_bytes", "int", "" }, { "rx_packets", "int", "" },
	{ "tx_packets", "int", "" }, { "rx_drops", "int", "" }, { "tx_drops", "int", "" }, END
};
static const struct api_prop stats_disk_props[] = {
	{ "used", "int?", "" }, { "limit", "int?", "" }, { "inodes_used", "int?", "" }, { "inodes_limit", "int?", "" }, END
};
static const struct api_prop history_props[] = {
	{ "span", "hour|day|month|year", "" },
	{ "step", "int", "Seconds between two values." },
	{ "t0", "int", "Unix time of the first value." },
	{ "series", "HistorySeries", "Averages." },
	{ "max", "HistorySeries", "Maxima." },
	END
};
static const struct api_prop history_series_props[] = {
	{ "cpu", "~number?[]", "" }, { "memory", "~number?[]", "" }, { "swap", "~number?[]", "" },
	{ "rx", "~number?[]", "" }, { "tx", "~number?[]", "" },
	{ "read", "~number?[]", "" }, { "write", "~number?[]", "" }, { "disk", "~number?[]", "" },
	{ "pids", "~number?[]", "" }, END
};
static const struct api_prop limits_props[] = {
	{ "ctid", "int", "" }, { "items", "LimitHit[]", "" }, { "recent", "LimitEvent[]", "" }, END
};
static const struct api_prop limit_hit_props[] = {
	{ "limit", "string", "" }, { "hits", "int", "" }, { "last_hit", "time", "" }, END
};
static const struct api_prop limit_event_props[] = {
	{ "time", "time", "" }, { "limit", "string", "" }, { "hits", "int", "" }, END
};

static const struct api_prop node_props[] = {
	{ "name", "string", "" },
	{ "version", "string", "" },
	{ "kernel", "string", "" },
	{ "cpus", "int", "" },
	{ "load", "number[]", "" },
	{ "uptime_s", "number", "" },
	{ "memory", "NodeMemory", "Bytes; promised: the limits of all that run." },
	{ "swap", "NodeSwap", "" },
	{ "pressure", "NodePressure", "Percent of the last ten seconds (PSI)." },
	{ "storages", "NodeStorage[]", "" },
	{ "cts", "NodeCts", "" },
	{ "ksm", "NodeKsm", "" },
	{ "zswap", "NodeZswap", "" },
	{ "zram", "NodeZram", "" },
	{ "policy", "NodePolicy", "" },
	{ "limit_hits", "NodeHits[]", "Who runs into limits most." },
	END
};
static const struct api_prop node_memory_props[] = {
	{ "total", "int", "" }, { "available", "int", "" }, { "used", "int", "" }, { "promised", "int", "" },
	{ "guaranteed", "int", "" }, { "overcommit_pct", "number?", "" }, { "overcommit_limit_pct", "int?", "" }, END
};
static const struct api_prop node_swap_props[] = { { "total", "int", "" }, { "used", "int", "" }, END };
static const struct api_prop node_pressure_props[] = {
	{ "cpu", "PressurePct", "" }, { "memory", "PressurePct", "" }, { "io", "PressurePct", "" }, END
};
static const struct api_prop pressure_pct_props[] = { { "some_pct", "number", "" }, { "full_pct", "number", "" }, END };
static const struct api_prop node_storage_props[] = {
	{ "path", "string", "" }, { "total", "int", "" }, { "free", "int", "" }, END
};
static const struct api_prop node_cts_props[] = {
	{ "running", "int", "" }, { "stopped", "int", "" }, { "total", "int", "" }, END
};
static const struct api_prop node_ksm_props[] = {
	{ "available", "bool", "" }, { "running", "bool", "" }, { "shared_bytes", "int", "" }, { "saved_bytes", "int", "" }, END
};
static const struct api_prop node_zswap_props[] = {
	{ "available", "bool", "" }, { "enabled", "bool", "" }, { "pool_bytes", "int", "" }, END
};
static const struct api_prop node_zram_props[] = { { "data_bytes", "int", "" }, { "used_bytes", "int", "" }, END };
static const struct api_prop node_policy_props[] = {
	{ "overcommit_limit_pct", "int?", "" }, { "reclaim", "NodeReclaim", "" }, { "ksm", "bool", "" }, END
};
static const struct api_prop node_reclaim_props[] = {
	{ "state", "off|watching|unavailable", "" }, { "threshold_pct", "~int", "" }, { "method", "~string", "" },
	{ "triggers", "~int", "" }, { "steps", "~int", "" }, { "reclaimed_bytes", "~int", "" },
	{ "last_trigger", "~time?", "" }, END
};
static const struct api_prop node_hits_props[] = {
	{ "ctid", "int", "" }, { "name", "string?", "" }, { "owner", "string?", "" }, { "hits", "int", "" },
	{ "items", "LimitHit[]", "" }, { "recent", "LimitEvent[]", "" }, END
};

static const struct api_prop usage_props[] = {
	{ "from", "time", "" }, { "to", "time", "" }, { "step", "hour|day|month|year|total", "" },
	{ "items", "UsageRow[]", "" },
	{ "total", "UsageSum", "" }, { "classes", "~UsageClass[]", "With classes=true." }, END
};
static const struct api_prop usage_row_props[] = {
	{ "t", "time", "Begin of the step." }, { "ctid", "int", "" }, { "owner", "string", "" }, { "cpu_s", "number", "" },
	{ "mem_gib_h", "number", "" }, { "disk_gib_h", "number", "" }, { "rx", "int", "Bytes." }, { "tx", "int", "Bytes." }, END
};
static const struct api_prop usage_class_props[] = {
	{ "t", "time", "Begin of the step." }, { "ctid", "int", "" }, { "owner", "string", "" },
	{ "class", "int", "Of networks_classes." }, { "family", "ipv4|ipv6", "" },
	{ "rx_bytes", "int", "Of IP packets, as vznetstat." }, { "tx_bytes", "int", "" },
	{ "rx_packets", "int", "" }, { "tx_packets", "int", "" }, END
};
static const struct api_prop usage_sum_props[] = {
	{ "cpu_s", "number", "" }, { "mem_gib_h", "number", "" }, { "disk_gib_h", "number", "" }, { "rx", "int", "" },
	{ "tx", "int", "" }, END
};

static const struct api_schema rows[] = {
	{ "Stats", "What a container uses now.", stats_props },
	{ "StatsCpu", "", stats_cpu_props },
	{ "StatsMemory", "", stats_memory_props },
	{ "StatsIo", "", stats_io_props },
	{ "StatsPressure", "", stats_pressure_props },
	{ "PressureSeconds", "", pressure_s_props },
	{ "StatsNetwork", "", stats_network_props },
	{ "StatsInterface", "", stats_if_props },
	{ "StatsDisk", "", stats_disk_props },
	{ "TrafficClass", "What vznetstat shows, as the container sees it.", traffic_class_props },
	{ "History", "Figures over time, for graphs.", history_props },
	{ "HistorySeries", "A list each; null where nothing is known.", history_series_props },
	{ "Limits", "Which limits a container has run into.", limits_props },
	{ "LimitHit", "", limit_hit_props },
	{ "LimitEvent", "", limit_event_props },
	{ "Node", "The host.", node_props },
	{ "NodeMemory", "", node_memory_props },
	{ "NodeSwap", "", node_swap_props },
	{ "NodePressure", "", node_pressure_props },
	{ "PressurePct", "", pressure_pct_props },
	{ "NodeStorage", "", node_storage_props },
	{ "NodeCts", "", node_cts_props },
	{ "NodeKsm", "", node_ksm_props },
	{ "NodeZswap", "", node_zswap_props },
	{ "NodeZram", "", node_zram_props },
	{ "NodePolicy", "", node_policy_props },
	{ "NodeReclaim", "", node_reclaim_props },
	{ "NodeHits", "", node_hits_props },
	{ "Usage", "For billing.", usage_props },
	{ "UsageRow", "", usage_row_props },
	{ "UsageSum", "", usage_sum_props },
	{ "UsageClass", "", usage_class_props },
};
const struct api_schema_table api_schema_stats = { rows, ARRAY_SIZE(rows) };
