# SPDX-License-Identifier: GPL-2.0-or-later
# Traffic by class, family and month: what is counted, and that it is counted once, whatever dies or is flushed meanwhile.
. "$TOP/tests/integration/lib.sh"

cat >/etc/vz/conf/networks_classes <<'END'
1 0.0.0.0/0
1 ::/0
2 198.51.100.0/24	# the world of these tests
0 192.0.2.2
END
# packets CTID CLASS [OPTION]: "received sent" of one row.
packets() {
	vznetstat ${3:-} -v "$1" -c "$2" | awk 'NR==2 { print $4, $6 }'
}
bytes() {
	vznetstat -v "$1" -c "$2" | awk 'NR==2 { print $3, $5 }'
}
ping='ping -q -i 0.01 -W 20'

up 611 --ipadd 10.77.6.11 --ipadd fd00:77::11
ok "ten packets to class 2" vzctl exec 611 $ping -c 10 198.51.100.1
is "are ten there and ten back" "$(packets 611 2)" "10 10"
is "of 84 bytes each" "$(bytes 611 2)" "840 840"
ok "five to what is not counted" vzctl exec 611 $ping -c 5 192.0.2.2
is "are not" "$(packets 611 1 -4)" "0 0"
is "nor in class 0" "$(packets 611 0)" "0 0"
ok "three to the host" vzctl exec 611 $ping -c 3 192.0.2.1
is "are class 1" "$(packets 611 1 -4)" "3 3"
ok "four over IPv6" ping -q -i 0.01 -c 4 fd00:77::11
like "are class 1 of IPv6" "$(packets 611 1 -6)" '^([4-9]|[12][0-9]) 4$'	# a multicast report of the host may be among them
like "and of both" "$(packets 611 1)" '^([7-9]|[1-3][0-9]) 7$'
like "the month has all" "$(vznetstat -m -v 611 | awk 'NR==2 { print $4, $6 }')" '^(1[7-9]|[2-4][0-9]) 17$'
rc "a class that is nowhere" 1 vznetstat -c 9

# --- it stays ---
ok "restart" vzctl restart 611
is "after it" "$(packets 611 2)" "10 10"
ok "two more" vzctl exec 611 $ping -c 2 198.51.100.1
is "on top" "$(packets 611 2)" "12 12"
vzctl --quiet stop 611 --fast
is "down" "$(packets 611 2)" "12 12"
is "down, and not asked for by name" "$(vznetstat | grep -c ' 611 ')" 0
is "down, with -a" "$(vznetstat -a | grep -c '^ *611 *2 ')" 1
vzctl --quiet start 611 >/dev/null
vzctl exec 611 $ping -c 2 198.51.100.1 >/dev/null
kill -9 "$(init_of 611)"
for n in $(seq 800); do vzctl status 611 | grep -q ' unmounted down' && break; sleep 0.05; done
is "killed" "$(packets 611 2)" "14 14"

# --- once, wherever a stop is killed ---
vzctl --quiet start 611 >/dev/null
killed=0
for point in 5 15 25 35 45 60 80; do
	timeout 60 vzctl exec 611 $ping -c 1 198.51.100.1 >/dev/null 2>&1
	timeout 60 "$KILLAT" -n "$point" -- vzctl --quiet stop 611 --fast >/dev/null 2>&1
	[ $? = 137 ] && killed=$((killed + 1))
	vzctl --quiet stop 611 --fast >/dev/null 2>&1
	vzctl --quiet start 611 >/dev/null 2>&1
done
is "stops that were killed" "$(packets 611 2)" "21 21"
between "were killed" "$killed" 5 7

# --- flushed by somebody ---
vzctl exec 611 $ping -c 1 198.51.100.1 >/dev/null
is "before a flush" "$(packets 611 2)" "22 22"
nft flush ruleset
vzctl --quiet set 611 --ipadd 10.77.6.12
vzctl exec 611 $ping -c 3 198.51.100.1 >/dev/null
is "after it" "$(packets 611 2)" "25 25"

# --- a half-written record is none ---
vznetstat -s
for f in /var/lib/vz/traffic/611.0 /var/lib/vz/traffic/611.1; do cp "$f" "/tmp/${f##*/}"; done
newest=$(grep -H '^end' /var/lib/vz/traffic/611.[01] | sort -k2n | tail -1 | cut -d: -f1)
truncate -s 60 "$newest"
is "a cut record" "$(packets 611 2)" "25 25"

# --- new classes while it runs ---
echo '3 198.51.100.0/25' >>/etc/vz/conf/networks_classes
ok "loaded" vznetstat -l
vzctl exec 611 $ping -c 2 198.51.100.1 >/dev/null
is "count at once" "$(packets 611 3)" "2 2"
is "and keep what was there" "$(packets 611 2)" "25 25"
echo '1 oops' >>/etc/vz/conf/networks_classes
says "a line that says nothing" 1 "" "vznetstat: /etc/vz/conf/networks_classes: line 6: 'oops' is not a network like 10.0.0.0/8 or 2001:db8::/32" vznetstat -l
sed -i '$d' /etc/vz/conf/networks_classes

# --- anew ---
vznetstat -r -v 611 >/dev/null
is "-r begins anew" "$(packets 611 2)" "0 0"
is "and leaves the month" "$(vznetstat -m -v 611 | awk 'NR==2 { print ($4 > 30) }')" 1
vzctl --quiet stop 611 --fast
vzctl --quiet destroy 611 >/dev/null
is "destroyed" "$(ls /var/lib/vz/traffic | grep -c '^611')" 0

# --- bridged ---
ip link add vmbrt type bridge
ip addr add 10.78.0.1/24 dev vmbrt
ip link set vmbrt up
new 612
vzctl --quiet set 612 --netif_add eth0,,,,vmbrt --save >/dev/null
vzctl --quiet start 612 >/dev/null
in_ct 612 'ip link set eth0 up; ip addr add 10.78.0.2/24 dev eth0' >/dev/null
ok "over a bridge" ping -q -i 0.01 -c 6 -W 2 10.78.0.2
like "is counted" "$(packets 612 1 -4)" '^([6-9]|[1-3][0-9]) 6$'	# multicast of the host, too
gone 612
ip link del vmbrt
rm -f /etc/vz/conf/networks_classes
ok "the classes go" vznetstat -l
