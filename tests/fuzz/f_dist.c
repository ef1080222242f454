/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of a guest as text: os-release names a family or none, what is not our section survives any number of writes, and an
 * inittab that was seen to is not changed again.
 */
#include <fcntl.h>
#include <string.h>

#include "libct/dist.h"
#include "tests/fuzz/fuzz.h"

static void inittab(int root, const char *s)
{
	const struct dist d = { .root = root };
	auto_buf struct buf once = BUF_INIT, twice = BUF_INIT;

	dist_inittab(&d, s, &once);
	dist_inittab(&d, buf_str(&once), &twice);
	FUZZ_CHECK(!strcmp(buf_str(&once), buf_str(&twice)));
}

void fuzz_one(const uint8_t *data, size_t len)
{
	auto_buf struct buf once = BUF_INIT, twice = BUF_INIT;
	static int here = -1;
	char *s = malloc(len + 1);

	if (here < 0)
		here = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!s)
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	(void)dist_by_release(s);
	dist_others(s, &once);
	FUZZ_CHECK(once.len <= strlen(s));
	FUZZ_CHECK(strncmp(buf_str(&once), "# vz: begin", 11) != 0 && !strstr(buf_str(&once), "\n# vz: begin"));
	dist_others(buf_str(&once), &twice);
	FUZZ_CHECK(!strcmp(buf_str(&once), buf_str(&twice)));
	inittab(-1, s);					/* no program, no terminal */
	inittab(here, s);
	free(s);
}
