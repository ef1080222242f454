# SPDX-License-Identifier: GPL-2.0-or-later
# S04 S05 S61 S101: files that a start and a `set` read and write for a distribution, made hostile; programs that set a password
# replaced; distribution scripts of the administrator run by a shell of the guest's. The host is as it was, and nothing hangs.
. "$TOP/tests/integration/evil_lib.sh"

mkdir -p /canary/dir
echo canary >/canary/file
before=$(canary)
root=/vz/private/705/upper

# twist FILE SHAPE: what root of the container has put there.
twist() {
	local at=$root/$1
	rm -rf "$at"
	mkdir -p "${at%/*}"
	case $2 in
	out) ln -s /canary/file "$at" ;;
	loop) ln -s "${1##*/}" "$at" ;;
	fifo) mkfifo "$at" ;;
	dir) mkdir "$at" ;;
	huge) truncate -s 8G "$at" ;;
	long) head -c 3000000 /dev/zero | tr '\0' 'x' >"$at" ;;
	esac
}

FILES="etc/inittab etc/network/interfaces etc/HOSTNAME etc/conf.d/net etc/os-release etc/sysconfig/network-scripts/ifcfg-venet0
	etc/net/ifaces/venet0 etc/rc.d/rc.inet1 etc/systemd/network/05-venet0.network etc/NetworkManager/conf.d/05-venet0.conf"
wrong=
new 705 --hostname evil --nameserver 192.0.2.53 --ipadd 10.77.7.5
mkdir -p $root/etc/net/ifaces $root/etc/init
for file in $FILES; do
	for shape in out loop fifo dir huge long; do
		twist "$file" $shape
		timeout 60 vzctl start 705 >/dev/null 2>&1 </dev/null || wrong="$wrong $file=$shape:start:$?"
		timeout 60 vzctl set 705 --hostname evil2 --ipadd 10.77.7.6 >/dev/null 2>&1 </dev/null || wrong="$wrong $file=$shape:set:$?"
		ping -c 1 -w 20 10.77.7.6 >/dev/null 2>&1 || wrong="$wrong $file=$shape:net"
		timeout 60 vzctl --quiet stop 705 --fast >/dev/null 2>&1 </dev/null || wrong="$wrong $file=$shape:stop"
	done
	rm -rf "${root:?}/$file"
done
is "S04 S61 every start and set is right, whatever the files of the distribution are" "$wrong" ""
is "S05 the host is as it was" "$(canary)" "$before"

# A password: its programs and files in the guest's hands.
ok "start" vzctl start 705
for shape in out up loop fifo dir; do
	in_ct 705 'cp -p /etc/shadow /root/shadow' >/dev/null
	in_ct 705 "rm -f /etc/shadow; case $shape in out) ln -s /canary/file /etc/shadow ;; up) ln -s ../../../canary/file /etc/shadow ;;
		loop) ln -s shadow /etc/shadow ;; fifo) mkfifo /etc/shadow ;; dir) mkdir /etc/shadow ;; esac" >/dev/null
	timeout 70 vzctl set 705 --userpasswd root:geheim >/dev/null 2>&1 </dev/null
	[ $? = 124 ] && fail "S07 a password with /etc/shadow as $shape" "hangs"
	in_ct 705 'rm -rf /etc/shadow; cp -p /root/shadow /etc/shadow' >/dev/null
done
is "S05 the host's files are as they were after passwords" "$(canary)" "$before"
vzctl exec2 705 'mkdir -p /usr/local/sbin; cat >/usr/local/sbin/chpasswd; chmod +x /usr/local/sbin/chpasswd' <<-'EOT'
	#!/bin/sh
	cat /proc/1/root/canary/file >/root/stolen 2>/dev/null
	cat >/root/got
	awk '{ print ($1 == 0 && $2 > 0) ? "mapped" : "host" }' /proc/self/uid_map >/root/where
	exit 0
EOT
ok "a chpasswd of the guest's own" vzctl set 705 --userpasswd root:geheim
is "S01 gets the password that is its own anyway, inside" "$(in_ct 705 'cat /root/got; test -s /root/stolen && echo stolen; cat /root/where')" "root:geheim
mapped"

# The administrator's script and a shell that is not what it seems.
mkdir -p /etc/vz/dists/scripts
printf 'ADD_IP=a\nPRE_START=a\nSET_HOSTNAME=a\n' >/etc/vz/dists/vz-base.conf
echo 'echo harmless' >/etc/vz/dists/scripts/a
vzctl exec2 705 'cat >/bin/bash; chmod +x /bin/bash' <<-'EOT'
	#!/bin/busybox sh
	grep -E "^(CapEff|Seccomp):" /proc/self/status >/root/powers
	for fd in /proc/$$/fd/*; do readlink $fd; done >/root/fds
	exit 0
EOT
vzctl --quiet stop 705 --fast </dev/null
ok "S12 start through the guest's own bash" vzctl start 705
is "S12 it has the powers of the container's processes, no more" "$(in_ct 705 cat /root/powers)" \
	"$(in_ct 705 'grep -E "^(CapEff|Seccomp):" /proc/self/status')"
is "S02 and no descriptor of the host" "$(in_ct 705 'grep -v "^pipe:\|^/memfd:vz-action\|^/bin/bash$\|^/root/fds$" /root/fds')" ""
gone 705
rm -rf /etc/vz/dists /canary
