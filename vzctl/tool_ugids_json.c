/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of users and groups inside a container as JSON, for vzdqdump --json and the API: bytes; null: none, or not counted. */
#include <inttypes.h>
#include <time.h>

#include "util/buf.h"
#include "util/json_text.h"
#include "vzctl/tool.h"

static void put(struct buf *b, const char *name, uint64_t v, bool none)
{
	if (none)
		buf_addf(b, ",\"%s\":null", name);
	else
		buf_addf(b, ",\"%s\":%" PRIu64, name, v);
}

static void put_limit(struct buf *b, const char *name, uint64_t v, uint64_t unit)
{
	put(b, name, v * unit, v == 0 || v >= NUM_UNLIMITED / unit);
}

static void put_time(struct buf *b, const char *name, uint64_t when)
{
	time_t t = (time_t)when;
	char text[32];
	struct tm tm;

	if (!when || !gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%SZ\"", &tm))
		buf_addf(b, ",\"%s\":null", name);
	else
		buf_addf(b, ",\"%s\":%s", name, text);
}

static void put_one(struct buf *b, const struct quota_ugid *u, bool counted)
{
	const struct quota_usage *q = &u->now;

	buf_addf(b, "{\"kind\":\"%s\",\"id\":%" PRIu32, quota_kind_names[u->kind], u->id);
	put(b, "used_bytes", q->used_kib * 1024, !counted);
	put_limit(b, "soft_bytes", q->limit.soft_kib, 1024);
	put_limit(b, "hard_bytes", q->limit.hard_kib, 1024);
	put(b, "used_inodes", q->used_inodes, !counted);
	put_limit(b, "soft_inodes", q->limit.soft_inodes, 1);
	put_limit(b, "hard_inodes", q->limit.hard_inodes, 1);
	put_time(b, "bytes_until", q->block_expires);
	put_time(b, "inodes_until", q->inode_expires);
	buf_adds(b, "}");
}

void tool_ugids_json(struct buf *b, const struct quota_ugids *u, const char *why, uint64_t limit)
{
	buf_addf(b, "{\"active\":%s,\"reason\":", u->active ? "true" : "false");
	json_str(b, u->active ? NULL : why);
	put(b, "max", limit, limit == 0 || limit >= NUM_UNLIMITED);
	buf_adds(b, ",\"grace\":[");
	for (int k = 0; u->has_grace && k < QUOTA_KIND_N; k++)
		buf_addf(b, "%s{\"kind\":\"%s\",\"bytes_seconds\":%" PRIu64 ",\"inodes_seconds\":%" PRIu64 "}", k ? "," : "",
			 quota_kind_names[k], u->grace[k].blocks, u->grace[k].inodes);
	buf_adds(b, "],\"items\":[");
	for (size_t i = 0; i < u->n; i++) {
		buf_adds(b, i ? "," : "");
		put_one(b, &u->v[i], u->active);
	}
	buf_adds(b, "]}\n");
}
