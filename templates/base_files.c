/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in the template vz-base besides busybox: a small system whose init is busybox's. The runtime has mounted
 * /proc, /sys, /dev and /run before init starts and has set addresses; nothing here mounts or configures them again.
 */
#include "templates/base_files.h"

#define D(path, mode) { path, S_IFDIR | (mode), NULL, 0 }
#define F(path, mode, text) { path, S_IFREG | (mode), text, 0 }
#define L(path, target) { path, S_IFLNK | 0777, target, 0 }

static const char inittab[] =
	"# busybox init. SIGUSR1 halts, SIGUSR2 powers off, SIGTERM reboots.\n"
	"::sysinit:/etc/init.d/rcS\n"
	"console::respawn:/sbin/getty -L 115200 console linux\n"
	"::ctrlaltdel:/sbin/reboot\n"
	"::shutdown:/etc/init.d/rcK\n";

static const char rc_start[] =
	"#!/bin/sh\n"
	"# Start-up. /etc/init.d/S* and /etc/rc.local are yours.\n"
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
	"export PATH\n"
	"case \"$(hostname)\" in\n"
	"''|'(none)'|localhost) [ -s /etc/hostname ] && hostname -F /etc/hostname ;;\n"
	"esac\n"
	"ip link set lo up 2>/dev/null\n"
	"mkdir -p /run/lock\n"
	": > /run/utmp\n"
	"for s in /etc/init.d/S*; do\n"
	"\t[ -x \"$s\" ] && \"$s\" start\n"
	"done\n"
	"[ -x /etc/rc.local ] && /etc/rc.local\n"
	"# Tell the host that this container is up, if it asked; a host that does not read holds nothing up for long.\n"
	"[ -p /run/host/ready ] && timeout 10 sh -c 'echo READY=1 > /run/host/ready' 2>/dev/null &\n"
	"exit 0\n";

static const char rc_stop[] =
	"#!/bin/sh\n"
	"# Shutdown: what S* started is stopped, in reverse order. init runs this without an argument and then ends the\n"
	"# processes itself, pausing two seconds. poweroff, halt and reboot give their name and are done when the\n"
	"# processes are.\n"
	"trap '' HUP INT TERM\n"
	"for s in $(ls -r /etc/init.d/S* 2>/dev/null); do\n"
	"\t[ -x \"$s\" ] && \"$s\" stop\n"
	"done\n"
	"[ -n \"$1\" ] || exit 0\n"
	"left() {\n"
	"\tfor p in /proc/[0-9]*; do\n"
	"\t\tcase $p in /proc/1|/proc/$$) ;; *) [ -e \"$p/exe\" ] && return 0 ;; esac\n"
	"\tdone\n"
	"\treturn 1\n"
	"}\n"
	"kill -TERM -1 2>/dev/null\n"
	"n=0\n"
	"while left && [ $n -lt 40 ]; do\n"
	"\tsleep 0.05\n"
	"\tn=$((n + 1))\n"
	"done\n"
	"kill -KILL -1 2>/dev/null\n"
	"exec busybox \"$1\" -f\n";

/* Instead of the applets of these names. */
#define ENDING(name) \
	"#!/bin/sh\n" \
	"# -f: at once. Otherwise services are stopped and processes ended first.\n" \
	"[ \"$1\" = -f ] && exec busybox " name " -f\n" \
	"exec /etc/init.d/rcK " name "\n"

static const char passwd[] =
	"root:x:0:0:root:/root:/bin/sh\n"
	"daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
	"www-data:x:33:33:www-data:/var/www:/bin/false\n"
	"nobody:x:65534:65534:nobody:/:/bin/false\n";

static const char group[] =
	"root:x:0:\n"
	"daemon:x:1:\n"
	"tty:x:5:\n"
	"wheel:x:10:\n"
	"utmp:x:43:\n"
	"www-data:x:33:\n"
	"shadow:x:42:\n"
	"users:x:100:\n"
	"nogroup:x:65534:\n";

static const char shadow[] =
	"root:*:19723:0:99999:7:::\n"
	"daemon:*:19723:0:99999:7:::\n"
	"www-data:*:19723:0:99999:7:::\n"
	"nobody:*:19723:0:99999:7:::\n";

static const char os_release[] =
	"ID=vz-base\n"
	"NAME=\"vz base\"\n"
	"PRETTY_NAME=\"vz base system (busybox)\"\n"
	"VERSION_ID=\"1\"\n";

static const char profile[] =
	"export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	"export PS1='\\u@\\h:\\w\\$ '\n"
	"umask 022\n";

static const char udhcpc_script[] =
	"#!/bin/sh\n"
	"# Called by udhcpc: $1 = deconfig, bound, renew.\n"
	"case \"$1\" in\n"
	"deconfig)\n"
	"\tip addr flush dev \"$interface\"\n"
	"\tip link set \"$interface\" up ;;\n"
	"bound|renew)\n"
	"\tip addr flush dev \"$interface\"\n"
	"\tip addr add \"$ip/$mask\" dev \"$interface\"\n"
	"\tfor r in $router; do ip route replace default via \"$r\" dev \"$interface\"; break; done\n"
	"\t: > /etc/resolv.conf\n"
	"\tfor s in $dns; do echo \"nameserver $s\" >> /etc/resolv.conf; done ;;\n"
	"esac\n";

static const char index_html[] =
	"<!DOCTYPE html>\n"
	"<html><head><title>vz-base</title></head>\n"
	"<body><h1>It works</h1><p>This page is served by busybox httpd in a vz container.</p></body></html>\n";

static const char hosts[] =
	"127.0.0.1\tlocalhost\n"
	"::1\t\tlocalhost ip6-localhost ip6-loopback\n";

const struct base_file base_files[] = {
	D("bin", 0755), D("dev", 0755), D("etc", 0755), D("etc/init.d", 0755), D("etc/udhcpc", 0755), D("home", 0755),
	D("lib", 0755), D("mnt", 0755), D("opt", 0755), D("proc", 0555), D("root", 0700), D("run", 0755),
	D("sbin", 0755), D("srv", 0755), D("sys", 0555), D("tmp", 01777), D("usr", 0755), D("usr/bin", 0755),
	D("usr/lib", 0755), D("usr/local", 0755), D("usr/local/bin", 0755), D("usr/local/sbin", 0755),
	D("usr/sbin", 0755), D("usr/share", 0755), D("var", 0755), D("var/cache", 0755), D("var/lib", 0755),
	D("var/log", 0755), D("var/spool", 0755), D("var/spool/cron", 0755), D("var/spool/cron/crontabs", 0700),
	D("var/tmp", 01777), D("var/www", 0755),
	L("etc/mtab", "/proc/self/mounts"), L("var/lock", "/run/lock"), L("var/run", "/run"),
	F("etc/group", 0644, group), F("etc/hostname", 0644, "vz-base\n"), F("etc/hosts", 0644, hosts),
	F("etc/init.d/rcK", 0755, rc_stop), F("etc/init.d/rcS", 0755, rc_start), F("etc/inittab", 0644, inittab),
	F("etc/issue", 0644, "\\n \\l\n\n"), F("etc/os-release", 0644, os_release), F("etc/passwd", 0644, passwd),
	F("etc/profile", 0644, profile), { "etc/shadow", S_IFREG | 0640, shadow, 42 },
	F("etc/shells", 0644, "/bin/sh\n/bin/ash\n"), F("etc/udhcpc/default.script", 0755, udhcpc_script),
	F("sbin/halt", 0755, ENDING("halt")), F("sbin/poweroff", 0755, ENDING("poweroff")),
	F("sbin/reboot", 0755, ENDING("reboot")), F("var/log/wtmp", 0644, ""), F("var/www/index.html", 0644, index_html),
};
const size_t base_files_n = sizeof(base_files) / sizeof(base_files[0]);
