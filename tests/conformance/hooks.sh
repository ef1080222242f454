# SPDX-License-Identifier: GPL-2.0-or-later
# Action scripts: which, where, in which order, and what their failure does.
. "$TOP/tests/conformance/case.sh"

# script NAME TEXT: an action script on the host.
script() {
	printf '#!/bin/sh\n%s\n' "$2" >"/etc/vz/conf/$1"
	chmod 755 "/etc/vz/conf/$1"
}
no_vps() { rm -f /etc/vz/conf/vps.*; }
STARTED="Starting container...
Container is mounted
Container start in progress..."

it "mounting: global first, premount before mount"
given stopped 101
for s in vps.premount 101.premount vps.mount 101.mount; do script $s "echo $s"; done
run vzctl mount 101
out "vps.premount
101.premount
vps.mount
101.mount
Container is mounted"

it "unmounting: the container's own first"
given mounted 101
for s in vps.umount 101.umount vps.postumount 101.postumount; do script $s "echo $s"; done
run vzctl umount 101
out "101.umount
vps.umount
101.postumount
vps.postumount
Container is unmounted"
case_end
no_vps

it "premount sees an empty root, mount a full one"
given stopped 101
script 101.premount 'ls -d /vz/root/101/etc 2>/dev/null | wc -l'
script 101.mount 'ls -d /vz/root/101/etc 2>/dev/null | wc -l'
run vzctl mount 101
out "0
1
Container is mounted"

it "umount sees a full root, postumount an empty one"
given mounted 101
script 101.umount 'ls -d /vz/root/101/etc 2>/dev/null | wc -l'
script 101.postumount 'ls -d /vz/root/101/etc 2>/dev/null | wc -l'
run vzctl umount 101
out "1
0
Container is unmounted"

it "they run at start and stop"
given stopped 101
for s in premount mount umount postumount; do script 101.$s "echo $s"; done
run sh -c 'vzctl start 101; vzctl stop 101 --fast'
out "Starting container...
premount
mount
Container is mounted
Container start in progress...
Killing container ...
Container was stopped
umount
postumount
Container is unmounted"

it "the environment of a script of the host"
given stopped 101
script 101.mount 'env | grep -v -E "^(PWD|SHLVL|_|OLDPWD|VZCTL_.*|VE_ROOT|VE_PRIVATE)=" | sort; pwd'
run vzctl mount 101
out "HOME=/
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TERM=linux
VEID=101
VE_CONFFILE=/etc/vz/conf/101.conf
/
Container is mounted"

it "the idiom of all known scripts"
given stopped 101
script 101.mount '. /etc/vz/vz.conf; . ${VE_CONFFILE}; echo $VE_ROOT $VE_PRIVATE'
run vzctl mount 101
out "/vz/root/101 /vz/private/101
Container is mounted"

it "standard input is empty"
given stopped 101
script 101.mount 'cat | wc -c'
feed "something"
run vzctl mount 101
out "0
Container is mounted"

it "a script may write to standard error"
given stopped 101
script 101.mount 'echo complaint >&2'
run vzctl mount 101
out "Container is mounted"
err complaint

it "premount fails"
given stopped 101
script 101.premount 'exit 1'
run vzctl mount 101
err "Error executing premount script /etc/vz/conf/101.premount"
rc 79
state 101 "exist unmounted down"

it "mount fails"
given stopped 101
script 101.mount 'exit 1'
run vzctl mount 101
out_any
err "Error executing mount script /etc/vz/conf/101.mount"
rc 79
state 101 "exist unmounted down"

it "mount fails at start"
given stopped 101
script 101.mount 'exit 1'
run vzctl start 101
out_like '^Starting container...'
err_like 'Error executing mount script /etc/vz/conf/101.mount'
rc 79
state 101 "exist unmounted down"

it "umount fails: it stays mounted"
given mounted 101
script 101.umount 'exit 1'
run vzctl umount 101
err "Error executing umount script /etc/vz/conf/101.umount"
rc 79
state 101 "exist mounted down"

it "the global script fails"
given stopped 101
script vps.mount 'exit 1'
run vzctl mount 101
out_any
err "Error executing mount script /etc/vz/conf/vps.mount"
rc 79
state 101 "exist unmounted down"
case_end
no_vps

it "one that is not executable has failed"
given stopped 101
script 101.mount 'exit 0'
chmod 644 /etc/vz/conf/101.mount
run vzctl mount 101
out_any
err_like 'Error executing mount script /etc/vz/conf/101.mount'
rc 79

it "mounts it makes below VE_ROOT reach the container"
given stopped 101
script 101.mount '. /etc/vz/vz.conf; . $VE_CONFFILE; mkdir -p /tmp/shared; echo from-the-host >/tmp/shared/file; mount -n --bind /tmp/shared $VE_ROOT/mnt'
script 101.umount '. /etc/vz/vz.conf; . $VE_CONFFILE; umount $VE_ROOT/mnt'
run sh -c 'vzctl start 101; vzctl exec 101 cat /mnt/file; vzctl --quiet stop 101 --fast; rm -r /tmp/shared'
out "$STARTED
from-the-host"

it "start runs inside, with the network there, before init"
given stopped 101 IP_ADDRESS=10.77.1.1
printf 'ip -o addr show venet0 | grep -c 10.77.1.1; ls -d /sbin/init; echo $$ >/tmp/first; hostname inside\n' >/etc/vz/conf/101.start
run vzctl start 101
out "Starting container...
Container is mounted
Adding IP address(es): 10.77.1.1
1
/sbin/init
Container start in progress..."

it "start's environment"
given stopped 101
echo 'env | grep -v -E "^(PWD|SHLVL|_|OLDPWD)=" | cut -d= -f1 | sort' >/etc/vz/conf/101.start
run vzctl start 101
out "Starting container...
Container is mounted
HOME
PATH
TERM
Container start in progress..."

it "start fails: the container does not run"
given stopped 101
echo 'exit 1' >/etc/vz/conf/101.start
run vzctl start 101
out_any
err_like 'Container start failed'
rc 79
state 101 "exist unmounted down"

it "stop runs inside before init is asked"
given running 101
echo 'echo stopping; cat /proc/1/comm' >/etc/vz/conf/101.stop
run vzctl stop 101
out_like $'stopping\ninit\n'
state 101 "exist unmounted down"

it "with --fast too"
given running 101
echo 'echo stopping' >/etc/vz/conf/101.stop
run vzctl stop 101 --fast
out_like 'stopping'
state 101 "exist unmounted down"

it "stop fails: the container goes on"
given running 101
echo 'echo no; exit 1' >/etc/vz/conf/101.stop
run vzctl stop 101
out_like $'(^|\n)no(\n|$)'
err_any
rc 79
state 101 "exist mounted running"

it "--skip_ve_setup runs none of those inside"
given stopped 101
echo 'echo inside' >/etc/vz/conf/101.start
run vzctl start 101 --skip_ve_setup
out "$STARTED"

it "no script, no word"
given stopped 101
run vzctl start 101
out "$STARTED"

it "the end of a container's own poweroff runs them as well"
given stopped 101
script 101.umount 'echo umount >>/tmp/own'
script 101.postumount 'echo postumount >>/tmp/own'
run sh -c 'rm -f /tmp/own; vzctl --quiet start 101; vzctl exec 101 poweroff; for i in $(seq 400); do vzctl status 101 | grep -q "unmounted down" && grep -qs postumount /tmp/own && break; sleep 0.1; done; cat /tmp/own; rm -f /tmp/own'
out "umount
postumount"
