# SPDX-License-Identifier: GPL-2.0-or-later
# Ports of the host that lead into containers: from outside, from the host, from other containers and from the same one.
. "$TOP/tests/integration/lib.sh"

T=vztest
# What answers at ADDRESS:PORT, asked from "outside", "host" or a container; on a busy machine who is silent is asked again, but
# with NOBODY=1.
ask() {
	local got
	for _ in 1 2 3; do
		got=$(ask_once "$@")
		[ -z "$got$NOBODY" ] || break
	done
	echo "$got"
}
NOBODY=
ask_once() {
	case $1 in
	outside) outside timeout 3 bash -c "exec 3<>/dev/tcp/$2/$3 && head -n 1 <&3" 2>/dev/null ;;
	host) timeout 3 bash -c "exec 3<>/dev/tcp/$2/$3 && head -n 1 <&3" 2>/dev/null ;;
	*) vzctl exec "$1" "echo | timeout 3 nc -w 2 $2 $3" 2>/dev/null ;;
	esac
}
# serve CT PORT TEXT
serve() {
	vzctl exec "$1" "nc -ll -p $2 -e echo $3 >/dev/null 2>&1 &" >/dev/null 2>&1
	for _ in $(seq 400); do
		vzctl exec "$1" "netstat -ltn 2>/dev/null | grep -q ':$2 '" >/dev/null 2>&1 && return
		sleep 0.1
	done
}

up 611 --ipadd 10.77.7.1 --ipadd fd00:77::71 --forward_add 'tcp 8080 to 80' --forward_add 'tcp 8081'
up 612 --ipadd 10.77.7.2
serve 611 80 one
serve 611 8081 same
serve 612 80 two
up6=$(ip -6 -o addr show dev up0 scope global | awk '{print $4; exit}'); up6=${up6%/*}
like "in the file" "$(grep PORT_FORWARD /etc/vz/conf/611.conf)" 'PORT_FORWARD="tcp 8080 to 80; tcp 8081"'
is "from outside" "$(ask outside 192.0.2.1 8080)$(ask outside 192.0.2.1 8081)" onesame
is "from the host" "$(ask host 192.0.2.1 8080)" one
is "from another container" "$(ask 612 192.0.2.1 8080)" one
is "from the same one" "$(ask 611 192.0.2.1 8080)" one
if [ -n "$up6" ]; then
	is "over IPv6" "$(ask outside "$up6" 8080)$(ask 611 "$up6" 8080)" oneone
else
	skip "over IPv6 (the stage has no IPv6 address)"
fi
ok "one more, live" vzctl set 612 --forward_add 'tcp 192.0.2.1:9000-9002 to 80-82' --save
is "for one address" "$(ask outside 192.0.2.1 9000)" two
tap_run vzctl set 612 --forward_add 'tcp 8080 to 80'
like "a port that is taken" "$TAP_RC $TAP_OUT" '^[1-9].*leads into container 611 already'
is "stays where it led" "$(ask outside 192.0.2.1 8080)" one
tap_run vzctl set 612 --forward_add 'tcp x'
like "nonsense" "$TAP_OUT" 'port of the host is wrong'
ok "the rules of the container hold" vzctl set 611 --fw_in drop --fw_add 'tcp 8081'
is "inside the forward" "$(NOBODY=1 ask outside 192.0.2.1 8080)$(ask outside 192.0.2.1 8081)" same
ok "and let it in" vzctl set 611 --fw_add 'http'
is "by the port inside" "$(ask outside 192.0.2.1 8080)" one
nft flush ruleset
is "flushed: nothing" "$(NOBODY=1 ask outside 192.0.2.1 8080)" ""
ok "any command" vzctl set 612 --ipadd 10.77.7.22
is "all are back" "$(ask outside 192.0.2.1 8080)$(ask outside 192.0.2.1 9000)" onetwo
setsid bash -c 'while :; do nc -l -p 7024 </dev/null; done' >/dev/null 2>&1 & server=$!
for n in $(seq 400); do ss -Hltn | grep -q ':7024 ' && break; sleep 0.1; done
tap_run vzctl set 612 --forward_add 'tcp 7020-7029 to 80'
like "a port that a program of the host listens on is told" "$TAP_RC $TAP_OUT" \
	"^0 .*Warning: a program of this host listens on tcp port 7024, .* while forward 'tcp 7020-7029 to 80' leads into the container"
kill -- -$server 2>/dev/null; wait $server 2>/dev/null
ok "one less" vzctl set 612 --forward_del all --save
like "what was never saved is told, too" "$TAP_OUT" 'Warning: firewall, forwards and rates that were set without --save before are not in effect'
is "is gone" "$(NOBODY=1 ask outside 192.0.2.1 9000)" ""
ok "the address it leads to goes" vzctl set 611 --ipdel 10.77.7.1 --ipadd 10.77.7.11
is "it follows" "$(ask outside 192.0.2.1 8080)" one
vzctl stop 611 --fast >/dev/null 2>&1
is "stopped: gone" "$(nft list map inet $T fwd4 | grep -c 8080)" 0
ok "the port is free" vzctl set 612 --forward_add 'tcp 8080 to 80'
is "for another" "$(ask outside 192.0.2.1 8080)" two
tap_run vzctl start 611
like "start with a port that is taken" "$TAP_RC $TAP_OUT" '^[1-9].*leads into container 612 already'
is "and leaves it stopped" "$(vzctl status 611)" "CTID 611 exist unmounted down"

# Bridged: the answer has to come back by the way of the host.
ip link add brnat type bridge && ip link set brnat up && ip addr add 10.89.0.1/24 dev brnat
up 613
up 614
for ct in 613 614; do
	vzctl set $ct --netif_add eth0,,,,brnat --save >/dev/null 2>&1
	in_ct $ct "ip link set eth0 up; ip addr add 10.89.0.$((ct - 600))/24 dev eth0; ip route replace default via 10.89.0.1" >/dev/null
done
serve 613 80 three
# Where br_netfilter is, it has packets of bridges pass the rules of routed ones, or not.
nf=/proc/sys/net/bridge/bridge-nf-call-iptables
[ ! -w $nf ] || echo 0 >$nf
ok "to a bridged one" vzctl set 613 --forward_add 'tcp 8090 to 10.89.0.13:80' --save
is "nothing to warn of" "$(grep -c Warning <<<"$TAP_OUT")" 0
is "from outside" "$(ask outside 192.0.2.1 8090)" three
is "from its neighbour" "$(ask 614 192.0.2.1 8090)" three
is "from itself" "$(ask 613 192.0.2.1 8090)" three
if [ -w $nf ]; then
	vzctl --quiet set 613 --forward_del all --save >/dev/null
	echo 1 >$nf
	ok "the same with bridge-nf-call-iptables" vzctl set 613 --forward_add 'tcp 8090 to 10.89.0.13:80' --save
	like "says what does not work" "$TAP_OUT" 'Warning: .*bridge-nf-call-iptables is 1'
	is "from outside" "$(ask outside 192.0.2.1 8090)" three
	is "from its neighbour" "$(ask 614 192.0.2.1 8090)" three
	is "not from itself, as it says" "$(NOBODY=1 ask 613 192.0.2.1 8090)" ""
	like "a start says it, too" "$(vzctl restart 613 2>&1)" 'Warning: .*bridge-nf-call-iptables is 1'
	echo 0 >$nf
fi
tap_run vzctl set 612 --forward_add 'tcp 8085 to 80' --forward_add 'tcp 8085-8086 to 81' --save
like "one port to two places" "$TAP_RC $TAP_OUT" '^[1-9].*two places'
ok "one port said twice" vzctl set 612 --forward_add 'tcp 8085' --forward_add 'tcp 8085-8086' --save
mkdir -p /etc/vz/firewall && printf 'ALLOW="red blue; blue red"\n' >/etc/vz/firewall/zones
ok "and a pair of zones" vzctl set 612 --fw_zone red --save
vzctl --quiet stop 612 --fast
is "nothing of it stays at a stop" "$(nft list table inet $T | grep -c vz612)" 0
rm -r /etc/vz/firewall
gone 611 612 613 614
ip link del brnat
is "no forward stays" "$(nft list table inet $T | grep -cE '10\.77\.7\.|10\.89\.0\.13')" 0
