# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl start.
. "$TOP/tests/conformance/case.sh"

STARTED="Starting container...
Container is mounted
Container start in progress..."

it "three lines"
given stopped 101
run vzctl start 101
out "$STARTED"
state 101 "exist mounted running"

it "with address and CPU limits: in this order"
given stopped 101 IP_ADDRESS=10.77.1.1 CPULIMIT=50 CPUUNITS=1000 CPUS=2
run vzctl start 101
out "Starting container...
Container is mounted
Adding IP address(es): 10.77.1.1
Setting CPU limit: 50
Setting CPU units: 1000
Setting CPUs: 2
Container start in progress..."

it "two addresses on one line"
given stopped 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run vzctl start 101
out "Starting container...
Container is mounted
Adding IP address(es): 10.77.1.1 10.77.1.2
Container start in progress..."

it "running already"
given running 101
run vzctl start 101
err "Container is already running"
rc 32
state 101 "exist mounted running"

it "disabled"
given stopped 101 DISABLED=yes
run vzctl start 101
err "Container start disabled"
rc 105
state 101 "exist unmounted down"

it "disabled, with --force"
given stopped 101 DISABLED=yes
run vzctl start 101 --force
out "$STARTED"
state 101 "exist mounted running"

it "mounted: unmounts first"
given mounted 101
run vzctl start 101
out "Starting container...
Container is unmounted
Container is mounted
Container start in progress..."
state 101 "exist mounted running"

it "mounted, with --skip-remount"
given mounted 101
run vzctl start 101 --skip-remount
out_like $'^Starting container...\n(Container is mounted\n)?Container start in progress...$'
state 101 "exist mounted running"

it "--wait"
given stopped 101
run vzctl start 101 --wait
out "Starting container...
Container is mounted
Container start in progress, waiting ...
Container started successfully"

it "--skip-fsck means nothing here"
given stopped 101
run vzctl start 101 --skip-fsck
out "$STARTED"

it "--skip_ve_setup: no address, no limits said"
given stopped 101 IP_ADDRESS=10.77.1.1 CPUUNITS=1000
run vzctl start 101 --skip_ve_setup
out "$STARTED"
state 101 "exist mounted running"

it "--quiet"
given stopped 101
run vzctl --quiet start 101
state 101 "exist mounted running"

it "the private area is gone"
given stopped 101
run sh -c 'mv /vz/private/101 /vz/private/101.away; vzctl start 101; rc=$?; mv /vz/private/101.away /vz/private/101; exit $rc'
err "Container private area /vz/private/101 does not exist"
rc 43
state 101 "exist unmounted down"

it "no init"
given stopped 101
run sh -c 'vzctl --quiet mount 101; rm -f /vz/root/101/sbin/init /vz/root/101/etc/init /vz/root/101/bin/init; vzctl --quiet umount 101; vzctl start 101'
out_like $'^Starting container...\nContainer is mounted\n'
err "Unable to start init, probably incorrect template
Container start failed"
rc 47
state 101 "exist unmounted down"

it "no such container"
given none 102
run vzctl start 102
err "Container config file does not exist"
rc 14

it "the hostname inside"
given none 101
given running 101 HOSTNAME=www.example
run vzctl exec 101 hostname
out www.example

it "name servers inside"
given running 101 "NAMESERVER=192.0.2.3 192.0.2.4" "SEARCHDOMAIN=a.example b.example"
run vzctl exec 101 'grep -v "^#" /etc/resolv.conf'
out_like $'search a.example b.example\nnameserver 192.0.2.3\nnameserver 192.0.2.4|nameserver 192.0.2.3\nnameserver 192.0.2.4\nsearch a.example b.example'

it "the address is on venet0"
given running 101 IP_ADDRESS=10.77.1.1
run vzctl exec 101 'ip -4 -o addr show dev venet0 | grep -c "inet 10.77.1.1/32"'
out 1

it "venet0 counts in /proc/net/dev"
run vzctl exec 101 'grep -c "^ *venet0:" /proc/net/dev'
out 1

it "the host has a route"
given running 101 IP_ADDRESS=10.77.1.1
run sh -c 'ip route show 10.77.1.1 | grep -c "^10.77.1.1"'
out 1

it "init's environment"
given running 101
run vzctl exec 101 'tr "\0" "\n" </proc/1/environ | grep -E "^(HOME|TERM)=" | sort'
out "HOME=/
TERM=linux"

it "init knows that it is in a container"
run vzctl exec 101 'tr "\0" "\n" </proc/1/environ | grep -c "^container="'
out 1

it "other descriptors are not there"
run vzctl exec 101 'ls /proc/1/fd | sort -n | grep -c -v "^[012]$"'
out_any
rc 8

it "the root is visible on the host"
given running 101
run ls -d /vz/root/101/etc/passwd
out /vz/root/101/etc/passwd

it "so is its /proc"
deviates "what a container mounts itself stays in its own mount namespace"
given running 101
run ls -d /vz/root/101/proc/1
out /vz/root/101/proc/1

it "what is mounted below VE_ROOT reaches the container"
given running 101
run sh -c 'mkdir -p /vz/root/101/mnt; mount -t tmpfs shared /vz/root/101/mnt; echo seen >/vz/root/101/mnt/file; vzctl exec 101 cat /mnt/file; umount /vz/root/101/mnt'
out seen

it "the memory limit bites"
given running 101
run vzctl exec 101 'head -c 400m /dev/zero | tail -c 390m >/dev/null'
out_any
err_any
rc 8
state 101 "exist mounted running"

it "a reboot inside comes back"
given running 101
run sh -c 'a=$(grep INIT_PID /run/vz/101/state); vzctl exec 101 reboot; for i in $(seq 400); do sleep 0.1; b=$(grep INIT_PID /run/vz/101/state 2>/dev/null); [ -n "$b" ] && [ "$a" != "$b" ] && vzctl exec 101 true 2>/dev/null && break; done; vzctl status 101'
out_like 'CTID 101 exist mounted running$'

it "VE_LAYOUT is saved if it was not there"
given stopped 101
run sh -c 'sed -i /^VE_LAYOUT=/d /etc/vz/conf/101.conf; vzctl start 101'
out_like "Saving VE layout '[a-z]+' to the VE config file"
gives 'grep -c ^VE_LAYOUT= /etc/vz/conf/101.conf' 1

it "a start makes an old dump worthless: it goes"
given stopped 101
run sh -c ': >/vz/dump/Dump.101; vzctl --quiet start 101; vzctl --quiet stop 101 --fast; vzctl status 101'
out "CTID 101 exist unmounted down"
gives 'ls /vz/dump' ""
