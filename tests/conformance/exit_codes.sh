# SPDX-License-Identifier: GPL-2.0-or-later
# Exit statuses that no other category asks for, and which of two reasons wins.
. "$TOP/tests/conformance/case.sh"

it "8 is exec's alone"
given running 101
run sh -c 'vzctl exec 101 "exit 9"; echo $?; vzctl exec2 101 "exit 9"; echo $?; vzctl exec3 101 sh -c "exit 9"; echo $?'
out "8
9
9"

it "9 before 32"
given running 101
run sh -c 'printf "1\n\n" >/vz/lock/101.lck; vzctl start 101; rc=$?; rm /vz/lock/101.lck; exit $rc'
err_any
rc 9

it "14 before 9"
given none 102
run sh -c 'printf "1\n\n" >/vz/lock/102.lck; vzctl start 102; rc=$?; rm /vz/lock/102.lck; exit $rc'
err "Container config file does not exist"
rc 14

it "20 before 14"
given none 102
run vzctl start 102 --fast
err "Option --fast is not applicable to start command"
rc 20

it "21 before 14"
given none 102
run vzctl set 102 --onboot maybe
err "Bad parameter for --onboot: maybe"
rc 21

it "21 for the id before 20 for the word behind"
run vzctl destroy nobody --force
err "Bad CT ID nobody"
rc 21

it "20 for the command before 21 for the id"
run vzctl fly nobody
err "Bad command: fly"
rc 20

it "10 before 14"
given none 102
run sh -c 'mv /etc/vz/vz.conf /etc/vz/away; vzctl start 102; rc=$?; mv /etc/vz/away /etc/vz/vz.conf; exit $rc'
err_any
rc 10

it "20 before 10: an unknown command needs no vz.conf"
run sh -c 'mv /etc/vz/vz.conf /etc/vz/away; vzctl fly 102; rc=$?; mv /etc/vz/away /etc/vz/vz.conf; exit $rc'
err "Bad command: fly"
rc 20

it "105 before 43"
given stopped 101 DISABLED=yes
run sh -c 'mv /vz/private/101 /vz/private/101.away; vzctl start 101; rc=$?; mv /vz/private/101.away /vz/private/101; exit $rc'
err "Container start disabled"
rc 105

it "31 of exec2 is also a command's own"
given running 101
run vzctl exec2 101 'exit 31'
rc 31

it "82 before 44"
given stopped 101
run vzctl create 101 --ostemplate vz-base --config vswap-256m
err_any
rc 82

it "44 before 91"
given stopped 101
run vzctl create 101 --ostemplate nothere
out_any
err_any
rc 44

it "131 before 91"
given none 102
run vzctl create 102 --ostemplate nothere --name 123
out_any
err_any
rc 131

it "131 before 20: a name without --save"
given stopped 101
run vzctl set 101 --name web
err "Error: unable to use --name option without --save"
rc 131

it "23: VE_PRIVATE is set nowhere"
given stopped 101
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i /^VE_PRIVATE=/d /etc/vz/vz.conf /etc/vz/conf/101.conf; vzctl start 101; rc=$?; cat /tmp/vz.conf >/etc/vz/vz.conf; exit $rc'
out_any
err_like 'VE_PRIVATE is not set'
rc 23

it "22: VE_ROOT is set nowhere"
given stopped 101
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i /^VE_ROOT=/d /etc/vz/vz.conf /etc/vz/conf/101.conf; vzctl start 101; rc=$?; cat /tmp/vz.conf >/etc/vz/vz.conf; exit $rc'
out_any
err_like 'VE_ROOT is not set'
rc 22

it "12: not root"
run setpriv --reuid 65534 --clear-groups vzctl status 101
err_any
rc 12

it "vzlist: 1 without root, and says so"
run setpriv --reuid 65534 --clear-groups vzlist -a
err "This program can only be run under root."
rc 1

it "0 for a list of nothing"
given stopped 101
run vzlist
err "Container(s) not found"

it "1 for a container that is not there"
run vzlist -a 777
err "Container(s) not found"
rc 1

it "31 to 0: the answers 66ru takes for an address of a stopped container"
given stopped 101 IP_ADDRESS=10.77.1.1
run vzctl set 101 --ipdel all
err "Unable to apply network parameters: container is not running"
rc 31

it "32 is what ManageVE takes for started"
given running 101
run vzctl start 101
err "Container is already running"
rc 32

it "a closed pipe is no signal"
given stopped 101
run sh -c 'vzctl --help | head -c 1 >/dev/null; vzctl status 101 >&-; echo $?'
out_like '^[0-9]+$'
