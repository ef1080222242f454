# SPDX-License-Identifier: GPL-2.0-or-later
# Deaths: of the vzctl that starts, of the monitor, of init, of both. The container runs on or is cleanly stopped.
. "$TOP/tests/integration/lib.sh"

up 701 --ipadd 10.77.7.1
state='CTID 701 exist mounted running'
monitor=$(monitor_of 701)
init=$(init_of 701)
ok "the monitor is a process" kill -0 "$monitor"
is "init is its child" "$(awk '{ print $4 }' "/proc/$init/stat")" "$monitor"
like "the monitor's name" "$(cat "/proc/$monitor/comm")" '^vz-monitor'
is "the monitor holds no foreign descriptor" "$(readlink /proc/$monitor/fd/* | grep -E "$TOP|/tmp/|/root|pipe:" )" ""
private=$(awk '/^Anonymous:/ { print $2 }' "/proc/$monitor/smaps_rollup")
[ "$private" -lt 200 ] && pass "the monitor's private memory is small" || fail "the monitor's private memory is small" "$private kB"

kill -9 "$monitor"
soon "its death disturbs nobody" 2 vzctl exec 701 true
is "status after it" "$(vzctl status 701)" "$state"
soon "a new monitor takes over" 3 sh -c "vzctl status 701 >/dev/null; p=\$(cat /run/vz/701/monitor.pid); [ \$p != $monitor ] && kill -0 \$p"
is "init is the same" "$(init_of 701)" "$init"
is "status again" "$(vzctl status 701)" "$state"
ok "stop works" vzctl stop 701
ok "start works" vzctl start 701

kill -9 "$(init_of 701)"
soon "death of init is a stop" 5 sh -c 'vzctl status 701 | grep -qx "CTID 701 exist unmounted down"'
ok "start after it" vzctl start 701
monitor=$(monitor_of 701) init=$(init_of 701)
kill -9 "$monitor" "$init"
soon "death of both is a stop" 5 sh -c 'vzctl status 701 | grep -q "CTID 701 exist .*mounted down"'
ok "start after that" vzctl start 701
monitor=$(monitor_of 701)
kill -STOP "$monitor"
ok "a monitor that hangs stops no exec" timeout 60 vzctl exec 701 true
rc "nor a fast stop" 0 timeout 30 vzctl stop 701 --fast
kill -CONT "$monitor" 2>/dev/null
is "it is down" "$(vzctl status 701)" "CTID 701 exist unmounted down"

n=0 wrong=
for delay in 0.001 0.002 0.004 0.006 0.008 0.010 0.012 0.015 0.018 0.022 0.026 0.030 0.040 0.050 0.070; do
	vzctl start 701 >/dev/null 2>&1 </dev/null &
	starter=$!
	sleep $delay
	kill -9 $starter 2>/dev/null
	wait $starter 2>/dev/null
	vzctl start 701 >/tmp/again 2>&1 </dev/null
	rc=$?
	[ $rc = 0 ] || [ $rc = 32 ] || wrong="$wrong after $delay s: start gave $rc: $(tr '\n' '|' </tmp/again);"
	vzctl exec 701 true >/tmp/again 2>&1 </dev/null || wrong="$wrong after $delay s: exec gave $?: $(cat /tmp/again);"
	vzctl stop 701 --fast >/tmp/again 2>&1 </dev/null || wrong="$wrong after $delay s: stop gave $?: $(cat /tmp/again);"
	n=$((n + 1))
done
is "kill -9 of vzctl at $n moments of a start" "$wrong" ""

vzctl exec2 701 true >/dev/null 2>&1
ok "start" vzctl start 701
vzctl exec 701 'echo $$ >/root/pid; exec sleep 100' &
sleep 0.5
kill -9 $!
wait $! 2>/dev/null
ok "kill -9 of an exec leaves the container alone" vzctl exec 701 true
for round in 1 2 3 4 5; do
	vzctl exec 701 true >/dev/null 2>&1 &
	vzctl restart 701 >/dev/null 2>&1 </dev/null
	wait
done
ok "exec and restart side by side" vzctl exec 701 true
gone 701
