# SPDX-License-Identifier: GPL-2.0-or-later
# Pools over the network on the oldest kernel, with Debian's own targets and initiators: NBD (erofs), iSCSI (xfs) and NFS.
# Each is attached, carries a container, is lost under it and comes back. iSCSI and NBD of this kernel know the machine's first
# network namespace only: descriptor 9 is that.
# seconds: 400
. "$TOP/tests/integration/lib.sh"
modprobe -a nbd sd_mod iscsi_tcp nfs nfsd 2>/dev/null

P=/vz/served
BASE=vz-base-$(uname -m)
first() { nsenter --net=/proc/self/fd/9 "$@"; }
IN=	# "first": where this kind's pools are looked after
state() { $IN vzpool status --wait 2 "$1" 2>/dev/null | awk -v n="$1" '$1 == n { print $3 }'; }
is_state() { [ "$(state "$1")" = "$2" ]; }
not_ok() { case $(state "$1") in lost | hung) ;; *) false ;; esac; }

mkdir $P && vzpool create $P >/dev/null && vzpool add $P vz-base >/dev/null || bail "a pool"
mv /vz/template/cache /vz/template/cache.away && mv /vz/template/store /vz/template/store.away
mkdir -p /vz/template/cache

# carried KIND NAME SOURCE ID: attached, a container runs on it
carried() {
	soon "$1: attach" 60 $IN vzpool attach "$2" "$3"	# a server that has just begun may be slow to answer here
	becomes "$1: state" ok state "$2"
	ok "$1: create" vzctl create "$4" --ostemplate vz-base
	ok "$1: start" vzctl start "$4"
	ok "$1: run and write" vzctl exec "$4" 'cat /etc/os-release >/dev/null && echo mine >/etc/mine'
}

# healed KIND NAME ID INIT: the same container goes on
healed() {
	soon "$1: it is back" 60 is_state "$2" ok
	soon "$1: the container works again" 60 vzctl exec "$3" 'cat /bin/busybox >/dev/null'
	is "$1: it is the same one" "$(init_of "$3") $(in_ct "$3" cat /etc/mine)" "$4 mine"
	ok "$1: mounted for the host when stopped" sh -c "vzctl stop $3 --fast && vzctl mount $3 && cat /vz/root/$3/etc/mine && vzctl umount $3"
	gone "$3"
	ok "$1: detach" $IN vzpool detach "$2"
}

# --- NBD, erofs -------------------------------------------------------------------------------------------------------
mkfs.erofs --quiet /vz/disk.nbd $P >/dev/null 2>&1
printf '[generic]\n\tuser = root\n\tgroup = root\n[pool]\n\texportname = /vz/disk.nbd\n\treadonly = true\n' >/tmp/nbd.conf
nbd_up() {
	rm -f /tmp/nbd.pid
	first nbd-server -C /tmp/nbd.conf -p /tmp/nbd.pid >/tmp/nbd.log 2>&1
	soon "nbd-server" 20 test -s /tmp/nbd.pid
}
nbd_down() { kill -9 $(pgrep -P "$(cat /tmp/nbd.pid)") "$(cat /tmp/nbd.pid)"; }
IN=first
nbd_up
refused() { first vzpool attach nbd nbd://127.0.0.1/other 2>&1 | grep -qE 'pool nbd: NBD server 127.0.0.1, port 10809: the server (has no|refuses) export "other"'; }
soon "nbd: no such export" 60 refused
carried nbd nbd nbd://127.0.0.1/pool 601
N=$(basename "$(dirname "$(grep -ls '^vz-pool nbd ' /sys/block/nbd*/backend)")")
is "nbd: no process serves the device" "$(pgrep -c nbd-client)" 0
init=$(init_of 601)
nbd_down
echo 3 >/proc/sys/vm/drop_caches
soon "nbd: lost" 60 not_ok nbd
like "nbd: an I/O error inside" "$(timeout 60 cat /vz/root/601/bin/busybox 2>&1 >/dev/null)" 'Input/output error'
is "nbd: the container is still running" "$(field status 601)" running
mv /vz/disk.nbd /vz/disk.kept && mkfs.erofs --quiet -E force-inode-extended /vz/disk.nbd $P >/dev/null 2>&1
nbd_up
soon "nbd: another disk in its place is not taken" 60 is_state nbd foreign
like "nbd: and named" "$(first vzpool status nbd)" 'nbd: another disk is at nbd://127.0.0.1/pool now'
nbd_down
mv /vz/disk.kept /vz/disk.nbd
nbd_up
healed nbd nbd 601 "$init"
device() { echo "$(cat "/sys/block/$N/size") $(cat "/sys/block/$N/backend" 2>/dev/null)"; }
becomes "nbd: the device is free" "0 " device
nbd_down
IN=

# --- iSCSI, xfs -------------------------------------------------------------------------------------------------------
truncate -s 320M /vz/disk.iscsi
mkfs.xfs -q /vz/disk.iscsi && mkdir -p /tmp/w && mount -o loop /vz/disk.iscsi /tmp/w && cp -a $P/. /tmp/w/ && umount /tmp/w
IQN=iqn.2026-01.example:pool
iscsi_up() {
	nsenter --net=/proc/self/fd/9 tgtd -f >/tmp/tgtd.log 2>&1 &
	TGTD=$!
	soon "tgtd" 20 tgtadm --op show --mode sys
	tgtadm --op new --mode target --tid 1 -T $IQN && tgtadm --op new --mode logicalunit --tid 1 --lun 1 -b /vz/disk.iscsi &&
		tgtadm --op bind --mode target --tid 1 -I ALL
}
iscsi_up
mkdir -p /run/lock/iscsi /etc/iscsi
echo "InitiatorName=iqn.2026-01.example:node" >/etc/iscsi/initiatorname.iscsi
sed -i 's/^node.session.timeo.replacement_timeout.*/node.session.timeo.replacement_timeout = 3/; s/^node.conn\[0\].timeo.noop_out_interval.*/node.conn[0].timeo.noop_out_interval = 1/; s/^node.conn\[0\].timeo.noop_out_timeout.*/node.conn[0].timeo.noop_out_timeout = 1/; s/^node.conn\[0\].timeo.login_timeout.*/node.conn[0].timeo.login_timeout = 3/' /etc/iscsi/iscsid.conf
nsenter --net=/proc/self/fd/9 iscsid -f >/tmp/iscsid.log 2>&1 &
ISCSID=$!
soon "iscsi: discovery" 60 first iscsiadm -m discovery -t st -p 127.0.0.1
ok "iscsi: login" nsenter --net=/proc/self/fd/9 iscsiadm -m node -T $IQN -p 127.0.0.1 --login
soon "iscsi: a disk" 60 sh -c 'ls /sys/class/iscsi_session/session*/device/target*/*:1/block/ 2>/dev/null | grep -q sd'
DISK=/dev/$(ls /sys/class/iscsi_session/session*/device/target*/*:1/block/ | head -n 1)
carried iscsi san "$DISK" 602
init=$(init_of 602)
kill -9 "$TGTD"
wait "$TGTD" 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
soon "iscsi: lost" 60 not_ok san
like "iscsi: an I/O error inside" "$(timeout 60 cat /vz/root/602/bin/busybox 2>&1 >/dev/null)" 'Input/output error'
iscsi_up
healed iscsi san 602 "$init"
first iscsiadm -m node -T $IQN -p 127.0.0.1 --logout >/dev/null 2>&1
kill -9 "$ISCSID" "$TGTD"
wait "$ISCSID" "$TGTD" 2>/dev/null

# --- NFS --------------------------------------------------------------------------------------------------------------
mkdir -p /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs /run/rpc_pipefs
mount -t nfsd nfsd /proc/fs/nfsd
echo 10 >/proc/fs/nfsd/nfsv4gracetime
echo 10 >/proc/fs/nfsd/nfsv4leasetime
rpc.mountd -F -N 2 -N 3 >/tmp/mountd.log 2>&1 &
MOUNTD=$!
exportfs -i -o ro,no_root_squash,fsid=0,insecure "127.0.0.1:$P" >/tmp/exportfs.log 2>&1
nfs_up() { rpc.nfsd -N 3 -V 4 1 >/tmp/nfsd.log 2>&1; echo Y >/proc/fs/nfsd/v4_end_grace 2>/dev/null; }
nfs_up
carried nfs files 127.0.0.1:/ 603
init=$(init_of 603)
rpc.nfsd 0
soon "nfs: lost" 60 not_ok files
is "nfs: the container is still running" "$(field status 603)" running
nfs_up
healed nfs files 603 "$init"
rpc.nfsd 0
kill -9 "$MOUNTD"
wait "$MOUNTD" 2>/dev/null
exportfs -ua >/dev/null 2>&1
umount /proc/fs/nfsd

rm -rf /vz/template/cache && mv /vz/template/cache.away /vz/template/cache && mv /vz/template/store.away /vz/template/store
rm -rf $P /vz/disk.nbd /vz/disk.iscsi /etc/vz/pools
true
