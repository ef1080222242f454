# SPDX-License-Identifier: GPL-2.0-or-later
# What goes along with a container that moves: its rules, forwards and traffic; and its neighbours are told where it is now.
# A LAN of three: this host (lan0), the other one (lan0 there), and a neighbour, whose bridge it is.
. "$TOP/tests/integration/migrate_lib.sh"

ip link add lan0 type veth peer name port1 netns "$OUTSIDE"
outside ip link add port2 type veth peer name lan0 netns $other
outside sh -c 'ip link add lan type bridge; for p in port1 port2; do ip link set $p master lan up; done; ip link set lan up
	ip addr add 203.0.113.2/24 dev lan; ip -6 addr add 2001:db8:3::2/64 dev lan nodad'
ip addr add 203.0.113.1/24 dev lan0; ip -6 addr add 2001:db8:3::1/64 dev lan0 nodad; ip link set lan0 up
there sh -c 'ip addr add 203.0.113.3/24 dev lan0; ip -6 addr add 2001:db8:3::3/64 dev lan0 nodad; ip link set lan0 up'
mac_here=$(cat /sys/class/net/lan0/address)
mac_there=$(nsenter -t $other -n ip -o link show lan0 | sed -n 's/.*link\/ether \([^ ]*\).*/\1/p')
# at ADDRESS: the hardware address that the neighbour believes in
at() { outside ip neigh show "$1" dev lan | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'; }
reaches() {
	local n
	for n in $(seq 20); do outside ping -c 1 -W 1 "$1" >/dev/null && return; done
	return 1
}
packets() { "$@" vznetstat -v 783 -c 1 | awk 'NR==2 { print $4 + $6 }'; }

vzfw group create web >/dev/null
vzfw group add web 'tcp 8080' >/dev/null
new 783 --ipadd 203.0.113.50 --ipadd 2001:db8:3::50 --layout dir --fw_in drop --fw_add ping --fw_groups web --fw_zone blue \
	--forward_add 'tcp 8090 to 8080'
vzctl --quiet start 783
ok "the neighbour finds it here" reaches 203.0.113.50
ok "over IPv6, too" reaches 2001:db8:3::50
is "by this host's address" "$(at 203.0.113.50) $(at 2001:db8:3::50)" "$mac_here $mac_here"
before=$(packets env)

rc "a group that is not there" 15 vzmigrate other 783
like "is named before anything is stopped" "$TAP_OUT" 'firewall group web does not exist on the destination: .vzfw group create. it there'
is "it runs here" "$(where 783)" "here: exist mounted running; there: deleted unmounted down"
there sh -c 'vzfw group create web; vzfw group add web "tcp 8080"' >/dev/null
# The frames are taken from behind the bridge, so that nothing of this test asks anybody.
cat >/tmp/mig/sniff.py <<'EOT'
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("port2", 0))
print("ready", flush=True)
while True: print(s.recv(2048).hex(), flush=True)
EOT
outside python3 /tmp/mig/sniff.py >/tmp/mig/frames 2>&1 & sniff=$!
for n in $(seq 800); do grep -q ready /tmp/mig/frames && break; sleep 0.05; done
rc "with the group there" 0 vzmigrate other 783
is "it runs there" "$(where 783)" "here: deleted unmounted down; there: exist mounted running"
told() {
	local n
	for n in $(seq 400); do grep -qE "$1" /tmp/mig/frames && return; sleep 0.1; done
	return 1
}
ok "the neighbours were told of the IPv4 address" told "^ffffffffffff${mac_there//:/}0806000108000604000[12]${mac_there//:/}cb007132.{12}cb007132"
ok "and of the IPv6 address" told "^333300000001${mac_there//:/}86dd.{80}88.{14}20010db8000300000000000000000050"
kill $sniff; wait $sniff 2>/dev/null
believe() { [ "$(at 203.0.113.50) $(at 2001:db8:3::50)" = "$mac_there $mac_there" ]; }
soon "and believe it without having asked" 10 believe
ok "it answers there" reaches 203.0.113.50
ok "over IPv6, too" reaches 2001:db8:3::50
is "nothing is answered for here" "$(ip neigh show proxy)$(ip -6 neigh show proxy)" ""

there vzctl exec 783 'nc -ll -p 8080 -e echo moved >/dev/null 2>&1 &' >/dev/null 2>&1
opens() {
	local n
	for n in $(seq 200); do
		outside timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2 && head -n 1 <&3" 2>/dev/null | grep -q moved && return
		sleep 0.2
	done
	return 1
}
ok "its group's rule lets in there" opens 203.0.113.50 8080
ok "so does its forward" opens 203.0.113.3 8090
ok "over IPv6, too" opens 2001:db8:3::3 8090
rc "its policy holds there" 124 outside timeout 1 bash -c 'exec 3<>/dev/tcp/203.0.113.50/22'
rc "over IPv6, too" 124 outside timeout 1 bash -c 'exec 3<>/dev/tcp/2001:db8:3::50/22'
like "its zone" "$(there vzfw show 783)" 'zone blue'
ok "its traffic goes on from where it was" test "$(packets there)" -ge "$before"
is "and is forgotten here" "$(ls /var/lib/vz/traffic | grep -c '^783')" 0
is "nor has the firewall here anything of it" "$(nft list ruleset | grep -cE 'vz783|203\.0\.113\.50')" 0

there vzctl --quiet stop 783 --fast
is "stopped: nothing is answered for there" "$(there ip neigh show proxy)$(there ip -6 neigh show proxy)" ""
there vzctl --quiet destroy 783
there vzfw group remove web
# a host that is no vz, as far as the firewall goes
new 784 --fw_in drop
cat >/usr/local/sbin/ssh.without <<'EOT'
#!/bin/bash
exec /usr/local/sbin/ssh.with "${@//command -v vzfw/command -v vzfw-that-is-not}"
EOT
chmod 755 /usr/local/sbin/ssh.without; mv /usr/local/sbin/ssh /usr/local/sbin/ssh.with; mv /usr/local/sbin/ssh.without /usr/local/sbin/ssh
rc "a host without a firewall of ours" 15 vzmigrate --check-only other 784
like "is told apart" "$TAP_OUT" 'has no vzfw: firewall, zone and forwards .* would not be in effect there'
rc "-f ignores it" 0 vzmigrate -f --check-only other 784
gone 783 784
vzfw group remove web
ip link del lan0
outside ip link del port2
outside ip link del lan
rm -rf /etc/vz/firewall /etc/vz/conf/783.*
other_host_gone
