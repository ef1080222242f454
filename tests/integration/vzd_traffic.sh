# SPDX-License-Identifier: GPL-2.0-or-later
# What vzd does for the network without being asked: a quota of traffic becomes an event, once; a firewall that somebody flushed
# comes back.
# seconds: 40
. "$TOP/tests/integration/vzd_lib.sh"

d=/tmp/vzdt
mkdir -p $d && : >$d/plan && : >$d/log && : >$d/secret
# seen TYPE TEXT: how many events of that type have that text in them
seen() {
	vzadm events --json 2>/dev/null | jq -c "select(.type == \"$1\")" | grep -c -- "$2"
}
is_seen() { [ "$(seen "$1" "$2")" = "$3" ]; }
vzd_up 'WEBHOOK_ALLOW="127.0.0.1"'
python3 "$TOP/tests/lib/vzd_hook.py" 8098 $d/log $d/plan $d/secret 2>>$d/err & receiver=$!
for n in $(seq 800); do nc -z 127.0.0.1 8098 && break; sleep 0.05; done
vzadm --json webhook add --url http://127.0.0.1:8098/vz --types ct.traffic >$d/new && pass "a webhook" || fail "a webhook"
jq -r .secret $d/new >$d/secret
mkdir -p /etc/vz/events
printf '#!/bin/sh\necho traffic $VEID >>/tmp/vzdt/script\n' >/etc/vz/events/vzevent-traffic
chmod 755 /etc/vz/events/vzevent-traffic

# --- notify ---
up 101 --ipadd 10.77.9.31 --trafficquota 1M --trafficaction notify
ok "below" vznetstat -s
is "nothing is told" "$(ls /var/lib/vz/traffic | grep -c over)" 0
vzctl --quiet set 101 --trafficquota 1K --trafficaction notify --save
vzctl exec 101 'ping -q -c 20 -i 0.01 -s 200 192.0.2.1' >/dev/null
ok "above it" vznetstat -s
like "it is in the log" "$(grep 'traffic this month' /var/log/vzctl.log | tail -n 1)" 'Container 101 has used [0-9]* bytes of traffic this month, its quota is 1024: notify'
soon "an event" 10 is_seen ct.traffic '"quota":1024,"action":"notify"' 1
soon "the webhook" 10 grep -q '^200 signed .* ct.traffic 101$' $d/log
is "the script" "$(cat $d/script)" "traffic 101"
is "it runs on" "$(vzctl status 101)" "CTID 101 exist mounted running"
is "and nothing is slower" "$(ls /run/vz/shape 2>/dev/null | wc -l)" 0
ok "again" vznetstat -s
ok "after a restart" vzctl restart 101
ok "again" vznetstat -s
is "is told once" "$(wc -l <$d/script)" 1
vzctl --quiet set 101 --trafficquota 2K --save
ok "another quota, above it too" vznetstat -s
is "is told" "$(wc -l <$d/script)" 2
soon "as another event" 10 is_seen ct.traffic '"quota":2048,"action":"notify"' 1
# what was noted while vzd was away is told by the next one, and only that
vzd_down
vzctl --quiet set 101 --trafficquota 3K --trafficaction stop --save
vznetstat -s >/dev/null
is "without vzd it is stopped, too" "$(vzctl status 101)" "CTID 101 exist unmounted down"
vzd_up 'WEBHOOK_ALLOW="127.0.0.1"'
soon "the next vzd tells" 10 is_seen ct.traffic '"quota":3072,"action":"stop"' 1
is "nothing twice" "$(seen ct.traffic '"quota":1024') $(seen ct.traffic '"quota":2048')" "1 1"
vzctl --quiet set 101 --trafficquota 0 --save

# --- usage by class: what vznetstat counts, once ---
# billed FAMILY: "rx_packets tx_packets" of 103 in class 1, over all hours
billed() {
	api GET "/v1/cts/103/usage?classes=true&step=total" |
		jq -r "[.classes[] | select(.class == 1 and .family == \"$1\")] | \"\([.[].rx_packets] | add) \([.[].tx_packets] | add)\""
}
counted() { vznetstat -v 103 -c 1 "$1" | awk 'NR == 2 { print $4, $6 }'; }
same() { [ "$(billed ipv4)" = "$(counted -4)" ] && [ "$(billed ipv6)" = "$(counted -6)" ]; }
up 103 --ipadd 10.77.9.33 --ipadd fd00:77::33 --owner acme
ping -q -c 7 -i 0.01 10.77.9.33 >/dev/null
ping -q -c 5 -i 0.01 fd00:77::33 >/dev/null
vznetstat -s
soon "what was counted by class is in the usage" 20 same
like "all of it" "$(billed ipv4)" '^7 7$'
ping -q -c 3 -i 0.01 10.77.9.33 >/dev/null
kill -9 "$VZD_PID"; wait "$VZD_PID" 2>/dev/null
vznetstat -s
vzctl --quiet restart 103
ping -q -c 2 -i 0.01 10.77.9.33 >/dev/null
vzd_up 'WEBHOOK_ALLOW="127.0.0.1"'
vzctl --quiet stop 103 --fast
soon "the same after vzd was killed, and a restart, and a stop" 20 same
like "once" "$(billed ipv4)" '^12 12$'
is "by the hour" "$(api GET '/v1/cts/103/usage?classes=true&step=hour' | jq -c '[.classes[] | select(.class == 1 and .family == "ipv4")] | [([.[].rx_packets] | add), (.[0].owner), (.[0].t | test(":00:00"))]')" '[12,"acme",true]'
vznetstat -r -v 103 >/dev/null
sleep 3
like "counting anew takes nothing from the bill" "$(billed ipv4)" '^12 12$'
gone 103

# --- flushed by somebody, while traffic flows ---
vzctl --quiet start 101
up 102 --ipadd 10.77.9.32 --ipadd fd00:77::32 --fw_in drop --fw_add ping --forward_add 'tcp 8070 to 80'
vzctl exec 101 'ping -q -i 0.02 -c 200 10.77.9.32' >$d/ping 2>&1 </dev/null & ping=$!
whole() { nft list chain inet vztest from_ct 2>/dev/null | grep -q drop && nft list map inet vztest fwd4 | grep -q 8070; }
sleep 1
seen_first() { nft list chain inet vztest from_ct >/dev/null 2>&1; }
t0=$(date +%s%N)
nft flush ruleset
t1=$(date +%s%N)
until seen_first || [ $(($(date +%s%N) - t1)) -gt 10000000000 ]; do :; done
t2=$(date +%s%N)
echo "# the flush took $(((t1 - t0) / 1000)) us, the source checks are back $(((t2 - t1) / 1000)) us later"
soon "the tables are back by themselves" 10 whole
soon "and it is told" 10 is_seen alert '"kind":"firewall".*they are back' 1
in_ct 101 'ip addr add 10.77.9.77/32 dev venet0; ip -6 addr add fd00:77::77/128 dev venet0 nodad' >/dev/null 2>&1
rc "spoofing is dropped again" 8 vzctl exec 101 'ping -c 1 -W 1 -I 10.77.9.77 10.77.9.32'
nft flush chain bridge vztest from_veth
guarded() { nft list chain bridge vztest from_veth 2>/dev/null | grep -q drop; }
soon "so are the bridges' rules" 10 guarded
nft delete table inet vztest
soon "and a table that was deleted" 10 whole
wait $ping
like "what flowed went on" "$(cat $d/ping)" '200 packets transmitted, (19[0-9]|200) packets received'
nft add table inet mine
sleep 2
is "nothing is made of what others do" "$(seen alert '"kind":"firewall"')" "$(seen alert 'they are back')"
nft delete table inet mine
gone 101 102
nft flush ruleset
sleep 2
is "without containers nothing is brought back" "$(nft list tables | grep -c vztest)" 0
ok "but by a command" vzfw reload
kill $receiver; wait $receiver 2>/dev/null
vzd_down
vzd_sweep
rm -rf $d /etc/vz/events
