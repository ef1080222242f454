/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of vzctl(8), DISTRIBUTIONS, on trees as the distributions have them: host name, addresses, DNS and console of a
 * container that starts, and what is left after the last address is gone. Passwords are set by a program of the guest: see
 * tests/integration.
 */
#include <sys/wait.h>

#include "libct/guest.h"
#include "tests/unit/t_dist_tree.h"

/* Runs ct_guest_files() with the working directory as "/" in a child, as a start does. */
static int files_here(const struct ct_guest *g)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };

		if (chroot(".") < 0)
			_exit(200);
		ct_guest_files(g, &e);
		_exit(e.code);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 201;
}

static void start(const char *ips)
{
	struct ct_conf c = { .hostname = (char *)"www.example.org",
		.nameserver = { .v = (char *[]){ (char *)"192.0.2.53", NULL }, .n = 1, .set = true } };
	struct ct_guest g;
	struct err e = { 0 };

	CHECK_OK(str_list_split(&c.net.ip, ips, " ", &e), &e);
	CHECK_OK(ct_guest_prepare(&c, CT_GUEST_HOSTNAME | CT_GUEST_DNS | CT_GUEST_IP | CT_GUEST_CONSOLE, &g, &e), &e);
	CHECK_EQ(files_here(&g), 0);
	ct_guest_done(&g);
	str_list_clear(&c.net.ip);
}

struct file { const char *path, *text; };	/* NULL text: not there */
struct row {
	const char *name, *release;
	const char *dirs[5];
	struct file have[4], want[8], after[8];
};

#define NETWORKD { "etc/systemd/network/05-venet0.network", OURS "[Match]\nName=venet0\n\n[Link]\nUnmanaged=yes\n" }
#define NM { "etc/NetworkManager/conf.d/05-venet0.conf", OURS "[keyfile]\nunmanaged-devices+=interface-name:venet0\n" }
#define INTERFACES "auto lo\niface lo inet loopback\n"
#define IFUPDOWN IFUPDOWN_LO("")
#define IFUPDOWN_LO(lo) { "etc/network/interfaces", INTERFACES BEGIN "auto venet0\niface venet0 inet manual\n" lo "\tup ip link set venet0 up\n" \
	"\tup ip address replace 10.1.2.3/32 dev venet0\n\tup ip route replace default via 169.254.0.1 dev venet0 onlink\n" \
	"\tup ip -6 address replace fd00::5/64 dev venet0\n\tup ip -6 route replace default via fe80::1 dev venet0 onlink\n" \
	"\tdown ip address flush dev venet0\n" END }
#define SYSV "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\n"
#define SYSV_TAB { "etc/inittab", "id:2:initdefault:\n#vz# 1:2345:respawn:/sbin/getty 38400 tty1\n" \
	BEGIN "vz:2345:respawn:/sbin/getty -L 115200 console linux\n" END }
#define IFCFG "etc/sysconfig/network-scripts/ifcfg-venet0"
#define IFCFG_FILES { IFCFG, OURS "DEVICE=venet0\nBOOTPROTO=static\nONBOOT=yes\nNM_CONTROLLED=no\nIPADDR=127.0.0.1\n" \
	"NETMASK=255.255.255.255\nBROADCAST=0.0.0.0\nARPCHECK=no\nIPV6INIT=yes\nIPV6_DEFAULTDEV=venet0\nIPV6ADDR=fd00::5/64\n" }, \
	{ IFCFG ":0", OURS "DEVICE=venet0:0\nONBOOT=yes\nNM_CONTROLLED=no\nIPADDR=10.1.2.3\nNETMASK=255.255.255.255\nARPCHECK=no\n" }, \
	{ "etc/sysconfig/network", BEGIN "NETWORKING=yes\nGATEWAYDEV=venet0\nNETWORKING_IPV6=yes\nIPV6_DEFAULTDEV=venet0\n" \
	"HOSTNAME=\"www.example.org\"\n" END }
#define IFCFG_GONE { IFCFG, NULL }, { IFCFG ":0", NULL }, { "etc/sysconfig/network", BEGIN "HOSTNAME=\"www.example.org\"\n" END }
#define ETC_INIT(exec) { "etc/init/vz-console.conf", OURS "start on stopped rc RUNLEVEL=[2345]\nstop on runlevel [!2345]\nrespawn\n" \
	"exec " exec "\n" }
#define SCRIPTS "etc/sysconfig/network-scripts"

static const struct row rows[] = {
	{ "Debian, systemd and ifupdown", "ID=debian\n", { "etc/network", "etc/systemd/network" },
	  { { "etc/network/interfaces", INTERFACES } }, { IFUPDOWN, NETWORKD },
	  { { "etc/network/interfaces", INTERFACES }, NETWORKD } },
	{ "Devuan, Debian with sysvinit", "ID=devuan\n", { "etc/network" },
	  { { "etc/network/interfaces", INTERFACES }, { "etc/inittab", SYSV } }, { IFUPDOWN, SYSV_TAB },
	  { { "etc/network/interfaces", INTERFACES }, SYSV_TAB } },
	{ "Ubuntu from 17.10: netplan", "ID=ubuntu\nID_LIKE=debian\n", { "etc/netplan", "etc/systemd/network", "etc/NetworkManager/conf.d" },
	  { { "etc/netplan/50-cloud-init.yaml", "network: {version: 2}\n" } },
	  { NETWORKD, NM, { "etc/network/interfaces", NULL }, { "etc/netplan/50-cloud-init.yaml", "network: {version: 2}\n" } },
	  { NETWORKD, NM } },
	{ "Ubuntu to 14.04: upstart", "ID=ubuntu\nID_LIKE=debian\n", { "etc/network", "etc/init" },
	  { { "etc/network/interfaces", INTERFACES }, { "sbin/initctl", "" } },
	  { IFUPDOWN, ETC_INIT("/sbin/getty -L 115200 console linux") },
	  { { "etc/network/interfaces", INTERFACES }, ETC_INIT("/sbin/getty -L 115200 console linux") } },
	{ "CentOS 5: sysvinit, no os-release", NULL, { SCRIPTS }, { { "etc/inittab", SYSV } }, { IFCFG_FILES, SYSV_TAB }, { IFCFG_GONE } },
	{ "CentOS 6: upstart, no os-release", NULL, { SCRIPTS, "etc/init" },
	  { { "etc/inittab", "id:3:initdefault:\n" }, { "sbin/initctl", "" } },
	  { IFCFG_FILES, ETC_INIT("/sbin/getty -L 115200 console linux") }, { IFCFG_GONE } },
	{ "CentOS 7", "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\n", { SCRIPTS, "etc/NetworkManager/conf.d" }, { { NULL, NULL } },
	  { IFCFG_FILES, NM }, { IFCFG_GONE, NM } },
	{ "Rocky 8", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", { SCRIPTS, "etc/NetworkManager/conf.d" }, { { NULL, NULL } },
	  { IFCFG_FILES, NM }, { IFCFG_GONE, NM } },
	{ "AlmaLinux 9: keyfiles", "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\n", { "etc/sysconfig", "etc/NetworkManager/conf.d" },
	  { { NULL, NULL } }, { NM, { "etc/sysconfig/network", NULL } }, { NM } },
	{ "Fedora", "ID=fedora\n", { "etc/sysconfig", "etc/NetworkManager/conf.d", "etc/systemd/network" }, { { NULL, NULL } },
	  { NM, NETWORKD }, { NM, NETWORKD } },
	{ "openSUSE Leap: wicked", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", { "etc/sysconfig/network" }, { { NULL, NULL } },
	  { { "etc/sysconfig/network/ifcfg-venet0", OURS "STARTMODE=auto\nBOOTPROTO=static\nCHECK_DUPLICATE_IP=no\n"
	      "IPADDR_0=10.1.2.3/32\nIPADDR_1=fd00::5/64\n" },
	    { "etc/sysconfig/network/ifroute-venet0", OURS "default - - venet0\ndefault - ::/0 venet0\n" } },
	  { { "etc/sysconfig/network/ifcfg-venet0", NULL }, { "etc/sysconfig/network/ifroute-venet0", NULL } } },
	{ "SLES 11: no os-release", NULL, { "etc/sysconfig/network" }, { { "etc/HOSTNAME", "old\n" }, { "etc/inittab", SYSV } },
	  { { "etc/HOSTNAME", "www.example.org\n" }, SYSV_TAB,
	    { "etc/sysconfig/network/ifroute-venet0", OURS "default - - venet0\ndefault - ::/0 venet0\n" } },
	  { { "etc/sysconfig/network/ifcfg-venet0", NULL } } },
	{ "Alpine", "ID=alpine\n", { "etc/network", "etc/conf.d" },
	  { { "etc/network/interfaces", INTERFACES }, { "etc/inittab", "::sysinit:/sbin/openrc sysinit\ntty1::respawn:/sbin/getty 38400 tty1\n" } },
	  { IFUPDOWN_LO("\tup ip link set lo up\n"), { "etc/conf.d/net", NULL }, { "etc/inittab", "::sysinit:/sbin/openrc sysinit\n#vz# tty1::respawn:/sbin/getty 38400 tty1\n"
	      BEGIN "console::respawn:/sbin/getty -L 115200 console linux\n" END } },
	  { { "etc/network/interfaces", INTERFACES BEGIN "auto venet0\niface venet0 inet manual\n\tup ip link set lo up\n" END } } },
	{ "Arch: networkd", "ID=arch\n", { "etc/systemd/network" }, { { NULL, NULL } }, { NETWORKD, { "etc/netctl/venet0", NULL } },
	  { NETWORKD } },
	{ "Arch: netctl", "ID=arch\n", { "etc/netctl" }, { { NULL, NULL } },
	  { { "etc/netctl/venet0", OURS "Interface=venet0\nConnection=ethernet\nSkipDAD=yes\nForceConnect=yes\nIP=static\n"
	      "Address=('10.1.2.3/32')\nRoutes=('default')\nIP6=static\nAddress6=('fd00::5/64')\nRoutes6=('default')\n" } },
	  { { "etc/netctl/venet0", NULL } } },
	{ "Gentoo: OpenRC, netifrc", "ID=gentoo\n", { "etc/conf.d" }, { { "etc/conf.d/hostname", "hostname=\"localhost\"\n" }, { "etc/inittab", SYSV } },
	  { { "etc/conf.d/net", BEGIN "config_venet0=\"10.1.2.3/32\nfd00::5/64\"\nroutes_venet0=\"default dev venet0\n::/0 dev venet0\"\n" END },
	    { "etc/conf.d/hostname", "hostname=\"localhost\"\n" BEGIN "hostname=\"www.example.org\"\n" END }, SYSV_TAB },
	  { { "etc/conf.d/net", "" }, { "etc/conf.d/hostname", "hostname=\"localhost\"\n" BEGIN "hostname=\"www.example.org\"\n" END } } },
	{ "ALT: etcnet", "ID=altlinux\n", { "etc/net/ifaces", "etc/sysconfig" }, { { "etc/sysconfig/network", "NETWORKING=yes\n" } },
	  { { "etc/net/ifaces/venet0/options", OURS "TYPE=eth\nBOOTPROTO=static\nONBOOT=yes\nNM_CONTROLLED=no\nCONFIG_IPV6=yes\n" },
	    { "etc/net/ifaces/venet0/ipv4address", OURS "10.1.2.3/32\n" }, { "etc/net/ifaces/venet0/ipv4route", OURS "default dev venet0\n" },
	    { "etc/net/ifaces/venet0/ipv6address", OURS "fd00::5/64\n" }, { "etc/net/ifaces/venet0/ipv6route", OURS "default dev venet0\n" },
	    { "etc/sysconfig/network", "NETWORKING=yes\n" BEGIN "HOSTNAME=\"www.example.org\"\n" END } },
	  { { "etc/net/ifaces/venet0/options", NULL }, { "etc/net/ifaces/venet0/ipv4address", NULL }, { "etc/net/ifaces/venet0/ipv6route", NULL } } },
	{ "Slackware", "ID=slackware\n", { "etc/rc.d" }, { { "etc/rc.d/rc.inet1", "#!/bin/sh\n" }, { "etc/HOSTNAME", "darkstar\n" }, { "etc/inittab", SYSV } },
	  { { "etc/rc.d/rc.inet1", "#!/bin/sh\n" BEGIN "ip link set venet0 up\nip address replace 10.1.2.3/32 dev venet0\n"
	      "ip -6 address replace fd00::5/64 dev venet0\nip route replace default via 169.254.0.1 dev venet0 onlink\n"
	      "ip -6 route replace default via fe80::1 dev venet0 onlink\n" END }, { "etc/HOSTNAME", "www.example.org\n" }, SYSV_TAB },
	  { { "etc/rc.d/rc.inet1", "#!/bin/sh\n" }, { "etc/HOSTNAME", "www.example.org\n" } } },
	{ "unknown", "ID=plan10\n", { "etc/opt" }, { { NULL, NULL } },
	  { { "etc/network", NULL }, { "etc/sysconfig", NULL }, { "etc/conf.d", NULL }, { "etc/systemd", NULL }, { "etc/inittab", NULL },
	    { "etc/init", NULL }, { "etc/HOSTNAME", NULL } },
	  { { "etc/network", NULL } } },
};

static void check(const struct row *r, const struct file *f, const char *when)
{
	for (; f->path; f++) {
		bool good = f->text ? box_file_is(f->path, f->text) : !box_is_there(f->path);

		if (!good)
			fprintf(stderr, "%s, %s: %s\n", r->name, when, f->path);
		CHECK(good);
	}
}

TEST_ROOT(dist_matrix)
{
	static const char *const all[] = { "etc/hostname", "www.example.org\n", "etc/resolv.conf", "nameserver 192.0.2.53\n" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char dir[32];
		const struct row *r = &rows[i];

		CHECK(chdir(test_tmp()) == 0);
		str_fmt(dir, sizeof(dir), "row%zu", i);
		CHECK(mkdir(dir, 0755) == 0 && chdir(dir) == 0 && mkdir("etc", 0755) == 0 && mkdir("sbin", 0755) == 0);
		auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		for (size_t k = 0; k < ARRAY_SIZE(r->dirs) && r->dirs[k]; k++) {
			struct err e = { 0 };
			auto_close int fd = path_mkdirs(root, r->dirs[k], 0755, &e);

			CHECK(fd >= 0);
		}
		if (r->release)
			box_put("etc/os-release", r->release);
		box_put("sbin/getty", "");
		for (const struct file *f = r->have; f < r->have + ARRAY_SIZE(r->have) && f->path; f++)
			box_put(f->path, f->text);
		start("10.1.2.3 fd00::5/64");
		check(r, r->want, "started");
		CHECK(box_file_is(all[0], all[1]) && box_file_is(all[2], all[3]));
		CHECK(box_file_is("etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
				  "10.1.2.3 www.example.org www\t# vz\n"));
		start("");
		check(r, r->after, "no address");
		CHECK(box_file_is("etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
				  "127.0.1.1 www.example.org www\t# vz\n"));
	}
}
