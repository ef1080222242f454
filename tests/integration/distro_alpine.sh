# SPDX-License-Identifier: GPL-2.0-or-later
# A system of busybox alone with the files of Alpine: its inittab, /etc/network/interfaces read by busybox's ifup, no chpasswd in
# the way of mkpasswd, ash. The program is the one that this host has.
. "$TOP/tests/integration/distro_lib.sh"
CT=126 NET=26 RESOLVES=		# getent is none of busybox's

make_root() {
	local r=$1 applet
	mkdir -p "$r"/{bin,sbin,usr/bin,usr/sbin,etc/network,etc/init.d,root,proc,sys,dev,run,tmp,var/log,home}
	cp "$(command -v busybox)" "$r/bin/busybox"
	for applet in $("$r/bin/busybox" --list-full); do
		[ -e "$r/$applet" ] || ln -s /bin/busybox "$r/$applet"
	done
	ln -sf /bin/busybox "$r/sbin/getty"
	printf 'ID=alpine\nNAME="Alpine Linux"\nVERSION_ID=3.20.0\n' >"$r/etc/os-release"
	echo 3.20.0 >"$r/etc/alpine-release"
	echo localhost >"$r/etc/hostname"
	printf '127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost localhost.localdomain\n' >"$r/etc/hosts"
	printf 'auto lo\niface lo inet loopback\n' >"$r/etc/network/interfaces"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n' >"$r/etc/passwd"
	printf 'root:x:0:\ntty:x:5:\nshadow:x:42:\nnobody:x:65534:\n' >"$r/etc/group"
	printf 'root:*::0:::::\nnobody:!::0:::::\n' >"$r/etc/shadow"
	chmod 640 "$r/etc/shadow"
	cat >"$r/etc/inittab" <<-'EOT'
		# /etc/inittab
		::sysinit:/etc/init.d/rcS
		# Set up a couple of getty's
		tty1::respawn:/sbin/getty 38400 tty1
		tty2::respawn:/sbin/getty 38400 tty2
		# Put a getty on the serial port
		#ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100
		::ctrlaltdel:/sbin/reboot
		::shutdown:/sbin/ifdown -a
	EOT
	cat >"$r/etc/init.d/rcS" <<-'EOT'
		#!/bin/sh
		hostname -F /etc/hostname
		mkdir -p /run /var/run
		for i in lo venet0; do		# as its OpenRC script has it
		ifup $i 2>>/root/ifup || ifdown $i >/dev/null 2>&1
		done
	EOT
	chmod +x "$r/etc/init.d/rcS"
	mkdir -p "$r/etc/network/"{if-up.d,if-down.d,if-pre-up.d,if-post-down.d}
}

calm() {
	ok "$1: the loopback is up" vzctl exec $CT ping -c 1 -W 20 127.0.0.1
}

HALT=halt
make_root "$VZTEST_DIR/alpine"
tar -C "$VZTEST_DIR/alpine" -czf /vz/template/cache/alpine-3-x86_64.tar.gz . || bail "make the template"
distro_life alpine-3-x86_64
gone $CT
rm -rf "$VZTEST_DIR/alpine" /vz/template/cache/alpine-3-x86_64.tar.gz
