# SPDX-License-Identifier: GPL-2.0-or-later
# An evening of hosting on IPv6 alone: a LAN without IPv4, a container with an address of it and a /64, and all that one does
# with it: names, firewall, forwards, rates, accounting, quota, neighbours, and the move to another host.
. "$TOP/tests/integration/migrate_lib.sh"
. "$TOP/tests/lib/rates.sh"

ip link add lan0 type veth peer name port1 netns "$OUTSIDE"
outside ip link add port2 type veth peer name lan0 netns $other
outside sh -c 'ip link add lan type bridge; for p in port1 port2; do ip link set $p master lan up; done; ip link set lan up
	ip -6 addr add 2001:db8:3::2/64 dev lan nodad; ip -6 addr add 2001:db8:3::66/64 dev lan nodad
	ip -6 route add 2001:db8:9:1::/64 via 2001:db8:3::1'
ip -6 addr add 2001:db8:3::1/64 dev lan0 nodad; ip link set lan0 up
there sh -c 'ip -6 addr add 2001:db8:3::3/64 dev lan0 nodad; ip link set lan0 up'
mac_here=$(cat /sys/class/net/lan0/address)
mac_there=$(nsenter -t $other -n ip -o link show lan0 | sed -n 's/.*link\/ether \([^ ]*\).*/\1/p')
at() { outside ip neigh show "$1" dev lan | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'; }
reaches() {
	local n
	for n in $(seq 20); do outside ping -c 1 -W 1 "$1" >/dev/null && return; done
	return 1
}
sed -i 's/0\.0\.0\.0/::/; s/socket\.socket()/socket.socket(socket.AF_INET6)/' /tmp/peer.py
sed -i 's/socket\.socket()/socket.socket(socket.AF_INET6)/' /tmp/mbit.py
printf '1 ::/0\n2 2001:db8:3::/64\n' >/etc/vz/conf/networks_classes

# --- it comes up ---
new 784 --layout dir --hostname six.example --nameserver 2001:db8:3::2 --ipadd 2001:db8:3::50 --ipadd 2001:db8:9:1::/64
ok "start" vzctl start 784
like "an address, and one of its network" "$(in_ct 784 'ip -6 -o addr show dev venet0' | grep -o 'inet6 [^ ]*' | xargs)" \
	'inet6 2001:db8:9:1::1/64.*inet6 2001:db8:3::50/128|inet6 2001:db8:3::50/128.*inet6 2001:db8:9:1::1/64'
like "a way out over IPv6" "$(in_ct 784 'ip -6 route')" 'default via fe80::1 dev venet0'
is "none over IPv4" "$(in_ct 784 'ip route')$(in_ct 784 'ip -4 -o addr show dev venet0')" ""
is "who it asks for names" "$(in_ct 784 'cat /etc/resolv.conf' | grep -v '^#')" "nameserver 2001:db8:3::2"
like "what it is called" "$(in_ct 784 'cat /etc/hosts')" '2001:db8:3::50[[:space:]]*six\.example'
is "vzlist" "$(vzlist -H -o ip 784 | xargs)" "2001:db8:3::50 2001:db8:9:1::/64"
is "exec" "$(in_ct 784 hostname)" six.example

# --- its neighbours ---
ok "the LAN finds it" reaches 2001:db8:3::50
is "by this host's address" "$(at 2001:db8:3::50)" "$mac_here"
ok "and its network" reaches 2001:db8:9:1::1
ok "an address of that, taken inside" vzctl exec 784 'ip -6 addr add 2001:db8:9:1::77/64 dev venet0'
ok "is reached" reaches 2001:db8:9:1::77
ok "and reaches" vzctl exec 784 'ping -c 3 -W 2 -I 2001:db8:9:1::77 2001:db8:3::2'
in_ct 784 'ip -6 addr add 2001:db8:3::51/128 dev venet0' >/dev/null
rc "another does not" 8 vzctl exec 784 'ping -c 1 -W 1 -I 2001:db8:3::51 2001:db8:3::2 >/dev/null'
new 785 --ipadd 2001:db8:3::66
tap_run vzctl start 785
like "an address that a machine of the LAN has" "$TAP_OUT" 'IP address 2001:db8:3::66 is in use on another machine'
vzctl --quiet stop 785 --fast
tap_run vzctl set 785 --ipadd 2001:db8:3::50 --save
like "or another container" "$TAP_RC $TAP_OUT" '^78 .*2001:db8:3::50 is already used by the container behind vz784'
gone 785

# --- firewall, forwards ---
vzctl exec 784 'for p in 22 80 8080; do nc -ll -p $p -e echo here >/dev/null 2>&1 & done' >/dev/null 2>&1
opens() {	# ADDRESS PORT
	local n
	for n in $(seq ${3:-100}); do
		outside timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2 && head -n 1 <&3" 2>/dev/null | grep -q here && { echo yes; return; }
		sleep 0.2
	done
	echo no
}
is "open" "$(opens 2001:db8:3::50 22)$(opens 2001:db8:9:1::77 80)" yesyes
ok "rules" vzctl set 784 --fw_in drop --fw_add 'ssh from 2001:db8:3::/64 count' --fw_add 'in accept icmp' \
	--forward_add 'tcp 8090 to 8080' --fw_add 'in accept tcp 8080' --save
is "hold" "$(opens 2001:db8:3::50 22)$(opens 2001:db8:9:1::77 80 2)" yesno
is "a port of the host" "$(opens 2001:db8:3::1 8090)" yes

# --- rates ---
nsenter -t "$OUTSIDE" -n python3 /tmp/peer.py & peer=$!
ok "rates" vzctl set 784 --ratelimit '1:4000 2:2000/3000' --save
rate "sends 2 Mbit/s" 1.2 2.6 784 2001:db8:3::2 7001
rate "receives 3 Mbit/s" 1.8 3.8 784 2001:db8:3::2 7002
ok "none again" vzctl set 784 --ratelimit '' --save

# --- accounting and quota ---
packets() { vznetstat -v 784 -c "$1" "${@:2}" | awk 'NR==2 { print ($4 > 20) ($6 > 20) }'; }
is "counted in its class" "$(packets 2)" 11
is "as IPv6" "$(packets 2 -6)$(packets 2 -4)" 1100
month() { vznetstat -m -v 784 -c 2 | awk 'NR==2 { print $3 + $5 }'; }
before=$(month)
vzctl exec 784 'ping -q -i 0.01 -c 20 -s 1000 2001:db8:3::2' >/dev/null
like "this month too" "$(($(month) - before))" '^4[0-9]{4}$'
ok "a quota to notify" vzctl set 784 --trafficquota 1K --trafficaction notify --save
vznetstat -s >/dev/null 2>&1
like "is told" "$(grep 'traffic this month' /var/log/vzctl.log | tail -n 1)" 'Container 784 has used [0-9]* bytes of traffic this month, its quota is 1024: notify'
ok "to throttle" vzctl set 784 --trafficquota 2K --trafficaction throttle --trafficrate 1000 --save
vznetstat -s >/dev/null 2>&1
rate "throttles" 0.5 1.4 784 2001:db8:3::2 7001
ok "to stop" vzctl set 784 --trafficquota 3K --trafficaction stop --save
vznetstat -s >/dev/null 2>&1
soon "stops" 60 sh -c 'vzctl status 784 | grep -q down'
ok "no quota" vzctl set 784 --trafficquota 0 --save
ok "and it runs" vzctl start 784
kill $peer
wait $peer 2>/dev/null
vzctl exec 784 'nc -ll -p 22 -e echo here >/dev/null 2>&1 &' >/dev/null 2>&1
is "with its rules" "$(opens 2001:db8:3::50 22)" yes
ok "restart" vzctl restart 784
ok "is found" reaches 2001:db8:3::50

# --- the move ---
there sh -c "printf '1 ::/0\n2 2001:db8:3::/64\n' >/etc/vz/conf/networks_classes"
outside ip -6 route del 2001:db8:9:1::/64
rc "to another host" 0 vzmigrate other 784
is "it runs there" "$(where 784)" "here: deleted unmounted down; there: exist mounted running"
becomes "and its neighbours know" "$mac_there" at 2001:db8:3::50
ok "it answers there" reaches 2001:db8:3::50
outside ip -6 route add 2001:db8:9:1::/64 via 2001:db8:3::3
ok "its network too" reaches 2001:db8:9:1::1
is "nothing is answered for here" "$(ip -6 neigh show proxy)$(ip -6 route | grep 2001:db8:9)" ""
is "its traffic goes along" "$(there vznetstat -m -v 784 -c 2 | awk 'NR==2 { print ($3 > 20000) }')" 1
there vzctl --quiet stop 784 --fast
there vzctl --quiet destroy 784

rm -f /etc/vz/conf/networks_classes
vznetstat -l >/dev/null
ip link del lan0
outside ip link del lan
rmdir /run/vz/shape
other_host_gone
