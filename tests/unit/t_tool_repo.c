/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_repo.c: directories as template repositories. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "vzctl/tool.h"

TEST(tool_repo_urls)
{
	CHECK_STR(tool_repo_dir("file:///srv/t"), "/srv/t");
	CHECK_STR(tool_repo_dir("/srv/t"), "/srv/t");
	CHECK(tool_repo_dir("file://host/t") == NULL);
	CHECK(tool_repo_dir("ftp://x/y") == NULL);
	CHECK(tool_repo_dir("srv") == NULL);
}

TEST(tool_repo_get_and_list)
{
	struct str_list suffixes __attribute__((cleanup(str_list_clear))) = { 0 };
	struct str_list names __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_close int top = test_tmp_fd();
	char dir[512];
	struct stat st;
	struct err e = { 0 };

	CHECK_OK(str_list_split(&suffixes, "tar.gz tar", " ", &e), &e);
	CHECK_EQ(mkdirat(top, "repo", 0755), 0);
	CHECK_EQ(mkdirat(top, "cache", 0755), 0);
	snprintf(dir, sizeof(dir), "%s/repo", test_tmp());
	auto_close int repo = openat(top, "repo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int cache = openat(top, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(fio_replace(repo, "a-1.tar.gz", "one", 3, 0644, &e), &e);
	CHECK_OK(fio_replace(repo, "b-2.tar", "two", 3, 0644, &e), &e);
	CHECK_OK(fio_replace(repo, ".hid.tar", "no", 2, 0644, &e), &e);
	CHECK_OK(fio_replace(repo, "readme", "no", 2, 0644, &e), &e);
	CHECK_EQ(mkdirat(repo, "d.tar", 0755), 0);

	CHECK_OK(tool_repo_list(dir, &suffixes, &names, &e), &e);
	CHECK_EQ(names.n, 3);
	CHECK(str_list_has(&names, "a-1") && str_list_has(&names, "b-2") && str_list_has(&names, "d"));

	CHECK_EQ(tool_repo_get(dir, "a-1", &suffixes, cache, &e), 0);
	CHECK_EQ(fstatat(cache, "a-1.tar.gz", &st, 0), 0);
	CHECK_EQ(st.st_size, 3);
	CHECK_EQ(tool_repo_get(dir, "a-1", &suffixes, cache, &e), 1);
	CHECK_OK(fio_replace(repo, "a-1.tar.gz", "longer", 6, 0644, &e), &e);
	CHECK_EQ(tool_repo_get(dir, "a-1", &suffixes, cache, &e), 0);
	CHECK_EQ(fstatat(cache, "a-1.tar.gz", &st, 0), 0);
	CHECK_EQ(st.st_size, 6);
	CHECK_EQ(faccessat(cache, ".a-1.tar.gz.part", F_OK, 0), -1);
	CHECK_ERR(tool_repo_get(dir, "none", &suffixes, cache, &e), ENOENT);
	CHECK_ERR(tool_repo_get(dir, "../cache/a-1", &suffixes, cache, &e), EINVAL);
	CHECK_ERR(tool_repo_get(dir, "d", &suffixes, cache, &e), EINVAL);
	CHECK_ERR(tool_repo_get("/nonexistent", "a-1", &suffixes, cache, &e), ENOENT);
	CHECK_ERR(tool_repo_list("/nonexistent", &suffixes, &names, &e), ENOENT);
}
