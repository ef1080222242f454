# SPDX-License-Identifier: GPL-2.0-or-later
# A host that vzctl 4.x and its kernel left: /etc/vz as they wrote it, private areas that are plain trees. Its containers are
# listed, started, changed and stopped where they lie; files are written only where a command asks for it.
. "$TOP/tests/integration/lib.sh"

kept=/tmp/movein.kept
mkdir -p $kept
cp /etc/vz/vz.conf $kept/vz.conf.ours

new 770 --layout dir
cp -a /vz/private/770 $kept/tree
vzctl destroy 770 >/dev/null 2>&1 </dev/null

# --- the fixture -----------------------------------------------------------------------------------------------------
cat >/etc/vz/vz.conf <<'EOT'
## Global parameters
VIRTUOZZO=yes
LOCKDIR=/vz/lock
DUMPDIR=/vz/dump
VE0CPUUNITS=1000
VE_STOP_MODE=suspend
## Logging parameters
LOGGING=yes
LOGFILE=/var/log/vzctl.log
LOG_LEVEL=0
VERBOSE=0
## Disk quota parameters
DISK_QUOTA=yes
VZFASTBOOT=no
# Disable module loading. If set, vz initscript does not load any modules.
#MODULES_DISABLED=yes
# The name of the device whose IP address will be used as source IP for CT.
#VE_ROUTE_SRC_DEV="eth0"
#NEIGHBOUR_DEVS=detect
#SKIP_ARPDETECT=no
ERROR_ON_ARPFAIL="no"
## Template parameters
TEMPLATE=/vz/template
## Defaults for containers
VE_ROOT=/vz/root/$VEID
VE_PRIVATE=/vz/private/$VEID
CONFIGFILE="vswap-256m"
DEF_OSTEMPLATE="centos-6-x86"
NAMESERVER=inherit		# Copy from host system's /etc/resolv.conf
VE_LAYOUT=ploop
LOCAL_UID=100000
LOCAL_GID=100000
VZWDOG=no
IPTABLES_MODULES="ipt_REJECT ipt_tos ipt_limit ipt_multiport iptable_filter iptable_mangle ipt_TCPMSS ipt_tcpmss ipt_ttl ipt_length"
IPV6="yes"
IP6TABLES="ip6_tables ip6table_filter ip6table_mangle ip6t_REJECT"
EOT
printf 'CGROUP_PARENT="%s"\nNFT_TABLE="vztest"\n' "$VZTEST_NAME" >>/etc/vz/vz.conf
cat >/etc/vz/conf/0.conf <<'EOT'
ONBOOT="no"
EOT
# beancounters, as vzsplit and the sample "basic" wrote them, values that some panel had changed
cat >/etc/vz/conf/771.conf <<'EOT'
# Copyright (C) of whoever wrote this file first
#UUID: 3f0c1cbd-6d5d-4c0f-9e0a-4fd8d4d3f6a1

# Primary parameters
NUMPROC="240:240"
AVNUMPROC="180:180"
NUMTCPSOCK="360:360"
NUMOTHERSOCK="360:360"
VMGUARPAGES="33792:9223372036854775807"

# Secondary parameters
KMEMSIZE="14372700:14790164"
TCPSNDBUF="1720320:2703360"
TCPRCVBUF="1720320:2703360"
OTHERSOCKBUF="1126080:2097152"
DGRAMRCVBUF="262144:262144"
OOMGUARPAGES="26112:9223372036854775807"
PRIVVMPAGES="65536:69632"

# Auxiliary parameters
LOCKEDPAGES="2048:2048"
SHMPAGES="21504:21504"
PHYSPAGES="0:9223372036854775807"
NUMFILE="9312:9312"
NUMFLOCK="188:206"
NUMPTY="16:16"
NUMSIGINFO="256:256"
DCACHESIZE="3409920:3624960"
NUMIPTENT="128:128"

# Disk quota parameters (in form of softlimit:hardlimit)
DISKSPACE="1048576:1153434"
DISKINODES="200000:220000"
QUOTATIME="0"

# CPU fair scheduler parameter
CPUUNITS="1000"
VE_ROOT="/vz/root/$VEID"
VE_PRIVATE="/vz/private/${VEID}"
OSTEMPLATE="centos-5-x86"
ORIGIN_SAMPLE="vps.basic"
HOSTNAME="old.example.com"
IP_ADDRESS="10.77.71.1 10.77.71.2"
NAMESERVER="192.0.2.53"
ONBOOT="yes"
CONFIG_CUSTOMIZED="yes"
IPTABLES="iptable_filter ipt_state"
NAME="old"
EOT
cat >/etc/vz/conf/772.conf <<'EOT'
# This is for 'vzctl set --applyconfig'
PHYSPAGES="0:65536"
SWAPPAGES="0:131072"

# Disk quota parameters (in form of softlimit:hardlimit)
DISKSPACE="2097152:2306867"
DISKINODES="131072:144179"
QUOTATIME="0"

# CPU fair scheduler parameter
CPUUNITS="500"
CPUS="2"
NETFILTER="stateless"
VE_ROOT="/vz/root/$VEID"
VE_PRIVATE="/vz/private/$VEID"
VE_LAYOUT="simfs"
OSTEMPLATE="centos-6-x86_64"
ORIGIN_SAMPLE="vswap-256m"
DESCRIPTION="{"name": "web", "n": 1}"
HOSTNAME="vswap.example.com"
IP_ADDRESS="10.77.72.1/24"
SEARCHDOMAIN="example.com"
CAPABILITY="NET_ADMIN:on SYS_TIME:off"
FEATURES="ppp:off"
LOCAL_UID="0"
LOCAL_GID="0"
EOT
sed 's/771/773/g; /^NAME=/d; /^IP_ADDRESS=/d; s/^ONBOOT=.*/ONBOOT="no"/; s/^HOSTNAME=.*/HOSTNAME="third"/' \
	/etc/vz/conf/771.conf >/etc/vz/conf/773.conf
cp /etc/vz/conf/773.conf /etc/vz/conf/774.conf.destroyed
cp /etc/vz/conf/773.conf /etc/vz/conf/775.conf.migrated
ln -s ../conf/771.conf /etc/vz/names/old
ln -s /etc/vz/conf/776.conf /etc/vz/names/gone
printf '#!/bin/bash\n. /etc/vz/vz.conf\n. ${VE_CONFFILE}\nmkdir -p ${VE_ROOT}/mnt/data\nmount -n --bind /etc/vz/names ${VE_ROOT}/mnt/data\n' \
	>/etc/vz/conf/771.mount
printf '#!/bin/bash\n. /etc/vz/vz.conf\n. ${VE_CONFFILE}\numount ${VE_ROOT}/mnt/data\n' >/etc/vz/conf/771.umount
printf '#!/bin/bash\necho $VEID >>/tmp/movein.vps\n' >/etc/vz/conf/vps.mount
chmod 755 /etc/vz/conf/771.mount /etc/vz/conf/771.umount /etc/vz/conf/vps.mount
echo 'echo started >/root/started' >/etc/vz/conf/772.start
printf '4194303\nstarting\n' >/vz/lock/771.lck
mkdir -p /vz/dump && : >/vz/dump/Dump.773
mkdir -p /var/lib/vzctl/veip && echo "10.77.71.9" >/var/lib/vzctl/veip/779
# where the file system can limit a directory; a plain one, as 772 is, cannot be limited on btrfs
[ "$(stat -f -c %T /vz)" != btrfs ] || btrfs subvolume create /vz/private/771 >/dev/null
for id in 771 772 773; do
	mkdir -p /vz/private/$id && cp -R --preserve=mode,ownership,links,timestamps $kept/tree/. /vz/private/$id/ && mkdir -p /vz/root/$id || bail "the trees"
done
chown 500:500 /vz/private/771/srv 2>/dev/null || install -d -o 500 -g 500 /vz/private/771/srv
ids() { find /vz/private/771 -xdev -printf '%U:%G %m %p\n' | grep -v ' /vz/private/771/\(mnt\|run\|tmp\|var\|etc\|root\|fastboot\)' | sort; }
cp -a /etc/vz/conf /etc/vz/names $kept/
cp -a /etc/vz/vz.conf $kept/vz.conf
tree=$(ids)
same() { cmp "$kept/conf/$1" "/etc/vz/conf/$1"; }

# --- seen at once ----------------------------------------------------------------------------------------------------
says "all are listed, without a word" 0 "       771 old.example.com yes    simfs  stopped
       772 vswap.example.com -      simfs  stopped
       773 third      no     simfs  suspended" "" sh -c "vzlist -a -H -t -o ctid,hostname,onboot,layout,status | sed 's/  *\(yes\|-\|no\)  */ \1      /; s/ \(yes\|no\) */ \1 /' | awk '{ printf \"%10s %-10s %-6s %-6s %s\\n\", \$1, \$2, \$3, \$4, \$5 }'"
is "beancounters" "$(vzlist -a -H -o privvmpages.l,numproc.b,kmemsize.l 771 | tr -s ' ')" " 69632 240 14790164"
is "VSwap" "$(vzlist -a -H -o vswap 772 | tr -d ' ') $(vzlist -a -H -o vswap 771 | tr -d ' ')" "yes no"
is "by name" "$(vzctl status old)" "CTID 771 exist unmounted down"
is "a name whose container is gone" "$(vzctl status gone)" "CTID 776 deleted unmounted down"
is "one that was destroyed is none" "$(vzctl status 774)" "CTID 774 deleted unmounted down"
is "its quoted description" "$(vzlist -a -H -o description 772)" '{"name": "web", "n": 1}'

# --- beancounters ----------------------------------------------------------------------------------------------------
rc "start by name" 0 vzctl start old
like "a stale lock is told" "$TAP_OUT" 'Removing stale lock file /vz/lock/771.lck'
like "the layout is saved, as vzctl 4.x does" "$TAP_OUT" "Saving VE layout 'simfs' to the VE config file"
is "and nothing else" "$(diff $kept/conf/771.conf /etc/vz/conf/771.conf | sed 1d)" '> VE_LAYOUT="simfs"'
is "it runs" "$(vzctl status 771)" "CTID 771 exist mounted running"
limit() { vzlist -H -o "$1" 771 | tr -d ' '; }
memory=$(cat /sys/fs/cgroup/memory/"$VZTEST_NAME"/771/memory.limit_in_bytes /sys/fs/cgroup/"$VZTEST_NAME"/771/memory.max 2>/dev/null | head -n 1)
is "PRIVVMPAGES is the memory limit" "$memory" $((69632 * 4096))
pids=$(cat /sys/fs/cgroup/pids/"$VZTEST_NAME"/771/pids.max /sys/fs/cgroup/"$VZTEST_NAME"/771/pids.max 2>/dev/null | head -n 1)
is "NUMPROC limits processes" "$pids" 240
is "disk space is limited" "$(vzlist -H -o diskspace.h 771 | tr -d ' ')" 1153434
like "addresses" "$(in_ct 771 ip -4 -o addr show venet0)" ' 10\.77\.71\.1/.* 10\.77\.71\.2/'
ok "answer" ping -c 1 -w 20 10.77.71.2
is "host name" "$(in_ct 771 hostname)" old.example.com
like "resolver" "$(in_ct 771 cat /etc/resolv.conf)" 'nameserver 192\.0\.2\.53'
is "the mount script's mount is inside" "$(in_ct 771 ls /mnt/data | tr '\n' ' ')" "gone old "
is "so ran the one for all" "$(cat /tmp/movein.vps)" 771
is "ids inside are those on disk" "$(in_ct 771 stat -c %u /srv)" 500
ok "restart" vzctl restart 771 --fast
rc "stop" 0 vzctl stop 771
is "ids and modes on disk are as they were" "$(diff <(echo "$tree") <(ids))" ""
is "the area is still the tree" "$(ls /vz/private/771/etc/passwd)" /vz/private/771/etc/passwd

# --- VSwap -----------------------------------------------------------------------------------------------------------
ok "start" vzctl start 772
memory=$(cat /sys/fs/cgroup/memory/"$VZTEST_NAME"/772/memory.limit_in_bytes /sys/fs/cgroup/"$VZTEST_NAME"/772/memory.max 2>/dev/null | head -n 1)
is "PHYSPAGES is the memory limit" "$memory" $((65536 * 4096))
like "its address" "$(in_ct 772 ip -4 -o addr show venet0)" ' 10\.77\.72\.1/24'
is "its start script ran inside" "$(in_ct 772 cat /root/started)" started
ok "not a byte of its file is changed" same 772.conf
is "its ids are recorded beside it" "$(readlink /var/lib/vz/uid/* | grep -cx 772)" 1
ok "restart" vzctl restart 772 --fast
is "and kept" "$(readlink /var/lib/vz/uid/* | grep -cx 772)" 1
ok "set --save" vzctl set 772 --onboot yes --save
is "changes one line" "$(diff $kept/conf/772.conf /etc/vz/conf/772.conf | sed 1d)" '> ONBOOT="yes"'
ok "stop" vzctl stop 772 --fast

# --- the boot service, and what is left alone ------------------------------------------------------------------------
touch /var/lib/vzctl/vzreboot/773
ok "boot" vzhost boot start
is "those that are to run do" "$(vzlist -1 | tr -s ' \n' ' ')" " 771 772 "
ok "shutdown" sh -c 'vzhost boot stop; vzhost up'
for f in 773.conf 774.conf.destroyed 775.conf.migrated 771.mount 771.umount vps.mount 772.start 0.conf; do
	cmp -s "$kept/conf/$f" "/etc/vz/conf/$f" || echo "$f"
done >/tmp/movein.changed
is "no other file was touched" "$(cat /tmp/movein.changed)" ""
ok "vz.conf neither" cmp $kept/vz.conf /etc/vz/vz.conf
is "names" "$(readlink /etc/vz/names/old) $(readlink /etc/vz/names/gone)" "../conf/771.conf /etc/vz/conf/776.conf"
chmod 755 /vz/private
rc "users of the host in /vz/private are refused" 50 vzctl start 773
like "with the cure" "$TAP_OUT" 'chmod 700 /vz/private'
chmod 700 /vz/private
ok "destroy" vzctl destroy 772
is "frees its ids" "$(readlink /var/lib/vz/uid/* | grep -cx 772)" 0

gone 771 773
cp $kept/vz.conf.ours /etc/vz/vz.conf
rm -rf /etc/vz/conf/77* /etc/vz/conf/vps.mount /etc/vz/names/old /etc/vz/names/gone /vz/lock/77* /vz/root/77* $kept /tmp/movein.* \
	/var/lib/vzctl/veip/779 /var/lib/vzctl/vzreboot/77* /vz/dump/Dump.77*
vzhost up >/dev/null
