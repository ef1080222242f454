# SPDX-License-Identifier: GPL-2.0-or-later
# Addresses: containers reach each other, the host and the outside (masqueraded); nobody takes another's address.
. "$TOP/tests/integration/lib.sh"

ping='ping -c 1 -W 20 -w 20'
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
ok "a TCP stream to the world" vzctl exec 601 'head -c 500000 /dev/zero | nc -w 20 198.51.100.1 7000'
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

# What leads to a container takes no room in the table of neighbours, which a container could fill.
is "neighbours for good" "$(ip neigh show dev vz602 nud permanent | awk '{ print $1 }' | sort | xargs)" "10.77.6.2 fd00:77::2"
is "inside, too" "$(ip netns exec 602 ip neigh show dev venet0 nud permanent | awk '{ print $1 }' | sort | xargs)" "169.254.0.1 fe80::1"
ok "an address more" vzctl set 602 --ipadd 10.77.6.55
is "is one" "$(ip neigh show dev vz602 nud permanent | grep -c '^10\.77\.6\.55 ')" 1
ok "an address less" vzctl set 602 --ipdel 10.77.6.55
is "is none" "$(ip neigh show dev vz602 | grep -c '^10\.77\.6\.55 ')" 0

# Two at once: one gets the address, the other is told who has it.
both() {	# TEXT CMD1 CMD2
	local a b
	sh -c "$2" >/tmp/race.a 2>&1 & a=$!
	sh -c "$3" >/tmp/race.b 2>&1 & b=$!
	wait $a; a=$?
	wait $b; b=$?
	case $a.$b in 0.0) fail "$1" "both got it" ;; 0.*|*.0) raced="$raced$((a + b)) " ;; *) fail "$1" "$a $(cat /tmp/race.a)" "$b $(cat /tmp/race.b)" ;; esac
	cat /tmp/race.a /tmp/race.b | grep -qE 'address 10\.77\.6\.99 is (already used by the container behind|in use by interface) vz60[1-4]' ||
		fail "$1" "not told who" "$(cat /tmp/race.a /tmp/race.b)"
}
raced=
for n in 1 2 3 4 5; do
	both "two sets" 'vzctl set 601 --ipadd 10.77.6.99' 'vzctl set 602 --ipadd 10.77.6.99'
	vzctl set 601 --ipdel 10.77.6.99 >/dev/null 2>&1
	vzctl set 602 --ipdel 10.77.6.99 >/dev/null 2>&1
done
like "two sets at once, five times" "$raced" '^((34|78) ){5}$'
new 603 --ipadd 10.77.6.99
new 604 --ipadd 10.77.6.99
raced=
for n in 1 2 3; do
	both "two starts" 'vzctl start 603' 'vzctl start 604'
	vzctl stop 603 --fast >/dev/null 2>&1
	vzctl stop 604 --fast >/dev/null 2>&1
done
like "two starts at once, three times" "$raced" '^((34|78) ){3}$'
raced=
both "a start and a set" 'vzctl start 603' 'vzctl set 601 --ipadd 10.77.6.99'
vzctl set 601 --ipdel 10.77.6.99 >/dev/null 2>&1
vzctl stop 603 --fast >/dev/null 2>&1

# A snapshot may bring back an address that somebody else took meanwhile.
ok "a snapshot with the address" vzctl snapshot 603 --id 8d6a1f3c-0000-4000-8000-000000000603
ok "which it gives up" vzctl set 603 --ipdel all --save
ok "and another takes" vzctl set 602 --ipadd 10.77.6.99
tap_run vzctl snapshot-switch 603 --id 8d6a1f3c-0000-4000-8000-000000000603
like "the switch says so" "$TAP_RC $TAP_OUT" "^0 .*Warning: IP address 10\.77\.6\.99 is already used by the container behind vz602: CT 603 does not start"
rc "and it does not start" 78 vzctl start 603
gone 603 604
rm -f /tmp/race.a /tmp/race.b
gone 601 602
is "no route stays" "$(ip route show | grep 10.77)" ""
