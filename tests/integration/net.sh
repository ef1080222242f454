# SPDX-License-Identifier: GPL-2.0-or-later
# Addresses: containers reach each other, the host and the outside (masqueraded); nobody takes another's address.
. "$TOP/tests/integration/lib.sh"

ping='ping -c 1 -W 2'
up 601 --ipadd 10.77.6.1
up 602 --ipadd 10.77.6.2 --ipadd fd00:77::2
ok "container to container" vzctl exec 601 $ping 10.77.6.2
ok "and back" vzctl exec 602 $ping 10.77.6.1
ok "host to container" $ping 10.77.6.1
ok "host to container, IPv6" $ping fd00:77::2
ok "container to host" vzctl exec 601 $ping 192.0.2.1
ok "container to outside" vzctl exec 601 $ping 192.0.2.2
ok "container to the world" vzctl exec 601 $ping 198.51.100.1
outside timeout 60 nc -l -p 7000 -s 198.51.100.1 >/tmp/got 2>/tmp/who -v -n </dev/null &
for n in $(seq 400); do outside ss -Hltn | grep -q ':7000 ' && break; sleep 0.1; done
ok "a TCP stream to the world" vzctl exec 601 'head -c 500000 /dev/zero | nc -w 3 198.51.100.1 7000'
wait $! 2>/dev/null
is "arrives whole" "$(stat -c %s /tmp/got)" 500000
like "from the host's address" "$(cat /tmp/who)" '192\.0\.2\.1'
tap_run outside ping -c 1 -W 1 10.77.6.1
like "outside has no way in" "$TAP_RC" '^[12]$'

# ip -o addr inside
like "address inside" "$(in_ct 601 'ip -4 -o addr show dev venet0')" 'inet 10\.77\.6\.1/32'
like "default route inside" "$(in_ct 601 'ip route')" 'default .*dev venet0'
like "IPv6 inside" "$(in_ct 602 'ip -6 -o addr show dev venet0')" 'inet6 fd00:77::2/128'

says "add, live" 0 "UB limits were set successfully
Adding IP address(es): 10.77.6.11
CT configuration saved to /etc/vz/conf/601.conf" "" vzctl set 601 --ipadd 10.77.6.11 --save
ok "the new one answers" $ping 10.77.6.11
ok "the old one too" $ping 10.77.6.1
says "delete, live" 0 "UB limits were set successfully
Deleting IP address(es): 10.77.6.11
CT configuration saved to /etc/vz/conf/601.conf" "" vzctl set 601 --ipdel 10.77.6.11 --save
rc "it answers no more" 1 ping -c 1 -W 1 10.77.6.11
is "no route stays" "$(ip route show 10.77.6.11)" ""
out_is "the list" "10.77.6.1" vzlist -H -o ip 601
ok "delete what is not there" vzctl set 601 --ipdel 10.77.6.99 --save
says "all at once" 0 "UB limits were set successfully
Deleting all IP address(es): 10.77.6.1
Adding IP address(es): 10.77.6.21
CT configuration saved to /etc/vz/conf/601.conf" "" vzctl set 601 --ipdel all --ipadd 10.77.6.21 --save
ok "replaced" $ping 10.77.6.21
ok "and back again" vzctl set 601 --ipdel all --ipadd 10.77.6.1 --save

# The neighbour's address.
tap_run vzctl set 601 --ipadd 10.77.6.2 --save
like "an address in use is refused" "$TAP_RC" '^(34|78)$'
like "and its holder is named" "$TAP_OUT" '10\.77\.6\.2.*602|602.*10\.77\.6\.2'
ok "the holder still has it" $ping 10.77.6.2
rc "create with it is refused" 78 vzctl create 603 --ostemplate vz-base --ipadd 10.77.6.2
is "and leaves nothing" "$(vzctl status 603)" "CTID 603 deleted unmounted down"
new 603
echo 'IP_ADDRESS="10.77.6.2"' >>/etc/vz/conf/603.conf
tap_run vzctl start 603
like "start with an address in use is refused" "$TAP_RC" '^(34|78)$'
is "and leaves it stopped" "$(vzctl status 603)" "CTID 603 exist unmounted down"
gone 603
tap_run vzctl set 601 --ipadd 192.0.2.1 --save
like "an address of the host is refused" "$TAP_RC" '^(34|78)$'
in_ct 601 'ip addr add 10.77.6.2/32 dev venet0' >/dev/null
rc "a stolen address gets nowhere" 8 vzctl exec 601 'ping -c 1 -W 1 -I 10.77.6.2 192.0.2.1'
ok "its owner keeps it" vzctl exec 602 $ping 192.0.2.1
ok "and is reached" $ping 10.77.6.2
in_ct 601 'ip addr add 10.77.99.9/32 dev venet0' >/dev/null
rc "an address out of nowhere gets nowhere" 8 vzctl exec 601 'ping -c 1 -W 1 -I 10.77.99.9 192.0.2.2'
in_ct 601 'ip link set venet0 address 02:00:00:00:00:99' >/dev/null 2>&1
rc "nor with another hardware address" 8 vzctl exec 601 'ping -c 1 -W 1 -I 10.77.6.2 192.0.2.1'
in_ct 601 'ip addr add fd00:77::2/128 dev venet0 2>/dev/null' >/dev/null
rc "nor over IPv6" 8 vzctl exec 601 'ping -6 -c 1 -W 1 -I fd00:77::2 2001:db8:ffff::1'

nft flush ruleset
ok "start when somebody flushed the rules" vzctl restart 601
ok "traffic flows" vzctl exec 601 $ping 198.51.100.1
in_ct 601 'ip addr add 10.77.6.2/32 dev venet0' >/dev/null
rc "and is filtered" 8 vzctl exec 601 'ping -c 1 -W 1 -I 10.77.6.2 192.0.2.1'
gone 601 602
is "no route stays" "$(ip route show | grep 10.77)" ""
