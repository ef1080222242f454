# SPDX-License-Identifier: GPL-2.0-or-later
# Values: units, ranges, and the form in which they are stored.
. "$TOP/tests/conformance/case.sh"

SAVED="CT configuration saved to /etc/vz/conf/101.conf"

# good OPTION VALUE LINE: stored as LINE.
good() {
	it "--$1 $2"
	given stopped 101
	run vzctl set 101 "--$1" "$2" --save
	out "$SAVED"
	conf 101 "$3"
}

# bad OPTION VALUE: refused, nothing stored.
bad() {
	it "--$1 $2 is refused"
	given stopped 101
	run vzctl set 101 "--$1=$2" --save
	err "Bad parameter for --$1: $2"
	rc 21
	gives 'cmp /etc/vz/conf/101.conf /etc/vz/conf/101.conf.pristine' ""
}

good ram 512M 'PHYSPAGES="0:131072"'
good ram 1G 'PHYSPAGES="0:262144"'
good ram 1g 'PHYSPAGES="0:262144"'
good ram 134217728 'PHYSPAGES="0:32768"'
good ram 134217729 'PHYSPAGES="0:32769"'
good swap 256M 'SWAPPAGES="0:65536"'
good physpages 0:32768 'PHYSPAGES="0:32768"'
good physpages 0:128M 'PHYSPAGES="0:32768"'
good physpages unlimited 'PHYSPAGES="unlimited"'
good physpages 9223372036854775807 'PHYSPAGES="unlimited"'
good privvmpages 65536:69632 'PRIVVMPAGES="65536:69632"'
good privvmpages 256M:272M 'PRIVVMPAGES="65536:69632"'
good privvmpages 1024P 'PRIVVMPAGES="1024"'
good vmguarpages 33792:unlimited 'VMGUARPAGES="33792:unlimited"'
good oomguarpages 26112:9223372036854775807 'OOMGUARPAGES="26112:unlimited"'
good kmemsize 14372700:14790164 'KMEMSIZE="14372700:14790164"'
good kmemsize 16M 'KMEMSIZE="16777216"'
good kmemsize 2.5M 'KMEMSIZE="2621440"'
good numproc 240 'NUMPROC="240"'
good numproc 240:240 'NUMPROC="240"'
good numfile 9312 'NUMFILE="9312"'
good numflock 188:206 'NUMFLOCK="188:206"'
good numpty 255 'NUMPTY="255"'
good numsiginfo 256 'NUMSIGINFO="256"'
good numtcpsock 360 'NUMTCPSOCK="360"'
good numothersock 360 'NUMOTHERSOCK="360"'
good tcpsndbuf 1720320:2703360 'TCPSNDBUF="1720320:2703360"'
good tcprcvbuf 1720320:2703360 'TCPRCVBUF="1720320:2703360"'
good othersockbuf 1126080:2097152 'OTHERSOCKBUF="1126080:2097152"'
good dgramrcvbuf 262144 'DGRAMRCVBUF="262144"'
good dcachesize 3409920:3624960 'DCACHESIZE="3409920:3624960"'
good lockedpages 2048 'LOCKEDPAGES="2048"'
good shmpages 21504 'SHMPAGES="21504"'
good numiptent 128 'NUMIPTENT="128"'
good avnumproc 180 'AVNUMPROC="180"'
good diskspace 10G:11G 'DISKSPACE="10485760:11534336"'
good diskspace 2G 'DISKSPACE="2097152"'
good diskspace 2.5G 'DISKSPACE="2621440"'
good diskspace 1048576:1153434 'DISKSPACE="1048576:1153434"'
good diskspace unlimited 'DISKSPACE="unlimited"'
good cpuunits 8 'CPUUNITS="8"'
good cpuunits 500000 'CPUUNITS="500000"'
good cpulimit 200 'CPULIMIT="200"'
good cpulimit 0 'CPULIMIT="0"'
good cpus 64 'CPUS="64"'
good ioprio 7 'IOPRIO="7"'
good iolimit 10 'IOLIMIT="10485760"'
good iolimit 512K 'IOLIMIT="524288"'
good iolimit unlimited 'IOLIMIT="0"'
good iopslimit 200 'IOPSLIMIT="200"'
good iopslimit unlimited 'IOPSLIMIT="0"'
good onboot yes 'ONBOOT="yes"'
good bootorder 10 'BOOTORDER="10"'
good description 'a b c' 'DESCRIPTION="a b c"'
good nameserver inherit 'NAMESERVER="inherit"'
good nameserver 2001:db8::1 'NAMESERVER="2001:db8::1"'
good searchdomain 'a.example b.example' 'SEARCHDOMAIN="a.example b.example"'
good ipadd 10.77.1.1/24 'IP_ADDRESS="10.77.1.1/24"'
good ipadd 10.77.1.1/255.255.255.0 'IP_ADDRESS="10.77.1.1/24"'
good ipadd 2001:db8:1::5 'IP_ADDRESS="2001:db8:1::5"'
good ipadd '10.77.1.1 10.77.1.2' 'IP_ADDRESS="10.77.1.1 10.77.1.2"'

# stored OPTION VALUE LINE: what this kernel cannot do is stored, perhaps with a word about it.
stored() {
	it "--$1 $2, at least stored"
	given stopped 101
	run vzctl set 101 "--$1" "$2" --save
	out_like $'(^|\n)'"$SAVED\$"
	err_any
	conf 101 "$3"
}
stored quotatime 600 'QUOTATIME="600"'
stored quotaugidlimit 200 'QUOTAUGIDLIMIT="200"'
stored meminfo privvmpages:3 'MEMINFO="privvmpages:3"'
stored meminfo pages:65536 'MEMINFO="pages:65536"'
stored vm_overcommit 1.5 'VM_OVERCOMMIT="1.5"'
stored netfilter full 'NETFILTER="full"'
stored netfilter stateless 'NETFILTER="stateless"'
stored iptables 'ipt_REJECT ipt_state' 'IPTABLES="ipt_REJECT ipt_state"'
stored iptables 'ipt_REJECT,ipt_state' 'IPTABLES="ipt_REJECT ipt_state"'
stored diskquota no 'DISK_QUOTA="no"'
stored mount_opts noatime 'MOUNT_OPTS="noatime"'
stored capability net_raw:off 'CAPABILITY="net_raw:off"'

it "--netfilter of no mode"
given stopped 101
run vzctl set 101 --netfilter some --save
err "Bad parameter for --netfilter: some"
rc 21

it "an unknown iptables module is skipped"
given stopped 101
run vzctl set 101 --iptables ipt_fly --iptables ipt_state --save
out_any
err_like 'Warning: Unknown iptable module: ipt_fly, skipped'
conf 101 'IPTABLES="ipt_state"'

it "an address that means none is ignored"
given stopped 101
run vzctl set 101 --ipadd 0.0.0.0 --ipadd 10.77.1.1 --save
out "$SAVED"
conf 101 'IP_ADDRESS="10.77.1.1"'

it "a percentage of the whole machine"
given stopped 101
run vzctl set 101 --cpulimit 50% --save
out "$SAVED"
conf 101 "CPULIMIT=\"$((50 * $(nproc)))\""

it "unlimited in both parts"
given stopped 101
run vzctl set 101 --numproc unlimited:unlimited --save
out "$SAVED"
conf 101 'NUMPROC="unlimited"'

it "numiptent below sixteen"
given stopped 101
run vzctl set 101 --numiptent 4 --save
out_any
err_like 'Warning: NUMIPTENT 4:4 is less than minimally allowable value, set to 16:16'
conf 101 'NUMIPTENT="16"'

it "CPU 0 of the mask is stored as a list"
given stopped 101
run vzctl set 101 --cpumask 0-0 --save
out "$SAVED"
conf 101 'CPUMASK="0"'

it "--cpumask all"
given stopped 101 CPUMASK=0
run vzctl set 101 --cpumask all --save
out "$SAVED"
conf 101 'CPUMASK="all"'

bad ram 1MB
bad ram -1
bad ram lots

it "no number at all"
given stopped 101
run vzctl set 101 --ram '' --save
err_like '^Bad parameter for --ram: ?$'
rc 21

bad swap x
bad physpages 1:2:3
bad numproc 10K
bad numproc 99999999999999999999999
bad kmemsize 1.5
bad cpuunits 7
bad cpuunits 500001
bad cpuunits many
bad cpulimit -1
bad cpulimit 101%
bad cpus -1
bad ioprio 8
bad ioprio -1
bad iolimit 99999999999
bad onboot YES
bad onboot 1
bad disabled true
bad bootorder first
bad diskspace 10GB
bad diskspace -5
bad ipadd 10.0.0.256
bad ipadd 10.0.0.1/33
bad ipadd 2001:db8::1/129
bad ipadd www.example
bad ipdel www.example
bad nameserver www.example
bad stop-timeout -1
bad quotatime soon
bad cpumask 9-1
bad cpumask a

it "a device of no kind"
given stopped 101
run vzctl set 101 --devices x:1:2:rw --save
err_like $'(^|\n)Bad parameter for --devices: x:1:2:rw$'
rc 21

it "an unknown capability"
given stopped 101
run vzctl set 101 --capability fly:on --save
err_like $'^Capability FLY is unknown\n|^Capability fly is unknown\n'
rc 21

it "an unknown feature is skipped"
given stopped 101
run vzctl set 101 --features fly:on --onboot yes --save
out_like $'^Warning: Unknown feature: fly\n'
conf 101 'ONBOOT="yes"'

it "features by comma or blank"
given stopped 101
run vzctl set 101 --features 'nfs:on,ppp:on' --save
out "$SAVED"
conf 101 'FEATURES="nfs:on ppp:on"'

it "a device node that the host has not"
given stopped 101
run vzctl set 101 --devnodes nothere:rw --save
err_like $'^Incorrect device name /dev/nothere: [^\n]*\nBad parameter for --devnodes: nothere:rw$'
rc 21

it "a loop device as a node"
given stopped 101
run vzctl set 101 --devnodes loop0:rw --save
err_like $'^Device [^\n]*loop0 is not allowed to be assigned to a CT\n'
rc 21

it "a device node"
given stopped 101
run vzctl set 101 --devnodes zero:rw --save
out "$SAVED"
conf 101 'DEVNODES="zero:rw"'

it "a hostname with a newline"
given stopped 101
run vzctl set 101 --hostname $'a\nONBOOT="yes"' --save
err_like '^Bad parameter for --hostname: '
rc 21
conf 101 'ONBOOT="no"'

it "a description with a newline"
given stopped 101
run vzctl set 101 --description $'a\nONBOOT="yes"' --save
err_like '^Bad parameter for --description: '
rc 21
conf 101 'ONBOOT="no"'
