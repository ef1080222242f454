# SPDX-License-Identifier: GPL-2.0-or-later
# Configuration files: what is read, warned about, kept, and how it is written.
. "$TOP/tests/conformance/case.sh"

SAVED="CT configuration saved to /etc/vz/conf/101.conf"

# written LINES...: 101.conf is these lines and no others; the needed ones are in vz.conf's defaults.
written() {
	given stopped 101
	printf '%s\n' "$@" >/etc/vz/conf/101.conf
}

it "comments, blanks, order and unknown keys survive"
written '# made by hand' '' 'MYKEY="my value"' '  ONBOOT="no"' '#UUID: 1234' 'NUMPROC="100"' 'OTHER=plain' '# the end'
run vzctl set 101 --numproc 150 --save
out "$SAVED"
gives 'cat /etc/vz/conf/101.conf' '# made by hand

MYKEY="my value"
  ONBOOT="no"
#UUID: 1234
NUMPROC="150"
OTHER=plain
# the end'

it "a new key goes to the end"
written '# first' 'ONBOOT="no"'
run vzctl set 101 --hostname www.example --save
out "$SAVED"
gives 'cat /etc/vz/conf/101.conf' '# first
ONBOOT="no"
HOSTNAME="www.example"'

it "a file that does not end with a newline"
written
run sh -c 'printf "ONBOOT=\"no\"" >/etc/vz/conf/101.conf; vzctl set 101 --hostname www.example --save'
out "$SAVED"
gives 'cat /etc/vz/conf/101.conf' 'ONBOOT="no"
HOSTNAME="www.example"'

it "a value that was not quoted is quoted when it changes"
written 'NUMPROC=100' 'ONBOOT=no'
run vzctl set 101 --numproc 150 --save
out "$SAVED"
gives 'cat /etc/vz/conf/101.conf' 'NUMPROC="150"
ONBOOT=no'

it "the mode is 0644"
written 'ONBOOT="no"'
run vzctl set 101 --onboot yes --save
out "$SAVED"
gives 'stat -c %a /etc/vz/conf/101.conf' 644

it "nothing else is left beside it"
written 'ONBOOT="no"'
run vzctl set 101 --onboot yes --save
out "$SAVED"
gives 'cd /etc/vz/conf; ls -A | grep 101' "101.conf
101.conf.pristine"

it "no change, no rewrite"
written '# mine' 'ONBOOT=yes'
run vzctl set 101 --onboot yes --save
out "No changes in CT configuration, not saving"
gives 'cat /etc/vz/conf/101.conf' '# mine
ONBOOT=yes'

it "the first of two scalars counts, with a warning"
written 'HOSTNAME="one.example"' 'HOSTNAME="two.example"'
run vzlist -a -H -o hostname 101
out "one.example"
err_any

it "the warning names file and line"
written 'HOSTNAME="one.example"' 'HOSTNAME="two.example"'
run vzctl set 101 --onboot yes --save
out "$SAVED"
err 'Warning at /etc/vz/conf/101.conf:2: duplicate for HOSTNAME ("two.example"), ignored'

it "the last of two counters counts, silently"
written 'NUMPROC="100"' 'NUMPROC="150"'
run vzlist -a -H -o numproc.l 101
out "       150"

it "two lists are one"
written 'IP_ADDRESS="10.77.1.1"' 'IP_ADDRESS="10.77.1.2"'
run vzlist -a -H -o ip 101
out "10.77.1.1 10.77.1.2"

it "a line without ="
written 'ONBOOT="no"' 'junk'
run vzctl set 101 --onboot yes --save
out "$SAVED"
err "Warning: can't parse /etc/vz/conf/101.conf:2 ('=' not found), skipping"
gives 'cat /etc/vz/conf/101.conf' 'ONBOOT="yes"
junk'

it "a value out of range"
written 'CPUUNITS="lots"' 'ONBOOT="no"'
run vzctl set 101 --onboot yes --save
out "$SAVED"
err 'Warning at /etc/vz/conf/101.conf:1: invalid value for CPUUNITS ("lots"), skipped'

it "a number that is too large is cut"
written 'NUMFILE="99999999999999999999999"'
run vzlist -a -H -o numfile.l 101
out "9223372036854775807"
err_any

it "and there is a warning about it"
written 'NUMFILE="99999999999999999999999"' 'ONBOOT="no"'
run vzctl set 101 --onboot yes --save
out "$SAVED"
err 'Warning at /etc/vz/conf/101.conf:1: too large value for NUMFILE ("99999999999999999999999"), truncated'

it "quotes inside of a value"
written 'DESCRIPTION="{"name": "x"}"'
run vzlist -a -H -o description 101
out '{"name": "x"}'

it "an escaped quote"
written 'DESCRIPTION="a \"b\" c"'
run vzlist -a -H -o description 101
out 'a "b" c'

it "a value without quotes ends before a comment"
written 'NAMESERVER=192.0.2.3 # of the office'
run vzlist -a -H -o nameserver 101
out 192.0.2.3

it "blanks behind a value without quotes"
written 'HOSTNAME=www.example   '
run vzlist -a -H -o hostname 101
out www.example

it "an old name of a key"
written 'DCACHE="3409920:3624960"'
run vzlist -a -H -o dcachesize.l 101
out "   3624960"

it "a lower case key is unknown"
written 'hostname="www.example"'
run vzlist -a -H -o hostname 101
out -

it "\$VEID in VE_ROOT"
written 'VE_ROOT="/vz/root/a$VEID"'
run vzlist -a -H -o root 101
out /vz/root/a101

it "\${VEID} in VE_PRIVATE"
written 'VE_PRIVATE="/vz/private/${VEID}"'
run vzlist -a -H -o private 101
out /vz/private/101

it "defaults come from vz.conf"
written 'ONBOOT="no"'
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; echo "CPUUNITS=\"777\"" >>/etc/vz/vz.conf; vzlist -a -H -o cpuunits 101; cat /tmp/vz.conf >/etc/vz/vz.conf'
out "    777"

it "the container's own value goes before them"
written 'CPUUNITS="555"'
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; echo "CPUUNITS=\"777\"" >>/etc/vz/vz.conf; vzlist -a -H -o cpuunits 101; cat /tmp/vz.conf >/etc/vz/vz.conf'
out "    555"

it "a shell can source what was written"
written 'ONBOOT="no"'
run sh -c 'vzctl --quiet set 101 --hostname www.example --ipadd 10.77.1.1 --ipadd 10.77.1.2 --description "it is \"mine\"" --save; . /etc/vz/conf/101.conf; echo "$HOSTNAME/$IP_ADDRESS/$DESCRIPTION"'
out 'www.example/10.77.1.1 10.77.1.2/it is "mine"'

it "every line is a comment, blank or KEY=\"value\""
given stopped 101
run sh -c 'vzctl --quiet set 101 --hostname www.example --numproc 100 --cpuunits 500 --save; grep -v -E "^[A-Z0-9_]+=\".*\"\$|^ *#|^\$" /etc/vz/conf/101.conf; :'
out ""

it "vz.conf can be sourced with VEID set"
run sh -c 'VEID=101; . /etc/vz/vz.conf; echo $VE_ROOT $VE_PRIVATE $LOCKDIR $DUMPDIR $TEMPLATE'
out "/vz/root/101 /vz/private/101 /vz/lock /vz/dump /vz/template"

it "no vz.conf"
given stopped 101
run sh -c 'mv /etc/vz/vz.conf /etc/vz/away; vzctl start 101; rc=$?; mv /etc/vz/away /etc/vz/vz.conf; exit $rc'
err_like '/etc/vz/vz.conf'
rc 10

it "0.conf is there and does not boot"
run sh -c 'grep ONBOOT /etc/vz/conf/0.conf'
out 'ONBOOT="no"'

it "the samples that panels name are there"
run sh -c 'cd /etc/vz/conf; ls ve-basic.conf-sample ve-light.conf-sample ve-vswap-256m.conf-sample ve-vswap-512m.conf-sample ve-vswap-1024m.conf-sample ve-vswap-1g.conf-sample ve-vswap-2g.conf-sample ve-vswap-4g.conf-sample | wc -l'
out 8

it "a sample's memory: RAM, and twice as much swap"
run sh -c 'grep -h -E "^(PHYSPAGES|SWAPPAGES)=" /etc/vz/conf/ve-vswap-512m.conf-sample | sort'
out 'PHYSPAGES="0:131072"
SWAPPAGES="0:262144"'

it "the sample basic"
run sh -c 'grep -h -E "^(KMEMSIZE|PRIVVMPAGES|NUMPROC|OOMGUARPAGES|NUMFILE)=" /etc/vz/conf/ve-basic.conf-sample | sort'
out 'KMEMSIZE="14372700:14790164"
NUMFILE="9312"
NUMPROC="240"
OOMGUARPAGES="26112:unlimited"
PRIVVMPAGES="65536:69632"'
