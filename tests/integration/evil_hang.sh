# SPDX-License-Identifier: GPL-2.0-or-later
# S06 S07 S33: a guest that never answers. Every command ends within a second, or within the time that is written down:
# 10 s for files inside, the stop timeout for a graceful stop, 60 s for a password. That is on a quiet machine; what hangs
# would hang for a minute or for ever, so three times as much, and twenty seconds, are no less of a test.
. "$TOP/tests/integration/evil_lib.sh"

# within TEXT SECONDS CMD...: ends in that time, whatever its status.
within() {
	local text=$1 limit=$(($2 * 3 + 20)) start=$(date +%s%N) rc ms
	shift 2
	timeout -k 1 $((limit + 5)) "$@" >/tmp/within.out 2>&1 </dev/null
	rc=$?
	ms=$((($(date +%s%N) - start) / 1000000))
	[ "$rc" -lt 124 ] && [ "$ms" -le $((limit * 1000)) ] && pass "$text" || fail "$text" "$ms ms, status $rc" "$(tail -3 /tmp/within.out)"
}

# Commands that read nothing of the guest's.
quick() {
	within "$1: vzlist" 1 vzlist -a
	within "$1: vzlist, all columns" 1 vzlist -a -o ctid,hostname,numproc,physpages,laverage,uptime,diskspace,ip 701
	within "$1: status" 1 vzctl status 701
	within "$1: set of limits" 1 vzctl set 701 --ram 200M --cpuunits 500 --save
	within "$1: set of the network" 2 vzctl set 701 --ipadd 10.77.7.9 --ipdel 10.77.7.9 --save
	within "$1: other containers" 2 vzctl exec2 702 true
}

up 701 --ipadd 10.77.7.1 --ram 128M --swap 0
up 702
arm 701

# Everything that can be covered is covered by a tmpfs with files of the guest's choice (CVE-2025-52881, -2019-19921).
in_ct 701 'for d in /proc /sys /etc /run /dev/pts /dev/shm; do mount -t tmpfs none $d; done; mkdir -p /proc/1 /proc/self/attr /proc/sys/kernel; echo 0 >/proc/1/status; echo "Seccomp: 0" >/proc/self/status' >/dev/null
quick "S06 tmpfs over all"
within "S06 tmpfs over all: exec" 1 vzctl exec2 701 /evil families
within "S06 tmpfs over all: enter" 2 bash -c 'echo exit | vzctl enter 701'
within "S06 tmpfs over all: host name" 2 vzctl set 701 --hostname later --nameserver 192.0.2.9 --save
is "S06 what the host knows is the kernel's" "$(sed -n 's/^Seccomp:.//p' "/proc/$(init_of 701)/status")" 2
within "S06 tmpfs over all: stop" 3 vzctl stop 701 --fast

# FUSE, where the administrator gave it.
if grep -qw fuse /proc/filesystems && [ -c /dev/fuse ]; then
	mode=$(stat -c %a /dev/fuse)
	chmod 666 /dev/fuse		# the node is the host's; elsewhere everybody may open it
	ok "S07 the device is given" vzctl set 701 --devnodes fuse:rw --save
	ok "S07 start" vzctl start 701
	for d in /etc /root /run /proc; do vzctl exec2 701 "/evil fuse $d 200 >/dev/null 2>&1 &" </dev/null >/dev/null; done
	fuses() { [ "$(grep -c ' fuse ' "/proc/$(init_of 701)/mountinfo")" = 4 ]; }
	soon "S07 FUSE is mounted" 10 fuses
	quick "S07 FUSE that never answers"
	within "S07 FUSE: a host name is given up after 10 s, and its undo" 26 vzctl set 701 --hostname stuck --save
	like "S07 FUSE: and says so" "$(cat /tmp/within.out)" 'too long'
	within "S07 FUSE: and holds no lock" 2 vzctl set 701 --cpuunits 700 --save
	within "S07 FUSE: stop" 4 vzctl stop 701 --fast
	chmod "$mode" /dev/fuse
	ok "S07 the device is taken back" vzctl set 701 --devnodes fuse:none --save
else
	skip "S07 FUSE that never answers" "the kernel has no FUSE"
fi
ok "S07 start" vzctl start 701

# What a command leaves behind keeps talking.
slow_reader() {
	while [ "$(dd bs=4096 count=1 2>/dev/null | wc -c)" -gt 0 ]; do sleep 0.01; done
}
for how in "/bin/busybox yes" "/bin/busybox yes >&2"; do
	timeout 60 vzctl exec2 701 "$how & sleep 0.1; exit 3" 2>&1 </dev/null | slow_reader
	is "S33 exec ends with its command, not with what keeps writing" "${PIPESTATUS[0]}" 3
	in_ct 701 'kill -9 $(pidof busybox yes)' >/dev/null
done

# A tracer that keeps the dead: their exit status never comes.
vzctl exec2 701 /evil hold 15 >/tmp/held 2>&1 </dev/null &
sleep 0.5
within "S03 S07 a tracer inside: exec ends" 3 vzctl exec2 701 'sleep 0.2'
within "S03 S07 a tracer inside: enter ends" 4 bash -c '(sleep 0.3; echo exit) | vzctl enter 701'
within "S03 S07 a tracer inside: stop" 5 vzctl stop 701 --fast
wait
ok "S07 start" vzctl start 701

# The guest's own programs hang.
in_ct 701 'printf "#!/bin/busybox sh\nexec sleep 1000\n" >/sbin/p; chmod 755 /sbin/p; mv /sbin/p /sbin/poweroff' >/dev/null
echo 'STOP_TIMEOUT="3"' >>/etc/vz/conf/701.conf
within "S07 a poweroff that sleeps: stop" 5 vzctl stop 701
ok "S07 start" vzctl start 701
echo 'sleep 1000' >/etc/vz/conf/701.stop
within "S07 a stop script that sleeps: stop --fast" 13 vzctl stop 701 --fast
rm -f /etc/vz/conf/701.stop
ok "S07 start" vzctl start 701

# The console without a reader, then with one that has stopped reading.
rss() { awk '/^(RssAnon|RssShmem):/ { n += $2 } END { print n }' "/proc/$(monitor_of 701)/status"; }
fds() { ls "/proc/$(monitor_of 701)/fd" | wc -l; }
has_console() { ls -l "/proc/$(monitor_of 701)/fd" | grep -q pts/; }
soon "S33 the monitor has heard that the start is through" 10 has_console
rss0=$(rss) fds0=$(fds)
vzctl exec2 701 'timeout 4 yes "$(head -c 4000 /dev/zero | tr "\0" x)" >/dev/console' </dev/null >/dev/null 2>&1 &
flood=$!
sleep 0.5
within "S33 console flood: exec" 1 vzctl exec2 701 true
timeout 3 vzctl console 701 </dev/zero >/dev/null 2>&1 &
sleep 9 | timeout 8 vzctl console 701 2>/dev/null | sleep 5 &
sleep 1
within "S33 and a reader that does not read" 1 vzctl exec2 701 true
for i in $(seq 30); do timeout -s KILL 0.02 vzctl console 701 >/dev/null 2>&1 </dev/null; done
wait "$flood"
[ $(($(rss) - rss0)) -le 256 ] && pass "S33 the monitor does not grow" || fail "S33 the monitor does not grow" "$rss0 KiB, then $(rss)"
wait
few() { [ "$(fds)" -le "$((fds0 + 1))" ]; }
soon "S33 its descriptors come back" 5 few
gone 701 702
rm -f /tmp/within.out
