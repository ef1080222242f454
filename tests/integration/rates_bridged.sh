# SPDX-License-Identifier: GPL-2.0-or-later
# Rates where a container has more than the routed interface: one limit for all of them; what goes past the host is refused;
# the devices that queue go with the last who needs them, whoever was killed.
# alone
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/lib/rates.sh"

ifbs() { ip -o link | grep -o 'vzifb-[a-z0-9]*' | sort -u | tr '\n' ' '; }
nsenter -t "$OUTSIDE" -n timeout 1000 "$python" /tmp/peer.py & peer=$!
ip link add vtbrr type bridge
ip addr add 10.96.0.254/24 dev vtbrr
ip link set vtbrr up
timeout 1000 "$python" /tmp/peer.py & bridge_peer=$!

new 641 --ipadd 10.77.6.41
vzctl set 641 --netif_add eth0,,,,vtbrr --ratelimit 1:20000/10000 --save >/dev/null
ok "rates with a bridged interface" vzctl start 641
is "wait where both interfaces' packets do" "$(ifbs)" "vzifb-down20 vzifb-up20 "
nsenter -t "$(init_of 641)" -n sh -c 'ip addr add 10.96.0.1/24 dev eth0; ip link set eth0 up'
until nsenter -t "$(init_of 641)" -n ping -c 1 -W 1 10.96.0.254 >/dev/null; do :; done
rate "sends 20 Mbit/s by the bridge" 14 23 641 10.96.0.254 7001
rate "receives 10 Mbit/s by it" 7 12 641 10.96.0.254 7002
for try in 1 2 3 4 5; do		# one of them may be alone for a moment
	mbit 641 10.96.0.254 7001 3 >/tmp/bridged & other=$!
	routed=$(mbit 641 192.0.2.2 7001 3)
	wait $other
	both=$(awk -v a="$routed" '{ print a + $1 }' /tmp/bridged)
	in_between "$both" 13 25 && break
done
within "and no more over both at once" "$both" 13 25
ok "another interface, live" vzctl set 641 --netif_add eth1,,,,vtbrr --save
like "is shaped too" "$(tc qdisc show dev veth641.1)" "egress_block $((0x767a2014))"
like "by the filter of all in its shard" "$(tc filter show block $((0x767a2014)))" vzifb-down20
ok "none but the routed one" vzctl set 641 --netif_del eth0 --netif_del eth1 --save
like "waits at its own" "$(tc qdisc show dev vz641 root)" 'tbf 2: .* rate 10Mbit'
rate "sends 20 Mbit/s still" 14 23 641 192.0.2.2 7001
rate "and receives 10" 7 12 641 192.0.2.2 7002

# --- slower, while packets wait that are wider than the new burst ---
waiting() { tc -s qdisc show dev "$1" | grep -A 2 'rate 100Mbit' | grep -q 'backlog [1-9]'; }
ok "faster" vzctl set 641 --ratelimit 1:100000/100000 --save
"$python" /tmp/mbit.py "$(init_of 641)" 192.0.2.2 7001 100 >/dev/null 2>&1 & sends=$!
"$python" /tmp/mbit.py "$(init_of 641)" 192.0.2.2 7002 100 >/dev/null 2>&1 & receives=$!
soon "what it sends waits" 20 waiting vzifb-up20
soon "and what it receives" 20 waiting vz641
ok "slower" vzctl set 641 --ratelimit 1:20000/10000 --save
kill $sends $receives
wait $sends $receives
rate "sends 20 Mbit/s again" 14 23 641 192.0.2.2 7001
rate "and receives 10" 7 12 641 192.0.2.2 7002

# --- somebody else's hands ---
told() { vznetcfg check 641 2>&1 || true; }
broken() {
	local name=$1
	shift
	"$@" || fail "$name" "cannot break it"
	like "$name: told" "$(told)" "no rate holds for what the container .* by vz641"
	vznetcfg repair 641 >/dev/null 2>&1
	is "$name: repaired" "$(told | grep -c 'no rate')" 0
}
broken "its queue" tc qdisc del dev vz641 root
broken "its filters" tc qdisc del dev vz641 clsact
broken "the filter of its shard" tc filter del block $((0x767a1014)) prio 1 protocol all
broken "the device" ip link del vzifb-up20
broken "the device, set down" ip link set vzifb-up20 down
rate "sends 20 Mbit/s again" 14 23 641 192.0.2.2 7001
rate "and receives 10 again" 7 12 641 192.0.2.2 7002

# --- the devices ---
up 642 --ipadd 10.77.6.42 --ratelimit 1:5000
is "one for many" "$(ifbs)" "vzifb-down20 vzifb-up20 "
vzctl --quiet stop 641 --fast
is "stays for the other" "$(ifbs)" "vzifb-down20 vzifb-up20 "
kill -9 "$(init_of 642)"
until vzctl status 642 | grep -q down; do :; done
vzctl --quiet start 642

# --- large pieces of TCP: where the way out takes them, and no rate is too slow for them ---
cat >/tmp/pieces.py <<'END'
import socket, struct, sys	# ip(8) of Debian 12 cannot: the second kind is that for IPv4
body = struct.pack("BBHiII", 0, 0, 0, socket.if_nametoindex(sys.argv[1]), 0, 0)
for kind in 41, 63: body += struct.pack("HHI", 8, kind, int(sys.argv[2]))
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.send(struct.pack("IHHII", 16 + len(body), 16, 5, 1, 0) + body)
assert struct.unpack_from("i", s.recv(4096), 16)[0] == 0
END
out=$(ip -o route get 192.0.2.254 | sed 's/.* dev \([^ ]*\).*/\1/')
piece() { nsenter -t "$(init_of 642)" -n ip -d -o link show venet0 | sed 's/.*gso_max_size \([0-9]*\).*/\1/'; }
is "pieces as usual for a slow one" "$(piece)" 65536
vzctl --quiet set 642 --ratelimit 1:2000000 --save
is "and where a card has to cut them" "$(piece)" 65536
"$python" /tmp/pieces.py "$out" 196608
vzctl --quiet restart 642
is "else larger ones" "$(piece)" 196608
vzctl --quiet set 642 --ratelimit 1:5000 --save
is "smaller, live" "$(piece)" 65536
within "which pass at that rate" "$(mbit 642 192.0.2.2 7001)" 3.5 6.2
vzctl --quiet set 642 --ratelimit '' --save
is "and larger again" "$(piece)" 196608
"$python" /tmp/pieces.py "$out" 65536
is "goes with the last" "$(ls /run/vz/shape)$(ifbs)" ""
# --- what goes past the host ---
new 643 --ipadd 10.77.6.43
ip link add vtmac type veth peer name vtmacp
ip link set vtmac up
vzctl set 643 --netif_add eth0,00:18:51:00:00:31 --ifname eth0 --macvlan vtmac --mac_filter off --save >/dev/null
vzctl set 643 --ratelimit 1:5000 --save >/dev/null
tap_run vzctl start 643
rc_is=$([ "$TAP_RC" != 0 ] && echo refused)
is "a rate that a macvlan would go past is refused" "$rc_is" refused
like "and says which and what to do" "$TAP_OUT$TAP_ERR" 'eth0 of container 643.*macvlan.*use a bridge'

gone 641 642 643
kill $peer $bridge_peer
wait 2>/dev/null
is "nothing queues any more" "$(ls /run/vz/shape)$(ifbs)" ""
rmdir /run/vz/shape
ip link del vtbrr
ip link del vtmac
