#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Throw-away virtual machines with Debian's stock kernels, for what this host's kernel cannot show (cgroup v2 with all
# controllers, project quota, capabilities the host lacks). Everything comes from Debian's packages, nothing is mounted,
# no network is needed once the cache is filled, and no machine keeps anything: the root disk is a snapshot.
#
#   lab.sh kernel [SUITE]       fetch the kernel of SUITE: bookworm (default, 6.1), bookworm-backports, trixie ...
#   lab.sh image [PACKAGE,...]  make the root disk, if it is not there or its inputs changed
#   lab.sh run [opts] -- CMD    boot, run CMD as root, print its output, end with its status
#       -k VERSION  6.1 (default), 6.12 ...     -c CPUS (1)     -m MEMORY in MiB (1024)     -t SECONDS (300)
#       -s DIR      shared read-only at /mnt/host               -d SIZE[,SIZE] blank disks (/dev/vdb ...)
#       -I tiny|systemd  init of the machine (tiny)             -v  its console on standard error
#   env: VM_CACHE (build/vm); VM_UPDATE=1 fetches a kernel again
# Ends with 125 when the lab itself cannot work, with 124 when the machine gave no answer.
set -u

VM_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VM_CACHE=${VM_CACHE:-$VM_SRC/../../build/vm}
mkdir -p "$VM_CACHE/kernel" || exit 125
VM_CACHE=$(cd "$VM_CACHE" && pwd)

die() {
	echo "lab.sh: $*" >&2
	exit 125
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is missing: run 'make deps-test'"
	done
}

# The Debian mirror that this host already uses.
mirror() {
	local uri
	uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
		grep -v '^ *#' | grep -oE '[a-z+]+:/+[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ')
	[ -n "$uri" ] || die "no Debian mirror in /etc/apt: nothing to fetch from"
	echo "$uri"
}

# The full version that a prefix of whole components means: 6.1 -> 6.1.0-42-amd64, never 6.12.
kernel_version() {
	local v
	for v in $(ls "$VM_CACHE/kernel" | sort -rV); do
		case $v in
		"$1" | "$1".* | "$1"-*) [ -e "$VM_CACHE/kernel/$v/ready" ] && echo "$v" && return ;;
		esac
	done
	return 1
}

. "$VM_SRC/lab_kernel.sh"
. "$VM_SRC/lab_image.sh"
. "$VM_SRC/lab_run.sh"

verb=${1:-}
[ $# -gt 0 ] && shift
exec 8>"$VM_CACHE/lock"
case $verb in
kernel) flock 8 && lab_kernel "$@" ;;
image) flock 8 && lab_image "$@" ;;
run) exec 8>&- && lab_run "$@" ;;
*) sed -n '3,17s/^# \?//p' "$0" && exit 125 ;;
esac
