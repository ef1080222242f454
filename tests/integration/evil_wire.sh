# SPDX-License-Identifier: GPL-2.0-or-later
# S91 S92: frames under the names of the neighbour, the host, the router. Captured at the neighbour, outside, and as a
# program of the host; a guest's own address must come through, or the capture proves nothing.
. "$TOP/tests/integration/evil_lib.sh"

up 701 --ipadd 10.77.7.1 --ipadd 2001:db8:7::1
up 702 --ipadd 10.77.7.2 --ipadd 2001:db8:7::2
arm 701 702
outside ip route add 10.77.7.0/24 via 192.0.2.1
outside ip -6 route add 2001:db8:7::/64 via 2001:db8:ffff::1
host_view() {
	ip -6 route show table all | grep -v '^multicast'
	ip route show table all
	ip -6 addr show | sed '/valid_lft/d'
	ip neigh show | grep -v -E 'up0|out0'
	ip -6 neigh show | grep -v -E 'up0|out0'
}

# capture WORDS...: spoofs as the words say (interface, own, other, other6) and shows what arrived where.
# Once more when somebody has not even heard what is honest: on a busy machine his ears may not have been there yet.
capture() {
	local try
	for try in 1 2 3 4; do
		vzctl exec2 702 /evil sniff venet0 $((try + 2)) >/tmp/at.702 2>&1 </dev/null &
		outside "$B/tests/evil" sniff out0 $((try + 2)) >/tmp/at.out 2>&1 </dev/null &
		"$B/tests/evil" sniff udp $((try + 2)) >/tmp/at.host 2>&1 </dev/null &
		sleep 0.$((5 + try))
		evil 701 spoof "$@" >/tmp/spoofed
		wait $(jobs -p | tail -3)
		[ "$(grep -l own /tmp/at.702 /tmp/at.out /tmp/at.host | wc -l)" != 3 ] || break
	done
}

before=$(host_view)
capture venet0 10.77.7.1 10.77.7.2 2001:db8:7::2
is "frames could be made at all" "$(grep -c REFUSED /tmp/spoofed)" 0
is "S91 the neighbour gets what is honest" "$(tr -d ' \n' </tmp/at.702)" own
is "S91 so does the outside" "$(tr -d ' \n' </tmp/at.out)" own
is "S91 so does the host" "$(tr -d ' \n' </tmp/at.host)" own
is "S92 advertisements, redirects and ARP changed nothing" "$(host_view)" "$before"

# The address of the neighbour taken by ordinary means.
in_ct 701 'ip addr add 10.77.7.2/32 dev venet0; ip -6 addr add 2001:db8:7::2/128 dev venet0 nodad' >/dev/null
rc "S91 an address that was taken sends nothing" 1 nsenter -t "$(init_of 701)" -n ping -c 1 -W 1 -I 10.77.7.2 192.0.2.1
ok "S91 nor over IPv6" bash -c "! nsenter -t $(init_of 701) -n ping -c 1 -W 1 -I 2001:db8:7::2 2001:db8:ffff::1"
ok "S91 its owner answers still" ping -c 1 -w 20 10.77.7.2
ok "S91 and over IPv6" ping -c 1 -w 20 2001:db8:7::2
in_ct 702 'ip addr flush dev venet0' >/dev/null
rc "S91 and nobody answers for it when its owner is silent" 1 ping -c 1 -W 1 10.77.7.2
rc "S91 nor over IPv6" 1 ping -c 1 -W 1 2001:db8:7::2
vzctl --quiet stop 702 --fast
rc "S91 nor when it is stopped" 1 ping -c 1 -W 1 10.77.7.2
vzctl --quiet start 702 >/dev/null

# While addresses come and go.
(for i in $(seq 30); do vzctl --quiet set 702 --ipadd 10.77.7.77 --save; vzctl --quiet set 702 --ipdel 10.77.7.77 --save; done) >/dev/null 2>&1 </dev/null &
changes=$!
outside "$B/tests/evil" sniff out0 5 >/tmp/at.out 2>&1 </dev/null &
sniffer=$!
for i in $(seq 30); do evil 701 spoof venet0 10.77.7.1 10.77.7.2 2001:db8:7::2 >/dev/null; done
wait "$changes" "$sniffer"
is "S91 nothing comes through while addresses change" "$(tr -d ' \n' </tmp/at.out)" own

# A guest cannot make its link into something that passes, or move it away.
in_ct 701 'ip link set venet0 down; ip link set venet0 name eth9; ip link set eth9 address 02:00:00:00:00:09; ip link set eth9 mtu 1400 up; ip addr add 10.77.7.1/32 dev eth9; ip route add default dev eth9' >/dev/null 2>&1
outside "$B/tests/evil" sniff out0 3 >/tmp/at.out 2>&1 </dev/null &
sniffer=$!
sleep 0.5
evil 701 spoof eth9 10.77.7.1 10.77.7.2 2001:db8:7::2 >/dev/null
wait "$sniffer"
like "S91 a renamed link passes nothing foreign" "$(tr -d ' \n' </tmp/at.out)" '^(own)?$'
vzctl --quiet restart 701 --fast >/dev/null
ok "S91 and works again after a restart" ping -c 1 -w 20 10.77.7.1
# A guest that sends from its first moment: the filter is there before its link is up.
in_ct 701 'echo "::respawn:/bin/sh -c \"while :; do /evil spoof venet0 10.77.7.1 10.77.7.2 2001:db8:7::2; done\"" >>/etc/inittab'
for seconds in 8 20 40; do		# longer where a busy machine has not sent anything by then
	outside "$B/tests/evil" sniff out0 $seconds >/tmp/at.out 2>&1 </dev/null &
	sniffer=$!
	for i in 1 2 3; do
		vzctl --quiet restart 701 --fast >/dev/null
		for n in $(seq 100); do in_ct 701 'ps' | grep -q '[/]evil spoof' && break; sleep 0.05; done
	done
	wait "$sniffer"
	[ -z "$(tr -d ' \n' </tmp/at.out)" ] || break
done
is "S91 nothing foreign at a start, from the first moment" "$(tr -d ' \n' </tmp/at.out)" own
in_ct 701 'sed -i /evil/d /etc/inittab' >/dev/null
vzctl --quiet restart 701 --fast >/dev/null
# What counts for a forwarding link is the value of "all" and its own; router advertisements only above 1.
effective() {
	local l v=
	for l in /proc/sys/net/ipv4/conf/vz[0-9]*; do
		v="$v$(($(cat "$l/$1") & $(cat "/proc/sys/net/ipv4/conf/all/$1")))"
	done
	case $v in "" | *1*) echo "$1=$v " ;; esac
}
is "S92 the host's ends take no redirects, source routes, local addresses" \
	"$(effective accept_redirects; effective accept_source_route; effective route_localnet; cat /proc/sys/net/ipv4/conf/vz[0-9]*/proxy_arp | grep -v 0)" ""
is "S92 nor router advertisements" "$(for l in /proc/sys/net/ipv6/conf/vz[0-9]*; do
	[ "$(cat "$l/accept_ra")" = 2 ] || { [ "$(cat "$l/accept_ra")" = 1 ] && [ "$(cat "$l/forwarding")" = 0 ]; } && echo "$l"; done)" ""
gone 701 702
outside ip route del 10.77.7.0/24
outside ip -6 route del 2001:db8:7::/64
rm -f /tmp/at.702 /tmp/at.out /tmp/at.host /tmp/spoofed
