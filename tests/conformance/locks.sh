# SPDX-License-Identifier: GPL-2.0-or-later
# Locks: files that other programs take and look at.
. "$TOP/tests/conformance/case.sh"

SAVED="CT configuration saved to /etc/vz/conf/101.conf"
sleep 1000 &
HOLDER=$!
held() { printf '%d\n\n' "$HOLDER" >/vz/lock/101.lck; }
HELD="Locked by: pid $HOLDER, cmdline sleep 1000
Container already locked"

for cmd in start stop restart destroy mount umount "set --onboot yes --save" chkpnt restore; do
	it "${cmd%% *} of a locked container"
	given stopped 101
	held
	read -r verb rest <<<"$cmd"
	run vzctl "$verb" 101 $rest
	err "$HELD"
	rc 9
	state 101 "exist unmounted down"
	gives 'cat /vz/lock/101.lck' "$HOLDER"
	case_end
done

it "create of a locked container"
given none 101
held
run vzctl create 101 --ostemplate vz-base
err_like "^$HELD"
rc 9
gives 'ls -d /vz/private/101 2>/dev/null' ""

it "--skiplock goes on"
given stopped 101
held
run vzctl --skiplock set 101 --onboot yes --save
out "$SAVED"
gives 'test -e /vz/lock/101.lck && echo kept' kept

it "--skiplock start, as PVE does"
given stopped 101
held
run vzctl --skiplock start 101
out "Starting container...
Container is mounted
Container start in progress..."
state 101 "exist mounted running"

it "--skiplock stop"
given running 101
held
run vzctl --skiplock stop 101
out "Stopping container ...
Container was stopped
Container is unmounted"
gives 'test -e /vz/lock/101.lck && echo kept' kept

it "status needs none"
given stopped 101
held
run vzctl status 101
out "CTID 101 exist unmounted down"

it "a lock with a word in it"
given stopped 101
printf '%d\nmigrating\n' "$HOLDER" >/vz/lock/101.lck
run vzctl start 101
err "$HELD"
rc 9

it "a lock of a process that is gone"
given stopped 101
echo 999999 >/vz/lock/101.lck
run vzctl mount 101
out "Removing stale lock file /vz/lock/101.lck
Container is mounted"
gives 'ls /vz/lock' ""

it "an empty lock file"
given stopped 101
: >/vz/lock/101.lck
run vzctl set 101 --onboot yes --save
out_like "$SAVED\$"
gives 'ls /vz/lock' ""

it "a lock of noise"
given stopped 101
echo noise >/vz/lock/101.lck
run vzctl set 101 --onboot yes --save
out_like "$SAVED\$"
gives 'ls /vz/lock' ""

it "none is left behind"
given stopped 101
run vzctl --quiet set 101 --onboot yes --save
gives 'ls /vz/lock' ""

it "none is left behind by a failure"
given running 101
run vzctl --quiet start 101
rc 32
gives 'ls /vz/lock' ""

it "while vzctl works the file is there: pid and an empty line"
given stopped 101
printf '#!/bin/sh\ncat /vz/lock/$VEID.lck | wc -l; read -r pid </vz/lock/$VEID.lck; cat /proc/$pid/comm\n' >/etc/vz/conf/101.premount
chmod 755 /etc/vz/conf/101.premount
run vzctl mount 101
out "2
vzctl
Container is mounted"

it "two at once: one waits for nothing"
given stopped 101
printf '#!/bin/sh\nvzctl set $VEID --onboot yes --save >/tmp/second 2>&1; echo $? >>/tmp/second\n' >/etc/vz/conf/101.premount
chmod 755 /etc/vz/conf/101.premount
run vzctl mount 101
out "Container is mounted"
gives 'sed "s/pid [0-9]*, cmdline .*/pid P/" /tmp/second' "Locked by: pid P
Container already locked
9"

it "LOCKDIR of vz.conf"
given stopped 101
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i s,^LOCKDIR=.*,LOCKDIR=/tmp/locks, /etc/vz/vz.conf; mkdir -p /tmp/locks; printf "1\n\n" >/tmp/locks/101.lck; vzctl mount 101; rc=$?; cat /tmp/vz.conf >/etc/vz/vz.conf; rm -r /tmp/locks; exit $rc'
err_like $'^Locked by: pid 1, cmdline [^\n]*\nContainer already locked$'
rc 9

case_end
kill $HOLDER
wait $HOLDER 2>/dev/null || :
