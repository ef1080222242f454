# SPDX-License-Identifier: GPL-2.0-or-later
# The host's memory as vzd's policy sees it: no more is promised than may be; under pressure idle memory is taken back, what is
# guaranteed is not, and nobody dies of it; equal pages are merged where that is asked for.
. "$TOP/tests/integration/vzd_lib.sh"

ksm_before=$(cat /sys/kernel/mm/ksm/run 2>/dev/null)
total=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
pct=$(((800 * 1024 * 100 + total - 1) / total))		# room for what runs, not for much more
up 611 --onboot no
up 614 --ram 512M
new 613 --ram $((total / 1024 / 4))M
in_ct 614 'dd if=/dev/zero of=/root/cold bs=1M count=96 2>/dev/null; sync; cat /root/cold >/dev/null' >/dev/null
cold=$(cat /sys/fs/cgroup/{memory/,}"$VZTEST_NAME"/614/memory.stat 2>/dev/null | awk '$1 == "total_cache" || $1 == "file" { print $2; exit }')
[ "${cold:-0}" -gt 50000000 ] && pass "an idle container with cache" || fail "an idle container with cache" "$cold"

vzd_up 'SAMPLE_SEC="1"' "OVERCOMMIT=\"$pct\"" 'RECLAIM_PSI="1"' 'KSM="yes"'
get() {
	api GET "$1" | jq -r "$2"
}

# --- admission -----------------------------------------------------------------------------------------------------
is "what is promised" "$(get /v1/node .memory.promised)" $((768 * 1048576))
is "the limit" "$(get /v1/node .memory.overcommit_limit_pct)" "$pct"
answer=$(api PUT /v1/cts/613/state '{"target":"running"}')
is "one too many is refused" "$(jq -r .status <<<"$answer")" 507
like "with what to do" "$answer" 'OVERCOMMIT.*stop a container, lower a memory limit'
is "and does not run" "$(vzctl status 613)" "CTID 613 exist unmounted down"

# --- reclaim -------------------------------------------------------------------------------------------------------
is "pressure is watched" "$(get /v1/node .policy.reclaim.state)" watching
vzctl set 611 --ram 32M --swap 0 --save >/dev/null
in_ct 611 'dd if=/dev/zero of=/root/hot bs=1M count=120 2>/dev/null; sync' >/dev/null
for n in 1 2 3; do		# more than fits, again and again, by several: they wait for memory
	in_ct 611 'timeout 60 sh -c "while :; do cat /root/hot >/dev/null; done"' >/dev/null &
done
soon "the pressure is noticed" 25 sh -c '[ "$(vzadm call GET /v1/node | jq -r .policy.reclaim.triggers)" -gt 0 ]'
soon "memory is taken back" 25 sh -c '[ "$(vzadm call GET /v1/node | jq -r .policy.reclaim.reclaimed_bytes)" -gt 10000000 ]'
in_ct 611 'kill -9 -1' >/dev/null 2>&1
wait $(jobs -p | grep -v "^$VZD_PID$") 2>/dev/null
events() {
	python3 -c 'import sqlite3
for r in sqlite3.connect("/var/lib/vz/vzd/vzd.db").execute("SELECT type, json FROM event"): print(*r)'
}
events_have() { grep -qE "$1" <<<"$(events)"; }	# stored in batches
soon "who gave is told" 10 events_have 'ct\.policy .*"ctid":614.*reclaim'
soon "the host's pressure, too" 10 events_have 'host\.pressure'
is "it lives" "$(vzctl status 614)" "CTID 614 exist mounted running"
less() { [ "$(get /v1/cts/614/stats .memory.cache)" -lt "$cold" ]; }
soon "and has less cache" 10 less

# --- equal pages ---------------------------------------------------------------------------------------------------
if grep -q . /proc/self/ksm_stat 2>/dev/null && vzctl set 614 --ksm yes --save >/tmp/ksm.out 2>&1; then
	is "the host merges" "$(cat /sys/kernel/mm/ksm/run)" 1
	vzctl stop 614 --fast >/dev/null
	vzctl start 614 >/dev/null
	init=$(init_of 614)
	if grep -q ksm_merge_any "/proc/$init/ksm_stat"; then
		like "init and what it starts may be merged" "$(cat "/proc/$init/ksm_stat")" 'ksm_merge_any: yes'
		like "those of others not" "$(cat "/proc/$(init_of 611)/ksm_stat")" 'ksm_merge_any: no'
	fi
else
	like "a kernel without says so" "$(cat /tmp/ksm.out)" 'cannot merge equal pages'
fi
[ -z "$ksm_before" ] || echo "$ksm_before" >/sys/kernel/mm/ksm/run
gone 611 613 614
vzd_down
loop_free "no callback held the loop up"
vzd_sweep
