# SPDX-License-Identifier: GPL-2.0-or-later
# What a container can have very many of: links, routes, groups, halves of packets, broadcasts, packets to everywhere. It is
# refused or killed within its own memory, or held to its share; its neighbour is reached all the while. (The table of
# neighbours, which is one for all namespaces: tests/vm/cases/floods.sh.)
. "$TOP/tests/integration/evil_lib.sh"

up 701 --ipadd 10.77.7.1 --ipadd 2001:db8:7::1 --ram 64M --swap 0
up 702 --ipadd 10.77.7.2 --ipadd 2001:db8:7::2
arm 701
# flooded TEXT ATTACK...: while it goes on, the neighbour loses nothing, and works; then the container is there, or comes up.
flooded() {
	local text=$1 lost try
	shift
	for try in 1 2 3; do		# a busy machine loses packets of itself, but not each time
		ping -q -i 0.1 -c 20 -w 60 10.77.7.2 >/tmp/ping.out 2>&1 & ping=$!
		evil 701 "$@" >/tmp/flood.out
		[ $try -gt 1 ] || ok "$text: the neighbour works" vzctl exec2 702 'ping -q -c 2 -w 20 192.0.2.2'
		wait $ping
		lost=$(sed -n 's/.*, \([0-9]*\)% packet loss.*/\1/p' /tmp/ping.out)
		vzctl status 701 | grep -q running || vzctl --quiet start 701 >/dev/null 2>&1
		vzctl exec2 701 true || bail "container 701 does not come up"
		[ "${lost:-100}" -gt 5 ] || break
	done
	between "and is reached" "${lost:-100}" 0 5
}
bounded='signal 9|Killed|ENOMEM|ENOBUFS|not running'

flooded "pairs of links" links veth 6000
like "they are its own memory" "$(cat /tmp/flood.out)" "$bounded"
flooded "bridges" links bridge 6000
like "they too" "$(cat /tmp/flood.out)" "$bounded"
flooded "routes" routes 800000
like "they too" "$(cat /tmp/flood.out)" "$bounded"
flooded "multicast groups" groups 4000
flooded "packets to everywhere" neighbours 4 100000

# Fragments wait in one store of the host, whoever sent them, for the rest of them.
big='ping -q -c 3 -w 20 -s 3000'
ok "fragments pass" vzctl exec2 702 "$big 192.0.2.2"
like "halves of packets" "$(evil 701 halves 192.0.2.2 60000)" ALLOWED
ok "those of a neighbour pass still" vzctl exec2 702 "$big 192.0.2.2"
ok "over IPv6, too" vzctl exec2 702 "$big 2001:db8:ffff::1"
ok "and to the host" vzctl exec2 702 "$big 192.0.2.1"
for to in 192.0.2.1 2001:db8:ffff::1; do
	like "what is whole is not held back ($to)" "$(nsenter -t "$(init_of 702)" -n ping -q -f -c 3000 -w 60 $to)" ' 3000 received'
done
like "halves were dropped" "$(nft list chain inet vztest halves)" 'counter packets [1-9]'
between "and are waited for no longer than" "$(cat /proc/sys/net/ipv4/ipfrag_time)" 1 10
soon "then its own pass again, too" 60 sh -c "vzctl exec2 701 '$big 192.0.2.2' >/dev/null 2>&1"
rm -f /tmp/ping.out /tmp/flood.out
gone 701 702
