# SPDX-License-Identifier: GPL-2.0-or-later
# What root in a container can see and do. Everything is asked from inside.
. "$TOP/tests/integration/lib.sh"

up 501 --ipadd 10.77.5.1
up 502 --ipadd 10.77.5.2

# no TEXT CMD: the command fails inside.
no() {
	tap_run vzctl exec 501 "$2"
	[ "$TAP_RC" = 8 ] && pass "no $1" || fail "no $1" "command: $2" "status $TAP_RC" "$TAP_OUT"
}

map1=$(in_ct 501 cat /proc/self/uid_map | tr -s ' ')
map2=$(in_ct 502 cat /proc/self/uid_map | tr -s ' ')
like "root is nobody on the host" "$map1" '^ ?0 [1-9][0-9]{4,} 65536$'
[ "$map1" != "$map2" ] && pass "every container has ids of its own" || fail "every container has ids of its own" "$map1"
host_uid=$(awk '/^Uid:/ { print $2 }' "/proc/$(init_of 501)/status")
is "init runs under the first id" "$host_uid" "$(echo $map1 | cut -d' ' -f2)"
owner=$(ls -nd /vz/private/501 | awk '{ print $1, $3 }')
like "the private area is root's alone" "$owner" '^drwx------.? 0$'
is "ids on disk are what the container sees" "$(in_ct 501 'touch /root/mine; stat -c %u /root/mine')-$(find /vz/private/501 -name mine -printf %U)" 0-0
for ns in cgroup ipc mnt net pid user uts; do
	[ "$(in_ct 501 readlink /proc/self/ns/$ns)" != "$(readlink /proc/self/ns/$ns)" ] && pass "$ns namespace of its own" ||
		fail "$ns namespace of its own"
done

is "seccomp filters" "$(in_ct 501 "sed -n 's/^Seccomp:.//p' /proc/self/status")" 2
is "seccomp filters init" "$(in_ct 501 "sed -n 's/^Seccomp:.//p' /proc/1/status")" 2
bnd=$((16#$(in_ct 501 "sed -n 's/^CapBnd:.//p' /proc/self/status")))
for cap in 16:sys_module 17:sys_rawio 22:sys_boot_x 25:sys_time 34:syslog_x 35:wake_alarm 36:block_suspend 38:perfmon 39:bpf; do
	case $cap in *_x) continue ;; esac
	[ $((bnd >> ${cap%:*} & 1)) = 0 ] && pass "no capability ${cap#*:}" || fail "no capability ${cap#*:}"
done
is "init and exec have the same bounds" "$(in_ct 501 "sed -n 's/^CapBnd:.//p' /proc/1/status")" \
	"$(in_ct 501 "sed -n 's/^CapBnd:.//p' /proc/self/status")"

is "processes of the host are not there" "$(in_ct 501 'cat /proc/[0-9]*/comm 2>/dev/null' | grep -cxE 'bash|runner|vz-monitor.*')" 0
settled 501
[ "$(in_ct 501 'ls -d /proc/[0-9]* | wc -l')" -le 8 ] && pass "only its own processes" || fail "only its own processes"
no "signal to the host" 'kill -0 $(($$ + 100000))'
no "mounting a disk" 'mknod /tmp/d b 254 0 && dd if=/tmp/d of=/dev/null bs=512 count=1'
no "device node of memory" 'mknod /tmp/m c 1 1 && head -c 1 /tmp/m'
no "writing /proc/sys/kernel" 'echo 1 >/proc/sys/kernel/panic'
no "writing /proc/sysrq-trigger" 'echo h >/proc/sysrq-trigger'
no "core pattern" 'echo "|/bin/sh" >/proc/sys/kernel/core_pattern'
no "reading /proc/kcore" 'head -c 1 /proc/kcore | grep -q .'
no "reading kernel symbols" 'grep -v "^0000000000000000" /proc/kallsyms | grep -q .'
no "writing /sys" 'for f in /sys/kernel/mm/ksm/run /sys/module/overlay/parameters/redirect_dir; do [ -e $f ] && echo 1 >$f && exit 0; done; exit 1'
no "writing what was remounted" 'mount -o remount,rw /proc/sys; echo 1 >/proc/sys/kernel/panic'
no "kernel modules" 'insmod /nothing.ko || modprobe dummy'
no "setting the clock" 'date -s 2001-01-01; test $(date +%Y) = 2001'
no "raising its own limits" 'for f in $(find /sys/fs/cgroup -maxdepth 1 -name memory.max -o -maxdepth 1 -name pids.max); do echo max >$f && exit 0; done; exit 1'
no "a host path in the mount table" 'grep -E "/vz/|/var/lib/vz|/run/vz|/tmp/vztest" /proc/self/mountinfo'
no "a new user namespace with the host's ids" 'unshare -U sh -c "echo 0 0 1 >/proc/self/uid_map"'
is "init inherits no descriptor" "$(in_ct 501 'for f in /proc/1/fd/*; do readlink $f; done' | grep -v '^/dev/\|^pipe:\|^socket:\|^anon_inode:\|/proc\|^$')" ""
is "exec inherits no descriptor" "$(in_ct 501 'ls /proc/self/fd' | tr '\n' ' ')" "0 1 2 3 "
is "known devices only" "$(in_ct 501 'cd /dev; find . -type c -o -type b' | sed 's,^./,,' |
	grep -vxE 'console|full|null|ptmx|random|tty|tty[0-9]+|urandom|zero|pts/.*|net/tun|fuse')" ""
is "its root is all it sees of the host" "$(in_ct 501 'ls -d /vz /work /etc/vz 2>/dev/null')" ""
is "own cgroup is the root" "$(in_ct 501 'cut -d: -f3 /proc/self/cgroup | sort -u' | grep -v '^/$' | grep -c "$VZTEST_NAME")" 0
is "own host name" "$(in_ct 501 'hostname changed; hostname')" changed
[ "$(hostname)" != changed ] && pass "the host's stays" || fail "the host's stays"
is "links of the host are not there" "$(in_ct 501 'ls /sys/class/net 2>/dev/null || ip -o link | cut -d: -f2' | tr -d ' ' | grep -E '^(eth|up0|vz)')" ""

# Neighbours.
in_ct 502 'echo secret >/root/secret; sleep 1000 & echo started' >/dev/null
no "seeing the neighbour's processes" 'ps | grep "[s]leep 1000"'
is "the neighbour's private files are its own" "$(in_ct 501 'cat /root/secret 2>/dev/null')" ""
gone 501 502
