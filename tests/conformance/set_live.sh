# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl set of a running container: what is applied, in which order it is said, and what needs a restart.
. "$TOP/tests/conformance/case.sh"

LIMITS="UB limits were set successfully"
SAVED="CT configuration saved to /etc/vz/conf/101.conf"
LOST="WARNING: Settings were not saved to config and will be lost after CT restart (use --save flag)"
RESTART="WARNING: Some of the parameters could not be applied to a running container.
	Please consider using --setmode option"

it "CPU units, kept"
given running 101
run vzctl set 101 --cpuunits 500 --save
out "$LIMITS
Setting CPU units: 500
$SAVED"
conf 101 'CPUUNITS="500"'

it "CPU units, not kept"
given running 101
run vzctl set 101 --cpuunits 500
out "$LIMITS
Setting CPU units: 500
$LOST"
no_conf 101 CPUUNITS

it "CPU limit"
given running 101
run vzctl set 101 --cpulimit 50 --save
out "$LIMITS
Setting CPU limit: 50
$SAVED"
conf 101 'CPULIMIT="50"'

it "CPUs"
given running 101
run vzctl set 101 --cpus 1 --save
out "$LIMITS
Setting CPUs: 1
$SAVED"
conf 101 'CPUS="1"'

it "all three, in this order"
given running 101
run vzctl set 101 --cpus 1 --cpuunits 500 --cpulimit 50 --save
out "$LIMITS
Setting CPU limit: 50
Setting CPU units: 500
Setting CPUs: 1
$SAVED"

it "CPU mask"
given running 101
run vzctl set 101 --cpumask 0 --save
out "$LIMITS
Setting CPU mask: 0
$SAVED"
conf 101 'CPUMASK="0"'

it "memory"
given running 101
run vzctl set 101 --ram 128M --swap 0 --save
out "$LIMITS
$SAVED"
conf 101 'PHYSPAGES="0:32768"'

it "memory, not kept"
given running 101
run vzctl set 101 --ram 128M
out "$LIMITS
$LOST"
conf 101 'PHYSPAGES="0:65536"'

it "a counter"
given running 101
run vzctl set 101 --numproc 100:110 --save
out "$LIMITS
$SAVED"
conf 101 'NUMPROC="100:110"'

it "an address"
given running 101
run vzctl set 101 --ipadd 10.77.1.1 --save
out "$LIMITS
Adding IP address(es): 10.77.1.1
$SAVED"
gives 'vzctl exec 101 "ip -o addr show dev venet0" | grep -c "inet 10.77.1.1/32"' 1

it "two addresses on one line"
given running 101
run vzctl set 101 --ipadd 10.77.1.1 --ipadd 10.77.1.2 --save
out "$LIMITS
Adding IP address(es): 10.77.1.1 10.77.1.2
$SAVED"
conf 101 'IP_ADDRESS="10.77.1.1 10.77.1.2"'

it "an address goes"
given running 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run vzctl set 101 --ipdel 10.77.1.1 --save
out "$LIMITS
Deleting IP address(es): 10.77.1.1
$SAVED"
conf 101 'IP_ADDRESS="10.77.1.2"'
gives 'vzctl exec 101 "ip -o addr show dev venet0" | grep -c "inet 10.77.1.1/32"' 0

it "all go"
given running 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run vzctl set 101 --ipdel all --save
out "$LIMITS
Deleting all IP address(es): 10.77.1.1 10.77.1.2
$SAVED"
conf 101 'IP_ADDRESS=""'

it "delete all, then add"
given running 101 IP_ADDRESS=10.77.1.1
run vzctl set 101 --ipdel all --ipadd 10.77.1.3 --save
out "$LIMITS
Deleting all IP address(es): 10.77.1.1
Adding IP address(es): 10.77.1.3
$SAVED"
conf 101 'IP_ADDRESS="10.77.1.3"'

it "an address that is not there is no error"
given running 101
run vzctl set 101 --ipdel 10.77.9.9 --save
out_any

it "limits, addresses and CPU: the order of their lines"
given running 101
run vzctl set 101 --cpuunits 500 --ipadd 10.77.1.1 --numproc 100 --iolimit 10 --save
out "$LIMITS
Adding IP address(es): 10.77.1.1
Setting CPU units: 500
Setting iolimit: 10485760 bytes/sec
$SAVED"

it "iolimit 0 is none"
given running 101 IOLIMIT=1048576
run vzctl set 101 --iolimit 0 --save
out "$LIMITS
Setting iolimit: 0 (unlimited)
$SAVED"
conf 101 'IOLIMIT="0"'

it "iopslimit"
given running 101
run vzctl set 101 --iopslimit 100 --save
out "$LIMITS
Setting iopslimit: 100 iops
$SAVED"

it "the hostname"
given running 101
run vzctl set 101 --hostname new.example --save
out "$LIMITS
$SAVED"
gives 'vzctl exec 101 hostname' new.example

it "name servers"
given running 101
run vzctl set 101 --nameserver 192.0.2.3 --searchdomain a.example --save
out "$LIMITS
$SAVED"
gives 'vzctl exec 101 "grep -E ^\(nameserver\|search\) /etc/resolv.conf" | sort' "nameserver 192.0.2.3
search a.example"

it "devices"
given running 101
run vzctl set 101 --devices c:10:200:rw --save
out "$LIMITS
Setting devices
$SAVED"
conf 101 'DEVICES="c:10:200:rw"'

it "disk space"
given running 101
run vzctl set 101 --diskspace 1G:1100M --save
out "$LIMITS
$SAVED"
conf 101 'DISKSPACE="1048576:1126400"'

it "onboot goes to the file"
given running 101
run vzctl set 101 --onboot yes --save
out "$LIMITS
$SAVED"
conf 101 'ONBOOT="yes"'

it "a password"
given running 101
run vzctl set 101 --userpasswd root:secret
out "$LIMITS"

it "--reset_ub"
given running 101
run vzctl set 101 --reset_ub
out_like "^$LIMITS"

it "a capability needs a restart; the file is written"
given running 101
run vzctl set 101 --capability net_raw:off --save
out "$LIMITS
$SAVED"
err "Unable to set capability on a running container
$RESTART"
gives 'grep -ic "^CAPABILITY=\"net_raw:off\"$" /etc/vz/conf/101.conf' 1

it "so do features"
given running 101
run vzctl set 101 --features ppp:on --save
out "$LIMITS
$SAVED"
err "Unable to set features on a running container
$RESTART"
conf 101 'FEATURES="ppp:on"'

it "so does netfilter"
given running 101
run vzctl set 101 --netfilter full --save
out "$LIMITS
$SAVED"
err_like $'^Unable to set (iptables/)?netfilter[^\n]* on a running container\n'
conf 101 'NETFILTER="full"'

it "and diskquota"
given running 101
run vzctl set 101 --diskquota no --save
out "$LIMITS
$SAVED"
err_like $'^Unable to switch DISK_QUOTA on or off[^\n]* running container\nWARNING: Some of the parameters'
conf 101 'DISK_QUOTA="no"'

it "no warning if the value is what the file has"
given running 101 CAPABILITY=NET_RAW:off
run vzctl set 101 --capability net_raw:off --save
out_any

it "--setmode restart restarts"
given running 101
run vzctl set 101 --capability net_raw:off --setmode restart --save
out_like $'CT configuration saved to /etc/vz/conf/101.conf\n(.*\n)?Stopping container ...\nContainer was stopped\nContainer is unmounted\nStarting container...\nContainer is mounted\n(.*\n)?Container start in progress...$'
gives 'grep -ic "^CAPABILITY=\"net_raw:off\"$" /etc/vz/conf/101.conf' 1
state 101 "exist mounted running"

it "--setmode restart without need does not"
given running 101
run vzctl set 101 --cpuunits 500 --setmode restart --save
out "$LIMITS
Setting CPU units: 500
$SAVED"

it "VE_PRIVATE cannot change"
given running 101
run vzctl set 101 --private /vz/elsewhere --save
out_any
err_like '^Unable to change VE_PRIVATE on a running container'
rc 32
conf 101 'VE_PRIVATE="/vz/private/$VEID"'

it "VE_ROOT cannot either"
given running 101
run vzctl set 101 --root /vz/elsewhere --save
out_any
err_like '^Unable to change VE_ROOT on a running container'
rc 32
conf 101 'VE_ROOT="/vz/root/$VEID"'

it "the new limit is the kernel's"
given running 101
run sh -c 'vzctl --quiet set 101 --numproc 40; vzlist -H -o numproc.l 101; vzctl exec 101 "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42; do sleep 60 & done" >/dev/null 2>&1; vzctl exec 101 "killall sleep" >/dev/null 2>&1; exit 0'
out_any

it "--quiet"
given running 101
run vzctl --quiet set 101 --cpuunits 500 --save
conf 101 'CPUUNITS="500"'

it "an address that another container has"
given running 101 IP_ADDRESS=10.77.1.1
given running 102
run vzctl set 102 --ipadd 10.77.1.1 --save
out_any
err_like '10\.77\.1\.1'
rc 78
no_conf 102 IP_ADDRESS

it "a step that fails: its status, and nothing is saved"
given none 102
given running 101
run sh -c 'vzctl exec 101 "mv /etc /etc.away"; vzctl set 101 --userpasswd root:secret --cpuunits 500 --save; rc=$?; vzctl exec 101 "rm -rf /etc; mv /etc.away /etc"; exit $rc'
out_any
err_like $'Password change failed[^\n]*\nError: failed to apply some parameters, not saving configuration file!$'
rc 74
no_conf 101 CPUUNITS

it "--password-stdin sets what --userpasswd sets, blanks included"
given running 101
run sh -c 'printf "root:se cret\n" | vzctl --quiet set 101 --password-stdin; vzctl exec 101 "grep -c ^root:.6.*: /etc/shadow"'
out 1

it "--password-stdin with nothing there"
given running 101
run sh -c 'vzctl set 101 --password-stdin </dev/null'
err "--password-stdin: standard input is empty"
rc 21

it "--password-stdin with a line that is none"
given running 101
run sh -c 'echo secret | vzctl set 101 --password-stdin'
err "--password-stdin: a line of standard input is not user:password"
rc 21

it "--password-stdin with a byte that is no text"
given running 101
run sh -c 'printf "root:a\0b\n" | vzctl set 101 --password-stdin'
err "--password-stdin: standard input is too long, or no text"
rc 21

it "--password-stdin and --reset_ub"
given running 101
run sh -c 'echo root:x | vzctl set 101 --password-stdin --reset_ub'
err "Error: option --reset_ub is exclusive"
rc 20
