# SPDX-License-Identifier: GPL-2.0-or-later
# S10 S111 S112 S113 S115: one container takes all that it can; its neighbour and the host have what they had.
# alone
. "$TOP/tests/integration/evil_lib.sh"

ms() { echo $(($(date +%s%N) / 1000000)); }

up 701 --ram 64M --swap 0 --numproc 100
up 702
arm 701 702

# S10: what is counted by user. Each number must be the neighbour's and the host's too.
vzctl exec2 701 /evil budget 8 200 </dev/null >"$VZTEST_DIR/a" 2>&1 &
sleep 2
evil 702 budget 0 200 >"$VZTEST_DIR/b"
timeout 20 "$B/tests/evil" budget 0 200 >"$VZTEST_DIR/h" 2>&1
for kind in inotify uts ipc sigqueue mq pty; do
	read -r a b h <<<"$(awk -v k=$kind '$1 == k { printf "%s ", $2 }' "$VZTEST_DIR/a" "$VZTEST_DIR/b" "$VZTEST_DIR/h")"
	[ "${a:-0}" -gt 0 ] && [ $((b * 10)) -ge $((a * 9)) ] && pass "S10 $kind: one took $a, the neighbour still $b" ||
		fail "S10 $kind: the neighbour has its own" "first $a, neighbour $b, host $h"
	[ $((h * 10)) -ge $((a * 9)) ] && pass "S10 $kind: the host still $h" || fail "S10 $kind: the host has its own" "first $a, host $h"
done
wait

# S111: a fork bomb.
vzctl exec2 701 '/evil bomb 20 >/dev/null 2>&1 &' </dev/null >/dev/null 2>&1
sleep 1.5
for i in $(seq 60); do		# more of it on a busy machine
	n=$(field numproc 701)
	case $n in *[!0-9]* | "") break ;; esac
	[ "$n" -le 20 ] || break
	sleep 0.25
done
# The bomb's memory may reach the limit first; then the kernel may take init, and the container is down: bounded too.
[ "$n" = - ] && [ "$(field status 701)" = stopped ] && n=100 && vzctl --quiet start 701 >/dev/null
[ "${n:-0}" -gt 20 ] && [ "$n" -le 100 ] && pass "S111 a bomb is bounded ($n processes)" || fail "S111 a bomb is bounded" "$n"
start=$(ms)
ok "S111 the neighbour works" vzctl exec2 702 true
[ $(($(ms) - start)) -le 15000 ] && pass "S111 and at once" || fail "S111 and at once" "$(($(ms) - start)) ms"
start=$(ms)
ok "S111 it can be stopped" vzctl stop 701 --fast
[ $(($(ms) - start)) -le 20000 ] && pass "S111 in $(($(ms) - start)) ms" || fail "S111 in time" "$(($(ms) - start)) ms"

# S112: kill against fork.
left=0
for i in $(seq 15); do
	vzctl --quiet start 701 >/dev/null 2>&1 </dev/null || left=$((left + 100))
	ns=$(readlink "/proc/$(init_of 701)/ns/pid")
	vzctl exec2 701 'for i in 1 2 3; do /evil bomb 5 >/dev/null 2>&1 & done' </dev/null >/dev/null 2>&1
	vzctl --quiet stop 701 --fast >/dev/null 2>&1 </dev/null
	for p in /proc/[0-9]*/ns/pid; do
		[ "$(readlink "$p" 2>/dev/null)" = "$ns" ] && left=$((left + 1))
	done
done
is "S112 nobody survives a stop, 15 times against a forker" "$left" 0

# S113 S115: memory of every kind. What the host may lose is the limit and what its own work needs meanwhile.
avail() { awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo; }
# Others on this machine take memory, too, so what is too much is measured again.
for kind in anon mlock shm ramfs tmpfs memfd pipe socket sysv dentry epoll timer netns mount watch msg sem; do for try in 1 2 3 4; do
	vzctl --quiet start 701 >/dev/null 2>&1 </dev/null
	a=$(avail) low=$(avail)
	timeout 6 vzctl exec2 701 /evil hog $kind 2 </dev/null >"$VZTEST_DIR/a" 2>&1 &
	job=$!
	for i in $(seq 12); do
		sleep 0.15
		b=$(avail)
		[ "$b" -ge "$low" ] || low=$b
	done
	start=$(ms)
	vzctl exec2 702 true >/dev/null 2>&1 </dev/null && [ $(($(ms) - start)) -le 15000 ] || fail "S113 $kind: the neighbour works at once"
	wait "$job"
	vzctl status 701 >/dev/null || fail "S113 $kind: its state is known"
	vzctl --quiet stop 701 --fast >/dev/null 2>&1 </dev/null
	[ $((a - low)) -gt $((64 * 3 + 128)) ] || break
done
[ $((a - low)) -le $((64 * 3 + 128)) ] && pass "S113 S115 $kind: the host lost $((a - low)) MiB of a limit of 64" ||
	fail "S113 S115 $kind: the host lost more than the limit" "$((a - low)) MiB"
done
skip "S115 file locks" "no kernel counts them for a control group"
gone 701 702
rm -f "$VZTEST_DIR/a" "$VZTEST_DIR/b" "$VZTEST_DIR/h"
