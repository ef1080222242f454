/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of this module: option, key, range, text; and the few value types nobody else has. */
#include "cgroups/cg_priv.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

#define MASK_BITS 4096u

/* --- struct num_opt: what differs from param_u64 is only the parser ---------------------------------------------- */
static void opt_print(const struct param *p, const void *field, struct buf *b)
{
	param_u64.print(p, field, b);
}

static bool opt_is_set(const void *field)
{
	return param_u64.is_set(field);
}

static bool opt_equal(const void *a, const void *b)
{
	return param_u64.equal(a, b);
}

static int opt_copy(void *dst, const void *src, struct err *e)
{
	return param_u64.copy(dst, src, e);
}

static void opt_done(void *field)
{
	param_u64.done(field);
}

static int opt_set(void *field, uint64_t v)
{
	struct num_opt *o = field;

	o->v = v;
	o->set = true;
	return 0;
}

/* "N": percent of one CPU; "N%", at most 100: of the whole machine. */
static int cpulimit_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	size_t len = strlen(text);
	char num[24];
	uint64_t v;
	long ncpu;

	if (!len || text[len - 1] != '%')
		return param_u64.parse(p, text, src, field, e);
	if (len > sizeof(num))
		return err_say(e, EINVAL, "'%s' is too long", text);
	memcpy(num, text, len - 1);
	num[len - 1] = '\0';
	if (num_u64(num, &v) < 0 || v > 100)
		return err_say(e, EINVAL, "'%s' is not a share of the machine, 0%%..100%%", text);
	ncpu = sysconf(_SC_NPROCESSORS_ONLN);
	return opt_set(field, v * (uint64_t)MAX(ncpu, 1L));
}

/* On the command line a bare number is MB/s, in a file bytes/s; "unlimited" is stored as 0. */
static int iolimit_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	uint64_t v;

	(void)p;
	if (num_size(text, NUM_BYTES, &v) < 0)
		return err_say(e, EINVAL, "'%s' is not a rate like 10, 10M or unlimited", text);
	if (v >= NUM_UNLIMITED)
		return opt_set(field, 0);
	if (src == PARAM_CLI && isdigit((unsigned char)text[strlen(text) - 1]))
		v = v > INT_MAX ? v : v << 20;
	if (src == PARAM_CLI && v > INT_MAX)
		return err_say(e, EINVAL, "'%s' is more than %d bytes/s; 'unlimited' lifts the limit", text, INT_MAX);
	return opt_set(field, v);
}

static int iops_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (str_eq(text, "unlimited"))
		return opt_set(field, 0);
	return param_u64.parse(p, text, src, field, e);
}

static const struct param_type cg_type_cpulimit = {
	.name = "percent", .size = sizeof(struct num_opt), .parse = cpulimit_parse, .print = opt_print,
	.is_set = opt_is_set, .equal = opt_equal, .copy = opt_copy, .done = opt_done,
};
static const struct param_type cg_type_iolimit = {
	.name = "rate", .size = sizeof(struct num_opt), .parse = iolimit_parse, .print = opt_print,
	.is_set = opt_is_set, .equal = opt_equal, .copy = opt_copy, .done = opt_done,
};
static const struct param_type cg_type_iops = {
	.name = "iops", .size = sizeof(struct num_opt), .parse = iops_parse, .print = opt_print,
	.is_set = opt_is_set, .equal = opt_equal, .copy = opt_copy, .done = opt_done,
};

/* --- masks: a char * that is stored as ranges -------------------------------------------------------------------- */
static void print_ranges(const uint64_t *mask, struct buf *b)
{
	for (unsigned i = 0, j; i < MASK_BITS; i = j + 1) {
		j = i;
		if (!(mask[i / 64] >> i % 64 & 1))
			continue;
		while (j + 1 < MASK_BITS && mask[(j + 1) / 64] >> (j + 1) % 64 & 1)
			j++;
		buf_addf(b, b->len ? ",%u" : "%u", i);
		if (j > i)
			buf_addf(b, "-%u", j);
	}
}

static int list_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	uint64_t mask[MASK_BITS / 64] = { 0 };

	if (str_eq(text, "all"))
		return param_str.parse(p, text, src, field, e);
	if (num_cpulist(text, mask, MASK_BITS) < 0)
		return err_say(e, EINVAL, "'%s' is not a list like 0-2,7 or all", text);
	print_ranges(mask, &b);
	if (b.len == 0)
		return err_say(e, EINVAL, "an empty list: use all");
	return param_str.parse(p, buf_str(&b), src, field, e);
}

static int cpumask_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (str_eq(text, "auto"))
		return param_str.parse(p, text, src, field, e);
	return list_parse(p, text, src, field, e);
}

static void mask_print(const struct param *p, const void *field, struct buf *b)
{
	param_str.print(p, field, b);
}

static bool mask_is_set(const void *field)
{
	return param_str.is_set(field);
}

static bool mask_equal(const void *a, const void *b)
{
	return param_str.equal(a, b);
}

static int mask_copy(void *dst, const void *src, struct err *e)
{
	return param_str.copy(dst, src, e);
}

static void mask_done(void *field)
{
	param_str.done(field);
}

static const struct param_type cg_type_cpumask = {
	.name = "cpumask", .size = sizeof(char *), .parse = cpumask_parse, .print = mask_print,
	.is_set = mask_is_set, .equal = mask_equal, .copy = mask_copy, .done = mask_done,
};
static const struct param_type cg_type_nodemask = {
	.name = "nodemask", .size = sizeof(char *), .parse = list_parse, .print = mask_print,
	.is_set = mask_is_set, .equal = mask_equal, .copy = mask_copy, .done = mask_done,
};

/* --- rows -------------------------------------------------------------------------------------------------------- */
#define F_UB (PARAM_UBC | PARAM_LIVE | PARAM_CREATE | PARAM_HOST_DEFAULT)
#define F_ONE (PARAM_LIVE | PARAM_CREATE | PARAM_HOST_DEFAULT)
#define UB_ROW(KEY_, OPT_, IDX_, TYPE_, SHORT_, ALIAS_, MORE_, DEF_, MAN_) \
	{ .key = KEY_, .opt = OPT_, .alias_key = ALIAS_, .short_opt = SHORT_, .arg = "barrier[:limit]", .type = &TYPE_, \
	  .off = offsetof(struct cg_conf, ubc[IDX_]), .flags = (MORE_) | F_UB, .def = DEF_, .man = MAN_ }
#define UB(KEY_, OPT_, IDX_, TYPE_, SHORT_, ALIAS_, MAN_) UB_ROW(KEY_, OPT_, IDX_, TYPE_, SHORT_, ALIAS_, 0, NULL, MAN_)
#define UB_COUNTED(KEY_, OPT_, IDX_, TYPE_, MAN_) UB_ROW(KEY_, OPT_, IDX_, TYPE_, 0, NULL, PARAM_COUNTED, NULL, MAN_)
#define UB_CAPPED(KEY_, OPT_, IDX_, TYPE_, SHORT_, MORE_, DEF_, MAN_) \
	UB_ROW(KEY_, OPT_, IDX_, TYPE_, SHORT_, NULL, PARAM_CAPPED | (MORE_), DEF_, MAN_)
#define ONLY_KEPT " Kept in the configuration for compatibility; this kernel has no such limit."

const struct param cg_params[] = {
	{ .opt = "ram", .arg = "bytes", .type = &param_ram, .off = offsetof(struct cg_conf, ubc[CG_PHYSPAGES]),
	  .flags = PARAM_COUNTED | F_UB, .man = "Memory the container may use, in bytes (suffixes K M G T). Stored as PHYSPAGES." },
	{ .opt = "swap", .arg = "bytes", .type = &param_ram, .off = offsetof(struct cg_conf, ubc[CG_SWAPPAGES]),
	  .flags = PARAM_CAPPED | F_UB, .man = "Swap on top of the memory, in bytes; 0 means none. Stored as SWAPPAGES." },
	UB("KMEMSIZE", "kmemsize", CG_KMEMSIZE, param_ub_bytes, 'k', NULL, "Unswappable kernel memory, bytes. It is part "
	   "of the memory limit; not limited apart from it."),
	UB_CAPPED("LOCKEDPAGES", "lockedpages", CG_LOCKEDPAGES, param_ub_pages, 'l', 0, NULL, "Memory that processes may "
		  "lock with mlock(2), pages."),
	UB_COUNTED("PRIVVMPAGES", "privvmpages", CG_PRIVVMPAGES, param_ub_pages, "Private memory, pages. Where PHYSPAGES has "
		   "no limit this one is the memory limit, with the swap of SWAPPAGES or none."),
	UB("SHMPAGES", "shmpages", CG_SHMPAGES, param_ub_pages, 0, NULL, "Shared memory, pages."),
	UB_CAPPED("NUMPROC", "numproc", CG_NUMPROC, param_ub_items, 'p', 0, "8192", "Processes and threads; the barrier is "
		  "enforced."),
	UB_COUNTED("PHYSPAGES", "physpages", CG_PHYSPAGES, param_ub_pages, "Memory limit, pages; the limit is enforced. See "
		   "--ram."),
	UB_CAPPED("VMGUARPAGES", "vmguarpages", CG_VMGUARPAGES, param_ub_pages, 0, 0, "0", "Memory allocation guarantee, "
		  "pages: what the container keeps when the host runs short and takes memory back from others. The barrier "
		  "counts."),
	UB("OOMGUARPAGES", "oomguarpages", CG_OOMGUARPAGES, param_ub_pages, 0, NULL, "Guarantee against the out-of-memory "
	   "killer, pages." ONLY_KEPT),
	UB("NUMTCPSOCK", "numtcpsock", CG_NUMTCPSOCK, param_ub_items, 0, NULL, "TCP sockets." ONLY_KEPT),
	UB("NUMFLOCK", "numflock", CG_NUMFLOCK, param_ub_items, 'f', NULL, "File locks." ONLY_KEPT),
	UB_CAPPED("NUMPTY", "numpty", CG_NUMPTY, param_ub_items, 't', PARAM_ZERO_LIFTS, "1024", "Pseudo-terminals."),
	UB("NUMSIGINFO", "numsiginfo", CG_NUMSIGINFO, param_ub_items, 'i', NULL, "Pending signals." ONLY_KEPT),
	UB("TCPSNDBUF", "tcpsndbuf", CG_TCPSNDBUF, param_ub_bytes, 0, NULL, "TCP send buffers, bytes." ONLY_KEPT),
	UB("TCPRCVBUF", "tcprcvbuf", CG_TCPRCVBUF, param_ub_bytes, 'b', NULL, "TCP receive buffers, bytes." ONLY_KEPT),
	UB("OTHERSOCKBUF", "othersockbuf", CG_OTHERSOCKBUF, param_ub_bytes, 0, NULL, "Buffers of other sockets, bytes."
	   ONLY_KEPT),
	UB("DGRAMRCVBUF", "dgramrcvbuf", CG_DGRAMRCVBUF, param_ub_bytes, 0, NULL, "Receive buffers of datagram sockets, "
	   "bytes." ONLY_KEPT),
	UB("NUMOTHERSOCK", "numothersock", CG_NUMOTHERSOCK, param_ub_items, 0, NULL, "Sockets other than TCP." ONLY_KEPT),
	UB("DCACHESIZE", "dcachesize", CG_DCACHESIZE, param_ub_bytes, 'x', "DCACHE", "Directory cache, bytes." ONLY_KEPT),
	UB("NUMFILE", "numfile", CG_NUMFILE, param_ub_items, 'n', NULL, "Open files." ONLY_KEPT),
	UB("NUMIPTENT", "numiptent", CG_NUMIPTENT, param_ub_items, 'e', "IPTENTRIES", "Packet filter rules." ONLY_KEPT),
	UB_CAPPED("SWAPPAGES", "swappages", CG_SWAPPAGES, param_ub_pages, 0, 0, NULL, "Swap on top of the memory, pages; the "
		  "limit is enforced. See --swap."),
	UB("AVNUMPROC", "avnumproc", CG_AVNUMPROC, param_ub_items, 0, NULL, "Average number of processes." ONLY_KEPT),
	{ .key = "CPUUNITS", .opt = "cpuunits", .arg = "num", .type = &param_u64,
	  .off = offsetof(struct cg_conf, cpuunits), .min = 8, .max = 500000, .def = "1000", .flags = PARAM_CAPPED | F_ONE,
	  .man = "Relative weight for the CPU; containers of equal weight share it equally." },
	{ .key = "CPULIMIT", .opt = "cpulimit", .arg = "num[%]", .type = &cg_type_cpulimit,
	  .off = offsetof(struct cg_conf, cpulimit), .max = NUM_UNLIMITED, .def = "0",
	  .flags = PARAM_CAPPED | PARAM_ZERO_LIFTS | F_ONE,
	  .man = "CPU time limit in percent of one CPU (200 is two CPUs), or, with %, of the whole machine; 0 is none." },
	{ .key = "CPUS", .opt = "cpus", .arg = "num", .type = &param_u64, .off = offsetof(struct cg_conf, cpus),
	  .max = 65536, .flags = PARAM_COUNTED | PARAM_ZERO_LIFTS | F_ONE,
	  .man = "Number of CPUs the container gets the time of; 0 is all. It caps --cpulimit at num times 100." },
	{ .key = "CPUMASK", .opt = "cpumask", .arg = "list|all|auto", .type = &cg_type_cpumask,
	  .off = offsetof(struct cg_conf, cpumask), .def = "all", .flags = PARAM_ADMIN | PARAM_BOUND | F_ONE,
	  .man = "CPUs the container may run on, such as 0-2,7; auto means those of --nodemask." },
	{ .key = "NODEMASK", .opt = "nodemask", .arg = "list|all", .type = &cg_type_nodemask,
	  .off = offsetof(struct cg_conf, nodemask), .def = "all", .flags = PARAM_ADMIN | PARAM_BOUND | F_ONE,
	  .man = "NUMA nodes the container's memory comes from." },
	{ .key = "IOPRIO", .opt = "ioprio", .arg = "num", .type = &param_u64, .off = offsetof(struct cg_conf, ioprio),
	  .max = 7, .def = "4", .flags = PARAM_CAPPED | F_ONE, .man = "Disk priority, 0 lowest to 7 highest." },
	{ .key = "IOLIMIT", .opt = "iolimit", .arg = "rate|unlimited", .type = &cg_type_iolimit,
	  .off = offsetof(struct cg_conf, iolimit), .max = NUM_UNLIMITED, .def = "0",
	  .flags = PARAM_CAPPED | PARAM_ZERO_LIFTS | F_ONE,
	  .man = "Bytes per second read from, and written to, each disk: MB/s, or bytes with a suffix K M G. "
		 "The configuration file holds bytes. On cgroup v1 buffered writes pass the limit." },
	{ .key = "IOPSLIMIT", .opt = "iopslimit", .arg = "num|unlimited", .type = &cg_type_iops,
	  .off = offsetof(struct cg_conf, iopslimit), .max = INT_MAX, .def = "0",
	  .flags = PARAM_CAPPED | PARAM_ZERO_LIFTS | F_ONE,
	  .man = "Reads, and writes, per second on each disk; 0 is unlimited." },
};
const size_t cg_params_n = ARRAY_SIZE(cg_params);
