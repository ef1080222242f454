# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl destroy, and delete.
. "$TOP/tests/conformance/case.sh"

DESTROYED="Destroying container private area: /vz/private/102
Container private area was destroyed"

it "two lines"
given none 102
given stopped 102
run vzctl destroy 102
out "$DESTROYED"
state 102 "deleted unmounted down"
gives 'ls -d /vz/private/102 /etc/vz/conf/102.conf /vz/root/102 2>/dev/null' ""

it "delete is the same"
given stopped 102
run vzctl delete 102
out "$DESTROYED"
state 102 "deleted unmounted down"

it "a running container"
given running 102
run vzctl destroy 102
out "Container is currently running. Stop it first."
rc 32
state 102 "exist mounted running"

it "a mounted container"
given mounted 102
run vzctl destroy 102
out "Container is currently mounted (umount first)"
rc 41
state 102 "exist mounted down"

it "the private area is gone already"
given stopped 102
run sh -c 'mv /vz/private/102 /vz/private/102.away; vzctl destroy 102; rc=$?; mv /vz/private/102.away /vz/private/102; exit $rc'
err "Container private area /vz/private/102 does not exist"
rc 43

it "a container that does not exist"
given none 103
run vzctl destroy 103
err "Container config file does not exist"
rc 14

it "the configuration is kept under another name"
given stopped 102 HOSTNAME=kept.example
run vzctl destroy 102
out "$DESTROYED"
gives 'grep HOSTNAME /etc/vz/conf/102.conf.destroyed' 'HOSTNAME="kept.example"'

it "so are its scripts"
given none 102
given stopped 102
run sh -c 'for s in mount umount premount postumount start stop; do echo "exit 0" >/etc/vz/conf/102.$s; done; vzctl --quiet destroy 102; cd /etc/vz/conf; ls 102.*destroyed'
out "102.conf.destroyed
102.mount.destroyed
102.postumount.destroyed
102.premount.destroyed
102.start.destroyed
102.stop.destroyed
102.umount.destroyed"

it "the dump goes"
given stopped 102
run sh -c ': >/vz/dump/Dump.102; vzctl --quiet destroy 102; ls /vz/dump'
out ""

it "--quiet says nothing"
given stopped 102
run vzctl --quiet destroy 102
state 102 "deleted unmounted down"

it "a locked container stays"
given stopped 102
run sh -c 'printf "1\n\n" >/vz/lock/102.lck; vzctl destroy 102; rc=$?; rm /vz/lock/102.lck; exit $rc'
err_like $'^Locked by: pid 1, cmdline .*\nContainer already locked$'
rc 9
state 102 "exist unmounted down"

it "the id can be used again"
given none 102
run sh -c 'vzctl --quiet create 102 --ostemplate vz-base && vzctl --quiet destroy 102 && vzctl --quiet create 102 --ostemplate vz-base; vzctl status 102'
out "CTID 102 exist unmounted down"

it "umount then destroy, as a panel does"
given mounted 102
run sh -c 'vzctl umount 102; vzctl destroy 102'
out "Container is unmounted
$DESTROYED"
