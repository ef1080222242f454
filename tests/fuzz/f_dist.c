/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a guest as text: os-release names a family or none, and what is not our section survives any number of writes. */
#include <string.h>

#include "libct/dist.h"
#include "tests/fuzz/fuzz.h"

void fuzz_one(const uint8_t *data, size_t len)
{
	auto_buf struct buf once = BUF_INIT, twice = BUF_INIT;
	char *s = malloc(len + 1);

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
	free(s);
}
