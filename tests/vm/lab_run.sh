# SPDX-License-Identifier: GPL-2.0-or-later
# lab.sh run: boots a machine under TCG, hands it a command through a small 9p share (cmd in; out, rc back) and waits.

KERNEL_ARGS="console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr no_timer_check tsc=reliable \
random.trust_cpu=1 systemd.log_level=warning"

run_options() {
	local opt OPTIND=1
	version=6.1 cpus=1 memory=1024 seconds=300 share= init=tiny disks= verbose=
	while getopts k:c:m:t:s:d:I:v opt; do
		case $opt in
		k) version=$OPTARG ;;
		c) cpus=$OPTARG ;;
		m) memory=$OPTARG ;;
		t) seconds=$OPTARG ;;
		s) share=$(cd "$OPTARG" && pwd) || die "no directory $OPTARG" ;;
		d) disks=$OPTARG ;;
		I) init=$OPTARG ;;
		v) verbose=1 ;;
		*) exit 125 ;;
		esac
	done
	case $init in
	tiny) init=/usr/sbin/tiny-init ;;
	systemd) init=/sbin/init ;;
	*) die "unknown init $init: tiny or systemd" ;;
	esac
	used=$((OPTIND - 1))
}

lab_run() {
	local version cpus memory seconds share init disks verbose used full kernel dir size n=0 rc
	run_options "$@"
	shift "$used"
	[ $# -gt 0 ] || die "no command to run"
	need qemu-system-x86_64
	full=$(kernel_version "$version") || die "no kernel $version: run 'lab.sh kernel SUITE'"
	[ -s "$VM_CACHE/root.img" ] || die "no root image: run 'lab.sh image'"
	kernel=$VM_CACHE/kernel/$full
	dir=$(mktemp -d "$VM_CACHE/run.XXXXXX") || die "cannot write to $VM_CACHE"
	printf '%s\n' "$*" >"$dir/cmd"

	local args=(-machine q35 -accel tcg,thread=multi,tb-size=256 -cpu max -smp "$cpus" -m "$memory" -nodefaults
		-no-user-config -display none -no-reboot -serial "file:$dir/console" -kernel "$kernel/vmlinux"
		-initrd "$kernel/initrd" -append "$KERNEL_ARGS labinit=$init"
		-drive "file=$VM_CACHE/root.img,format=raw,if=virtio,snapshot=on"
		-fsdev "local,id=lab,path=$dir,security_model=none" -device virtio-9p-pci,fsdev=lab,mount_tag=lab
		-object rng-random,id=rng0,filename=/dev/urandom -device virtio-rng-pci,rng=rng0)
	if [ -n "$share" ]; then
		: >"$dir/share"
		args+=(-fsdev "local,id=host,path=$share,security_model=none,readonly=on"
			-device virtio-9p-pci,fsdev=host,mount_tag=host)
	fi
	for size in ${disks//,/ }; do
		truncate -s "$size" "$dir/disk$n" || die "disk of size $size"
		args+=(-drive "file=$dir/disk$n,format=raw,if=virtio,cache=unsafe")
		n=$((n + 1))
	done

	: >"$dir/out"
	sleep $((seconds + 60)) &
	local alive=$!			# tail shows what is left when this one is gone
	tail -n +1 -q -s 0.2 -f "$dir/out" --pid=$alive 8>&- &
	local tail=$!
	timeout -k 5 "$seconds" qemu-system-x86_64 "${args[@]}" </dev/null 2>"$dir/qemu"
	rc=$?
	kill "$alive"
	wait "$alive" "$tail" 2>/dev/null
	[ -n "$verbose" ] && cat "$dir/console" >&2
	run_result "$dir" "$rc" "$seconds"
	rc=$?
	rm -rf "$dir"
	return "$rc"
}

run_result() {
	local dir=$1 rc=$2 seconds=$3
	[ -s "$dir/rc" ] && return "$(cat "$dir/rc")"
	echo "lab.sh: the machine gave no result within $seconds s (qemu ended with $rc); its console ends:" >&2
	tail -n 15 "$dir/console" >&2
	head -n 3 "$dir/qemu" >&2
	return 124
}
