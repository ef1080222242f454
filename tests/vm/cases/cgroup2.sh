# SPDX-License-Identifier: GPL-2.0-or-later
# cgroup v2 with every controller: what `set` writes, what bites, what the container may do with its own part.
. "$TOP/tests/integration/lib.sh"

up 901 --ipadd 10.77.9.1
group=$(sed -n 's/^0:://p' "/proc/$(init_of 901)/cgroup")
top=/sys/fs/cgroup$group
like "its group is below ours" "$group" "/$VZTEST_NAME/"
until [ -z "$top" ] || [ "$(cat "$top/memory.max" 2>/dev/null || echo max)" != max ]; do top=${top%/*}; done
like "memory.max is set at start" "$(cat "$top/memory.max")" '^268435456$'
ok "set all" vzctl set 901 --ram 64M --swap 0 --numproc 40 --cpuunits 500 --cpulimit 50 --save
is "memory.max" "$(cat "$top/memory.max")" 67108864
is "memory.swap.max" "$(cat "$top/memory.swap.max")" 0
is "pids.max" "$(cat "$top/pids.max")" 40
is "cpu.weight" "$(cat "$top/cpu.weight")" 50
like "cpu.max" "$(cat "$top/cpu.max")" '^50000 100000$'
in_ct 901 'tail /dev/zero' >/dev/null
ok "guarantee" vzctl set 901 --vmguarpages 4096 --save
is "memory.low" "$(cat "$top/memory.low")" 16777216
is "no more and no less is protected above it" "$(cat "${top%/*}/memory.low")" 16777216
ok "none" vzctl set 901 --vmguarpages 0 --save
is "memory.low is 0 again" "$(cat "$top/memory.low") $(cat "${top%/*}/memory.low")" "0 0"
like "oom_kill is counted" "$(sed -n 's/^oom_kill //p' "$top/memory.events")" '^[1-9]'
is "the container lives" "$(vzctl status 901)" "CTID 901 exist mounted running"
ok "it sees its own tree" vzctl exec 901 'test -e /sys/fs/cgroup/cgroup.procs'
rc "it cannot raise its own limit" 8 vzctl exec 901 'echo max >/sys/fs/cgroup/memory.max'
is "limit unchanged" "$(cat "$top/memory.max")" 67108864
ok "it can make groups" vzctl exec 901 'mkdir /sys/fs/cgroup/mine && rmdir /sys/fs/cgroup/mine'
rc "no device node but the known" 8 vzctl exec 901 'mknod /tmp/d b 254 0 && head -c 1 /tmp/d'
ok "the known ones work" vzctl exec 901 'head -c 10 /dev/urandom >/dev/null && : </dev/zero'
# A guest that has divided its group and used up its groups: who would enter has no place within the limits.
ok "the guest divides its group" vzctl exec 901 'cd /sys/fs/cgroup && mkdir sub &&
	for p in $(cat cgroup.procs); do echo $p >sub/cgroup.procs; done 2>/dev/null; echo +pids >cgroup.subtree_control'
ok "exec into a divided group" vzctl exec 901 true
vzctl exec 901 'rm -f /tmp/ran; rmdir /sys/fs/cgroup/.vz' >/dev/null 2>&1
for n in $(seq 400); do [ -d "$top/.vz" ] && ! rmdir "$top/.vz" 2>/dev/null || break; sleep 0.05; done	# who is in it ends
echo 1 >"$top/cgroup.max.descendants"
rc "no place within its limits: nobody enters" 3 vzctl exec2 901 'touch /tmp/ran'
echo 4096 >"$top/cgroup.max.descendants"
rc "and nothing ran" 8 vzctl exec 901 'test -e /tmp/ran'
ok "freeze" vzctl chkpnt 901 --suspend
is "frozen" "$(sed -n 's/^frozen //p' "$top/cgroup.events")" 1
ok "thaw" vzctl chkpnt 901 --resume
ok "stop of a whole tree" vzctl stop 901 --fast
soon "the group is gone" 20 test ! -d "$top"
gone 901
