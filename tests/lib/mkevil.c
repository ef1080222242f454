/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkevil SHAPE [FILTER] > ARCHIVE writes one hostile archive; mkevil -l lists "SHAPE ERRNO" for all; mkevil zeros BYTES
 * [FILTER] writes an archive with one file of that many zeros. For scripts; unit tests include evil.h themselves.
 */
#include "tests/lib/evil.h"

#include "util/num.h"

#define ZERO_CHUNK (1u << 20)

static int zeros(const char *bytes, const char *filter)
{
	static char chunk[ZERO_CHUNK];
	struct archive *a = archive_write_new();
	struct archive_entry *en = archive_entry_new();
	uint64_t n;

	if (num_size(bytes, NUM_BYTES, &n) < 0)
		return 2;
	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_by_name(a, filter);
	archive_entry_set_filetype(en, AE_IFREG);
	archive_entry_set_perm(en, 0644);
	archive_entry_set_pathname(en, "zeros");
	archive_entry_set_size(en, (la_int64_t)n);
	if (archive_write_open_fd(a, 1) != ARCHIVE_OK || archive_write_header(a, en) != ARCHIVE_OK)
		return 1;
	for (uint64_t left = n; left; left -= MIN(left, (uint64_t)ZERO_CHUNK))
		if (archive_write_data(a, chunk, MIN(left, (uint64_t)ZERO_CHUNK)) < 0)
			return 1;
	archive_entry_free(en);
	return archive_write_free(a) == ARCHIVE_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *filter = argc > 2 ? argv[argc - 1] : "none";
	auto_buf struct buf b = { .cap = 1 << 20 };

	if (argc > 2 && strcmp(argv[1], "zeros") == 0)
		return zeros(argv[2], argc > 3 ? argv[3] : "zstd");
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(evil_shapes); i++) {
		if (strcmp(argv[1], "-l") == 0)
			printf("%s %d\n", evil_shapes[i].name, evil_shapes[i].code);
		if (strcmp(argv[1], evil_shapes[i].name) == 0) {
			evil_shapes[i].build(&b);
			return evil_write(1, &b, filter) < 0;
		}
	}
	return argc > 1 && strcmp(argv[1], "-l") == 0 ? 0 : 2;
}
