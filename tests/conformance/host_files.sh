# SPDX-License-Identifier: GPL-2.0-or-later
# Files on the host by which others look up running containers, and the event scripts.
. "$TOP/tests/conformance/case.sh"

it "veip: the addresses of a running container, separated by blanks"
given running 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run cat /var/lib/vzctl/veip/101
out "10.77.1.1 10.77.1.2"

it "veip: without prefix"
given running 101 IP_ADDRESS=10.77.1.3/24
run cat /var/lib/vzctl/veip/101
out "10.77.1.3"

it "veip: set --ipadd"
run sh -c 'vzctl set 101 --ipadd 10.77.1.4 >/dev/null; cat /var/lib/vzctl/veip/101'
out "10.77.1.3 10.77.1.4"

it "veip: set --ipdel all"
run sh -c 'vzctl set 101 --ipdel all >/dev/null; cat /var/lib/vzctl/veip/101'
out ""

it "vepid: the host's pid of init"
given running 101
run sh -c 'cat /proc/$(cat /var/lib/vzctl/vepid/101)/comm'
out init

it "netns: a link to the namespace"
run sh -c 'readlink /var/run/netns/101 | sed "s/$(cat /var/lib/vzctl/vepid/101)/PID/"'
out /proc/PID/ns/net

it "netns: ip netns exec"
run sh -c 'ip netns exec 101 ip -o link show venet0 | wc -l'
out 1

it "all of them go with a stop"
given running 101
run sh -c 'vzctl stop 101 --fast >/dev/null; ls /var/lib/vzctl/veip/101 /var/lib/vzctl/vepid/101 /var/run/netns/101 2>/dev/null | wc -l'
out 0

it "and with a death"
given running 101
run sh -c 'kill -9 $(cat /var/lib/vzctl/vepid/101); for i in $(seq 400); do sleep 0.1; vzctl status 101 | grep -q unmounted && break; done; ls /var/lib/vzctl/veip/101 /var/lib/vzctl/vepid/101 /var/run/netns/101 2>/dev/null | wc -l'
out 0

it "a mounted one has none"
given mounted 101
run sh -c 'ls /var/lib/vzctl/veip/101 /var/lib/vzctl/vepid/101 /var/run/netns/101 2>/dev/null | wc -l'
out 0

# event NAME TEXT: a script for an event of any container.
event() {
	mkdir -p /etc/vz/events
	printf '#!/bin/sh\n%s\n' "$2" >"/etc/vz/events/vzevent-$1"
	chmod 755 "/etc/vz/events/vzevent-$1"
}

it "events of a start: mount, start"
given stopped 101
for e in start stop mount umount reboot; do event $e "echo $e of \$VEID"; done
run vzctl start 101
out "Starting container...
mount of 101
Container is mounted
start of 101
Container start in progress..."

it "events of a stop: umount, stop"
run vzctl stop 101 --fast
out "Killing container ...
Container was stopped
umount of 101
stop of 101
Container is unmounted"

it "an event script that fails changes no status"
given stopped 101
event mount "exit 1"
run vzctl mount 101
out "Container is mounted"
err_like '^Warning: /etc/vz/events/vzevent-mount: '
state 101 "exist mounted down"
case_end
rm -rf /etc/vz/events

it "vzreboot: what ran at shutdown starts at boot, if its file says nothing of ONBOOT"
given running 101
run sh -c 'sed -i /^ONBOOT=/d /etc/vz/conf/101.conf; vzhost boot stop >/dev/null; ls /var/lib/vzctl/vzreboot; vzhost boot start >/dev/null; vzctl status 101; ls /var/lib/vzctl/vzreboot'
out "101
CTID 101 exist mounted running"

it "vzreboot: not with ONBOOT=no"
given stopped 101 ONBOOT=no
run sh -c 'touch /var/lib/vzctl/vzreboot/101; vzhost boot start >/dev/null; vzctl status 101'
out "CTID 101 exist unmounted down"
