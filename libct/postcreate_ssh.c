/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSH host keys that came with a template are every container's: they are removed where the guest
 * makes missing ones by itself, or, under systemd, can be told to. Where neither is so they stay,
 * since a guest that nobody can reach is no better.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libct/postcreate.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define KEY_PREFIX "ssh_host_"

static bool there(int root, const char *path)
{
	struct err ignored = { 0 };
	auto_close int fd = path_open(root, path, O_PATH, 0, &ignored);

	return fd >= 0;
}

/* Units and scripts of distributions that make what is missing. */
static bool makes_keys(int root)
{
	static const char *const makers[] = {
		"usr/lib/systemd/system/sshd-keygen@.service", "usr/lib/systemd/system/sshd-keygen.service",
		"usr/lib/systemd/system/sshdgenkeys.service", "usr/sbin/sshd-gen-keys-start",
		"usr/libexec/openssh/sshd-keygen", "etc/conf.d/sshd",	/* OpenRC: Alpine, Gentoo */
	};

	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (there(root, makers[i]))
			return true;
	return false;
}

static int drop_in(int etc, const char *dir, const char *text)
{
	struct err ignored = { 0 };
	auto_close int made = path_mkdirs(etc, dir, 0755, &ignored);
	auto_close int fd = made < 0 ? -1 : openat(made, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return fio_replace_run(fd, "vz-keys.conf", text, strlen(text), 0644, &ignored);
}

/* Debian's unit tests the keys before it starts, so making them must come first. */
static bool teach(int root, int etc)
{
	if (!there(root, "usr/bin/ssh-keygen") || !there(root, "usr/sbin/sshd") ||
	    (!there(root, "usr/lib/systemd/system/ssh.service") &&
	     !there(root, "lib/systemd/system/ssh.service")))
		return false;
	return drop_in(etc, "systemd/system/ssh.service.d",
		       "# Written by vz: host keys of its own for each container.\n[Service]\n"
		       "ExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\n"
		       "ExecStartPre=/usr/sbin/sshd -t\n") == 0 &&
	       drop_in(etc, "systemd/system/ssh@.service.d",
		       "# Written by vz: host keys of its own for each container.\n[Service]\n"
		       "ExecStartPre=/usr/bin/ssh-keygen -A\n") == 0;
}

static bool is_key(const char *name)
{
	return str_starts(name, KEY_PREFIX) && (str_ends(name, "_key") || str_ends(name, "_key.pub"));
}

static bool has_keys(DIR *d)
{
	struct dirent *de;
	bool ret = false;

	while (!ret && (de = readdir(d)))
		ret = is_key(de->d_name);
	rewinddir(d);
	return ret;
}

void ct_postcreate_ssh(int root, int etc)
{
	struct err ignored = { 0 };
	int fd = path_open_beneath(etc, "ssh", O_RDONLY | O_DIRECTORY, 0, &ignored);
	auto_closedir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d || !has_keys(d) || (!makes_keys(root) && !teach(root, etc)))
		return;
	while ((de = readdir(d)))
		if (is_key(de->d_name))
			unlinkat(dirfd(d), de->d_name, 0);
}
