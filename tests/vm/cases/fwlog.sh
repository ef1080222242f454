# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 120
# `log` of firewall rules really is in the kernel's log, and never more than it says: whoever is refused cannot fill the disk.
# Here, because the kernel logs of network namespaces beside the first one only when that one says so.
. "$TOP/tests/integration/lib.sh"

modprobe -a nf_log_syslog nft_log nft_limit 2>/dev/null
nsenter --net=/proc/self/fd/9 sh -c 'echo 1 >/proc/sys/net/netfilter/nf_log_all_netns' || bail "logging of all namespaces"

# lines WORDS: how many of the kernel's log since the last mark
mark() { from=$(dmesg | wc -l); }
lines() { dmesg | tail -n +$((from + 1)) | grep -c "$1"; }

up 671 --ipadd 10.77.6.71 --ipadd fd00:77::71
ok "rules that log" vzctl set 671 --fw_in drop,log --fw_add 'in accept ping log' --save
mark
ping -q -c 1 -W 20 10.77.6.71 >/dev/null
ping -q -c 1 -W 20 fd00:77::71 >/dev/null
is "what is let in is told" "$(lines 'vz accept: .*DST=10.77.6.71 .*PROTO=ICMP ')" 1
is "over IPv6, too" "$(lines 'vz accept: .*DST=fd00:0077:.*:0071 .*PROTO=ICMPv6 .*TYPE=128 ')" 1
mark
timeout 60 bash -c 'exec 3<>/dev/tcp/10.77.6.71/25' 2>/dev/null & refused=$!
is_told() { [ "$(lines 'vz drop: .*DST=10.77.6.71 .*PROTO=TCP .*DPT=25 ')" -ge 1 ]; }
soon "what is refused is told, with its port" 20 is_told
kill $refused
wait $refused 2>/dev/null

# A flood of what is refused: ten lines a second after the first forty, whatever comes.
mark
begin=$SECONDS
for n in $(seq 400); do echo x >/dev/udp/10.77.6.71/9; done 2>/dev/null
most=$(((SECONDS - begin + 1) * 10 + 45))
got=$(lines 'vz drop: ')
[ "$got" -ge 5 ] && [ "$got" -le $most ] && [ "$got" -lt 400 ] && pass "a flood of 400 is cut short" || fail "a flood of 400 is cut short" "$got lines, at most $most"
ok "no log" vzctl set 671 --fw_in drop --fw_del all --save
mark
(echo x >/dev/udp/10.77.6.71/9) 2>/dev/null
ping -q -c 1 -W 1 10.77.6.71 >/dev/null
is "is silent" "$(lines 'vz drop: \|vz accept: ')" 0
gone 671
