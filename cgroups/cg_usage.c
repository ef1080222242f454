/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a long-lived watcher wants beside cg_stat(): disk traffic, pressure, a cheap sign of life, and news of OOM kills. */
#include "cgroups/cg_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"

#define IO_BUF 8192		/* a line per disk */
#define PSI_BUF 256

const char *const cg_psi_names[CG_PSI_N] = { [CG_PSI_CPU] = "cpu", [CG_PSI_MEMORY] = "memory", [CG_PSI_IO] = "io" };

int cg_cpu_usec(const struct cg *cg, uint64_t *ret)
{
	char buf[2048];
	uint64_t ns;
	ssize_t n;
	int rc = cg_get_u64(cg, CG_CTL_CPUACCT, "cpuacct.usage", &ns);

	if (rc == 0)
		*ret = ns / 1000;
	if (rc != -ENODEV)
		return rc;
	n = cg_get_at(cg, cg->h->v2, "cpu.stat", buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	return cg_line_u64(buf, "usage_usec", ret) ? 0 : -EBADMSG;
}

uint64_t cg_life(const struct cg *cg)
{
	int i = cg->h->where[CG_CTL_CPUACCT] >= 0 ? cg->h->where[CG_CTL_CPUACCT] : cg->h->v2;
	struct stat st;

	if (i < 0 || cg->h->hier[i].parent < 0 || fstatat(cg->h->hier[i].parent, cg->id, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_ino;
}

/* --- disk -------------------------------------------------------------------------------------------------------- */
static const char *next_line(const char *s)
{
	s = strchr(s, '\n');
	return s ? s + 1 : NULL;
}

void cg_io_parse_v1(const char *text, uint64_t *read, uint64_t *written)
{
	for (const char *s = text; s && *s; s = next_line(s)) {
		size_t dev = strcspn(s, " \n");
		const char *op = s + dev + 1;

		if (s[dev] != ' ')
			continue;
		if (str_starts(op, "Read "))
			*read += strtoull(op + 5, NULL, 10);
		else if (str_starts(op, "Write "))
			*written += strtoull(op + 6, NULL, 10);
	}
}

void cg_io_parse_v2(const char *text, struct cg_io_stat *ret)
{
	const struct { const char *key; uint64_t *sum; } t[] = {
		{ "rbytes=", &ret->read_bytes }, { "wbytes=", &ret->write_bytes }, { "rios=", &ret->reads },
		{ "wios=", &ret->writes },
	};

	for (const char *s = text; *s; s += strspn(s, " \n")) {
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			if (str_starts(s, t[i].key))
				*t[i].sum += strtoull(s + strlen(t[i].key), NULL, 10);
		s += strcspn(s, " \n");
	}
}

void cg_io_stat(const struct cg *cg, struct cg_io_stat *ret)
{
	char buf[IO_BUF];

	memset(ret, 0, sizeof(*ret));
	if (cg_on_v2(cg->h, CG_CTL_IO)) {
		if (cg_get(cg, CG_CTL_IO, "io.stat", buf, sizeof(buf)) > 0)
			cg_io_parse_v2(buf, ret);
		return;
	}
	if (cg_get(cg, CG_CTL_IO, "blkio.throttle.io_service_bytes_recursive", buf, sizeof(buf)) > 0)
		cg_io_parse_v1(buf, &ret->read_bytes, &ret->write_bytes);
	if (cg_get(cg, CG_CTL_IO, "blkio.throttle.io_serviced_recursive", buf, sizeof(buf)) > 0)
		cg_io_parse_v1(buf, &ret->reads, &ret->writes);
}

/* --- pressure ---------------------------------------------------------------------------------------------------- */
void cg_psi_parse(const char *text, struct cg_psi *ret)
{
	for (const char *s = text; s && *s; s = next_line(s)) {
		uint64_t *to = str_starts(s, "some ") ? &ret->some_usec : str_starts(s, "full ") ? &ret->full_usec : NULL;
		const char *end = s + strcspn(s, "\n"), *total = strstr(s, " total=");

		if (to && total && total < end)
			*to = strtoull(total + 7, NULL, 10);
	}
}

void cg_psi(const struct cg *cg, struct cg_psi ret[CG_PSI_N])
{
	static const char *const files[CG_PSI_N] = { "cpu.pressure", "memory.pressure", "io.pressure" };
	char buf[PSI_BUF];

	memset(ret, 0, CG_PSI_N * sizeof(*ret));
	for (int i = 0; i < CG_PSI_N && cg->h->v2 >= 0; i++)
		if (cg_get_at(cg, cg->h->v2, files[i], buf, sizeof(buf)) > 0)
			cg_psi_parse(buf, &ret[i]);
}

/* --- out of memory ----------------------------------------------------------------------------------------------- */
static int oom_fd_v1(const struct cg *cg, struct err *e)
{
	auto_close int ctl = cg_file_at(cg, cg->h->where[CG_CTL_MEMORY], "memory.oom_control", O_RDONLY);
	auto_close int reg = ctl < 0 ? -1 : cg_file_at(cg, cg->h->where[CG_CTL_MEMORY], "cgroup.event_control", O_WRONLY);
	auto_close int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char val[48];

	if (fd < 0)
		return err_set(e, errno, "eventfd");
	if (ctl < 0 || reg < 0)
		return err_set(e, ctl < 0 ? -ctl : -reg, "group %s: memory.oom_control", cg->id);
	str_fmt(val, sizeof(val), "%d %d", fd, ctl);
	if (fio_write_all(reg, val, strlen(val)) < 0)
		return err_set(e, errno, "group %s: write '%s' to cgroup.event_control", cg->id, val);
	return take_fd(&fd);
}

int cg_oom_fd(const struct cg *cg, uint32_t *ret_events, struct err *e)
{
	int fd;

	if (cg->h->where[CG_CTL_MEMORY] < 0)
		return err_say(e, ENOTSUP, "no memory controller: nobody counts what is killed");
	if (!cg_on_v2(cg->h, CG_CTL_MEMORY)) {
		*ret_events = POLLIN;
		return oom_fd_v1(cg, e);
	}
	*ret_events = POLLPRI;
	fd = cg_file_at(cg, cg->h->v2, "memory.events", O_RDONLY);
	return fd < 0 ? err_set(e, -fd, "group %s: memory.events", cg->id) : fd;
}
