# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 120
# The firewall of containers: rules, groups, zones, the host's lists; routed and bridged, IPv4 and IPv6; after a flush.
. "$TOP/tests/integration/lib.sh"

T=vztest
# serve CT PORT...: TCP servers inside, until the container stops
serve() {
	local ct=$1 p; shift
	for p; do vzctl exec "$ct" "nc -ll -p $p -e true >/dev/null 2>&1 &" >/dev/null 2>&1; done
	for p; do
		for _ in $(seq 400); do
			vzctl exec "$ct" "netstat -ltn 2>/dev/null | grep -q ':$p '" >/dev/null 2>&1 && break
			sleep 0.1
		done
	done
}
# opens CT ADDRESS PORT: can CT (or "host", "outside") connect? yes or no
opens() {
	local run="vzctl exec $1"
	case $1 in host) run="sh -c" ;; outside) run="outside sh -c" ;; esac
	local s
	for s in 1 2; do		# a busy machine gets a second chance
		case $1 in
		host|outside) $run "timeout $s bash -c 'exec 3<>/dev/tcp/$2/$3'" >/dev/null 2>&1 && { echo yes; return; } ;;
		*) $run "echo | timeout $s nc -w $s $2 $3" >/dev/null 2>&1 && { echo yes; return; } ;;
		esac
	done
	echo no
}
pings() {
	vzctl exec "$1" "ping -c 1 -W 1 $2" >/dev/null 2>&1 && echo yes || echo no
}
# sees TEXT 'EXPRESSION' WANT: as `is`; what should be open and did not answer is asked again, since a machine may be busy for a
# moment, what should be closed is never open.
sees() {
	local got want=${3//yes/y} i open
	want=${want//no/n}
	for _ in 1 2 3 4; do
		got=$(eval "echo $2")
		[ "$got" != "$3" ] || break
		open=${got//yes/y} open=${open//no/n}
		for ((i = 0; i < ${#want}; i++)); do [ "${open:i:1}${want:i:1}" != yn ] || break 2; done
	done
	is "$1" "$got" "$3"
}
# counted CT WORDS: packets of the rule of these words
counted() {
	vzfw show "$1" | sed -n "s/^rule .*$2.*: \([0-9]*\) packets.*/\1/p"
}

up 601 --ipadd 10.77.6.1 --ipadd fd00:77::1
up 602 --ipadd 10.77.6.2 --ipadd fd00:77::2
up 603 --ipadd 10.77.6.3
serve 601 22 80 8005 8011
serve 602 80

sees "without rules all is open" '"$(opens 602 10.77.6.1 80)$(pings 602 10.77.6.1)"' yesyes
is "which is told" "$(vzfw show 601)" "Container 601 has no firewall in effect"
ok "a policy and rules, live" vzctl set 601 --fw_in drop --fw_add ssh --fw_add 'in accept tcp 8000-8010 from 10.77.6.2 count' --save
like "stored in one spelling" "$(grep ^FW_ /etc/vz/conf/601.conf)" \
	'FW_RULES="in accept ssh; in accept tcp 8000-8010 from 10.77.6.2 count".*FW_IN="drop"'
sees "ssh from everybody" '"$(opens 602 10.77.6.1 22)$(opens 603 10.77.6.1 22)$(opens host 10.77.6.1 22)"' yesyesyes
sees "nothing else" '"$(opens 602 10.77.6.1 80)$(opens 602 10.77.6.1 8011)$(pings 602 10.77.6.1)"' nonono
sees "a range for one address" '"$(opens 602 10.77.6.1 8005)$(opens 603 10.77.6.1 8005)"' yesno
sees "over IPv6 too" '"$(opens 602 fd00:77::1 22)$(opens 602 fd00:77::1 80)$(pings 602 fd00:77::1)"' yesnono
sees "what it asks for itself is answered" '"$(pings 601 10.77.6.2)$(opens 601 10.77.6.2 80)$(pings 601 fd00:77::2)"' yesyesyes
like "and counted" "$(counted 601 8000-8010)" '^[1-9]'
was=$(counted 601 8000-8010)
ok "a rule more" vzctl set 601 --fw_add 'in accept ping from 10.77.6.0/24' --save
sees "holds at once" '"$(pings 602 10.77.6.1)$(pings 602 fd00:77::1)"' yesno
is "the counter of another stays" "$(counted 601 8000-8010)" "$was"
ok "the more specific decides" vzctl set 601 --fw_add 'in drop ping from 10.77.6.3'
sees "not the order" '"$(pings 602 10.77.6.1)$(pings 603 10.77.6.1)"' yesno
ok "a rule less" vzctl set 601 --fw_del 'in drop ping from 10.77.6.3'
sees "and it is back" '"$(pings 603 10.77.6.1)"' yes
ok "outgoing" vzctl set 602 --fw_out drop --fw_add 'out accept tcp 22 to 10.77.6.1'
sees "only there" '"$(opens 602 10.77.6.1 22)$(opens 602 10.77.6.1 8005)$(pings 602 10.77.6.3)$(opens 602 192.0.2.2 22)"' yesnonono
sees "but it answers" '"$(opens 603 10.77.6.2 80)"' yes
ok "all rules of it gone" vzctl set 602 --fw_del all --fw_out accept
sees "it may again" '"$(pings 602 10.77.6.3)"' yes

rc "of a container that is not there" 1 vzfw show 699
like "says so" "$TAP_OUT" 'there is no container 699'
tap_run vzctl set 601 --fw_add 'in accept telepathy'
like "a service nobody knows" "$TAP_RC $TAP_OUT" "telepathy.*is no service"
tap_run vzctl set 601 --fw_add 'in accept tcp 99999'
like "a port that is none" "$TAP_OUT" "99999.*is no port"
tap_run vzctl set 601 --fw_add 'in accept tcp 0'
like "nor is 0" "$TAP_OUT" "'0' is no port"
tap_run vzctl set 601 --fw_groups nothere
like "a group that is not there" "$TAP_RC $TAP_OUT" "^[1-9].*group nothere does not exist"
sees "changed nothing" '"$(opens 602 10.77.6.1 22)$(opens 602 10.77.6.1 80)"' yesno

# A container's root has rules of its own beside ours, and sees and changes nothing of ours.
inside() {
	nsenter -t "$(init_of 601)" -n "$@" 2>&1
}
is "it does not see ours" "$(inside nft list ruleset | grep -c fw_in)" 0
ok "its own nft" inside nft 'add table ip own; add chain ip own in { type filter hook input priority 0; }; add rule ip own in tcp dport 8005 drop'
sees "works" '"$(opens 602 10.77.6.1 8005)$(opens 602 10.77.6.1 22)"' noyes
ok "its own flush" inside nft flush ruleset
sees "opens its own only" '"$(opens 602 10.77.6.1 8005)$(opens 602 10.77.6.1 80)"' yesno
if command -v iptables >/dev/null; then
	ok "its own iptables" inside iptables -A INPUT -p tcp --dport 8005 -j REJECT
	is "works too" "$(opens 602 10.77.6.1 8005)" no
	inside iptables -F
else
	skip "its own iptables (no iptables on this machine)"
fi

# Groups.
ok "a group" vzfw group create web 'for web servers'
ok "with a rule" vzfw group add web http,https
rc "twice" 1 vzfw group create web
ok "used by two" vzctl set 601 --fw_groups web --save
ok "the other" vzctl set 602 --fw_in drop --fw_groups web --save
sees "holds" '"$(opens 603 10.77.6.1 80)$(opens 603 10.77.6.2 80)$(opens 603 10.77.6.1 8011)"' yesyesno
out_is "one change for both" "Firewall of 2 running containers changed" vzfw group add web tcp 8011
sees "at once" '"$(opens 603 10.77.6.1 8011)"' yes
ok "and less" vzfw group set web 'in accept http from 10.77.6.1'
sees "for both" '"$(opens 603 10.77.6.1 80)$(opens 603 10.77.6.2 80)$(opens 601 10.77.6.2 80)"' nonoyes
like "the list" "$(vzfw group list)" 'web .*1 rules .*used by 601,602'
tap_run vzfw group remove web
like "one in use stays" "$TAP_RC $TAP_OUT" '^1 .*used by container 601,602'
ok "restart" vzctl restart 602
serve 602 80
sees "comes up with it" '"$(opens 603 10.77.6.2 80)$(opens 601 10.77.6.2 80)"' noyes

# Somebody else empties the tables: the next command brings all back.
nft flush ruleset
sees "flushed: open" '"$(opens 603 10.77.6.1 80)"' yes
ok "any command" vzctl set 603 --ipadd 10.77.6.33
sees "all are back" '"$(opens 603 10.77.6.1 80)$(opens 603 10.77.6.2 80)$(opens 603 10.77.6.1 22)"' nonoyes
nft add table inet mine && nft add chain inet mine keep
ok "another's table" vzfw reload
ok "is left alone" nft list chain inet mine keep
nft delete table inet mine

# A file with a wrong rule: the container does not come up open.
sed -i 's/^FW_RULES=.*/FW_RULES="in accept nonsense"/' /etc/vz/conf/601.conf
vzctl stop 601 --fast >/dev/null 2>&1
tap_run vzctl start 601
like "a wrong rule in the file" "$TAP_RC $TAP_OUT" "^[1-9].*nonsense"
sed -i 's/^FW_RULES=.*/FW_RULES="in accept ssh log"/' /etc/vz/conf/601.conf
ok "a right one" vzctl start 601
serve 601 22 80

# Zones.
for ct in 602 603; do vzctl set $ct --fw_in accept --fw_groups "" --save >/dev/null 2>&1; done
ok "a zone" vzctl set 602 --fw_zone blue --save
ok "another" vzctl set 603 --fw_zone red --save
sees "do not reach one another" '"$(opens 603 10.77.6.2 80)$(pings 602 10.77.6.3)"' nono
sees "who is in none reaches all" '"$(pings 601 10.77.6.2)$(opens host 10.77.6.2 80)$(pings 602 192.0.2.2)"' yesyesyes
ok "unless allowed" vzfw zone allow red blue
sees "both ways" '"$(opens 603 10.77.6.2 80)$(pings 602 10.77.6.3)"' yesyes
out_is "the list" "red blue" vzfw zone list
ok "and not any more" vzfw zone deny blue red
sees "closed" '"$(opens 603 10.77.6.2 80)"' no
ok "one zone" vzctl set 603 --fw_zone blue --save
sees "within it" '"$(opens 603 10.77.6.2 80)"' yes

# The host.
setsid bash -c 'while :; do nc -l -p 7022 </dev/null; done' >/dev/null 2>&1 &
server=$!
for n in $(seq 400); do ss -Hltn | grep -q ':7022 ' && break; sleep 0.1; done
sees "the host is open" '"$(opens 603 192.0.2.1 7022)"' yes
ok "closed for containers" vzfw host policy ct drop
sees "it is" '"$(opens 603 192.0.2.1 7022)$(pings 603 192.0.2.1)$(pings 603 192.0.2.2)"' nonoyes
ok "but for this" vzfw host add ct 'tcp 7022'
sees "and open" '"$(opens 603 192.0.2.1 7022)"' yes
tap_run vzfw host policy net drop
like "who would lock himself out" "$TAP_RC $TAP_OUT" '^1 .*lock yourself out'
tap_run vzfw host add net 'out accept ssh'
like "a rule of what leaves the host is none" "$TAP_RC $TAP_OUT" '^1 .*are for what comes in'
ok "with ssh" vzfw host add net ssh
ok "may" vzfw host policy net drop
sees "the network gets nothing" '"$(opens outside 192.0.2.1 7022)"' no
is "and its own asks are answered" "$(ping -c 1 -w 20 192.0.2.2 >/dev/null && echo yes)" yes
ok "open again" vzfw host policy net accept
ok "all of it" vzfw host policy ct accept
sees "is" '"$(opens outside 192.0.2.1 7022)"' yes
kill -- -$server 2>/dev/null
wait $server 2>/dev/null
rm -f /etc/vz/firewall/host
ok "nothing of the host's" vzfw reload

# Bridged: the same rules where no packet passes the host's routing.
ip link add brfw type bridge && ip link set brfw up
up 604
up 605
for ct in 604 605; do
	vzctl set $ct --netif_add eth0,,,,brfw --save >/dev/null 2>&1
	in_ct $ct "echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad; ip link set eth0 up; ip addr add 10.88.0.$((ct - 600))/24 dev eth0
		ip -6 addr add fd88::$((ct - 600))/64 dev eth0" >/dev/null
done
serve 604 22 80
sees "bridged, open" '"$(opens 605 10.88.0.4 80)"' yes
ok "bridged, with rules" vzctl set 604 --fw_in drop --fw_add 'ssh count' --save
sees "what is let in" '"$(opens 605 10.88.0.4 22)$(opens 605 fd88::4 22)"' yesyes
sees "what is not" '"$(opens 605 10.88.0.4 80)$(pings 605 10.88.0.4)$(opens 605 fd88::4 80)"' nonono
ok "any prefix" vzctl set 604 --fw_add 'in accept tcp 80 from fc00::/7' --fw_add 'in accept ping from fe80::/10'
local605=$(in_ct 605 "ip -6 -o addr show dev eth0 scope link" | grep -o 'fe80[^/]*')
local604=$(in_ct 604 "ip -6 -o addr show dev eth0 scope link" | grep -o 'fe80[^/]*')
sees "holds" '"$(opens 605 fd88::4 80)$(pings 605 fd88::4)$(pings 605 "$local604%eth0")"' yesnoyes
ok "the narrower decides" vzctl set 604 --fw_add "in drop ping from $local605/117" --fw_add 'in drop tcp 80 from fd88::/69'
sees "here too" '"$(opens 605 fd88::4 80)$(pings 605 "$local604%eth0")$(opens 605 fd88::4 22)"' nonoyes
sees "it gets answers" '"$(pings 604 10.88.0.5)$(pings 604 fd88::5)"' yesyes
like "counted" "$(counted 604 ssh)" '^[1-9]'
# Flows of UDP: who makes very many takes no room of its neighbours.
ip addr add 10.88.0.1/24 dev brfw
cat >/tmp/echo.py <<'EOF'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.88.0.1", 5353))
while True:
    d, a = s.recvfrom(64)
    s.sendto(d, a)
EOF
cat >/tmp/flood.py <<'EOF'
import socket
for i in range(4):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.88.0.4", 20000 + i))
    for port in range(10000, 45000):
        try: s.sendto(b"x", ("10.88.0.1", port))
        except OSError: pass
EOF
cat >/tmp/ask.py <<'EOF'
import socket, sys
for i in range(4):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.sendto(b"x", ("10.88.0.1", 5353))
    try:
        s.recv(64)
        sys.exit(0)
    except OSError: pass
sys.exit(1)
EOF
python3 /tmp/echo.py &
echo_server=$!
ok "another with rules" vzctl set 605 --fw_in drop
nsenter -t "$(init_of 604)" -n python3 /tmp/flood.py
ok "beside a flood it is answered" nsenter -t "$(init_of 605)" -n python3 /tmp/ask.py
between "which is so many flows" "$(nft list set bridge $T flow4 | grep -o '10.88.0.4 . 10.88.0.1' | wc -l)" 200 $((256 * 61))
kill $echo_server
wait $echo_server 2>/dev/null
rm /tmp/echo.py /tmp/flood.py /tmp/ask.py
vzctl set 605 --fw_in accept >/dev/null 2>&1

ok "outgoing" vzctl set 605 --fw_out drop
sees "stays in" '"$(opens 605 10.88.0.4 22)$(pings 605 10.88.0.4)"' nono
nft flush ruleset
ok "flushed" vzctl set 601 --fw_add http
sees "comes back on bridges too" '"$(opens 605 10.88.0.4 22)"' no

# kill -9 anywhere: the next command makes the kernel follow the file.
vzctl set 601 --fw_in drop --fw_groups web --fw_del all --save >/dev/null 2>&1
kernel() {
	nft list map inet $T fwin4 | grep -o '"vz601" [^,}]*' | sort
}
vzfw group set web http >/dev/null; http=$(kernel)
vzfw group set web https >/dev/null; https=$(kernel)
"$KILLAT" -c -- vzfw group set web http 2>/tmp/calls >/dev/null
total=$(tail -n 1 /tmp/calls)
bad=
for i in $(seq 1 4 "$total") $((total - 1)) "$total"; do
	for mode in "" -a; do
		for want in https http; do
			vzfw group set web $([ $want = http ] && echo https || echo http) >/dev/null
			timeout 60 "$KILLAT" $mode -n "$i" -- vzfw group set web $want >/dev/null 2>&1
			vzfw reload >/dev/null 2>/tmp/err || bad="$bad $i$mode:$(cat /tmp/err)"
			[ "$(kernel)" = "${!want}" ] && [ "$(vzfw group show web)" = "in accept $want" ] && continue
			[ "$(vzfw group show web)" != "in accept $want" ] && [ "$(kernel)" != "${!want}" ] && continue
			bad="$bad $i$mode:$want"
		done
	done
done
is "a group, killed at $total calls" "$bad" ""
"$KILLAT" -c -- vzctl set 601 --fw_in accept --save 2>/tmp/calls >/dev/null
total=$(tail -n 1 /tmp/calls)
bad=
for i in $(seq 1 2 "$total") "$total"; do
	vzctl set 601 --fw_in drop --save >/dev/null 2>&1
	timeout 60 "$KILLAT" -n "$i" -- vzctl set 601 --fw_in accept --save >/dev/null 2>&1
	vzctl set 601 --fw_out accept --save >/dev/null 2>/tmp/err || bad="$bad $i:$(tail -n 1 /tmp/err)"
	file=$(sed -n 's/^FW_IN="\(.*\)"/\1/p' /etc/vz/conf/601.conf)
	nft list map inet $T fwpolicy | grep -q "\"vz601\" . 0x00000000 : $file" || bad="$bad $i:$file"
done
is "a container, killed at $total calls" "$bad" ""
gone 601 602 603 604 605
ip link del brfw
ok "a group that nobody uses goes" vzfw group remove web
is "no element stays" "$(nft list table inet $T | grep -cE 'vz60|10\.77\.6\.')" 0
rm -rf /etc/vz/firewall
