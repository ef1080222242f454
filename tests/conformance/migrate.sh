# SPDX-License-Identifier: GPL-2.0-or-later
# vzmigrate as far as one host goes: its grammar and what it refuses. With a second host: tests/integration/migrate.sh.
. "$TOP/tests/conformance/case.sh"

it "without arguments: usage on standard output"
run vzmigrate
out_like '^Usage: vzmigrate '

it "--usage"
run vzmigrate --usage
out_like '^Usage: vzmigrate '

it "an unknown option"
run vzmigrate --bogus host 101
out_any
err_any
rc 1

it "only a host"
run vzmigrate host
out_any
err_any
rc 1

it "--remove-area takes yes or no"
run vzmigrate --remove-area perhaps host 101
out_any
err_like "-r takes yes or no, not 'perhaps'"
rc 1

it "no such container"
run vzmigrate host 777
out_any
err_any
rc 10

it "no such name"
run vzmigrate host nobody
err_any
rc 10

it "--live of a stopped container"
given stopped 101
run vzmigrate --live host 101
out "Locked CT 101"
err_like '^Error: '
rc 2
state 101 "exist unmounted down"

it "--online of a running one is refused and nothing happens"
given running 101
run vzmigrate --online host 101
out "Locked CT 101"
err_like 'Live migration needs checkpoints'
rc 14
state 101 "exist mounted running"

it "a host that is not there"
given stopped 101
run vzmigrate 127.0.0.1 101 --ssh='-o ConnectTimeout=2'
out "Locked CT 101
Starting migration of CT 101 to 127.0.0.1"
err_like "^Error: Can't connect to destination address"
rc 4
state 101 "exist unmounted down"

it "the lock goes with it"
run ls /vz/lock/101.lck
err_any
rc 2

it "a locked container"
given stopped 101
run sh -c 'sleep 20 & echo $! >/vz/lock/101.lck; vzmigrate host 101; rc=$?; kill $!; rm /vz/lock/101.lck; exit $rc'
out_any
err_like 'Container already locked'
rc 20
