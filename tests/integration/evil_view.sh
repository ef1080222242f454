# SPDX-License-Identifier: GPL-2.0-or-later
# S02 S08 S09 S36 S71 S72 S73 S80: what a container's root sees and reaches with all that was put before it taken off.
. "$TOP/tests/integration/evil_lib.sh"

mkdir -p /canary
echo canary >/canary/file
up 701 --ipadd 10.77.7.1
up 702 --ipadd 10.77.7.2
arm 701 702
before=$(canary)
mounts=$(sed -E 's/^[0-9]+ [0-9]+ //' /proc/self/mountinfo | sort)

info=$(in_ct 701 cat /proc/self/mountinfo)
is "S08 every mount shows a root of its own" "$(awk '{ print $4 }' <<<"$info" |
	grep -vxE '/|/(null|zero|full|random|urandom|tty)|/(bus|fs|irq|sys|sysrq-trigger|sys/net)|/empty|/[0-9]+|/net/tun|/fuse')" ""
is "S08 no path of the host" "$(grep -E '/vz/|/var/lib|/run/vz| /tmp/| /home/' <<<"$info")" ""
is "S08 nothing goes back: no shared mount" "$(grep -c shared: <<<"$info")" 0
refused "S08 ways out of a root" "$(evil 701 chroot)"
out=$(evil 701 strip)
refused "S08 S71 below what was unmounted lies nothing of the host" "$out"
is "S71 nor is anything writable there, nor readable what was covered" "$(grep '^[WR] ' <<<"$out" | grep -v '^W /proc/pressure/')" ""
is "S71 files of /proc that open for writing" "$(evil 701 writable /proc | sort | tr '\n' ' ')" \
	"W /proc/pressure/cpu W /proc/pressure/io W /proc/pressure/memory "
is "S71 files of /sys that open for writing" "$(evil 701 writable /sys)" ""
is "S73 no device number can be made" "$(evil 701 mknod)" "0 of 262143"
is "S73 devices that open" "$(in_ct 701 'for f in $(find /dev -type c -o -type b); do ( : <$f ) 2>/dev/null && echo $f; done' |
	grep -vxE '/dev/(null|zero|full|random|urandom|console|tty|ptmx|pts/.*)')" ""

out=$(evil 701 cgroup)
refused "S72 limits, moves, groups, v1 hierarchies" "$out"
is "S72 no release agent is in sight" "$(grep -c release_agent <<<"$out")" 0
is "S72 groups made inside are bounded and gone" "$(find /sys/fs/cgroup/unified/$VZTEST_NAME/701 -mindepth 1 -type d -name 'e*' 2>/dev/null | wc -l)" 0
is "S72 own group stands at the root" "$(in_ct 701 'cut -d: -f3 /proc/self/cgroup /proc/1/cgroup | sort -u')" /

vzctl exec 701 '/evil ipc make x >/dev/null &'
sleep 0.3
refused "S80 shared memory, queues, sockets of the neighbour" "$(evil 702 ipc look x)"
refused "S80 nor are they the host's" "$($B/tests/evil ipc look x)"
out=$(evil 701 signals)
is "S80 signals reach its own processes only" "$(sed 's/signalled \([0-9]*\) of \([0-9]*\)/\1 \2/' <<<"$out" | awk '{ print ($1 > 0 && $1 <= $2 + 1) }')" 1
base() { awk '/^Uid:/ { print $2 }' "/proc/$(init_of "$1")/status"; }
a=$(base 701) b=$(base 702)
[ $((a > b ? a - b : b - a)) -ge 65536 ] && [ "$a" -ge 100000 ] && [ "$b" -ge 100000 ] &&
	pass "S09 ranges are disjoint and none is the host's" || fail "S09 ranges are disjoint and none is the host's" "$a $b"
is "S09 no group of the caller is kept" "$(in_ct 701 "sed -n 's/^Groups:[[:space:]]*//p' /proc/1/status /proc/self/status" | tr -d ' \n')" ""
is "S36 environment of a command" "$(SECRET=1 vzctl exec2 701 env </dev/null | sed 's/=.*//' | grep -vxE 'SHLVL|PWD|_' | sort | tr '\n' ' ')" "HOME PATH TERM "
is "S36 environment of init" "$(in_ct 701 "tr '\0' '\n' </proc/1/environ" | sort | tr '\n' ' ')" "HOME=/ TERM=linux container=openvz "
in_ct 701 'echo 7 >/proc/self/oom_score_adj' >/dev/null
is "S02 nobody inherits a protection from the memory killer" "$(in_ct 701 'cat /proc/1/oom_score_adj /proc/self/oom_score_adj' | tr '\n' ' ')" "0 0 "
is "the host is as it was" "$(canary)" "$before"
is "the host's mounts too" "$(sed -E 's/^[0-9]+ [0-9]+ //' /proc/self/mountinfo | sort)" "$mounts"
gone 701 702
rm -r /canary
