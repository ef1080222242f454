# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl set of a stopped container: what is said, stored and refused.
. "$TOP/tests/conformance/case.sh"

SAVED="CT configuration saved to /etc/vz/conf/101.conf"

it "--save stores"
given stopped 101
run vzctl set 101 --onboot yes --save
out "$SAVED"
conf 101 'ONBOOT="yes"'

it "several at once"
given stopped 101
run vzctl set 101 --onboot yes --hostname www.example --ipadd 10.77.1.1 --ipadd 10.77.1.2 --nameserver 192.0.2.3 --searchdomain example --cpuunits 2000 --cpus 2 --save
out "$SAVED"
conf 101 'ONBOOT="yes"'
conf 101 'HOSTNAME="www.example"'
conf 101 'IP_ADDRESS="10.77.1.1 10.77.1.2"'
conf 101 'NAMESERVER="192.0.2.3"'
conf 101 'SEARCHDOMAIN="example"'
conf 101 'CPUUNITS="2000"'
conf 101 'CPUS="2"'

it "nothing at all"
given stopped 101
run vzctl set 101 --save
out "No changes in CT configuration, not saving"

it "nothing differs"
given stopped 101 ONBOOT=yes
run vzctl set 101 --onboot yes --save
out "No changes in CT configuration, not saving"

it "without --save, what is only in the file"
given stopped 101
run vzctl set 101 --onboot yes
out "WARNING: Settings were not saved to config (use --save flag)"
conf 101 'ONBOOT="no"'

it "a description without --save"
given stopped 101
run vzctl set 101 --description hello
out "WARNING: Settings were not saved to config (use --save flag)"
no_conf 101 DESCRIPTION

it "CPU without --save"
given stopped 101
run vzctl set 101 --cpuunits 700
err "Unable to apply CPU parameters: container is not running"
rc 31
no_conf 101 CPUUNITS

it "a counter without --save"
given stopped 101
run vzctl set 101 --numproc 100
err "Unable to apply UBC parameters: container is not running"
rc 31

it "memory without --save"
given stopped 101
run vzctl set 101 --ram 128M --swap 0
err "Unable to apply UBC parameters: container is not running"
rc 31

it "an address without --save"
given stopped 101
run vzctl set 101 --ipadd 10.77.1.1
err "Unable to apply network parameters: container is not running"
rc 31
no_conf 101 IP_ADDRESS

it "taking one away without --save"
given stopped 101 IP_ADDRESS=10.77.1.1
run vzctl set 101 --ipdel 10.77.1.1
err "Unable to apply network parameters: container is not running"
rc 31
conf 101 'IP_ADDRESS="10.77.1.1"'

it "devices without --save"
given stopped 101
run vzctl set 101 --devices c:10:200:rw
err "Unable to apply devperm: container is not running"
rc 31

it "--ipdel of an address"
given stopped 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run vzctl set 101 --ipdel 10.77.1.1 --save
out "$SAVED"
conf 101 'IP_ADDRESS="10.77.1.2"'

it "--ipdel of one that is not there"
given stopped 101 IP_ADDRESS=10.77.1.1
run vzctl set 101 --ipdel 10.77.9.9 --save
out_any
conf 101 'IP_ADDRESS="10.77.1.1"'

it "--ipdel all"
given stopped 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run vzctl set 101 --ipdel all --save
out "$SAVED"
conf 101 'IP_ADDRESS=""'

it "--ipdel all with --ipadd deletes, then adds"
given stopped 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run vzctl set 101 --ipadd 10.77.1.3 --ipdel all --save
out "$SAVED"
conf 101 'IP_ADDRESS="10.77.1.3"'

it "--ipadd adds to what is there"
given stopped 101 IP_ADDRESS=10.77.1.1
run vzctl set 101 --ipadd 10.77.1.2 --save
out "$SAVED"
conf 101 'IP_ADDRESS="10.77.1.1 10.77.1.2"'

it "the same address twice is one"
given stopped 101
run vzctl set 101 --ipadd 10.77.1.1 --ipadd 10.77.1.1 --save
out "$SAVED"
conf 101 'IP_ADDRESS="10.77.1.1"'

it "the same address with another mask replaces it"
given stopped 101 IP_ADDRESS=10.77.1.1/24
run vzctl set 101 --ipadd 10.77.1.1/28 --save
out "$SAVED"
conf 101 'IP_ADDRESS="10.77.1.1/28"'

it "--nameserver replaces"
given stopped 101 NAMESERVER=192.0.2.9
run vzctl set 101 --nameserver 192.0.2.3 --save
out "$SAVED"
conf 101 'NAMESERVER="192.0.2.3"'

it "--hostname"
given stopped 101 HOSTNAME=old.example
run vzctl set 101 --hostname new.example --save
out "$SAVED"
conf 101 'HOSTNAME="new.example"'

it "--disabled"
given stopped 101
run vzctl set 101 --disabled yes --save
out "$SAVED"
conf 101 'DISABLED="yes"'

it "--bootorder"
given stopped 101
run vzctl set 101 --bootorder 7 --save
out "$SAVED"
conf 101 'BOOTORDER="7"'

it "--private and --root of a stopped container"
given stopped 101
run vzctl set 101 --root '/vz/root/x$VEID' --save
out "$SAVED"
conf 101 'VE_ROOT="/vz/root/x$VEID"'

it "--ostemplate"
given stopped 101
run vzctl set 101 --ostemplate debian-12-x86_64 --save
out "$SAVED"
conf 101 'OSTEMPLATE="debian-12-x86_64"'

it "--ostemplate without --save"
given stopped 101
run vzctl set 101 --ostemplate debian-12-x86_64
err "Error: unable to use --ostemplate option without --save"
rc 20

it "--stop-timeout"
given stopped 101
run vzctl set 101 --stop-timeout 30 --save
out "$SAVED"
conf 101 'STOP_TIMEOUT="30"'

it "--stop-timeout without --save"
given stopped 101
run vzctl set 101 --stop-timeout 30
err "Error: unable to use --stop-timeout option without --save"
rc 20

it "--force without --save"
given stopped 101
run vzctl set 101 --force --onboot yes
err "Error: --force is useless without --save"
rc 20

it "--force with --save"
given stopped 101
run vzctl set 101 --onboot yes --force --save
out "$SAVED"
conf 101 'ONBOOT="yes"'

it "--setmode restart without --save"
given stopped 101
run vzctl set 101 --setmode restart --cpuunits 500
err "Error: --setmode restart doesn't make sense without --save flag"
rc 20

it "--setmode anything"
given stopped 101
run vzctl set 101 --setmode maybe --cpuunits 500 --save
err "Bad parameter for --setmode: maybe"
rc 21

it "--nodemask alone"
given stopped 101
run vzctl set 101 --nodemask 0 --save
err "Error: option --nodemask requires --cpumask"
rc 20

it "--cpumask auto alone"
given stopped 101
run vzctl set 101 --cpumask auto --save
err "Error: --cpumask auto requires --nodemask"
rc 20

it "--ram without a swap value known"
given stopped 101
run sh -c 'sed -i "/^SWAPPAGES=/d;/^PHYSPAGES=/d" /etc/vz/conf/101.conf; vzctl set 101 --ram 128M --save'
err "Error: required UB parameter (swap) not set"
rc 28
no_conf 101 PHYSPAGES

it "--applyconfig"
given stopped 101 HOSTNAME=mine.example IP_ADDRESS=10.77.1.1 DESCRIPTION=mine
run vzctl set 101 --applyconfig vswap-512m --save
out "$SAVED"
conf 101 'PHYSPAGES="0:131072"'
conf 101 'HOSTNAME="mine.example"'
conf 101 'IP_ADDRESS="10.77.1.1"'
conf 101 'DESCRIPTION="mine"'
conf 101 'OSTEMPLATE="vz-base"'

it "--applyconfig of a sample that is not there"
given stopped 101
run vzctl set 101 --applyconfig nothere --save
err "Sample config file not found: /etc/vz/conf/ve-nothere.conf-sample"
rc 109

it "--applyconfig leaves the sample's paths and name alone"
given stopped 101
run sh -c 'printf "%s\n" "VE_ROOT=\"/x\"" "VE_PRIVATE=\"/y\"" "HOSTNAME=\"bad\"" "OSTEMPLATE=\"bad\"" "CPUUNITS=\"333\"" >/etc/vz/conf/ve-odd.conf-sample; vzctl set 101 --applyconfig odd --save; rm /etc/vz/conf/ve-odd.conf-sample'
out "$SAVED"
conf 101 'VE_ROOT="/vz/root/$VEID"'
conf 101 'VE_PRIVATE="/vz/private/$VEID"'
conf 101 'CPUUNITS="333"'
no_conf 101 HOSTNAME

it "--applyconfig_map name makes the link again"
given stopped 101 NAME=web
run vzctl set 101 --applyconfig_map name --save
out_any
gives 'readlink /etc/vz/names/web' /etc/vz/conf/101.conf

it "--reset_ub of a stopped container"
given stopped 101
run vzctl set 101 --reset_ub
err "Container is not running"
rc 31

it "--reset_ub with something else"
given stopped 101
run vzctl set 101 --reset_ub --cpuunits 500
err "Error: option --reset_ub is exclusive"
rc 20

it "--userpasswd of a stopped container: eight lines, and saved"
given stopped 101
run vzctl set 101 --userpasswd root:secret --save
out "Starting container...
Container is mounted
Container start in progress...
Killing container ...
Container was stopped
Container is unmounted
CT configuration saved to /etc/vz/conf/101.conf"
state 101 "exist unmounted down"

it "the password is nowhere in the configuration"
given stopped 101
run vzctl --quiet set 101 --userpasswd root:secret123 --save
gives 'grep -c secret123 /etc/vz/conf/101.conf' 0

it "the password is in the container's shadow file, hashed"
given running 101
run sh -c 'vzctl --quiet set 101 --userpasswd root:secret123; vzctl exec 101 "grep -c ^root:.6.*: /etc/shadow"'
out 1

it "a password for a user that is new"
given running 101
run sh -c 'vzctl --quiet set 101 --userpasswd joe:secret123; vzctl exec 101 "grep -c ^joe: /etc/passwd"'
out 1

it "--userpasswd without a colon"
given stopped 101
run vzctl set 101 --userpasswd root --save
err_like '^Bad parameter for --userpasswd: '
rc 21

it "CT 0 takes cpuunits"
run vzctl set 0 --cpuunits 1000
out_any

it "no configuration, no --save"
given none 102
run vzctl set 102 --onboot yes
out_any
err_like '^WARNING: /etc/vz/conf/102.conf not found: '
gives 'ls /etc/vz/conf/102.conf 2>/dev/null' ""
