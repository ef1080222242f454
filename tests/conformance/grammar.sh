# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: flags, commands, options, and which complaint wins.
. "$TOP/tests/conformance/case.sh"

it "no arguments: usage on standard error"
run vzctl
err_like '^vzctl version [0-9]+\.[0-9]+\.[0-9]+'
rc 20

it "--version is three words and three numbers"
run vzctl --version
out_like '^vzctl version [0-9]+\.[0-9]+\.[0-9]+$'

it "--help begins with the version"
run sh -c 'vzctl --help | head -n 1'
out_like '^vzctl version [0-9]+\.[0-9]+\.[0-9]+$'

it "--help succeeds"
run vzctl --help
out_any

it "--help has the line of set that clients look for"
run sh -c 'vzctl --help | grep -c "^vzctl set <ctid> \[--save\] \[--force\] \[--setmode restart|ignore\]"'
out 1

it "--version goes before the rest"
run vzctl --version fly
out_like '^vzctl version [0-9.]+$'

it "an unknown command"
run vzctl fly 101
err "Bad command: fly"
rc 20

it "an unknown command without CTID"
run vzctl fly
err "Bad command: fly"
rc 20

it "an empty command"
run vzctl '' 101
err_like '^Bad command: ?$'
rc 20

it "no CTID"
run vzctl start
err "CT ID missing"
rc 21

it "no CTID for status either"
run vzctl status
err "CT ID missing"
rc 21

it "no CTID behind flags"
run vzctl --quiet --verbose --skiplock stop
err ""
rc 21

it "flags stand before the command, in any order and number"
given stopped 101
run vzctl --verbose --skiplock --verbose stop 101
err "Unable to stop: container is not running"

it "flags after the command are taken as well"
given stopped 101
run vzctl set 101 --verbose --onboot yes --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'ONBOOT="yes"'

it "exec takes a flag before CTID"
given running 101
run vzctl exec --verbose 101 echo hello
out hello

it "words with dashes behind exec's CTID are the command's"
run vzctl exec 101 echo --verbose --quiet
out "--verbose --quiet"

it "--quiet hides messages on standard output"
given running 101
run vzctl --quiet stop 101 --fast
state 101 "exist unmounted down"

it "--quiet hides errors, not the exit status"
given running 101
run vzctl --quiet start 101
rc 32

it "--quiet leaves the status line"
run vzctl --quiet status 101
out "CTID 101 exist mounted running"

it "--quiet leaves a command's output"
run vzctl --quiet exec 101 echo hello
out hello

it "an unknown option is noticed before the container is missed"
given none 999
run vzctl start 999 --junk
err "vzctl: unrecognized option '--junk'"
rc 20

it "a container that does not exist"
given none 999
run vzctl start 999
err "Container config file does not exist"
rc 14

it "set makes the configuration that does not exist"
given none 999
run vzctl set 999 --onboot yes --save
out "CT configuration saved to /etc/vz/conf/999.conf"
err_like '^WARNING: /etc/vz/conf/999.conf not found: '
conf 999 'ONBOOT="yes"'

it "CTID 0 takes set only"
given none 999
run vzctl start 0
err "Only set actions are allowed for CT0"
rc 21

it "an option is looked at before CTID 0 is refused"
run vzctl start 0 --junk
err "vzctl: unrecognized option '--junk'"
rc 20

it "a bad CTID is noticed before a bad option"
run vzctl start nobody --junk
err "Bad CT ID nobody"
rc 21

it "--option=value"
given stopped 101
run vzctl set 101 --onboot=yes --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'ONBOOT="yes"'

it "an unambiguous beginning of an option"
given stopped 101
run vzctl set 101 --host www.example --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'HOSTNAME="www.example"'

it "--ip is --ipadd"
given stopped 101
run vzctl set 101 --ip 10.77.1.1 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'IP_ADDRESS="10.77.1.1"'

it "an ambiguous beginning"
given stopped 101
run vzctl set 101 --disk 1 --save
err_like "^vzctl: option '--disk' is ambiguous"
rc 21

it "an option without its value"
given stopped 101
run vzctl set 101 --save --onboot
err "vzctl: option '--onboot' requires an argument"
rc 21

it "a flag with a value"
run vzctl set 101 --save=yes
err "vzctl: option '--save' doesn't allow an argument"
rc 21

it "an unknown option of set"
run vzctl set 101 --junk 1 --save
err "vzctl: unrecognized option '--junk'"
rc 21

it "an unknown option of create"
given none 102
run vzctl create 102 --junk
err "vzctl: unrecognized option '--junk'"
rc 21

it "an unknown option of stop"
given stopped 101
run vzctl stop 101 --junk
err "vzctl: unrecognized option '--junk'"
rc 20

it "an unknown option of restart"
run vzctl restart 101 --junk
err "vzctl: unrecognized option '--junk'"
rc 20

it "an unknown option of chkpnt"
run vzctl chkpnt 101 --junk
err "vzctl: unrecognized option '--junk'"
rc 20

it "an unknown option of restore"
run vzctl restore 101 --junk
err "vzctl: unrecognized option '--junk'"
rc 20

it "a bad value"
run vzctl set 101 --onboot maybe --save
err "Bad parameter for --onboot: maybe"
rc 21
conf 101 'ONBOOT="no"'

it "stray words behind start"
run vzctl start 101 one two
err "Invalid extra arguments: one two"
rc 20

it "stray words behind set"
run vzctl set 101 --save one
err "Invalid extra arguments: one"
rc 20

it "stray words behind create"
given none 102
run vzctl create 102 debian
err "Invalid extra arguments: debian"
rc 20

it "words behind destroy"
given stopped 101
run vzctl destroy 101 --force
err "Invalid options: --force"
rc 20
state 101 "exist unmounted down"

it "words behind mount"
run vzctl mount 101 now
err "Invalid options: now"
rc 20

it "words behind umount"
run vzctl umount 101 now please
err "Invalid options: now please"
rc 20

it "words behind status"
run vzctl status 101 -v
err "Invalid options: -v"
rc 20

it "start knows stop's option and refuses it"
run vzctl start 101 --fast
err "Option --fast is not applicable to start command"
rc 20

it "stop knows start's option and refuses it"
run vzctl stop 101 --wait
err "Option --wait is not applicable to stop command"
rc 20

it "a repeated scalar: the first counts"
given stopped 101
run vzctl set 101 --onboot yes --onboot no --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'ONBOOT="yes"'

it "a repeated counter: the last counts"
given stopped 101
run vzctl set 101 --numproc 100 --numproc 150 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NUMPROC="150"'

it "a repeated list grows"
given stopped 101
run vzctl set 101 --nameserver 192.0.2.3 --nameserver 192.0.2.4 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NAMESERVER="192.0.2.3 192.0.2.4"'

it "a list in one argument"
given stopped 101
run vzctl set 101 --nameserver '192.0.2.3 192.0.2.4' --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NAMESERVER="192.0.2.3 192.0.2.4"'

it "options may stand before CTID's command words and after"
given stopped 101
run vzctl set 101 --save --hostname a.example --onboot yes
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'HOSTNAME="a.example"'
conf 101 'ONBOOT="yes"'

it "-p is numproc"
given stopped 101
run vzctl set 101 -p 120 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NUMPROC="120"'

it "-n is numfile"
given stopped 101
run vzctl set 101 -n 4096 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NUMFILE="4096"'

it "-a is nothing"
given stopped 101
run vzctl set 101 -a 1 --save
err "Invalid option -a"
rc 20

it "an option that means nothing today is taken"
given stopped 101
run vzctl set 101 --noatime yes --onboot yes --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'ONBOOT="yes"'

it "--host without a host"
run vzctl --host
err "vzctl: --host HOST[:PORT] COMMAND: a word is missing"
rc 20

it "--host without a command"
run vzctl --host node1
err "vzctl: --host HOST[:PORT] COMMAND: a word is missing"
rc 20

it "--host=HOST without a command"
run vzctl --host=node1
err "vzctl: --host HOST[:PORT] COMMAND: a word is missing"
rc 20

it "--host with something that is no host"
run vzctl --host ../node1 status 101
err "--host takes HOST or HOST:PORT, not '../node1'"
rc 20

it "--host with a port that is no number"
run vzctl --host=node1:ssh status 101
err "--host takes HOST or HOST:PORT, not 'node1:ssh'"
rc 20

it "--host behind a command is no option of it"
given stopped 101
run vzctl start 101 --host node1
err_like "unrecognized option '--host'"
rc 20
