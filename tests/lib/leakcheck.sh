# SPDX-License-Identifier: GPL-2.0-or-later
# What a container leaves behind. leak_snapshot DIR writes down, in text files, everything a container can leave in the
# namespaces of the caller; leak_compare DIR takes the same again and fails with a diff when anything differs. Kernel
# teardown is asynchronous (network namespaces, cgroups, loops): the comparison repeats for up to LEAK_SETTLE seconds.
#
# env: LEAK_CGROUP  name of the cgroup parent whose subtree is compared (vz)
#      LEAK_ALL_PROCS=1  compare all processes of this /proc (in a pid namespace of the test's own), not only ours

LEAK_SETTLE=${LEAK_SETTLE:-60}

leak_mounts() {
	# 36 35 98:0 /root /point options [tags] - type source super: the ids are dropped
	sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/ (shared|master|propagate_from):[0-9]+//g' /proc/self/mountinfo | sort
}

leak_links() {
	ip -o -d link show | sed -E 's/^[0-9]+: ([^:@]+).*(link\/[a-z]+).*/\1 \2/' | sort
	ip -o addr show | awk '{ print "addr", $2, $3, $4 }' | sort
	ip -4 rule show | sed 's/^/rule4 /'
	ip -6 rule show 2>/dev/null | sed 's/^/rule6 /'
	ip neigh show proxy | sed 's/^/proxy4 /'
	ip -6 neigh show proxy 2>/dev/null | sed 's/^/proxy6 /'
}

leak_routes() {
	ip -4 route show table all | sed 's/ linkdown//' | sort
	ip -6 route show table all 2>/dev/null | sed -E 's/ (linkdown|expires [0-9]+sec)//g' | sort
}

leak_cgroups() {
	local parent=${LEAK_CGROUP:-vz}
	awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/self/mounts | sort -u | while read -r point; do
		[ -d "$point/$parent" ] && find "$point/$parent" -type d
	done | sort
}

# Loops are the machine's, not a namespace's: those count whose file is found here, by name, inode and device, or, if it is
# deleted, was on a file system that is mounted here. With LEAK_LOOP_SKIP=MAJ:MIN not those on that one, which others use too.
leak_loops() {
	local name ino dev file
	losetup -l -n -O NAME,BACK-INO,BACK-MAJ:MIN,BACK-FILE | while read -r name ino dev file; do
		[ "$dev" = "${LEAK_LOOP_SKIP:-}" ] && continue
		case $file in
		*"(deleted)") leak_devices | grep -qx "$dev" || continue ;;
		*) [ "$(stat -c '%i %Hd:%Ld' "$file" 2>/dev/null)" = "$ino $dev" ] || continue ;;
		esac
		echo "$name $file"
	done | sort
}

# The device numbers that files here have; those of an overlay are another than its directories'.
leak_devices() {
	local file
	file=$(mktemp /tmp/device.XXXXXX)
	awk '{ print $5 }' /proc/self/mountinfo | xargs -d '\n' stat -c %Hd:%Ld "$file" 2>/dev/null | sort -u
	rm -f "$file"
}

# pid, start time and name of every process; without LEAK_ALL_PROCS of monitors and of what lives in other pid namespaces.
# The caller and its ancestors do not count.
leak_procs() {
	local found
	found=$(leak_procs_raw)
	printf '%s\n' "$found" | sort
}

leak_procs_raw() {
	local dir pid stat comm here mine=" " up=$BASHPID
	here=$(readlink /proc/self/ns/pid)
	while [ "${up:-0}" -gt 0 ] && read -r stat <"/proc/$up/stat"; do
		mine="$mine$up "
		set -- ${stat##*) }
		up=$2
	done
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		case $mine in *" $pid "*) continue ;; esac
		{ read -r stat <"$dir/stat"; } 2>/dev/null || continue
		comm=${stat#*(}
		comm=${comm%)*}
		set -- ${stat##*) }
		if [ -z "${LEAK_ALL_PROCS:-}" ]; then
			case $comm in
			vz-*) ;;
			*) case $(readlink "$dir/ns/pid" 2>/dev/null) in "$here" | "") continue ;; esac ;;
			esac
		fi
		echo "$pid start ${20} $comm"
	done
}

# The traffic of a container that exists is written at its first stop and goes with it; without one it is a leak.
leak_but_traffic() {
	local file id
	while read -r file; do
		id=${file##*/}
		case $file in /var/lib/vz/traffic/*) [ -e "/etc/vz/conf/${id%%.*}.conf" ] && continue ;; esac
		echo "$file"
	done
}

# Lock files under /run/vz/lock are never removed by design; N.conf.destroyed and its like stay for the administrator.
leak_files() {
	local dir
	for dir in /run/vz /run/netns /var/lib/vzctl /vz/lock /vz/dump /vz/root /vz/template/tmp /var/lib/vz /etc/vz; do
		[ -d "$dir" ] && find "$dir" -xdev ! -path '/run/vz/lock/*' ! -name '*.destroyed' ! -name '*.conf.[0-9]*'
	done 2>/dev/null | leak_but_traffic | sort
	[ ! -d /vz/private ] || find /vz/private -maxdepth 1 | sort
}

# A key of the host that a test leaves there would hold for those after it.
leak_conf() {
	grep '^[A-Z]' /etc/vz/vz.conf 2>/dev/null | sort
}

leak_disk() {
	[ "$(stat -f -c %T /vz 2>/dev/null)" = btrfs ] || return 0
	btrfs subvolume list /vz | sed 's/.*path //' | sort
}

# Without what a set with a timeout holds: rules filled it, and the clock empties it.
leak_nft() {
	nft -s list ruleset 2>/dev/null | awk '
		/^\t(set|map) / { timed = 0 }
		/^\t\t(flags .*)?timeout/ { timed = 1 }
		timed && /elements = \{/ { skip = 1 }
		!skip { print }
		/\}$/ { skip = 0 }'
}

leak_take() {
	local part
	mkdir -p "$1" || return 1
	for part in mounts links routes cgroups loops procs files conf disk; do
		"leak_$part" >"$1/$part"
	done
	leak_nft >"$1/nft"
}

# A stopped container's link (vz-ID) dies with its namespace, its reaper and the collector that a command sent into the
# background with their work: what is on its way out when the picture is taken would be missed later.
leak_settle() {
	local i
	for ((i = 0; i < 200; i++)); do
		ip -o link show | grep -q ': vz-' || grep -qsx 'vz-reap\|vzctl\|vztmpl' /proc/[0-9]*/comm || return 0
		sleep 0.1
	done
}

# What was on its way out when the first picture was taken, a process or a loop device (somebody else's, too), is none.
leak_forget() {
	local part
	for part in loops procs; do
		grep -Fxf "$1/after/$part" "$1/before/$part" >"$1/before.new"
		mv "$1/before.new" "$1/before/$part"
	done
}

leak_snapshot() {
	rm -rf "$1/before"
	leak_settle
	leak_take "$1/before"
}

leak_compare() {
	local end=$(($(date +%s) + LEAK_SETTLE))
	while :; do
		rm -rf "$1/after"
		leak_take "$1/after"
		leak_forget "$1"
		diff -r -q "$1/before" "$1/after" >/dev/null && return 0
		[ "$(date +%s)" -lt "$end" ] || break
		sleep 0.1
	done
	diff -r -U0 "$1/before" "$1/after" | grep -v '^diff\|^@@\|^---' | sed 's,^+++ .*/after/\([a-z]*\).*,\1:,'
	return 1
}
