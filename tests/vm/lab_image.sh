# SPDX-License-Identifier: GPL-2.0-or-later
# lab.sh image: the machines' root disk, a Debian bookworm with what the tests need and the modules of every fetched
# kernel. Made by mmdebstrap and mke2fs -d, so nothing is mounted. The key of its inputs is kept beside it: the disk is
# remade only when one of them changed.

IMAGE_PACKAGES=systemd-sysv,dbus,udev,kmod,iproute2,iputils-ping,procps,nftables,quota,e2fsprogs,xfsprogs,btrfs-progs,\
busybox-static,zstd,xz-utils,libarchive13,libmnl0,libnftnl11,libcap2,libseccomp2,libacl1,curl,strace,jq,netcat-openbsd,\
libext2fs2,libcom-err2,libexpat1,python3,attr,acl,libcap2-bin,\
erofs-utils,squashfs-tools,nbd-client,nbd-server,tgt,open-iscsi,nfs-kernel-server,\
libjansson4,libsqlite3-0,libmicrohttpd12,libgnutls30,libcurl3-gnutls,passwd

# The drivers that a machine of ours can have; everything else of drivers/ is left out.
IMAGE_DRIVERS="block virtio net md char crypto scsi"
IMAGE_NET_DENY="ethernet wireless usb can fddi hamradio ieee802154 wwan phy hyperv arcnet ppp slip plip thunderbolt"

image_key() {
	(
		echo "$IMAGE_PACKAGES ${1:-}"
		cat "$VM_SRC/lab_image.sh" "$VM_SRC"/image/*
		find "$VM_CACHE/kernel" -mindepth 2 -maxdepth 2 -name ready | sort
	) | sha256sum | cut -d' ' -f1
}

lab_image() {
	local key root size tmp
	kernel_version 6 >/dev/null || die "no kernel yet: run 'lab.sh kernel' first"
	key=$(image_key "$@")
	if [ "$(cat "$VM_CACHE/root.key" 2>/dev/null)" = "$key" ] && [ -s "$VM_CACHE/root.img" ]; then
		echo "image is up to date"
		return 0
	fi
	need mmdebstrap mke2fs depmod
	tmp=$(mktemp -d "$VM_CACHE/image.XXXXXX") || die "cannot write to $VM_CACHE"
	trap "rm -rf '$tmp'" EXIT
	root=$tmp/root
	image_bootstrap "$root" "$tmp/log" "$@"
	image_modules "$root"
	image_setup "$root"
	size=$(($(du -sm "$root" | cut -f1) * 5 / 4 + 600))
	mke2fs -q -F -t ext4 -m 0 -O ^has_journal -d "$root" "$tmp/root.img" "${size}M" >/dev/null || die "mke2fs failed"
	rm -f "$VM_CACHE/root.key"
	mv "$tmp/root.img" "$VM_CACHE/root.img" && echo "$key" >"$VM_CACHE/root.key" || die "cannot store the image"
	echo "image is ready, ${size} MiB"
}

image_bootstrap() {
	local root=$1 log=$2 extra=${3:+,$3} uri
	uri=$(mirror) || exit 125
	mmdebstrap --quiet --variant=minbase --mode=root --include="$IMAGE_PACKAGES$extra" --dpkgopt=force-unsafe-io \
		--dpkgopt=path-exclude='/usr/share/{doc,man,locale}/*' bookworm "$root" "deb $uri bookworm main" >"$log" 2>&1 || {
		tail -n 8 "$log" >&2
		die "cannot make the root image: is the Debian mirror reachable?"
	}
	rm -rf "$root"/etc/apt/sources.list* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*
}

image_modules() {
	local root=$1 kernel version dir name
	mkdir -p "$root/usr/lib/modules"
	for kernel in "$VM_CACHE"/kernel/*/ready; do
		kernel=${kernel%/ready}
		version=$(basename "$kernel")
		cp -a "$kernel/root/lib/modules/$version" "$root/usr/lib/modules/" || die "modules of $version"
		rm -rf "$root/usr/lib/modules/$version"/{vmlinuz,build,source,kernel/sound,kernel/net/{bluetooth,mac80211,wireless}}
		for dir in "$root/usr/lib/modules/$version/kernel/drivers"/*; do
			name=$(basename "$dir")
			case " $IMAGE_DRIVERS " in *" $name "*) ;; *) rm -rf "$dir" ;; esac
		done
		for name in $IMAGE_NET_DENY; do
			rm -rf "$root/usr/lib/modules/$version/kernel/drivers/net/$name"
		done
		depmod -b "$root" "$version" || die "depmod of $version failed"
	done
}

# Quiet services, our two ways to start, and the mount points of the shares.
image_setup() {
	local root=$1 wants=$1/etc/systemd/system/multi-user.target.wants
	echo vm >"$root/etc/hostname"
	: >"$root/etc/fstab"
	: >"$root/etc/machine-id"
	mkdir -p "$root"/mnt/host "$root"/lab "$wants"
	install -m 755 "$VM_SRC/image/tiny-init" "$VM_SRC/image/lab-run" "$root/usr/sbin/" &&
		install -m 644 "$VM_SRC/image/lab-run.service" "$root/etc/systemd/system/" || die "image files"
	ln -sf ../lab-run.service "$wants/lab-run.service"
	ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
	for unit in getty@.service serial-getty@.service systemd-firstboot.service systemd-timesyncd.service fstrim.timer \
		e2scrub_all.timer e2scrub_reap.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		systemd-modules-load.service modprobe@.service quota.service quotarpc.service nftables.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
}
