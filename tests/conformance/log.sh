# SPDX-License-Identifier: GPL-2.0-or-later
# What is logged, and what --verbose and VERBOSE show.
. "$TOP/tests/conformance/case.sh"

# with_conf SED COMMAND: COMMAND with another vz.conf.
with_conf() { run sh -c "cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i '$1' /etc/vz/vz.conf; : >/tmp/log; $2; rc=\$?; cat /tmp/vz.conf >/etc/vz/vz.conf; exit \$rc"; }
LOG='s,^LOGFILE=.*,LOGFILE=/tmp/log,'

it "a line of the log"
given stopped 101
with_conf "$LOG" 'vzctl --quiet mount 101'
gives 'sed -E "s/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{4} /DATE /" /tmp/log' 'DATE vzctl : CT 101 : Container is mounted'

it "errors are logged as well, --quiet or not"
given running 101
with_conf "$LOG" 'vzctl --quiet start 101'
rc 32
gives 'sed "s/.* : //" /tmp/log' 'Container is already running'

it "LOGGING=no"
given stopped 101
with_conf "$LOG;s/^LOGGING=.*/LOGGING=no/" 'vzctl --quiet mount 101'
gives 'cat /tmp/log' ""

it "a success says nothing on standard error"
given none 102
run sh -c '(vzctl create 102 --ostemplate vz-base; vzctl start 102; vzctl set 102 --cpuunits 500 --save; vzctl stop 102 --fast; vzctl destroy 102) 2>&1 >/dev/null'
out ""

it "no word about the kernel's lack of OpenVZ"
given stopped 101
run sh -c 'vzctl start 101 | grep -c -i "openvz\|/proc/vz"'
out 0
rc 1

it "VERBOSE=1 is one --verbose"
given stopped 101
with_conf 's/^VERBOSE=.*/VERBOSE=1/' 'vzctl set 101 --onboot yes --save'
out_like 'CT configuration saved to /etc/vz/conf/101.conf$'

it "an unknown key is shown to who asks"
given stopped 101 MYKEY=1
run vzctl --verbose set 101 --onboot yes --save
out_like 'MYKEY'
err_any

it "and to nobody else"
given stopped 101 MYKEY=1
run vzctl set 101 --onboot yes --save
out "CT configuration saved to /etc/vz/conf/101.conf"
case_end
rm -f /tmp/log
