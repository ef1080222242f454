# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl stop.
. "$TOP/tests/conformance/case.sh"

it "a stopped container is no error"
given stopped 101
run vzctl stop 101
err "Unable to stop: container is not running"
state 101 "exist unmounted down"

it "three lines"
given running 101
run vzctl stop 101
out "Stopping container ...
Container was stopped
Container is unmounted"
state 101 "exist unmounted down"

it "--fast kills"
given running 101
run vzctl stop 101 --fast
out "Killing container ...
Container was stopped
Container is unmounted"
state 101 "exist unmounted down"

it "--fast of a stopped container"
given stopped 101
run vzctl stop 101 --fast
err "Unable to stop: container is not running"

it "--skip-umount leaves it mounted"
given running 101
run vzctl stop 101 --skip-umount
out "Stopping container ...
Container was stopped"
state 101 "exist mounted down"

it "--fast with --skip-umount"
given running 101
run vzctl stop 101 --fast --skip-umount
out "Killing container ...
Container was stopped"
state 101 "exist mounted down"

it "a frozen container can be stopped"
given running 101
run sh -c 'vzctl --quiet chkpnt 101 --suspend; vzctl stop 101 --fast'
out "Killing container ...
Container was stopped
Container is unmounted"
state 101 "exist unmounted down"

it "an init that does not listen is killed after the time"
given running 101 STOP_TIMEOUT=1
run sh -c 'vzctl exec 101 "kill -STOP 1; cp /bin/busybox /bin/b2; for f in poweroff halt shutdown; do rm -f /sbin/\$f /bin/\$f /usr/sbin/\$f; ln -s /bin/true /sbin/\$f; done"; vzctl stop 101'
out_like $'^Stopping container ...\n(Killing container ...\n)?Container was stopped\nContainer is unmounted$'
state 101 "exist unmounted down"

it "a container that does not exist"
given none 102
run vzctl stop 102
err "Container config file does not exist"
rc 14

it "a container of another program's lock"
given running 101
run sh -c 'printf "1\n\n" >/vz/lock/101.lck; vzctl stop 101; rc=$?; rm /vz/lock/101.lck; exit $rc'
err_like $'^Locked by: pid 1, cmdline .*\nContainer already locked$'
rc 9
state 101 "exist mounted running"

it "its network is gone with it"
given running 101 IP_ADDRESS=10.77.1.1
run vzctl stop 101 --fast
out "Killing container ...
Container was stopped
Container is unmounted"
gives 'ip route show 10.77.1.1' ""
