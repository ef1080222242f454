# SPDX-License-Identifier: GPL-2.0-or-later
# What vzd sees and does by itself: events of what vzctl and guests do, the restart policy, the start at boot with order and
# dependencies, monitors and containers that lose one another.
# seconds: 150
. "$TOP/tests/integration/vzd_lib.sh"

vzd_up
EVENTS=$VZTEST_DIR/events
# follow N: the events after this number, as they come.
follow() {
	vzadm events --follow --since "$1" --json >>"$EVENTS" 2>/dev/null </dev/null &
	EVENTS_PID=$!
}
follow 0

# await TEXT REGEX [SECONDS]: such an event comes.
await() {
	local n
	for n in $(seq $((${3:-40} * 10))); do
		grep -qE "$2" "$EVENTS" && { pass "$1"; return; }
		sleep 0.1
	done
	fail "$1" "no event $2 in:" "$(tail -5 "$EVENTS")"
}
event() { echo "\"type\":\"$1\",\"ctid\":$2[,}]"; }
mark() { : >"$EVENTS"; }

new 101
await "vzctl create is an event" "$(event ct.created 101)"
vzctl start 101 >/dev/null 2>&1
await "so is vzctl start" "$(event ct.started 101)"
vzctl set 101 --description x --save >/dev/null
await "and vzctl set" "$(event ct.config 101)"
vzctl chkpnt 101 --suspend >/dev/null
await "and a freeze" "$(event ct.frozen 101)"
vzctl chkpnt 101 --resume >/dev/null
await "and a thaw" "$(event ct.thawed 101)"
vzctl exec 101 reboot >/dev/null 2>&1
await "a guest's reboot" "$(event ct.rebooted 101)"
vzctl exec 101 poweroff >/dev/null 2>&1
await "a guest's poweroff, with its reason" "$(event ct.stopped 101).*\"reason\":\"halt\""

echo "# restart policy"
vzctl set 101 --restart_policy on-failure --restart_max 2 --save >/dev/null
vzctl start 101 >/dev/null 2>&1
await "it runs" "$(event ct.started 101)"
mark
kill -9 "$(init_of 101)"
await "a crash is restarted" "$(event ct.policy 101).*\"action\":\"restart\""
await "and runs again" "$(event ct.started 101)"
mark
kill -9 "$(init_of 101)"
await "twice" "$(event ct.started 101)"
mark
kill -9 "$(init_of 101)"
await "but not a third time within the hour" "$(event ct.failed 101).*restarts"
sleep 1
becomes "it stays down" stopped field status 101
vzctl set 101 --restart_policy always --restart_max 50 --save >/dev/null
mark
vzctl start 101 >/dev/null 2>&1
await "by hand it starts" "$(event ct.started 101)"
mark
vzctl stop 101 --fast >/dev/null 2>&1
await "who stops it stops it" "$(event ct.stopped 101).*\"reason\":\"stop\""
sleep 2
becomes "whatever the policy" stopped field status 101
vzctl start 101 >/dev/null 2>&1
await "it runs" "$(event ct.started 101)"
last=$(tail -n 1 "$EVENTS" | jq .seq)
mark
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
kill -9 "$(init_of 101)"
sleep 1.5
kill "$EVENTS_PID" 2>/dev/null
vzd_up
follow "$last"
for n in $(seq 400); do [ "$(field status 101)" = running ] && break; sleep 0.1; done
is "a crash while vzd was dead is restarted by the next one" "$(field status 101)" running

await "and what happened meanwhile is told" "$(event ct.rebooted 101)|$(event ct.stopped 101)|$(event ct.started 101)"

echo "# init and monitor both gone"
mark
kill -9 "$(monitor_of 101)" "$(init_of 101)"
await "it is cleaned up and restarted" "$(event ct.started 101)"
vzctl set 101 --restart_policy no --save >/dev/null

echo "# start at boot"
for id in 201 202 203 204; do new "$id"; done
vzctl set 201 --onboot yes --bootorder 10 --start_after 202 --save >/dev/null
vzctl set 202 --onboot yes --bootorder 5 --start_delay 1 --save >/dev/null
vzctl set 203 --onboot yes --start_after 204 --save >/dev/null
vzctl set 204 --onboot yes --start_after 203 --disabled yes --save >/dev/null
mark
vzhost boot start >"$VZTEST_DIR/boot" 2>&1
like "vzhost boot starts them through vzd" "$(cat "$VZTEST_DIR/boot")" 'Container 201 start: \[OK\]'
like "one that cannot start is told" "$(cat "$VZTEST_DIR/boot")" 'Container 204 start: \[FAILED\]'
is "the others run" "$(for id in 201 202 203; do field status $id; done | xargs)" "running running running"
await "which is told" "$(event ct.started 201)"
order=$(grep -oE '"type":"ct.started","ctid":20[0-9]' "$EVENTS" | grep -oE '20[0-9]$' | xargs)
like "202 before 201, whatever their boot order" "$order" '202.*201'
at() { grep -E "$(event ct.started "$1")" "$EVENTS" | head -1 | jq -r .time; }
delay=$(($(date -d "$(at 201)" +%s%3N) - $(date -d "$(at 202)" +%s%3N)))
[ "$delay" -ge 950 ] && pass "and START_DELAY between them ($delay ms)" || fail "START_DELAY is kept" "$delay ms"

echo "# shutdown of the host"
ok "vzd stops all" vzadm call POST /v1/node/shutdown
for n in $(seq 400); do [ -z "$(vzlist -H -o ctid 2>/dev/null)" ] && break; sleep 0.1; done
is "nothing runs" "$(vzlist -H -o ctid 2>/dev/null)" ""

kill "$EVENTS_PID" 2>/dev/null
gone 101 201 202 203 204
vzd_down
vzd_sweep
rm -f /run/vz/up
vzhost boot start >/dev/null 2>&1
rm -f /var/lib/vzctl/vzreboot/*
