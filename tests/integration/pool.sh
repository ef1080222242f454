# SPDX-License-Identifier: GPL-2.0-or-later
# Pools of template images: one writer, two nodes (this machine's stage and a second set of namespaces) that mount one
# device read-only; the device lost under running containers, and back. NBD, iSCSI and NFS are in tests/vm/cases/pool.sh.
# seconds: 150
. "$TOP/tests/integration/crash_lib.sh"

W=/vz/pooldir		# where the pool is written
POINTS=${VZTEST_POINTS:-12}

# A second node: everything of vz its own, the device shared.
node_up() {
	unshare -m -n -p -f --propagation private sh -c '
		mkdir -p /tmp/etc && cp -a /etc/vz/. /tmp/etc/ && rm -rf /tmp/etc/conf/[0-9]* /tmp/etc/pools
		for d in /etc/vz /var/lib/vz /var/lib/vzctl /run /vz; do mount -t tmpfs -o mode=755 node $d || exit 1; done
		cp -a /tmp/etc/. /etc/vz/ && mount -t proc proc /proc && mount --make-rshared / && ip link set lo up
		mkdir -p /vz/template/cache /vz/lock /vz/root /vz/private /vz/dump && chmod 700 /vz/private /vz/root
		sed -i "s/^CGROUP_PARENT=.*/CGROUP_PARENT=\"'"$VZTEST_NAME"'-b\"/" /etc/vz/vz.conf
		echo ready >/tmp/node.ready; exec sleep 1000' >/tmp/node.log 2>&1 &
	NODE_JOB=$!
	soon "a second node" 10 test -e /tmp/node.ready
	NODE=$(pgrep -P "$NODE_JOB")
}
node() {
	nsenter -t "$NODE" -m -n -p "$@" </dev/null
}

# pool_state NAME: the word of vzpool status.
state() {
	vzpool status --wait 3 "$1" 2>/dev/null | awk -v n="$1" '$1 == n { print $3 }'
}

new 301
gone 301
says "an empty directory is no pool" 1 "" "vzpool: pool $W/: No such file or directory" vzpool list $W/
mkdir $W
ok "create" vzpool create $W
says "not twice" 1 "" "vzpool: $W is a pool already" vzpool create $W
says "nor over something" 1 "" "vzpool: /etc is not empty: a pool has a directory of its own" vzpool create /etc
ok "add" vzpool add $W vz-base
ok "again" vzpool add $W vz-base
says "another format of the same" 1 "" "vzpool: pool $W: the pool has vz-base-$(uname -m) in another format, and nodes may stand on it: 'vzpool rm --data' first" \
	vzpool add $W vz-base --format squashfs
like "list" "$(vzpool list $W)" "vz-base-$(uname -m) +erofs"
ok "verify" vzpool verify $W
is "nothing half-made stays" "$(ls $W/tmp)" ""

# Two writers at once, and one killed at every step. The image is known to be sound again after the next add.
mkdir /tmp/ro && mount --bind $W /tmp/ro && mount -o remount,bind,ro /tmp/ro
says "not where it is read-only" 1 "" "vzpool: pool /tmp/ro is mounted read-only here: a pool is changed on the one host that writes it" \
	vzpool add /tmp/ro vz-base
umount /tmp/ro && rmdir /tmp/ro
template=vz-base-$(uname -m)
for i in 1 2; do
	vzpool rm --data $W "$template" >/dev/null
	{ vzpool add $W vz-base; echo $? >/tmp/rc1; } >/tmp/add1 2>&1 &
	adding=$!
	{ vzpool add $W vz-base; echo $? >/tmp/rc2; } >/tmp/add2 2>&1 &
	both=$!
	for j in 1 2 3 4 5 6; do vzpool gc --alone $W >>/tmp/gc.out 2>&1 || echo "failed" >>/tmp/gc.out; done
	wait $adding $both
	is "two adds and a collector at once ($i)" "$(cat /tmp/rc1 /tmp/rc2 | tr -d '\n') $(grep -c failed /tmp/gc.out)" "00 0"
	ok "leave a sound image ($i)" vzpool verify $W
done
rm -f /tmp/rc1 /tmp/rc2 /tmp/add1 /tmp/add2 /tmp/gc.out
empty_pool() { vzpool rm --data $W "$template" >/dev/null 2>&1; }
add_again() {
	must 0 vzpool add $W vz-base
	must 0 vzpool verify $W
	must 0 vzpool gc --alone $W
	[ -z "$(ls $W/tmp)" ] && [ "$(ls $W/sha256 | wc -l)" = 1 ] || wrong="$wrong
at $point: $(ls $W/tmp $W/sha256)"
}
all=$POINTS POINTS=5
crash "add" empty_pool add_again true vzpool add $W vz-base
filled() { vzpool add $W vz-base >/dev/null 2>&1; }
rm_again() {
	must "0 1" vzpool rm --data $W "$template"
	must 0 vzpool gc --alone $W
	[ -z "$(ls $W/tmp $W/name $W/sha256 | grep -v :)" ] || wrong="$wrong
at $point: $(ls $W/tmp $W/name $W/sha256)"
}
crash "rm" filled rm_again filled vzpool rm --data $W "$template"
POINTS=$all
ok "and filled again" vzpool add $W vz-base

# The pool's own file system, as a device that two nodes mount.
truncate -s 64M /vz/device
mkfs.ext4 -q -F /vz/device
mkdir -p /tmp/w && mount -o loop /vz/device /tmp/w && cp -a $W/. /tmp/w/ && umount /tmp/w
DEV=$(losetup -f --show --direct-io=on /vz/device)

rm -rf /tmp/node.ready
node_up
says "no pool yet" 1 "" "vzpool: no pool web is attached ('vzpool list' names those that are)" node vzpool status web
ok "attach a device" node vzpool attach web "$DEV"
like "read-only and journal left alone" "$(node grep ' /vz/template/pool/web ' /proc/self/mountinfo)" 'ro,nosuid,nodev,noexec.*ext4.*norecovery|ro,nosuid,nodev,noexec.*ext4'
is "its templates are the node's" "$(node vztmpl list)" "vz-base-$(uname -m)"
rc "attach twice" 1 node vzpool attach web "$DEV"
ok "create from it" node vzctl create 401 --ostemplate vz-base
ok "start" node vzctl start 401
is "the node has no tree" "$(node sh -c 'ls /vz/template/store 2>/dev/null | grep -c sha256')" 0
is "a container costs the node little" "$(($(node du -s --block-size=1 /vz/private/401 | cut -f1) < 65536))" 1
ok "it runs" node vzctl exec 401 'cat /etc/os-release >/dev/null && echo mine >/etc/mine'
like "status" "$(node vzpool status)" "web +device +ok +1 +[0-9.]+[KM] +1 +1 +$DEV"
rc "detach while it runs" 1 node vzpool detach web
rc "even by force" 1 node vzpool detach web --force

ok "the first node attaches it as well" vzpool attach web "$DEV"
mv /vz/template/cache /vz/template/cache.away && mv /vz/template/store /vz/template/store.away
ok "and creates from it" vzctl create 302 --ostemplate vz-base
ok "and starts" vzctl start 302
vzctl create 303 --ostemplate vz-base --layout dir >/tmp/out 2>&1
like "a copy is refused with a reason" "$(cat /tmp/out)" 'comes from a pool, which has no archive to copy from: use --layout overlay'
is "one cannot see what the other wrote" "$(in_ct 302 'cat /etc/mine 2>&1 | grep -c "No such"')" 1
like "json" "$(vzpool status --json)" '"name":"web","kind":"device",.*"state":"ok".*"containers":1,"running":1'

# The device goes away.
cp /vz/device /vz/device.kept
lose() { truncate -s 0 /vz/device; echo 3 >/proc/sys/vm/drop_caches 2>/dev/null; }
back() { cat /vz/device.kept >/vz/device; }
is "vzlist names the pool" "$(field pool 302)" web
lose
becomes "lost: vzlist says so" 'web(lost)' field pool 302
becomes "lost: status says so" lost state web
rc "and its exit status" 3 vzpool status
like "and why" "$(vzpool status | tail -n 1)" '^web: '
like "who stands on it is still told" "$(vzpool status)" 'web +device +lost +[0-9]+ +\S+ +1 +1'
there() { node vzpool status | awk '$1 == "web" { print $3 }'; }
becomes "the other node sees it too" lost there
like "its files are I/O errors" "$(cat /vz/root/302/bin/busybox 2>&1 >/dev/null)" 'Input/output error'
like "inside too" "$(in_ct 302 true)" 'Unable to exec /bin/sh in CT 302'
is "the container is still there" "$(field status 302)" running
vzctl create 304 --ostemplate vz-base >/tmp/out 2>&1
like "a new one says why not" "$(cat /tmp/out)" 'pool web|I/O error|Input/output'
rc "and nothing of it stays" 1 test -e /vz/private/304
back
becomes "back: status says so" ok state web
ok "the container works again" vzctl exec 302 'cat /bin/busybox >/dev/null'
is "with the same init" "$(field status 302)" running
ok "the other node's as well" node vzctl exec 401 'cat /bin/busybox >/dev/null'
is "and has what it wrote" "$(node vzctl exec2 401 cat /etc/mine)" mine

# Mounted again when somebody needs it: as after a boot.
vzctl stop 302 --fast >/dev/null 2>&1
umount /vz/template/pool/web
ok "a start finds an unmounted pool" vzctl start 302
vzctl stop 302 --fast >/dev/null 2>&1
like "detach thinks of stopped containers" "$(vzpool detach web 2>&1)" 'CT 302 among them, stand on pool web'
ok "but for force" vzpool detach web --force
rc "nothing is mounted" 1 grep -q /vz/template/pool /proc/self/mountinfo
images() { losetup -l -n -O BACK-FILE | grep -c "/pool/web/"; }
becomes "no loop device of an image stays" 1 images		# the other node's
vzctl start 302 >/tmp/out 2>&1
like "the start says what is missing" "$(cat /tmp/out)" 'layer of CT 302: .* is missing, and no attached pool has it'

# Attach and detach killed at every step.
forget() { vzpool detach web >/dev/null 2>&1; rm -rf /etc/vz/pools; }
again() {
	must "0 1" vzpool attach web "$DEV"	# 1: it was attached already
	must 0 vzpool status web
}
attached() { vzpool attach web "$DEV" >/dev/null 2>&1; }
once_more() {
	must "0 1" vzpool detach web --force
	must 1 vzpool status web
}
vzctl destroy 302 >/dev/null 2>&1
node sh -c 'vzctl stop 401 --fast; vzctl destroy 401' >/dev/null 2>&1	# what it does is no leak
crash "attach" nothing again forget vzpool attach web "$DEV"
crash "detach" attached once_more forget vzpool detach web

# What a pool may not be.
rc "a file system that is none" 1 vzpool attach bad /dev/zero
says "a directory that is no pool" 1 "" "vzpool: pool bad: /etc is no pool: it has no file vzpool. If a device or an export belongs there, it is not mounted; 'vzpool create /etc' makes a new pool" \
	vzpool attach bad /etc
says "a name that is none" 1 "" 'vzpool: "../x" is no name for a pool: letters, digits, '"'.', '_' and '-', at most 63" vzpool attach ../x $W
says "a source that is none" 1 "" 'vzpool: "web" is no source of a pool: give a directory, a device below /dev, HOST:/PATH or nbd://HOST/EXPORT' vzpool attach x web
is "none of them stays" "$(ls /etc/vz/pools 2>/dev/null)" ""

# A directory (an NFS mount, say): new templates are there at once; another pool in its place is seen.
ok "attach a directory" vzpool attach files $W
is "its templates" "$(vztmpl list)" "vz-base-$(uname -m)"
ok "create from it" vzctl create 305 --ostemplate vz-base
ok "start" vzctl start 305
cp -a $W /vz/pool.kept
sed -i 's/^ID=.*/ID="00000000000000000000000000000000"/' $W/vzpool
is "another pool in its place" "$(state files)" foreign
data=$(ls $W/sha256/*/data)
dd if=/dev/urandom of="$data" bs=4096 seek=20 count=1 conv=notrunc 2>/dev/null
like "verify finds a damaged image" "$(vzpool verify $W 2>&1)" 'is damaged: its SHA-256 is'
vzctl stop 305 --fast >/dev/null 2>&1
vzctl destroy 305 >/dev/null 2>&1
rm -rf $W && mv /vz/pool.kept $W

# An image without a name goes when no node stands on it any more: this host's containers, and what the others say.
ok "a container on it" vzctl create 306 --ostemplate vz-base
ok "offered no longer" vzpool rm $W "vz-base-$(uname -m)"
image=$(ls $W/sha256)
like "gc wants to know of the nodes" "$(vzpool gc $W 2>&1)" 'what the nodes of this pool stand on is not known: give --used FILE for each'
like "in use here" "$(vzpool gc $W --alone)" '^0 images'
vzctl destroy 306 >/dev/null 2>&1
printf 'vzpool used 1\n%s\nend\n' "$image" >/tmp/used
like "in use there" "$(vzpool gc $W --used /tmp/used)" '^0 images'
vzpool used >/tmp/used
head -c -4 /tmp/used >/tmp/torn
like "half an answer is none" "$(vzpool gc $W --used /tmp/used --used /tmp/torn 2>&1)" "nothing was removed: /tmp/torn: is not a whole answer of 'vzpool used'"
like "dry run" "$(vzpool gc $W --used /tmp/used -n)" "^would remove ${image:0:12} "
is "removes nothing" "$(ls $W/sha256)" "$image"
like "nobody stands on it" "$(vzpool gc $W --used /tmp/used)" "^removed ${image:0:12} "
is "it is gone" "$(ls $W/sha256 $W/tmp | grep -c "$image")" 0
ok "detach" vzpool detach files
rm -f /tmp/used /tmp/torn

# A pool that only this host has: the image goes with the last container, by itself.
mv /vz/template/cache.away /vz/template/cache
mkdir /vz/alone
ok "a pool of this host alone" vzpool create --alone /vz/alone
ok "with an image" vzpool add /vz/alone vz-base
mv /vz/template/cache /vz/template/cache.away && rm -rf /vz/template/store
ok "attached" vzpool attach alone /vz/alone
ok "two containers" sh -c 'vzctl create 307 --ostemplate vz-base && vzctl create 308 --ostemplate vz-base'
image=$(ls /vz/alone/sha256)
gone 307
ok "offered no longer" vzpool rm /vz/alone "vz-base-$(uname -m)"
settled() { [ -z "$(ls /vz/template/store/marked)" ]; }
soon "looked at" 20 settled
is "the other one keeps it" "$(ls /vz/alone/sha256)" "$image"
ok "and starts" vzctl start 308
gone 308
soon "the last one takes it along" 20 sh -c '[ -z "$(ls /vz/alone/sha256)" ]'
soon "all of it" 20 sh -c '[ -z "$(ls /vz/alone/tmp)$(ls /vz/template/store/marked)" ]'
ok "detached" vzpool detach alone
rm -rf /vz/alone /vz/template/store

mv /vz/template/cache.away /vz/template/cache && mv /vz/template/store.away /vz/template/store
node vzpool detach web >/dev/null 2>&1
soon "no loop device of an image is left" 5 sh -c '! losetup -l -n -O BACK-FILE | grep -q /pool/web/'
kill -9 "$NODE"		# the first of its pid namespace
wait "$NODE_JOB" 2>/dev/null
losetup -d "$DEV"
rm -rf $W /vz/device /vz/device.kept /etc/vz/pools /vz/template/pool
for g in $(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/self/mounts | sort -u); do
	[ -d "$g/$VZTEST_NAME-b" ] && find "$g/$VZTEST_NAME-b" -depth -type d -exec rmdir {} \; 2>/dev/null
done
true
