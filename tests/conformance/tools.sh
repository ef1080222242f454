# SPDX-License-Identifier: GPL-2.0-or-later
# The tools beside vzctl and vzlist.
. "$TOP/tests/conformance/case.sh"

given none 101
given running 101 CPUUNITS=700
given stopped 102
INIT=$(sed -n 's/^INIT_PID="*\([0-9]*\).*/\1/p' /run/vz/101/state)
TAB=$'\t'

it "vzpid of a container's process"
run vzpid "$INIT"
out "Pid${TAB}CTID${TAB}Name
$INIT${TAB}101${TAB}init"

it "vzpid of a process of the host"
run vzpid $$
out "Pid${TAB}CTID${TAB}Name
$$${TAB}0${TAB}bash"

it "vzpid -p"
run vzpid -p "$INIT"
out "Pid${TAB}CT/Pid${TAB}CTID${TAB}Name
$INIT${TAB}1${TAB}101${TAB}init"

it "vzpid reads numbers"
feed "$INIT $$"$'\n'
run vzpid -
out "Pid${TAB}CTID${TAB}Name
$INIT${TAB}101${TAB}init
$$${TAB}0${TAB}bash"

it "vzpid skips what is not there"
run vzpid 4000000 "$INIT"
out "Pid${TAB}CTID${TAB}Name
$INIT${TAB}101${TAB}init"

it "vzpid without a number"
run vzpid
err_like '.'
rc 1

it "vzpid -h"
run vzpid -h
out_any
err_any

it "vzcpucheck: two lines"
run vzcpucheck
out_like $'^Current CPU utilization: [0-9]+\nPower of the node: [0-9]+$'

it "vzcpucheck, nova's words four and five"
run sh -c "vzcpucheck | awk '/^Current/ { print (\$4 > 0) } /^Power/ { print (\$5 > 0) }'"
out "1
1"

it "vzcpucheck -v lists units"
run sh -c "vzcpucheck -v | awk '\$1 == 101 { print \$2 }'"
out 700

it "vzcpucheck -v: its header"
run sh -c 'vzcpucheck -v | sed -n "1,2p"'
out "VEID${TAB}${TAB}CPUUNITS
-------------------------"

it "vzcpucheck of nonsense"
run vzcpucheck --junk
out_any
err_like '.'
rc 2

it "vzmemcheck: its headers"
run sh -c 'vzmemcheck | sed -n "1,3p"'
out "Output values in %
 LowMem  LowMem     RAM MemSwap MemSwap   Alloc   Alloc   Alloc
   util  commit    util    util  commit    util  commit   limit"

it "vzmemcheck: eight numbers in the first line with a digit"
run sh -c "vzmemcheck | grep -m 1 '[0-9]' | awk '{ print NF }'"
out 8

it "vzmemcheck -A"
run sh -c 'vzmemcheck -A | sed -n 1p'
out "Output values in Mbytes"

it "vzmemcheck -v: a row for each container"
run sh -c "vzmemcheck -v | awk '\$1 == 101 { print NF }'"
out 9

it "vzcalc: its header"
run sh -c 'vzcalc 101 | sed -n 1p'
out "Resource     Current(%)  Promised(%)  Max(%)"

it "vzcalc of a stopped container"
run sh -c "vzcalc 102 | awk '/^Memory/ { print \$2 }'"
out n/a

it "vzcalc of no number"
run vzcalc web
err "Invalid CT ID: web"
rc 1

it "vzcalc of a container that does not exist"
run vzcalc 777
err "Container configuration file: /etc/vz/conf/777.conf not found"
rc 1

it "vzcfgvalidate of a good file"
run vzcfgvalidate /etc/vz/conf/102.conf
err "Validation completed: success"

it "vzcfgvalidate: a barrier above its limit"
given stopped 102 NUMFILE=200:100
run vzcfgvalidate /etc/vz/conf/102.conf
out_any
err_like 'Error: '
rc 2

it "vzcfgvalidate of a file that is not there"
run vzcfgvalidate /etc/vz/conf/777.conf
out_any
err_like '.'
rc 1

it "vzcfgvalidate of the samples"
run sh -c 'for f in /etc/vz/conf/ve-*.conf-sample; do vzcfgvalidate $f >/dev/null 2>&1 || echo $f; done'
out ""

it "vzsplit: a tenth of the machine"
run sh -c 'vzsplit -n 10 2>/dev/null | grep -E "^(PHYSPAGES|SWAPPAGES|CPUUNITS)=" | sed -E "s/=.*//" | sort'
out "CPUUNITS
PHYSPAGES
SWAPPAGES"

it "vzsplit -f writes a sample"
run sh -c 'vzsplit -n 10 -f tenth >/dev/null 2>&1; echo $?; ls /etc/vz/conf/ve-tenth.conf-sample; rm -f /etc/vz/conf/ve-tenth.conf-sample'
out "0
/etc/vz/conf/ve-tenth.conf-sample"

it "vzsplit -f over one that is there"
run vzsplit -n 10 -f vztest
out_any
err_like 'File .*ve-vztest\.conf-sample already exist'
rc 1

it "vzubc of a container"
run sh -c 'vzubc 101 | grep -c -E "^CT 101 +\| HELD +Bar% +Lim%\| MAXH +Bar%  *Lim%\| BAR \| LIM \| FAIL"'
out 1

it "vzubc shows a counter with a limit"
run sh -c 'vzubc 101 | grep -c "^ *numproc"'
out 1

it "vzoversell: a row for each container, and the sum"
run sh -c "vzoversell | grep -c -E '^ *(101|TOTAL) '"
out 2

it "the boot script: is it running?"
run sh -c '/etc/init.d/vz status; case $? in 0 | 3) echo answered ;; esac'
out_like $'^OpenVZ is (running...|stopped.)\nanswered$'

it "vzdqdump: the form vzmigrate calls"
given stopped 101
run vzdqdump 101 -U -G -T -F
out_like $'^ugid_quota_status:\t0\nfirst_level_quota:\n[0-9]+( [0-9]+){4}\n[0-9]+( [0-9]+){4}$'

it "vzdqdump without what to dump"
run vzdqdump 101
err_like '^One of -G, -U, -T and -F is needed'
rc 2

it "vzdqdump of no container"
run vzdqdump 777 -U
err_like '^vzdqdump: '
rc 11

it "vzdqload of an empty dump"
run vzdqload 101 -U -G -T -F

it "vzdqload of limits"
feed "0 500 1000 2000 0 0"
run vzdqload 101 -U -G -T -F
err_like 'nothing was loaded'
rc 9

it "vznetstat: the table"
given running 101
run vznetstat -v 101
out_like $'^ +CTID +Net\\.Class +Input\\(bytes\\) +Input\\(pkts\\) +Output\\(bytes\\) +Output\\(pkts\\)\n +101 +0 +0 +0 +0 +0\n +101 +1 +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+$'

it "vznetstat of one class"
run sh -c 'vznetstat -4 -v 101 -c 1 | tail -n +2 | wc -l'
out 1

it "vznetstat of a class that is not there"
run vznetstat -c 7
err "vznetstat: There is no network class 7 in /etc/vz/conf/networks_classes"
rc 1

it "vzcheck: one line for each ability"
run sh -c 'vzcheck | grep -c -E "^(ok|note|FAIL) +(kernel|nftables|user namespaces|memory limit|disk limit) "'
out 5

it "vzcheck -q"
run vzcheck -q

it "vzcheck and an unknown option"
run vzcheck --frob
out_any
err_any
rc 20
