# SPDX-License-Identifier: GPL-2.0-or-later
# Archives that vzdump of OpenVZ's days made, as a hosting company brings them: each kind is restored, what of its configuration
# reaches beyond the container is left out, and what is broken, hostile or of another kind is refused and leaves nothing.
# seconds: 90
. "$TOP/tests/integration/backup_lib.sh"

# --- the fixture: a container's tree as Proxmox VE packed it, configuration of its host included ------------------------
T=$W/tree
N=vzdump-openvz-777-2012_03_04-05_06_07
new 940 --diskspace 1G --ipadd 10.44.0.9
vzctl --quiet mount 940
mkdir -p $T
tar -C /vz/root/940 --xattrs --acls -cf - . | tar -C $T --xattrs --xattrs-include='*' --acls --numeric-owner -xf -
vzctl --quiet umount 940
hard_tree $T/srv
mkdir $T/etc/vzdump $W/keep
cat >$T/etc/vzdump/vps.conf <<'EOT'
# This file was written by Proxmox
ONBOOT="yes"

KMEMSIZE="14372700:14790164"
LOCKEDPAGES="unlimited"
PRIVVMPAGES="262144:274644"
SHMPAGES="21504"
NUMPROC="unlimited"
PHYSPAGES="0:262144"
SWAPPAGES="0:131072"
DISKSPACE="4G:4613734"
DISKINODES="800000:880000"
QUOTATIME="0"
QUOTAUGIDLIMIT="0"
CPUUNITS="1000"
CPUS="1"
CPULIMIT="100"
HOSTNAME="shop.example.com"
SEARCHDOMAIN="example.com"
NAMESERVER="192.0.2.53"
IP_ADDRESS="10.44.0.8 10.44.0.9"
VE_ROOT="/var/lib/vz/root/$VEID"
VE_PRIVATE="/var/lib/vz/private/777"
OSTEMPLATE="debian-6.0-standard_6.0-4_amd64"
ORIGIN_SAMPLE="pve.auto"
VE_LAYOUT="ploop"
UUID="3f0c1cbd-6d5d-4c0f-9e0a-4fd8d4d3f6a1"
CAPABILITY="SYS_TIME:on"
DEVNODES="fuse:rw sda:rw"
NETIF="ifname=eth0,bridge=vmbr0,mac=62:2B:AB:6E:4C:11,host_ifname=veth777.0,host_mac=62:2B:AB:6E:4C:12"
EOT
printf '#!/bin/sh\ntouch /tmp/owned\n' >$T/etc/vzdump/vps.mount
chmod 700 $T/etc/vzdump/vps.mount
$DUMP $T | grep -v "^b'etc/vzdump" >$W/want
pack() { tar -C $T --sparse --numeric-owner --one-file-system --xattrs --xattrs-include='*' "$@" .; }	# attributes PVE left out
pack -cf $W/$N.tar 2>$W/said
pack -czf $W/$N.tgz 2>>$W/said
zstd -q $W/$N.tar -o $W/$N.tar.zst
tar -C $T --numeric-owner -cf $W/noconf.tar --exclude ./etc/vzdump . 2>/dev/null

# --- each kind ------------------------------------------------------------------------------------------------------------
for k in tar tgz tar.zst; do
	ok "$k: restored" vzrestore $W/$N.$k 941 --ipadd 10.44.0.7
	vzctl --quiet mount 941; $DUMP /vz/root/941 >$W/got; vzctl --quiet umount 941
	# the directory above etc/vzdump has the time at which we put it there; all else is as it was
	is "$k: file by file the same" "$(diff <(grep -v "^b'etc' " $W/want) <(grep -v "^b'etc' " $W/got) | head -n 5 | cut -c 1-300)" ""
	[ $k = tar ] || { gone 941; continue; }
	conf=$(cat /etc/vz/conf/941.conf)
	like "its limits came along" "$conf" 'DISKSPACE="4G:4613734"'
	like "its host name" "$conf" 'HOSTNAME="shop.example.com"'
	ok "its host's paths, layout, id and uuid did not" sh -c '! grep -q "var/lib/vz\|ploop\|3f0c1cbd" /etc/vz/conf/941.conf'
	ok "nor what reaches beyond it" sh -c '! grep -q "vmbr0\|sda:rw\|veth777" /etc/vz/conf/941.conf'
	ok "nor a script" test ! -e /etc/vz/conf/941.mount
	ok "its configuration is not among its files" test ! -e /vz/private/941/upper/etc/vzdump
	ok "it starts" vzctl start 941
	is "and is who it was" "$(in_ct 941 hostname)" shop.example.com
	gone 941
done
vzctl --quiet start 940
vzrestore $W/$N.tar 941 >$W/out 2>&1
vzctl --quiet stop 940 --fast
like "an address that somebody has is left out" "$(cat $W/out)" 'address 10.44.0.9 is left out'
like "the other one stays" "$(cat /etc/vz/conf/941.conf)" 'IP_ADDRESS="10.44.0.8"'
like "what is left out is told: devices" "$(cat $W/out)" 'left out.*--trust.*DEVNODES'
like "and scripts" "$(cat $W/out)" 'left out.*the script vps.mount'
gone 941
ok "with --trust all of it comes" vzrestore --trust $W/$N.tar 941
ok "the script, too" grep -q owned /etc/vz/conf/941.mount
like "the interface" "$(grep NETIF /etc/vz/conf/941.conf)" 'ifname=eth0.*bridge=vmbr0.*host_ifname=veth941[.]0'
gone 941
rm -f /etc/vz/conf/941.mount
ok "into another layout" vzrestore $W/$N.tgz 941 --layout dir
is "which it has" "$(grep -c 'VE_LAYOUT="dir"' /etc/vz/conf/941.conf)" 1
gone 941
ok "as vzdump of old did it" vzdump -restore $W/$N.tgz 941
gone 941
ok "through a pipe" sh -c "gzip -dc $W/$N.tgz | vzrestore - 941"
gone 941
like "what it would take" "$(vzrestore $W/$N.tgz --config)" 'HOSTNAME="shop.example.com"'
ok "check" vzdump --check $W/$N.tgz
ok "files to a directory are tar's affair" sh -c "vzrestore $W/$N.tgz --to $W/x 2>&1 | grep -q 'read by tar'"
cp $W/$N.tgz $D/
like "in the list" "$(vzdump --list --dumpdir $D)" "777 2012-03-04 05:06:07 foreign .* $N.tgz"

# --- ACLs by name: GNU tar has names only, bsdtar names and numbers --------------------------------------------------------------
mkdir -p $W/acl/etc/vzdump $W/acl/aaa $W/acl/srv
cp $T/etc/vzdump/vps.conf $W/acl/etc/vzdump/
printf 'root:x:0:0::/:/bin/sh\nlisa:x:1234:1234::/:/bin/sh\n' >$W/acl/etc/passwd; printf 'root:x:0:\nwheel9:x:77:lisa\n' >$W/acl/etc/group
printf 'lisa:x:5555:5555::/:/bin/sh\nghost9:x:5556:5556::/:/bin/sh\n' >>/etc/passwd; echo 'wheel9:x:5557:' >>/etc/group
: >$W/acl/aaa/f; : >$W/acl/aaa/plain; : >"$W/acl/srv/new
line"
setfacl -m u:lisa:rw,u:ghost9:r,g:wheel9:rw,u:70000:r $W/acl/aaa/f; setfacl -d -m u:lisa:rwx $W/acl/srv; setfacl -m u:ghost9:r "$W/acl/srv/new
line"
tar -C $W/acl --acls --sort=name -cf $W/gnu.tar .
bsdtar -C $W/acl --acls --format pax -cf $W/bsd.tar .
sed -i '/^lisa:\|^ghost9:/d' /etc/passwd; sed -i '/^wheel9:/d' /etc/group
acl() { getfacl -n -p -c "/vz/private/941/upper/$1" | grep -E '^(default:)?(user|group):[0-9]|^mask|^default:mask' | sort | tr '\n' ' '; }
ok "names: restored" vzrestore $W/gnu.tar 941
is "they are those of the archive, not the host's" "$(acl aaa/f)" "group:77:rw- mask::rw- user:1234:rw- "
is "in default ACLs, too" "$(acl srv)" "default:mask::rwx default:user:1234:rwx "
like "an entry for nobody is left out, with a word" "$TAP_OUT" 'ACL entries left out.*: 3'
like "which names it and the file" "$TAP_OUT" 'no ACL entry for user ghost9 on /aaa/f'
like "or number and file" "$TAP_OUT" 'no ACL entry for user 70000 on /aaa/f'
like "and a name that has a newline" "$TAP_OUT" 'no ACL entry for user ghost9 on /srv/new[?]line'
gone 941
ok "names and numbers: restored" vzrestore $W/bsd.tar 941
is "the number is what was on the disk" "$(acl aaa/f)" "group:5557:rw- mask::rw- user:5555:rw- user:5556:r-- "
gone 941
tar -C $W/acl --exclude ./etc/vzdump --exclude './srv/new*' --acls -cf $W/acls.tar .
ok "a template of it" vztmpl add $W/acls.tar --unsigned
like "says what is left out" "$(vztmpl info acls)" 'no ACL entry for user 70000 on /aaa/f'
vztmpl rm acls >/dev/null 2>&1

# --- over one that exists ---------------------------------------------------------------------------------------------------
new 941 --hostname mine --diskspace 1G
rc "never by itself" 1 vzrestore $W/$N.tar 941
like "it says how" "$TAP_OUT" '--force'
vzctl --quiet start 941
rc "not while it runs" 1 vzrestore --force $W/$N.tar 941
vzctl --quiet stop 941 --fast
rc "a parameter would be lost" 1 vzrestore --force $W/$N.tar 941 --diskspace 3G
like "which is said" "$TAP_OUT" "keeps its configuration"
ok "with --force" vzrestore --force $W/$N.tar 941
is "its configuration stays" "$(grep -h '^HOSTNAME' /etc/vz/conf/941.conf)" 'HOSTNAME="mine"'
tree_of 941 >$W/got
is "its files are those of the archive" "$(diff <(grep -v "^b'etc' " $W/want) <(grep -v "^b'etc' " $W/got) | head -n 5)" ""
ok "one of ours goes over it, too" sh -c "vzdump --quiet 940 --dumpdir $W/keep && vzrestore --force $W/keep/*-940-* 941"
ok "and it starts" vzctl start 941
vzctl --quiet stop 941 --fast
tree_of 941 >$W/before
head -c $(($(stat -c %s $W/$N.tar) / 2)) $W/$N.tar >$W/half.tar
rc "half an archive" 1 vzrestore --force $W/half.tar 941
same "leaves the files as they were" 941 $W/before
gone 940 941

# --- what is refused --------------------------------------------------------------------------------------------------------
refused() {	# TEXT PATTERN FILE [OPTIONS]
	vzrestore "${@:3}" 942 >$W/out 2>&1 && fail "$1: refused" || pass "$1: refused"
	like "$1: said" "$(cat $W/out)" "$2"
	[ -e /etc/vz/conf/942.conf ] || [ -e /vz/private/942 ] || [ -e /vz/private/942.tmp ] && { fail "$1: leaves nothing" "$(ls -d /vz/private/942*)"; gone 942; }
}
refused "--storage" 'no storages here: --private' $W/$N.tar --storage local
refused "no configuration" 'no ./etc/vzdump/vps.conf' $W/noconf.tar
for k in tar tgz tar.zst; do
	size=$(stat -c %s $W/$N.$k)
	for at in 1 300 $((size / 3)) $((size - 20000)); do
		head -c $at $W/$N.$k >$W/cut.$k
		vzrestore $W/cut.$k 942 >$W/out 2>&1 && fail "$k cut at $at" && gone 942
		[ -s $W/out ] || fail "$k cut at $at: says nothing"
		[ -e /etc/vz/conf/942.conf ] || [ -e /vz/private/942 ] || [ -e /vz/private/942.tmp ] && { fail "$k cut at $at leaves something"; gone 942; }
	done
done
pass "no archive that is cut is restored"
printf '\x89LZO\0\r\n\x1a\n and so on' >$W/$N.tar.lzo
refused "lzo" 'lzop -d' $W/$N.tar.lzo
head -c 100000 /dev/urandom >$W/noise.tar
refused "noise" '[a-z]' $W/noise.tar
F=$(ls $W/keep/*-940-*)
at=$(python3 - "$F" <<'EOT'
import struct, sys
d = open(sys.argv[1], "rb").read()
print(struct.unpack_from("<Q", d, len(d) - 512 + 32)[0] - 8)
EOT
)
head -c $at $F >$W/ours.tar.zst
refused "ours without its end" 'cut short' $W/ours.tar.zst
zstd -qdc $W/ours.tar.zst >$W/ours.tar
refused "nor unpacked" 'cut short' $W/ours.tar
evil() {	# TEXT PATTERN, names made by python
	python3 - "$W/evil.tar" "$T/etc/vzdump/vps.conf" "$3" <<'EOT'
import io, sys, tarfile
out = tarfile.open(sys.argv[1], "w", format=tarfile.GNU_FORMAT)
def add(name, data=b"x", kind=tarfile.REGTYPE, link="", uid=0):
    i = tarfile.TarInfo(name); i.type = kind; i.linkname = link; i.size = len(data) if kind == tarfile.REGTYPE else 0; i.mtime = 9; i.uid = uid
    out.addfile(i, io.BytesIO(data))
conf = open(sys.argv[2], "rb").read()
exec(sys.argv[3])
out.close()
EOT
	refused "$1" "$2" $W/evil.tar
}
evil "a name that leaves the tree" 'leaves the tree' 'add("./etc/vzdump/vps.conf", conf); add("../../tmp/escaped")'
evil "an absolute name" 'absolute' 'add("./etc/vzdump/vps.conf", conf); add("/tmp/escaped")'
evil "a link that is followed" 'symbolic link' 'add("./etc/vzdump/vps.conf", conf); add("./l", kind=tarfile.SYMTYPE, link="/etc"); add("./l/passwd")'
evil "an owner of no container" '65536 ids' 'add("./etc/vzdump/vps.conf", conf); add("./f", uid=70000)'
evil "a configuration without an end" '[a-z]' 'add("./etc/vzdump/vps.conf", b"A" * (2 << 20)); add("./f")'
evil "a configuration that is a link" 'no ./etc/vzdump/vps.conf' 'add("./etc/vzdump/vps.conf", kind=tarfile.SYMTYPE, link="/etc/shadow"); add("./f")'
ok "nothing came out" test ! -e /tmp/escaped -a ! -e /tmp/owned
bk_done
