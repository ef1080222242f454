# SPDX-License-Identifier: GPL-2.0-or-later
# The stage of the integration tests, for tests/integration/run: the programs installed into a directory, and a copy of
# this machine to run them on. Knows nothing about single tests.

STAGE=$B/tests/stage
export TEMPLATES=${VM_CACHE:-$B/vm}		# one directory for each recipe, named by its contents

template_recipe() {
	local dir=$TOP/templates/recipes/$1
	[ -d "$dir" ] || dir=$TOP/tests/recipes/$1
	echo "$dir"
}

# template_archive NAME: where the archive of the recipe NAME is, or would be.
template_archive() {
	local key
	key=$(find -L "$(template_recipe "$1")" -type f -exec sha256sum {} + | sed "s,$TOP,," | sort | sha256sum | cut -c1-12)
	echo "$TEMPLATES/$key/$1.tar.zst"
}

# Programs below $STAGE as `make install` places them, killat and failat. In a machine without a compiler they must be there.
stage_build() {
	local tool
	mkdir -p "$B/tests" || return 1
	if command -v make >/dev/null && [ -z "${VZTEST_PREBUILT:-}" ]; then
		make -s -C "$TOP" all build/bench/scale && rm -rf "$STAGE" && make -s -C "$TOP" install DESTDIR="$STAGE" || return 1
		for tool in killat failat; do
			${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I"$TOP" -o "$B/tests/$tool" "$TOP/tests/lib/$tool.c" ||
				return 1
		done
		# the guest's program: static, it runs in any container
		${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -I"$TOP" -o "$B/tests/evil" \
			"$TOP"/tests/evil/*.c || return 1
		${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I"$TOP" -o "$B/tests/mock-vzd" \
			"$TOP/tests/lib/mock_vzd.c" "$TOP/util/buf.c" -lutil -lpthread || return 1
	fi
	[ -x "$STAGE/usr/sbin/vzctl" ] && [ -x "$B/tests/killat" ] && [ -x "$B/tests/failat" ] && [ -x "$B/tests/evil" ] && [ -x "$B/tests/mock-vzd" ]
}

# Called in fresh mount, network and pid namespaces.
stage_enter() {
	export VZTEST_DIR VZTEST_NAME TOP B KILLAT=$B/tests/killat FAILAT=$B/tests/failat LEAK_CGROUP=$VZTEST_NAME LEAK_ALL_PROCS=1
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
	stage_root && stage_pool && stage_install && stage_network
}

# An overlay over / with the kernel's file systems of our namespaces in it.
stage_root() {
	local new=$VZTEST_DIR/root dir
	export LEAK_LOOP_SKIP=$(mountpoint -d /)
	mkdir -p "$VZTEST_DIR/over" "$new" && mount -t tmpfs -o size=2g over "$VZTEST_DIR/over" || return 1
	mkdir "$VZTEST_DIR/over/upper" "$VZTEST_DIR/over/work"
	mount -t overlay -o "lowerdir=/,upperdir=$VZTEST_DIR/over/upper,workdir=$VZTEST_DIR/over/work" over "$new" || return 1
	mount --rbind /dev "$new/dev" && mount -t proc proc "$new/proc" && mount -t sysfs sysfs "$new/sys" || return 1
	mount --rbind /sys/fs/cgroup "$new/sys/fs/cgroup" && mount -t tmpfs -o mode=755 run "$new/run" || return 1
	for dir in /etc/vz /var/lib/vz /var/lib/vzctl; do
		mkdir -p "$new$dir" && mount -t tmpfs -o mode=755,size=512m ours "$new$dir" || return 1
	done
	for dir in "$TOP" "$B" "${RUN:-$VZTEST_DIR}" "$TEMPLATES"; do
		[ -d "$dir" ] || continue
		mkdir -p "$new$dir" && mount --bind "$dir" "$new$dir" || return 1
	done
	mkdir -p "$new/mnt/old" && cd "$new" && pivot_root . mnt/old && cd / && umount -l /mnt/old &&
		mount --make-rshared /		# as systemd has it on a real host
}

stage_pool() {
	mkdir -p /vz
	if [ -n "${VZTEST_POOL:-}" ]; then
		mkfs.ext4 -q -F -O quota,project -E quotatype=prjquota,lazy_itable_init=1 "$VZTEST_POOL" &&
			mount -o prjquota,nodev,nosuid "$VZTEST_POOL" /vz
	else
		rm -f "$VZTEST_DIR/pool.img"
		truncate -s 4G "$VZTEST_DIR/pool.img" && mkfs.btrfs -q "$VZTEST_DIR/pool.img" >/dev/null &&
			mount -o loop,nodev,nosuid "$VZTEST_DIR/pool.img" /vz && btrfs quota enable /vz
	fi
}

stage_install() {
	cp -a "$STAGE/." / || return 1
	mkdir -p /etc/vz/conf /etc/vz/names /vz/lock /vz/root /vz/private /vz/dump /vz/template/cache /var/lib/vz
	chmod 700 /vz/private /vz/root
	cp /usr/share/vz/vz.conf /etc/vz/vz.conf || return 1
	sed -i -E '/^(CGROUP_PARENT|NFT_TABLE|NAT_POOL|NAT_POOL6|POOL_IMAGE|LOGFILE|CONFIGFILE|DEF_OSTEMPLATE)=/d' /etc/vz/vz.conf
	cat >>/etc/vz/vz.conf <<-EOT
		CGROUP_PARENT="$VZTEST_NAME"
		NFT_TABLE="vztest"
		NAT_POOL="10.77.0.0/16"
		LOGFILE="/var/log/vzctl.log"
		CONFIGFILE="vztest"
	EOT
	cat >/etc/vz/conf/ve-vztest.conf-sample <<-'EOT'
		ONBOOT="no"
		PHYSPAGES="0:65536"
		SWAPPAGES="0:0"
		NUMPROC="200"
	EOT
}

# up0 192.0.2.1 here, out0 192.0.2.2 in the namespace "outside", which has no route to the containers' addresses: who
# is answered from there was masqueraded. 198.51.100.1 stands for the rest of the world.
stage_network() {
	ip link set lo up || return 1
	unshare -n sleep infinity &
	OUTSIDE=$!
	export OUTSIDE
	ip link add up0 type veth peer name out0 || return 1
	ip link set up0 addrgenmode none && ip link set out0 addrgenmode none || return 1
	until [ "$(readlink /proc/$OUTSIDE/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
	ip link set out0 netns "$OUTSIDE" && ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up || return 1
	ip -6 addr add 2001:db8:ffff::1/64 dev up0 nodad
	nsenter -t "$OUTSIDE" -n sh -e <<-'EOT' || return 1
		ip link set lo up
		ip addr add 198.51.100.1/32 dev lo
		ip addr add 192.0.2.2/24 dev out0
		ip link set out0 up
		ip -6 addr add 2001:db8:ffff::2/64 dev out0 nodad
	EOT
	ip route add default via 192.0.2.2 && ip -6 route add default via 2001:db8:ffff::2
}

# What the first container of a host makes and every later one finds: base template, host set-up, unpacked template.
stage_warm_up() {
	local cmd n
	for cmd in "vzhost setup" "vzctl create 9999 --ostemplate vz-base" "vzctl start 9999" "vzctl stop 9999 --fast" \
		"vzctl destroy 9999"; do
		$cmd >"$VZTEST_DIR/warm" 2>&1 </dev/null && continue
		echo "# warm-up: '$cmd' ended with $?"
		sed 's/^/#   /' "$VZTEST_DIR/warm"
	done
	for n in $(seq 400); do		# links and groups go away behind a destroy
		ip -o link show | grep -q ': vz' || break
		sleep 0.1
	done
}

# After a leak: removes what can be removed, so that the next file is judged on its own.
stage_sweep() {
	local conf id
	for conf in /etc/vz/conf/[0-9]*.conf; do
		id=${conf##*/}
		id=${id%.conf}
		[ -e "$conf" ] || continue
		timeout 60 vzctl --skiplock stop "$id" --fast >/dev/null 2>&1 </dev/null
		timeout 60 vzctl --skiplock destroy "$id" >/dev/null 2>&1 </dev/null
	done
}
