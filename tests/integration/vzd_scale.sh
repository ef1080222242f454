# SPDX-License-Identifier: GPL-2.0-or-later
# vzd with 1,000 configured containers: time to be ready, memory, idle CPU, lists.
# seconds: 150
# alone
. "$TOP/tests/integration/vzd_lib.sh"
N=1000

for id in $(seq 10001 $((10000 + N))); do
	cat >"/etc/vz/conf/$id.conf" <<-EOT
		ONBOOT="no"
		PHYSPAGES="0:65536"
		SWAPPAGES="0:0"
		DISKSPACE="1048576:1048576"
		DISKINODES="100000:110000"
		CPUUNITS="1000"
		VE_ROOT="/vz/root/\$VEID"
		VE_PRIVATE="/vz/private/\$VEID"
		OSTEMPLATE="vz-base"
		ORIGIN_SAMPLE="vztest"
		HOSTNAME="host$id.example"
		IP_ADDRESS="10.77.$((id % 250)).$((id / 250 % 250))"
		NAMESERVER="192.0.2.53"
		DESCRIPTION="fixture $id"
	EOT
done
up 901
start=$(date +%s%N)
vzd_up
took=$((($(date +%s%N) - start) / 1000000))
grep 'is ready after' "$VZD_LOG" | sed 's/^/# /'
[ $took -lt 15000 ] && pass "ready in $took ms" || fail "ready in time" "$took ms"
like "it has all of them" "$(cat "$VZD_LOG")" "with $((N + 1)) container"
next= n=0
for page in 1 2 3 4; do
	answer=$(api GET "/v1/cts?limit=500${next:+&cursor=$next}")
	n=$((n + $(jq '.items | length' <<<"$answer")))
	next=$(jq -r '.next // empty' <<<"$answer")
	[ -n "$next" ] || break
done
is "pages of 500 list them all" "$n" $((N + 1))
list=$(PYTHONPATH=$TOP/tests/lib PYTHONDONTWRITEBYTECODE=1 python3 - <<-'EOT'
	import time
	import vzd
	v, times = vzd.Vzd(), []
	v.recv = lambda: vzd.Reply({}, []) if v.recv_raw() else None  # the parse here is not vzd's
	for _ in range(20):
	    start = time.perf_counter()
	    v.call("GET", "/v1/cts?limit=1000")
	    times.append((time.perf_counter() - start) * 1000)
	print(f"{min(times):.1f} {sorted(times)[10]:.1f} {times[0]:.1f}")
	EOT
)
echo "# a list of 1,000: best, median, first: $list ms"
awk "BEGIN { split(\"$list\", t, \" \"); exit !(t[1] > 0 && t[1] < 100) }" && pass "a list of 1,000 is quick" ||
	fail "a list of 1,000 is quick" "$list"
sleep 16		# one round of samples
rss=$(awk '/^VmRSS:/ { print $2 }' "/proc/$VZD_PID/status")
echo "# $rss kB"
[ "$rss" -lt 16384 ] && pass "memory below 16 MB" || fail "memory below 16 MB" "$rss kB"
for try in 1 2 3; do		# the rest of the machine may be busy for a moment
	idle=$(python3 "$TOP/tests/lib/vzd_core.py" cpu "$VZD_PID" 10)
	awk "BEGIN { exit !($idle <= 0.50) }" && break
done
echo "# $idle % of a processor when idle"
awk "BEGIN { exit !($idle <= 0.50) }" && pass "idle: half a percent at most" || fail "idle: half a percent at most" "$idle %"

# a change by hand is seen at once
sed -i 's/^HOSTNAME=.*/HOSTNAME="changed.example"/' /etc/vz/conf/10500.conf
soon "a file that was edited by hand" 2 sh -c 'vzadm call GET /v1/cts/10500 | grep -q changed.example'
rm /etc/vz/conf/10500.conf
soon "and one that was removed" 2 sh -c '! vzadm call GET /v1/cts/10500'

kill -TERM "$VZD_PID"
wait "$VZD_PID"
loop_free "no callback held the loop up"
grep 'stopped after' "$VZD_LOG" | tail -n 1 | sed 's/^/# /'
vzd_down
gone 901
rm -f /etc/vz/conf/10[0-9][0-9][0-9].conf /etc/vz/conf/11000.conf
vzd_sweep
