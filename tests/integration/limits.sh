# SPDX-License-Identifier: GPL-2.0-or-later
# Limits bite, at start and when set on a running container; who exceeds them is stopped inside, is counted, and the
# container lives.
. "$TOP/tests/integration/lib.sh"

if [ "$(stat -f -c %T /vz)" = btrfs ]; then
	up 401 --diskspace 60M
	rc "a limit that cannot be enforced is refused" 62 vzctl set 401 --diskinodes 2000 --save
	like "and why" "$TAP_OUT" 'inode'
else
	up 401 --diskspace 60M --diskinodes 2000
fi
ok "memory, no swap" vzctl set 401 --ram 64M --swap 0 --save
is "limit shown in pages" "$(field physpages.l 401)" 16384
hog='tail /dev/zero; echo $?'
like "a memory hog is killed" "$(in_ct 401 "$hog")" '137|Killed|Got signal 9'
is "the container lives" "$(vzctl status 401)" "CTID 401 exist mounted running"
like "the event is counted" "$(field physpages.f 401)" '^[1-9]'
ok "more memory, live" vzctl set 401 --ram 256M --save
ok "what did not fit now fits" vzctl exec 401 'head -c 120000000 /dev/zero | tail -n 1 >/dev/null'
ok "less memory, live" vzctl set 401 --ram 48M --save
like "the lower limit bites" "$(in_ct 401 'head -c 120000000 /dev/zero | tail -n 1 >/dev/null; echo $?')" '137|Killed|signal'

ok "processes" vzctl set 401 --numproc 25 --save
like "a fork bomb stops at the limit" "$(in_ct 401 'i=0; while [ $i -lt 60 ]; do sleep 100 & i=$((i+1)); done; echo through' 2>&1)" \
	"can't fork|Resource temporarily|retry|fork"
like "the event is counted" "$(field numproc.f 401)" '^[1-9]'
[ "$(field numproc 401)" -le 25 ] && pass "never more than the limit" || fail "never more than the limit" "$(field numproc 401)"
in_ct 401 'kill -9 -1' >/dev/null	# a builtin: nothing can be forked
soon "they are gone again" 5 sh -c '[ "$(vzlist -H -o numproc 401)" -lt 6 ]'

# cpu SECONDS: user time in centiseconds of a busy loop that long.
cpu() {
	in_ct 401 "busybox time -f %U+%S timeout $1 sh -c 'while :; do :; done' 2>&1 | tail -n 1" | awk -F+ '{ print int(($1 + $2) * 100) }'
}
# How often the kernel made it wait.
held_back() {
	find /sys/fs/cgroup -path "*/$VZTEST_NAME/*401*" -name cpu.stat -exec awk '$1 == "nr_throttled" { print $2 }' {} + |
		awk '{ n += $1 } END { print n + 0 }'
}
ok "CPU cap" vzctl set 401 --cpulimit 25 --save
for _ in 1 2 3 4; do		# a busy machine may give less, but then does not hold it back
	before=$(held_back) used=$(cpu 3)
	[ "${used:-999}" -gt 110 ] || [ "${used:-0}" -lt 40 ] || break
done
[ "${used:-999}" -le 110 ] && { [ "${used:-0}" -ge 40 ] || [ "$(held_back)" = "$before" ]; } && pass "a quarter of a CPU in 3 s" ||
	fail "a quarter of a CPU in 3 s" "centiseconds: $used"
for _ in 1 2 3 4 5; do		# a busy machine gives one loop no more than a quarter, but four have more than one processor
	before=$(held_back)
	[ "$before" = 0 ] || break
	in_ct 401 'for i in 1 2 3 4; do timeout 3 sh -c "while :; do :; done" & done; wait' >/dev/null
done
before=$(held_back)
[ "$before" -gt 0 ] && pass "it had to wait" || fail "it had to wait" "never"
ok "cap off" vzctl set 401 --cpulimit 0 --save
used=$(cpu 3)		# a busy machine gives less than the whole, but does not hold it back
[ "${used:-0}" -ge 90 ] || [ "$(held_back)" = "$before" ] && pass "a whole CPU without" ||
	fail "a whole CPU without" "centiseconds: $used, held back $before times before, $(held_back) after"
ok "one CPU" vzctl set 401 --cpus 1 --save
in_ct 401 'for i in 1 2 3; do timeout 3 sh -c "while :; do :; done" & done; wait' >/dev/null &
sleep 0.5
group=$(find /sys/fs/cgroup -path "*/$VZTEST_NAME/*401*" \( -name cpuacct.usage -o -name cpu.stat \) 2>/dev/null | head -n 1)
spent() {
	case $group in
	*cpuacct.usage) echo $(($(cat "$group") / 1000)) ;;
	*) awk '$1 == "usage_usec" { print $2 }' "$group" ;;
	esac
}
first=$(spent) start=$(date +%s%N)
sleep 1.5
used=$((($(spent) - first) * 100000 / ($(date +%s%N) - start)))
[ "$used" -le 125 ] && pass "three loops use one CPU" || fail "three loops use one CPU" "percent: $used"
wait

ok "memory for what is written next" vzctl set 401 --ram 128M --save
fill='dd if=/dev/zero of=/root/fill bs=1M count=200 2>&1; sync; ls -l /root/fill | awk "{ print \$5 }"'
out=$(in_ct 401 "$fill")
like "a full disk says so" "$out" 'Disk quota exceeded|No space left'
[ "$(echo "$out" | tail -n 1)" -le $((64 * 1048576)) ] && pass "at the limit" || fail "at the limit" "$out"
ok "more space, live" vzctl set 401 --diskspace 120M --save
out=$(in_ct 401 "$fill")
[ "$(echo "$out" | tail -n 1)" -gt $((90 * 1048576)) ] && pass "the new limit holds" || fail "the new limit holds" "$out"
like "usage is shown" "$(field diskspace 401)" '^[0-9]{5,}$'
ok "room again" vzctl exec 401 'rm /root/fill; sync'
if [ "$(stat -f -c %T /vz)" != btrfs ]; then
	like "inodes" "$(in_ct 401 'mkdir /root/i; i=0; while [ $i -lt 3000 ]; do echo >/root/i/$i || break; i=$((i+1)); done; echo $i')" \
		'Disk quota exceeded|No space left'
	in_ct 401 'rm -r /root/i' >/dev/null
fi
ok "stop" vzctl stop 401 --fast
ok "start with all limits" vzctl start 401
is "memory is limited from the start" "$(field physpages.l 401)" 32768
like "and bites" "$(in_ct 401 "$hog")" '137|Killed|Got signal 9'
gone 401
