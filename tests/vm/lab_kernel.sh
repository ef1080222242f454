# SPDX-License-Identifier: GPL-2.0-or-later
# lab.sh kernel: Debian's kernel package of a suite, unpacked below VM_CACHE/kernel/VERSION, with the uncompressed
# vmlinux (boots through PVH, half a second faster than a bzImage) and a small initrd that mounts the root disk.

INITRD_MODULES="virtio_pci virtio_blk ext4 9p 9pnet_virtio virtio_rng"

# An apt state of its own for one suite: the host's lists stay as they are. Prints the options for apt.
apt_private() {
	local dir=$1 suite=$2 key=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$dir/lists/partial"
	echo "deb [signed-by=$key] $(mirror) $suite main" >"$dir/sources.list" || exit 125
	echo "-qq -o Dir::Etc::sourcelist=$dir/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::Lists=$dir/lists" \
		"-o APT::Sandbox::User=root -o Acquire::Retries=3"
}

# Names of the packages that hold kernel $1 (newer releases split the image).
kernel_packages() {
	local version=$1 opts=$2
	if apt-cache $opts show "linux-binary-$version" >/dev/null 2>&1; then
		echo "linux-base-$version linux-binary-$version linux-modules-$version"
	else
		echo "linux-image-$version"
	fi
}

lab_kernel() {
	local suite=${1:-bookworm} tmp opts package version dir
	version=$(cat "$VM_CACHE/suite.$suite" 2>/dev/null)
	if [ -n "$version" ] && [ -e "$VM_CACHE/kernel/$version/ready" ] && [ -z "${VM_UPDATE:-}" ]; then
		echo "kernel $version is there"
		return 0
	fi
	need apt-get apt-cache dpkg-deb depmod python3 cpio busybox
	tmp=$(mktemp -d "$VM_CACHE/fetch.XXXXXX") || die "cannot write to $VM_CACHE"
	trap "rm -rf '$tmp'" EXIT
	opts=$(apt_private "$tmp" "$suite") || exit 125
	apt-get $opts update || die "cannot fetch the package lists of $suite: is the Debian mirror reachable?"
	package=$(apt-cache $opts depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	version=${package#linux-image-}
	[ -n "$version" ] || die "suite $suite has no linux-image-amd64"
	dir=$VM_CACHE/kernel/$version
	(cd "$tmp" && apt-get $opts download $(kernel_packages "$version" "$opts")) || die "cannot download kernel $version"
	rm -rf "$dir" && mkdir -p "$dir/root"
	for package in "$tmp"/*.deb; do
		dpkg-deb -x "$package" "$dir/root" || die "cannot unpack $package"
	done
	kernel_prepare "$version" "$dir"
	: >"$dir/ready"
	echo "$version" >"$VM_CACHE/suite.$suite"
	echo "kernel $version is ready"
}

kernel_prepare() {
	local version=$1 dir=$2 image
	[ -d "$dir/root/lib/modules" ] || ln -s usr/lib "$dir/root/lib"
	image=$dir/root/boot/vmlinuz-$version
	[ -e "$image" ] || image=$dir/root/usr/lib/modules/$version/vmlinuz
	depmod -b "$dir/root" "$version" || die "depmod of $version failed"
	python3 "$VM_SRC/extract_vmlinux.py" "$image" "$dir/vmlinux" || die "no vmlinux in $image"
	kernel_initrd "$version" "$dir"
}

# busybox, the modules that reach the root disk in the order in which they load, and image/initrd-init.
kernel_initrd() {
	local version=$1 dir=$2 tree=$2/initrd.tree module file
	rm -rf "$tree" && mkdir -p "$tree"/{bin,proc,sys,dev,new,modules}
	cp "$(command -v busybox)" "$tree/bin/busybox" && cp "$VM_SRC/image/initrd-init" "$tree/init" || die "initrd of $version"
	for module in $INITRD_MODULES; do
		modprobe -d "$dir/root" -S "$version" --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
	done | awk '!seen[$0]++' | while read -r file; do
		module=$(basename "$file" | sed 's/\.ko.*/.ko/')
		case $file in
		*.xz) xz -dc "$file" >"$tree/modules/$module" ;;
		*.zst) zstd -dcq "$file" >"$tree/modules/$module" ;;
		*) cp "$file" "$tree/modules/$module" ;;
		esac
		echo "$module" >>"$tree/modules/order"
	done
	chmod 755 "$tree/init"
	(cd "$tree" && find . | cpio -o -H newc --quiet) >"$dir/initrd" || die "initrd of $version"
	rm -rf "$tree"
}
