# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154  # W, bin, n, top come from run
# The parts of bench/run: a scratch host, and what is compared on it. 200 containers and the report: lib_report.sh.

C=/sys/fs/cgroup
P=/vz/bench			# the floor's and the peers' files, on the pool that vz uses too

took() { # BEGIN FORMAT
	awk -v a="$1" -v b="$EPOCHREALTIME" -v f="$2" 'BEGIN { printf f, b - a }'
}
# --- the scratch host ------------------------------------------------------------------------------------------------

hierarchies() { # mount points of the v1 hierarchies a container is put into
	awk '$(NF-2) == "cgroup" && $NF ~ /(^|,)(cpu|cpuacct|cpuset|memory|devices|freezer|blkio|pids|name=systemd)(,|$)/ { print $5 }' \
		/proc/self/mountinfo
}
unified() { awk '$(NF-2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo; }

remove_groups() {
	local d

	for d in $(hierarchies) $(unified); do
		for d in "$d"/vzbench "$d"/vzbench-f; do
			[ -d "$d" ] && find "$d" -depth -type d -exec rmdir {} \; 2>/dev/null
		done
	done
	true
}

fresh_pool() { # MIB: on /vz, as vz makes it where nothing else limits space
	sed -i '/^POOL_IMAGE=/d' /etc/vz/vz.conf && echo "POOL_IMAGE=\"$W/pool.img\"" >>/etc/vz/vz.conf
	vzhost pool "$1M" >>"$W/aux.log" 2>&1
}

scratch_vz() { # FS: an empty /vz on that, in place of the one before; without disk limits where the kernel has none there
	local pool=$W/pool-$1 quota=yes

	! mountpoint -q /vz || umount /vz || return 1
	rm -f "$pool" "$W/pool.img" && truncate -s 4G "$pool"
	if [ "$1" = btrfs ]; then
		fresh_pool 4096 || return 1
	elif mkfs.ext4 -q -O project,quota "$pool" && mount -o loop,nodev,nosuid,prjquota "$pool" /vz 2>/dev/null; then
		:
	else
		quota=no
		mkfs.ext4 -q -F "$pool" && mount -o loop,nodev,nosuid "$pool" /vz || return 1
	fi
	sed -i "s/^DISK_QUOTA=.*/DISK_QUOTA=\"$quota\"/" /etc/vz/vz.conf
	mkdir -p /vz/lock /vz/root /vz/private /vz/dump /vz/template/cache $P
	chmod 700 /vz/private
}

setup_host() {
	local d

	mkdir -p /etc/vz /vz /var/lib/vz /var/lib/vzctl /run/vz /run/netns "$VZ_LIBEXEC" "$VZ_DATADIR" || return 1
	for d in /etc/vz /var/lib/vz /var/lib/vzctl /run/vz /run/netns /var/log; do
		mount -t tmpfs vzbench $d || return 1
	done
	mount --bind "${VZ_USR}/lib/vz" "$VZ_LIBEXEC" && mount --bind "${VZ_USR}/share/vz" "$VZ_DATADIR" || return 1
	PATH=$VZ_USR/sbin:/usr/sbin:/usr/bin:/sbin:/bin
	mkdir -p /etc/vz/conf /etc/vz/names
	cp "$VZ_DATADIR"/vz.conf /etc/vz/ && cp "$VZ_DATADIR"/*sample "$VZ_DATADIR"/0.conf /etc/vz/conf/
	scratch_vz "${BENCH_FS:-btrfs}" || scratch_vz ext4 || return 1
	sed -i "s|^CGROUP_PARENT=.*||" /etc/vz/vz.conf && echo "CGROUP_PARENT=\"vzbench\"" >>/etc/vz/vz.conf
	ip link set lo up
	make_root $P/lower
	tar -C $P/lower -cf /vz/template/cache/bench.tar .
}

make_root() { # the smallest system: a shell and an init that stamps
	mkdir -p "$1"/{bin,sbin,proc,sys,dev,run,tmp,etc,root,var,usr}
	cp /bin/busybox "$1/bin/busybox" 2>/dev/null || return 1
	ln -s busybox "$1/bin/sh"
	ln -s busybox "$1/bin/true"
	cp "$bin/stamp" "$1/sbin/init"
	cp "$bin/stamp" "$1/bin/once"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\n' >"$1/etc/group"
}

finish() {
	local p

	cd /
	for p in $(sed -n 's/^INIT_PID="\([0-9]*\)"$/\1/p;s/^MONITOR_PID="\([0-9]*\)"$/\1/p' /run/vz/*/state 2>/dev/null) \
		$(cat $P/*.pid 2>/dev/null) ${oci_ns:-} ${lxc_ns:-}; do
		kill -9 "$p" 2>/dev/null
	done
	sleep 0.2
	umount -l /vz 2>/dev/null
}

# --- the floor -------------------------------------------------------------------------------------------------------

setup_floor() {
	local d

	floor_parents=
	for d in $(hierarchies); do
		mkdir -p "$d/vzbench-f"
		[ -e "$d/cpuset.cpus" ] && cat "$d/cpuset.cpus" >"$d/vzbench-f/cpuset.cpus" && cat "$d/cpuset.mems" >"$d/vzbench-f/cpuset.mems" &&
			echo 1 >"$d/vzbench-f/cgroup.clone_children"
		floor_parents+=" $d/vzbench-f"
	done
	floor_unified=$(unified)
	[ -n "$floor_unified" ] && mkdir -p "$floor_unified/vzbench-f" && floor_unified+=/vzbench-f
}
groups() { # NAME: the floor's options
	local d

	for d in $floor_parents; do printf -- '-1 %s/%s ' "$d" "$1"; done
	[ -n "$floor_unified" ] && printf -- '-2 %s/%s' "$floor_unified" "$1"
}
floor_start() { # NAME IP
	echo "$bin/floor start -r $P/lower -o $P/$1 -p $P/$1.pid -i vf$1 -a $2 $(groups "$1") -- /sbin/init"
}
floor_stop() { echo "$bin/floor stop -p $P/$1.pid -o $P/$1 $(groups "$1")"; }

spec_floor() {
	local k

	for k in a b x; do "$bin/floor" create -o $P/$k; done
	$(floor_start x 10.123.1.3)
	cat <<-X
		start/floor | - | $P/a/u/stamp | - | $(floor_start a 10.123.1.1) | $(floor_stop a)
		stop/floor | - | - | $(floor_start b 10.123.1.2) | $(floor_stop b) | -
		exec/floor | - | $P/x/u/stamp | - | $bin/floor exec -p $P/x.pid $(groups x) -- /bin/sh -c /bin/once | -
		create/floor | - | - | - | $bin/floor create -o $P/c | rm -rf $P/c
	X
}

# --- vz --------------------------------------------------------------------------------------------------------------

vz_create="--ostemplate bench --ram 64M --swap 0 --cpus 1 --numproc 100 --diskspace 100M"
setup_vz() {
	local i

	for i in 1 2 3; do
		vzctl create 910$i $vz_create --hostname b$i --ipadd 10.123.0.$i >>"$W/aux.log" 2>&1 || { cat "$W/aux.log"; return 1; }
	done
	# Ids of mount namespaces come from each processor's own stock and a file of one with a smaller id than ours cannot be
	# bound (Linux 6.18): the first start, which makes one, must not run on the wrong processor.
	for ((i = 0; i < $(nproc); i++)); do
		taskset -c "$i" vzctl start 9103 >>"$W/aux.log" 2>&1 && return 0
	done
	cat "$W/aux.log"
	return 1
}
spec_vz() {
	cat <<-X
		start/vz | - | /vz/private/9101/upper/stamp | - | vzctl start 9101 | vzctl stop 9101 --fast
		stop/vz | - | - | vzctl start 9102 | vzctl stop 9102 --fast | -
		exec/vz | - | /vz/private/9103/upper/stamp | - | vzctl exec 9103 /bin/once | -
		create/vz | - | - | - | vzctl create 9104 $vz_create --hostname b4 --ipadd 10.123.0.4 | vzctl destroy 9104
	X
}

# --- other runtimes, as Debian packages them, with a veth and an address but without user namespace and limits ----------

bundle() { # DIR CGROUP IP
	mkdir -p "$1"
	cp -a $P/lower "$1/rootfs"
	cat >"$1/config.json" <<-X
	{"ociVersion":"1.0.2","hostname":"oci","root":{"path":"rootfs"},
	 "process":{"user":{"uid":0,"gid":0},"args":["/sbin/init"],"cwd":"/","env":["PATH=/bin:/sbin"]},
	 "hooks":{"createRuntime":[{"path":"$bin/floor","args":["floor","hook","-a","$3"]}]},
	 "mounts":[{"destination":"/proc","type":"proc","source":"proc"},
	  {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755"]},
	  {"destination":"/dev/pts","type":"devpts","source":"devpts","options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620"]},
	  {"destination":"/dev/shm","type":"tmpfs","source":"shm","options":["nosuid","noexec","nodev","mode=1777"]},
	  {"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]},
	  {"destination":"/run","type":"tmpfs","source":"tmpfs","options":["nosuid","nodev","mode=755"]},
	  {"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]}],
	 "linux":{"cgroupsPath":"/vzbench-f/$2","maskedPaths":["/proc/kcore","/proc/keys","/proc/timer_list"],
	  "readonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"],
	  "namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"}]}}
	X
}
lxc_config() { # NAME IP
	mkdir -p $P/lxc/$1
	cp -a $P/lower $P/lxc/$1/rootfs
	cat >$P/lxc/$1/config <<-X
		lxc.uts.name = $1
		lxc.rootfs.path = dir:$P/lxc/$1/rootfs
		lxc.init.cmd = /sbin/init
		lxc.tty.max = 0
		lxc.pty.max = 16
		lxc.mount.auto = proc:mixed sys:mixed
		lxc.cgroup.dir = vzbench-f/$1
		lxc.net.0.type = veth
		lxc.net.0.link = vzbench0
		lxc.net.0.flags = up
		lxc.net.0.ipv4.address = $2/24
		lxc.net.0.ipv4.gateway = 10.124.0.1
	X
}

# A mount namespace, kept by a process whose id it prints. crun refuses a hybrid host whose v2 mount has a controller, so no
# peer sees that mount; lxc wants a sysfs that shows this network namespace.
peer_namespace() { # V2-MOUNT sysfs-or-nothing
	BENCH_U=$1 BENCH_SYS=$2 W=$W unshare -m --propagation slave bash -c '
		[ -n "$BENCH_U" ] && umount "$BENCH_U" && mount -t tmpfs -o mode=755 vzbench "$BENCH_U"
		[ -n "$BENCH_SYS" ] && mkdir -p "$W/cgroup" && mount --rbind /sys/fs/cgroup "$W/cgroup" && umount -l /sys &&
			mount -t sysfs sysfs /sys && mount --rbind "$W/cgroup" /sys/fs/cgroup && umount -l "$W/cgroup" &&
			mkdir -p /run/lxc && mount -t tmpfs vzbench /run/lxc
		exec sleep 3600' </dev/null >/dev/null 2>&1 &
	echo $!
}
in_ns() { # PID command...
	nsenter -m -t "$1" -- "${@:2}" </dev/null >>"$W/aux.log" 2>&1
}

setup_peers() {
	local r k i=10 u=

	peers=
	[ -n "$(hierarchies)" ] && u=$(unified)
	oci_ns=$(peer_namespace "$u" "")
	lxc_ns=$(peer_namespace "$u" sysfs)
	sleep 0.5
	for r in crun runc; do
		command -v $r >/dev/null || { echo "skipped: $r is not installed"; continue; }
		for k in a b x; do bundle $P/$r$k $r$k 10.123.2.$((i++)); done
		in_ns $oci_ns $r --root $W/oci run -d -b $P/${r}x ${r}x && peers+=" $r" || echo "skipped: $r does not run here (bench: aux.log)"
	done
	command -v lxc-start >/dev/null || { echo "skipped: lxc is not installed"; return 0; }
	ip link add vzbench0 type bridge && ip addr add 10.124.0.1/24 dev vzbench0 && ip link set vzbench0 up
	for k in a b x; do lxc_config lxc$k 10.124.0.$((i++)); done
	in_ns $lxc_ns lxc-start -P $P/lxc -n lxcx -d && peers+=" lxc" || echo "skipped: lxc does not run here"
	return 0
}

spec_peers() {
	local r ns

	for r in $peers; do
		ns=/proc/$oci_ns/ns/mnt
		if [ "$r" = lxc ]; then
			ns=/proc/$lxc_ns/ns/mnt
			cat <<-X
				start/lxc | $ns | $P/lxc/lxca/rootfs/stamp | - | lxc-start -P $P/lxc -n lxca -d | lxc-stop -P $P/lxc -n lxca -k
				stop/lxc | $ns | - | lxc-start -P $P/lxc -n lxcb -d | lxc-stop -P $P/lxc -n lxcb -k | -
				exec/lxc | $ns | $P/lxc/lxcx/rootfs/stamp | - | lxc-attach -P $P/lxc -n lxcx -- /bin/sh -c /bin/once | -
			X
		else
			cat <<-X
				start/$r | $ns | $P/${r}a/rootfs/stamp | - | $r --root $W/oci run -d -b $P/${r}a ${r}a | $r --root $W/oci delete -f ${r}a
				stop/$r | $ns | - | $r --root $W/oci run -d -b $P/${r}b ${r}b | $r --root $W/oci delete -f ${r}b | -
				exec/$r | $ns | $P/${r}x/rootfs/stamp | - | $r --root $W/oci exec ${r}x /bin/sh -c /bin/once | -
			X
		fi
	done
}

stop_running() {
	local r

	for r in $peers; do
		if [ "$r" = lxc ]; then in_ns $lxc_ns lxc-stop -P $P/lxc -n lxcx -k; else in_ns $oci_ns "$r" --root "$W/oci" delete -f ${r}x; fi
	done
	$(floor_stop x)
	vzctl stop 9103 --fast >>"$W/aux.log" 2>&1
	for r in 1 2 3; do vzctl destroy 910$r >>"$W/aux.log" 2>&1; done
}
