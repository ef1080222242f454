#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host as its administrator has it: Debian 6.1 with systemd, vz installed for real, set up by `vzhost setup` (which must
# make its own pool: the root file system has no project quota), containers started and stopped by the unit.
# Runs in a lab machine with -I systemd; the project is at /mnt/host. Last line: N passed, N failed.
set -u
export TOP=/mnt/host
cp -a "$TOP/build/tests/stage/." / || exit 1
. "$TOP/tests/lib/tap.sh"

# An address for the host: containers are reached from one.
ip link add dummy0 type dummy && ip addr add 192.0.2.1/24 dev dummy0 && ip link set dummy0 up

# vzd as a service: its sockets, what systemd is told, upgrades and crashes under load.
vzd_tests() {
	local pid init
	like "the sockets' groups are there" "$(getent group vz vzweb)" '^vz:.*vzweb:'
	is "the units are sound" "$(systemd-analyze verify /usr/lib/systemd/system/vzd.service /usr/lib/systemd/system/vzd-web.socket \
		2>&1 | grep -v "'man ")" ""
	ok "enable" systemctl enable --now vzd.service
	is "sockets and daemon are up" "$(systemctl is-active vzd.socket vzd-web.socket vzd.service | tr '\n' ' ')" "active active active "
	pid=$(systemctl show -P MainPID vzd.service)
	init=$(sed -n 's/^INIT_PID="*\([0-9]*\).*/\1/p' /run/vz/101/state)
	like "it serves on systemd's socket" "$(vzadm call GET /v1/cts/101/state)" '"running"'
	is "which belongs to the group vz" "$(stat -c '%a %G' /run/vz/vzd.sock)" "660 vz"
	soon "vzweb runs" 60 sh -c 'curl -s --unix-socket /run/vz/api.sock http://vz/v1 | grep -q version'
	ok "reload" systemctl reload vzd.service
	is "is the same process" "$(systemctl show -P MainPID vzd.service)" "$pid"
	ok "restart, as an upgrade does" systemctl restart vzd.service
	like "another process serves" "$(vzadm call GET /v1/cts/101/state)" '"running"'
	kill -9 "$(systemctl show -P MainPID vzd.service)"
	like "kill -9: a call waits and is answered" "$(vzadm call GET /v1/cts/101/state)" '"running"'
	pid=$(systemctl show -P MainPID vzd.service)
	kill -STOP "$pid"
	soon "one that hangs is replaced" 200 sh -c "[ \$(systemctl show -P MainPID vzd.service) != $pid ] && vzadm call GET /v1/health"
	ok "stop" systemctl stop vzd.service
	ok "a call starts it" vzadm call GET /v1/health
	ok "stop for good" systemctl disable --now vzd.service vzd.socket vzd-web.socket
	is "the container has not noticed" "$(sed -n 's/^INIT_PID="*\([0-9]*\).*/\1/p' /run/vz/101/state)" "$init"
	ok "it works" vzctl exec 101 true
	kill "$(head -n 1 /run/vz/vzweb.lock | cut -d' ' -f1)"
}

tests() {
	ok "setup" vzhost setup
	like "/vz can limit space" "$(findmnt -n -o FSTYPE,OPTIONS /vz)" '^ext4 .*prjquota'
	ok "setup again" vzhost setup
	ok "check" vzhost check
	rc "status of a host that is set up" 0 /etc/init.d/vz status
	is "the unit is sound" "$(systemd-analyze verify /usr/lib/systemd/system/vz.service 2>&1 | grep -v "'man ")" ""
	systemctl daemon-reload
	ok "enable" systemctl enable vz.service
	ok "create" vzctl create 101 --ostemplate vz-base --ipadd 10.77.1.1 --diskspace 50M
	ok "create one for the boot" vzctl create 102 --ostemplate vz-base --diskspace 50M
	ok "which is to start" vzctl set 102 --onboot yes --save
	ok "start the unit" systemctl start vz.service
	says "status after" 0 "OpenVZ is running..." "" /etc/init.d/vz status
	is "ONBOOT runs, the other does not" "$(vzlist -a -H -o status | tr -d ' ' | tr '\n' ' ')" "stopped running "
	ok "start by hand" vzctl start 101
	ok "it works" vzctl exec 101 'echo x >/root/x'
	ok "and is reached" ping -c 1 -w 30 10.77.1.1
	is "systemd on the host is content" "$(systemctl is-system-running --wait)" running
	like "containers are no part of the unit" "$(cat "/proc/$(sed -n 's/^INIT_PID="*\([0-9]*\).*/\1/p' /run/vz/101/state)/cgroup")" \
		'^0::/vz[^/]*/101|^0::/vz'
	ok "the container sees only its own cgroup" vzctl exec 101 'test $(cat /proc/self/cgroup | wc -l) = 1'
	ok "stop the unit" systemctl stop vz.service
	becomes "no container runs" "" pgrep -l vz-
	rc "the pool is unmounted" 1 findmnt /vz
	rc "status of the stopped unit" 3 /etc/init.d/vz status
	ok "start again" systemctl start vz.service
	is "those that ran run again" "$(vzlist -a -H -o status | tr -d ' ' | tr '\n' ' ')" "running running "
	is "with their data" "$(vzctl exec 101 cat /root/x)" x
	ok "daemon-reexec of the host's systemd disturbs nobody" systemctl daemon-reexec
	ok "still there" vzctl exec 101 true
	vzd_tests
	ok "end" sh -c 'for i in 101 102; do vzctl stop $i --fast && vzctl destroy $i || exit 1; done'
	becomes "no cgroup stays" "" find /sys/fs/cgroup -type d -name '10[12]'
}
tests
echo "$((TAP_N - TAP_FAILED)) passed, $TAP_FAILED failed"
exit 0
