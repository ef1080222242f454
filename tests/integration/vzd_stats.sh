# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 180
# Figures of real containers: what they burn, move, write and run into shows in statistics, history, limits, events, metrics and
# usage; nothing is billed twice, whatever happens to vzd.
. "$TOP/tests/integration/vzd_lib.sh"

new 602
vzd_up 'SAMPLE_SEC="1"'

# get PATH JQ: a value of an answer.
get() {
	api GET "$1" | jq -r "$2"
}

# above NAME GOT LEAST: numbers, fractions too.
above() {
	awk -v g="$2" -v l="$3" 'BEGIN { exit !(g + 0 >= l + 0) }' && pass "$1" || fail "$1" "got '$2', wanted at least $3"
}

below() {
	awk -v g="$2" -v m="$3" 'BEGIN { exit !(g != "" && g + 0 <= m + 0) }' && pass "$1" || fail "$1" "got '$2', wanted at most $3"
}

# burn CENTISECONDS: 601 computes until it has had so much of a processor.
burn() {
	in_ct 601 "while :; do n=0; while [ \$n -lt 10000 ]; do n=\$((n + 1)); done
		read -r _ _ _ _ _ _ _ _ _ _ _ _ _ u s _ </proc/\$\$/stat; [ \$((u + s)) -lt $1 ] || break; done"
}

mkdir -m 1777 "$VZTEST_DIR/disk"
printf '#!/bin/sh\n. /etc/vz/vz.conf\n. ${VE_CONFFILE}\nmount -n --bind %s/disk ${VE_ROOT}/mnt\n' "$VZTEST_DIR" >/etc/vz/conf/601.mount
chmod 755 /etc/vz/conf/601.mount
up 601 --ipadd 10.77.6.1 --name stats --owner acme
id=$(get /v1/cts/601/stats .ctid)
is "statistics of a running one" "$id" 601
above "its processes" "$(get /v1/cts/601/stats .processes)" 1
above "its memory" "$(get /v1/cts/601/stats .memory.used)" 1000
is "its limit" "$(get /v1/cts/601/stats .memory.limit)" 268435456
is "a stopped one has no figures but its disk" "$(get /v1/cts/602/stats '[.cpu, .memory, .state] | @json')" '[null,null,"stopped"]'
is "none of a container that is not there" "$(get /v1/cts/699/stats .status)" 404

# --- what it does shows --------------------------------------------------------------------------------------------
cpu0=$(get /v1/cts/601/stats .cpu.used_s)
burn 100
burnt() { awk -v a="$cpu0" -v b="$(get /v1/cts/601/stats .cpu.used_s)" 'BEGIN { exit !(b - a >= 0.2) }'; }
soon "CPU time" 10 burnt
ping -q -c 20 -i 0.01 -s 1000 10.77.6.1 >/dev/null 2>&1
moved() { [ "$(get /v1/cts/601/stats '[.network.rx_bytes, .network.tx_bytes] | min')" -ge 20000 ]; }
soon "traffic is seen" 10 moved
above "traffic to it" "$(get /v1/cts/601/stats .network.rx_bytes)" 20000
above "and from it" "$(get /v1/cts/601/stats .network.tx_bytes)" 20000
is "by interface" "$(get /v1/cts/601/stats '.network.interfaces[0].name')" venet0
vznetstat -s
above "by class of networks" "$(get /v1/cts/601/stats '.traffic[] | select(.class == 1 and .family == "ipv4").rx_bytes')" 20000
# cgroup v1 charges what is buffered to nobody, so this is not: straight to a disk of the host.
in_ct 601 'dd if=/dev/zero of=/mnt/f bs=1M count=8 oflag=direct 2>&1' >/tmp/direct || fail "straight to the disk" "$(cat /tmp/direct)"
written() {
	[ "$(get /v1/cts/601/stats .io.write_bytes)" -ge 8388608 ]
}
soon "writes" 20 written

# --- limits --------------------------------------------------------------------------------------------------------
is "no limit was hit so far" "$(get /v1/cts/601/limits '.items | length')" 0
vzctl set 601 --ram 48M --swap 0 --numproc 30 --save >/dev/null
in_ct 601 'head -c 120000000 /dev/zero | tail -n 1 >/dev/null' >/dev/null
in_ct 601 'i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done' >/dev/null 2>&1
in_ct 601 'kill -9 -1' >/dev/null
hits() { [ "$(get /v1/cts/601/limits "[.items[] | select(.limit == \"$1\").hits] | add // 0")" -ge 1 ]; }
soon "memory is seen to be hit" 10 hits memory
soon "processes, too" 10 hits processes
above "memory was hit" "$(get /v1/cts/601/limits '.items[] | select(.limit == "memory").hits')" 1
above "processes, too" "$(get /v1/cts/601/limits '.items[] | select(.limit == "processes").hits')" 1
like "when" "$(get /v1/cts/601/limits '.recent[0].time')" '^20[0-9-]*T[0-9:.]*Z$'
is "the operator sees who" "$(get /v1/node '.limit_hits[0].ctid')" 601
kept() {		# stored in batches
	python3 -c 'import sqlite3
for r in sqlite3.connect("/var/lib/vz/vzd/vzd.db").execute("SELECT type FROM event WHERE ctid = 601"): print(r[0])' | grep -qx "$1"
}
soon "an event for the kill" 20 kept ct.oom
soon "and for the limits" 20 kept ct.limit

# --- the host ------------------------------------------------------------------------------------------------------
above "memory of the host" "$(get /v1/node .memory.total)" 100000000
is "promised" "$(get /v1/node .memory.promised)" $((48 * 1048576))
is "one runs" "$(get /v1/node '[.cts.running, .cts.stopped] | @json')" '[1,1]'

# --- history -------------------------------------------------------------------------------------------------------
above "the graph of the hour has a value" "$(get '/v1/cts/601/history?span=hour' '[.series.cpu[] | select(. != null)] | length')" 1
is "sixty of them" "$(get '/v1/cts/601/history?span=hour' '.series.cpu | length')" 60
is "a year has 366" "$(get '/v1/cts/601/history?span=year' '.series.memory | length')" 366
is "no other spans" "$(get '/v1/cts/601/history?span=century' .status)" 400

# --- metrics -------------------------------------------------------------------------------------------------------
cat >/tmp/check_metrics.py <<'EOT'
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as om
from prometheus_client.parser import text_string_to_metric_families as classic
text = sys.stdin.read()
fams = {f.name: f for f in (om if sys.argv[1] == "om" else classic)(text)}
ct = {s.labels["ct"]: s.value for s in fams["vz_ct_cpu_seconds"].samples}
assert ct["601"] > 0.5, ct
assert fams["vz_ct_cpu_seconds"].type == "counter"
assert any(s.labels.get("if") == "venet0" and s.value > 1000 for s in fams["vz_ct_net_rx_bytes"].samples)
assert any(s.labels["state"] == "stopped" and s.labels["ct"] == "602" for s in fams["vz_ct_state"].samples)
assert fams["vz_api_seconds"].type == "histogram"
assert len([n for n in fams if n.startswith("vz_ct_")]) >= 28, len(fams)
print("ok", len(fams))
EOT
api GET /metrics >/tmp/metrics.txt
counted() {
	api GET /metrics | grep '^vz_ct_traffic_tx_bytes_total{ct="601"' | grep -qE 'class="1",family="ipv4"} [0-9]{5}'
}
soon "traffic by class for a scraper, within a minute" 120 counted
like "metrics as Prometheus reads them" "$(python3 /tmp/check_metrics.py classic </tmp/metrics.txt 2>&1)" '^ok'

token=$(vzadm token add --role admin --description scraper | grep -o -m1 'vz1_[A-Za-z0-9_-]*' | head -n 1)
web() {
	curl -s -m 60 --unix-socket /run/vz/api.sock -H "Authorization: Bearer $token" "$@"
}
soon "vzweb is there" 5 sh -c 'curl -s -m 2 --unix-socket /run/vz/api.sock http://x/v1/health | grep -q ok'
like "as OpenMetrics" "$(web -H 'Accept: application/openmetrics-text; version=1.0.0' http://x/metrics | python3 /tmp/check_metrics.py om 2>&1)" '^ok'
like "its type" "$(web -i -H 'Accept: application/openmetrics-text' http://x/metrics | head -n 20)" 'application/openmetrics-text; version=1.0.0'
like "requests are counted" "$(web http://x/metrics)" 'vz_api_requests_total\{route="ct.stats.get",status="200"\} [1-9]'
like "commits, too" "$(web http://x/metrics)" 'vz_sqlite_commit_seconds_count [1-9]'

# --- usage ---------------------------------------------------------------------------------------------------------
# used FIELD: what is billed to 601.
used() {
	get '/v1/cts/601/usage?step=total' ".total.$1"
}
# The truth: what the kernel counts of this start, and of those before it.
kernel_cpu() {
	get /v1/cts/601/stats .cpu.used_s
}
# Waits until so many seconds are billed; a busy machine samples late.
billed() {
	local n
	for n in $(seq 80); do
		[ "$(awk "BEGIN { print ($(used cpu_s) >= $1) }")" = 1 ] && break
		sleep 0.5
	done
}
sleep 1.5
billed 0.5
now=$(kernel_cpu)
first=$(used cpu_s)
above "CPU time is billed" "$first" 0.5
below "never more than was used" "$first" "$(awk "BEGIN { print $now + 1 }")"
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
burn 100
vzd_up 'SAMPLE_SEC="1"'
billed "$first + 0.3"
second=$(used cpu_s)
above "what was used while vzd was dead is billed" "$(awk "BEGIN { print $second - $first }")" 0.3
for n in 1 2 3 4 5; do
	kill -9 "$VZD_PID"
	wait "$VZD_PID" 2>/dev/null
	vzd_up 'SAMPLE_SEC="1"'
	sleep 1.2
done
billed "$(kernel_cpu) - 0.5"
third=$(used cpu_s)
now=$(kernel_cpu)
below "five more kills of vzd bill nothing twice" "$third" "$(awk "BEGIN { print $now + 0.5 }")"
above "and lose nothing" "$third" "$(awk "BEGIN { print $now - 0.5 }")"
before=$now
burn 60
ok "stop" vzctl stop 601 --fast
ok "start" vzctl start 601
billed "$before + 0.3"
now=$(kernel_cpu)
fourth=$(used cpu_s)
above "the last second before a stop is billed" "$fourth" "$(awk "BEGIN { print $before + 0.3 }")"
below "once" "$fourth" "$(awk "BEGIN { print $before + $now + 2.5 }")"
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
vzctl stop 601 --fast >/dev/null
vzctl start 601 >/dev/null
burn 100
vzctl stop 601 --fast >/dev/null
vzctl start 601 >/dev/null
vzd_up 'SAMPLE_SEC="1"'
billed "$fourth + 0.6"
above "a whole start that nobody saw is billed by its record" "$(awk "BEGIN { print $(used cpu_s) - $fourth }")" 0.6
above "memory" "$(used mem_gib_h)" 0.0000001
like "as a table" "$(web -H 'Accept: text/csv' 'http://x/v1/usage?owner=acme&step=day')" '^time,ctid,owner,cpu_s,mem_gib_h'
like "with its rows" "$(web -H 'Accept: text/csv' 'http://x/v1/usage?owner=acme&step=day')" 'Z,601,acme,[0-9.]+,'
is "nothing for strangers" "$(get '/v1/usage?owner=nobody' '.items | length')" 0

gone 601 602
soon "the history goes with the container" 5 sh -c '! test -e /var/lib/vz/vzd/history/601'
above "its usage stays" "$(get '/v1/usage?owner=acme&step=total' '.total.cpu_s')" 1
vzd_down
loop_free "no callback held the loop up"
vzd_sweep
