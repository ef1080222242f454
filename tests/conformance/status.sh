# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl status: one line that everything reads.
. "$TOP/tests/conformance/case.sh"

it "a container that never was"
given none 102
run vzctl status 102
out "CTID 102 deleted unmounted down"

it "a high number, as a probe"
run vzctl status 10000
out "CTID 10000 deleted unmounted down"

it "stopped"
given stopped 101
run vzctl status 101
out "CTID 101 exist unmounted down"

it "mounted"
given mounted 101
run vzctl status 101
out "CTID 101 exist mounted down"

it "running"
given running 101
run vzctl status 101
out "CTID 101 exist mounted running"

it "frozen is running"
given running 101
run sh -c 'vzctl --quiet chkpnt 101 --suspend; vzctl status 101; vzctl --quiet chkpnt 101 --resume'
out "CTID 101 exist mounted running"

it "a dump makes the sixth word"
given stopped 101
run sh -c 'mkdir -p /vz/dump; : >/vz/dump/Dump.101; vzctl status 101; rm /vz/dump/Dump.101'
out "CTID 101 exist unmounted down suspended"

it "a dump of a running container says nothing"
given running 101
run sh -c ': >/vz/dump/Dump.101; vzctl status 101; rm /vz/dump/Dump.101'
out "CTID 101 exist mounted running"

it "a configuration without a private area"
given stopped 101
run sh -c 'mv /vz/private/101 /vz/private/101.away; vzctl status 101; mv /vz/private/101.away /vz/private/101'
out "CTID 101 deleted unmounted down"

it "a private area without a configuration"
given stopped 101
run sh -c 'mv /etc/vz/conf/101.conf /tmp/101.conf; vzctl status 101; mv /tmp/101.conf /etc/vz/conf/101.conf'
out "CTID 101 deleted unmounted down"

it "a lock held by another does not matter"
given stopped 101
run sh -c 'printf "1\n\n" >/vz/lock/101.lck; vzctl status 101; rm /vz/lock/101.lck'
out "CTID 101 exist unmounted down"

it "--verbose adds no line"
given stopped 101
run vzctl --verbose status 101
out "CTID 101 exist unmounted down"

it "VERBOSE of vz.conf adds none"
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i s/^VERBOSE=.*/VERBOSE=5/ /etc/vz/vz.conf; vzctl status 101; cat /tmp/vz.conf >/etc/vz/vz.conf'
out "CTID 101 exist unmounted down"

it "the end of a container's own poweroff"
given running 101
run sh -c 'vzctl exec 101 poweroff; for i in $(seq 400); do vzctl status 101 | grep -q "unmounted down" && break; sleep 0.1; done; vzctl status 101'
out "CTID 101 exist unmounted down"
