/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/recipe_tool.c: what is made of apt's words, as apt 2.6 has them; keyrings apt could not read. */
#include "templates/recipe.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/str.h"

TEST(why)
{
#define END "E: apt-get update --error-on=any failed\nI: removing tempdir\nE: mmdebstrap failed to run\n"
	static const struct { const char *log, *text; int code; } t[] = {
		{ "W: GPG error: http://x noble InRelease: The following signatures couldn't be verified because the public key is "
		  "not available: NO_PUBKEY 314721E2A7B3D14E\nE: The repository 'http://x noble InRelease' is not signed.\n" END,
		  "signed with key 314721E2A7B3D14E, which the keyring does not have", ENOKEY },
		{ "W: GPG error: http://x noble InRelease: The following signatures were invalid: BADSIG 6DCAAA9CF649FF65 test\n"
		  "E: The repository 'http://x noble InRelease' is not signed.\n" END,
		  "is not what key 6DCAAA9CF649FF65 signed", EKEYREJECTED },
		{ "  The following signatures were invalid: EXPKEYSIG 6DCAAA9CF649FF65 test\n" END,
		  "key 6DCAAA9CF649FF65, which has expired", EKEYEXPIRED },
		{ "  The following signatures were invalid: REVKEYSIG 6DCAAA9CF649FF65 test\n" END, "was revoked", EKEYREVOKED },
		{ "Ign:3 http://x noble Release.gpg\nE: The repository 'http://x noble Release' is not signed.\n" END,
		  "nobody vouches", EKEYREJECTED },
		{ "E: Release file for http://x/dists/old/InRelease is expired (invalid since 1061d). Updates will not be applied.\n"
		  END, "for a time that is over", EKEYEXPIRED },
		{ "E: Failed to fetch http://x/pool/main/apt_2.0_amd64.deb  Hash Sum mismatch\n   Hashes of expected file:\n" END,
		  "is not what the archive's signed index says", EBADMSG },
		{ "E: The repository 'http://x plucky Release' does not have a Release file.\n" END,
		  "The repository 'http://x plucky Release' does not have a Release file.", ECHILD },
		{ "E: Unable to locate package nonesuch\nE: setup failed: E: apt-get -o Dir\nE: mmdebstrap failed to run\n",
		  "Unable to locate package nonesuch", ECHILD },
		{ "I: running\nE: setup failed: E: command failed: /r/post.d/10-x\nI: removing tempdir\nE: mmdebstrap failed to run\n",
		  "command failed: /r/post.d/10-x", ECHILD },
		{ "E: a\x1b[31m\tterminal\n", "a [31m terminal", ECHILD },
		{ "NO_PUBKEY \x1b]0;x\a", "signed with key , which", ENOKEY },
	};
	struct err none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		if (!recipe_why(t[i].log, &e) || e.code != t[i].code || !strstr(e.text, t[i].text))
			test_fail(__FILE__, __LINE__, "%zu: %d %s", i, e.code, e.text);
	}
	CHECK(!recipe_why(END, &none));
	CHECK(!recipe_why("", &none));
}

static int keyring(const char *text, size_t n, mode_t mode, struct err *e)
{
	auto_close int top = test_tmp_fd();
	char path[4200];

	CHECK_OK(fio_replace(top, "keys.gpg", text, n, mode, e), e);
	str_fmt(path, sizeof(path), "%s/keys.gpg", test_tmp());
	CHECK_EQ(chmod(path, mode), 0);
	return recipe_keyring(path, e);
}

TEST(keyrings)
{
	struct err e = { 0 };

	CHECK_ERR(recipe_keyring("/none/keys.gpg", &e), ENOENT);
	CHECK_ERR(keyring("-----BEGIN PGP PUBLIC KEY BLOCK-----\n", 37, 0644, &e), EINVAL);
	CHECK(strstr(e.text, "gpg --dearmor"));
	CHECK_ERR(keyring("\0\0\0\x20\x01\x01\0\x02KBXf\0\0\0\0", 16, 0644, &e), EINVAL);
	CHECK(strstr(e.text, "keybox"));
	CHECK_ERR(keyring("junk", 4, 0644, &e), EINVAL);
	CHECK_ERR(keyring("", 0, 0644, &e), EINVAL);
	CHECK_ERR(keyring("\x98\x33", 2, 0600, &e), EACCES);
}

static int tool(const char *const *argv, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	const struct recipe_tool r = { .argv = &l, .package = "some-package" };

	for (; *argv; argv++)
		CHECK_OK(str_list_add(&l, *argv, e), e);
	return recipe_tool(&r, e);
}

TEST_ROOT(tool_that_fails)
{
	struct err e = { 0 };

	CHECK_ERR(tool((const char *const[]){ "/none/at/all", NULL }, &e), ENOENT);
	CHECK(strstr(e.text, "apt-get install some-package"));
	CHECK_OK(tool((const char *const[]){ "/bin/true", NULL }, &e), &e);
	CHECK_ERR(tool((const char *const[]){ "/bin/sh", "-c", "echo 'E: Unable to locate package x'; exit 3", NULL }, &e), ECHILD);
	CHECK_STR(e.text, "Unable to locate package x");
	CHECK_ERR(tool((const char *const[]){ "/bin/sh", "-c", "exit 3", NULL }, &e), ECHILD);
	CHECK(strstr(e.text, "/bin/sh exited with status 3"));
	CHECK_ERR(tool((const char *const[]){ "/bin/sh", "-c", "kill -9 $$", NULL }, &e), ECHILD);
	CHECK(strstr(e.text, "/bin/sh was killed by signal 9"));
	/* what it mounts is not ours */
	CHECK_OK(tool((const char *const[]){ "/bin/mount", "-t", "tmpfs", "t", test_tmp(), NULL }, &e), &e);
	CHECK_EQ(umount2(test_tmp(), 0), -1);
}
