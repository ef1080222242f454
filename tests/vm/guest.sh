#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a lab machine runs for tests/vm/run, with the project read-only at /mnt/host and a blank disk /dev/vdb:
# integration tests on ext4 with project quota, then the cases that only such a kernel can show.
# Arguments: files instead of the whole list.
set -u
modprobe -a loop btrfs xfs
exec 9</proc/self/ns/net	# for what only the first network namespace can (iSCSI)

TOP=/mnt/host
FILES="life.sh limits.sh isolation.sh net.sh bad_input.sh"	# the others start hundreds of containers: too slow here
rc=0

export VZTEST_PREBUILT=1 VZTEST_POOL=/dev/vdb VZTEST_SECONDS=180
if [ $# = 0 ]; then
	set --
	for file in $FILES; do
		[ -e "$TOP/tests/integration/$file" ] && set -- "$@" "$file"
	done
	set -- "$@" "$TOP"/tests/vm/cases/*.sh
	echo "# unit tests that need this kernel"
	(cd /tmp && "$TOP/build/unit" -t 900 cg quota q_ net nft shape_bpf shape_nets shape_pace shape_shard shape_tbf shape_fault venet_segments) || rc=1
fi
bash "$TOP/tests/integration/run" "$@" || rc=1
exit $rc
