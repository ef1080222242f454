# SPDX-License-Identifier: GPL-2.0-or-later
# What others look up about a running container (veip, vepid, ip netns), and the scripts that events run.
. "$TOP/tests/integration/lib.sh"

left() {
	ls -d /var/lib/vzctl/veip/751 /var/lib/vzctl/vepid/751 /run/netns/751 2>/dev/null | tr '\n' ' '
}
is_up() {	# WHAT
	is "$1: its pid" "$(cat /var/lib/vzctl/vepid/751)" "$(init_of 751)"
	is "$1: its network" "$(ip netns exec 751 cat /proc/sys/kernel/hostname >/dev/null && readlink -f /run/netns/751)" \
		"/proc/$(init_of 751)/ns/$(readlink "/proc/$(init_of 751)/ns/net")"
}

new 751 --ipadd 10.77.51.1 --ipadd 10.77.51.2
is "nothing before a start" "$(left)" ""
ok "start" vzctl start 751
is_up "running"
is "its addresses" "$(cat /var/lib/vzctl/veip/751)" "10.77.51.1 10.77.51.2"
like "ip netns exec" "$(ip netns exec 751 ip -4 -o addr show venet0)" ' 10\.77\.51\.1/'
like "ip netns list" "$(ip netns list)" '(^|
)751'
ok "an address more" vzctl set 751 --ipadd 10.77.51.3
is "is there" "$(cat /var/lib/vzctl/veip/751)" "10.77.51.1 10.77.51.2 10.77.51.3"
ok "two addresses less, one of them never saved" vzctl set 751 --ipdel 10.77.51.1 --ipdel 10.77.51.3
like "both are told" "$TAP_OUT" 'Deleting IP address\(es\): 10\.77\.51\.1 10\.77\.51\.3'
is "both are gone inside" "$(ip netns exec 751 ip -4 -o addr show venet0 | grep -o '10\.77\.51\.[0-9]*' | sort -u | tr '\n' ' ')" "10.77.51.2 "
is "are gone" "$(cat /var/lib/vzctl/veip/751)" "10.77.51.2"
kill -9 "$(monitor_of 751)"
soon "a new monitor" 3 sh -c "vzctl status 751 >/dev/null; kill -0 \$(cat /run/vz/751/monitor.pid)"
is_up "adopted"
ok "restart" vzctl restart 751 --fast
is_up "started again"
init=$(init_of 751)
again() { [ "$(init_of 751)" != "$init" ] && [ "$(cat /var/lib/vzctl/vepid/751)" = "$(init_of 751)" ] && vzctl exec 751 true; }
vzctl exec 751 reboot -f >/dev/null 2>&1 </dev/null
soon "a reboot from inside" 5 again
is_up "after it"
kill -9 "$(init_of 751)"
soon "death of init" 5 sh -c 'vzctl status 751 | grep -q down && ! ls /run/netns/751 /var/lib/vzctl/*/751 2>/dev/null'
bad=
for n in 1 2 3 4 5; do
	vzctl --quiet start 751
	vzctl --quiet set 751 --ipadd 10.77.51.77
	kill -9 "$(init_of 751)"
	for i in $(seq 400); do vzctl status 751 | grep -q ' unmounted down' && break; sleep 0.1; done
	nft list ruleset | grep -q '10\.77\.51\.77' && bad="$bad $n"
done
is "an address that nobody saved is closed when init dies" "$bad" ""
ok "start with nothing set up" vzctl start 751 --skip_ve_setup
is "no address is announced" "$(cat /var/lib/vzctl/veip/751)" ""
is_up "without setup"
ok "stop" vzctl stop 751 --fast
is "nothing after it" "$(left)" ""

ip netns add 751
says "somebody else's namespace of that name" 0 "" \
	"Warning: /var/run/netns/751 is not of this container and is left alone; 'ip netns exec 751' does not enter it" \
	sh -c 'vzctl start 751 >/dev/null'
ok "stop again" vzctl stop 751 --fast
ok "it is still there" ip netns exec 751 true
ok "and its owner removes it" ip netns del 751
umount /run/netns		# ip netns add has made a mount of it

left=
for delay in 0.002 0.006 0.010 0.014 0.018 0.022 0.030; do
	vzctl start 751 >/dev/null 2>&1 </dev/null &
	sleep $delay
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	vzctl --quiet stop 751 --fast >/dev/null 2>&1 </dev/null
	[ -z "$(left)" ] || left="$left after $delay s: $(left);"
done
is "kill -9 of a start at seven moments leaves none" "$left" ""

# --- events
mkdir -p /etc/vz/events
for ev in start stop mount umount reboot; do
	printf '#!/bin/sh\necho %s $VEID >>/tmp/events\n' $ev >/etc/vz/events/vzevent-$ev
	chmod 755 /etc/vz/events/vzevent-$ev
done
events() {
	tr '\n' , </tmp/events
	rm -f /tmp/events
}
ok "start" vzctl start 751
is "a start" "$(events)" "mount 751,start 751,"
ok "stop" vzctl stop 751 --fast
is "a stop" "$(events)" "umount 751,stop 751,"
ok "mount" vzctl mount 751
ok "umount" vzctl umount 751
is "a mount, and its end" "$(events)" "mount 751,umount 751,"
ok "start" vzctl start 751
rm -f /tmp/events
vzctl exec 751 reboot -f >/dev/null 2>&1 </dev/null
soon "a reboot is seen" 8 grep -q start /tmp/events
is "as one" "$(events)" "umount 751,reboot 751,mount 751,start 751,"
kill -9 "$(init_of 751)"
soon "so is a death" 5 grep -q stop /tmp/events
is "as a stop" "$(events)" "umount 751,stop 751,"
printf '#!/bin/sh\nexit 3\n' >/etc/vz/events/vzevent-start
rc "a script that fails stops nothing" 0 vzctl start 751
like "and is told" "$TAP_OUT" 'Warning: /etc/vz/events/vzevent-start: '
chmod 777 /etc/vz/events/vzevent-stop
rc "one that others can write is not run" 0 vzctl stop 751 --fast
like "and is told, too" "$TAP_OUT" 'Warning: /etc/vz/events/vzevent-stop: .*chown root'
is "it did not run" "$(events)" "mount 751,umount 751,"
rm -rf /etc/vz/events /tmp/events
gone 751
