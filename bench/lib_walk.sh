# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154  # W, bin, n come from run, P from lib.sh
# What walking a root costs in a container: GNU find with a stat of each file, warm, against the same find on the same tree in
# the file system of /vz, in turn; below each the bare walker of walk.c, which does nothing else and so shows more of the file
# system. The tree is the names, kinds and modes of what Debian's packages installed here, without contents. Processor time;
# medians of the ratios. /vz is on ext4 and then on btrfs.

WALK_ENTRIES=20000

walk_paths() { # what the packages hold, the necessary ones first
	local prio pkg

	for prio in required important standard optional; do
		dpkg-query -W -f '${Priority} ${binary:Package} ${Package}\n' | awk -v p=$prio '$1 == p { print $2, $3 }' |
			while read -r pkg prio; do
				cat "/var/lib/dpkg/info/$pkg.list" 2>/dev/null || cat "/var/lib/dpkg/info/$prio.list" 2>/dev/null
			done
	done | awk -v n=$WALK_ENTRIES '!seen[$0]++ && NR > 1 { print } length(seen) >= n { exit }'
}

walk_tree() { # DIR: a system, with find and what it needs
	local p

	mkdir -p "$1" && walk_paths >"$W/walk.paths" 2>/dev/null
	while read -r p; do
		if [ -d "$p" ]; then mkdir -p "$1$p"; elif [ -e "$p" ] || [ -L "$p" ]; then echo "$p"; fi
	done <"$W/walk.paths" >"$W/walk.files"
	[ -s "$W/walk.files" ] || { find /usr -xdev ! -type d | head -n $WALK_ENTRIES >"$W/walk.files"; }
	xargs -d '\n' cp -a --attributes-only --parents -t "$1" <"$W/walk.files" 2>>"$W/aux.log"
	rm -f "$1"/bin/{sh,bash,true,busybox} "$1"/sbin/init
	make_root "$1"
	cp "$bin/walk" "$1/bin/walk"
	{ command -v find; ldd "$(command -v find)" | grep -o '/[^ ]*'; } | xargs cp -L --parents -t "$1"
}

walk_up() { # ID LAYOUT FORMAT TEMPLATE: a running container; fails where the host has no such layout
	sed -i '/^TEMPLATE_FORMAT=/d' /etc/vz/vz.conf && echo "TEMPLATE_FORMAT=\"$3\"" >>/etc/vz/vz.conf
	vzctl create "$1" --ostemplate "$4" --ram 256M --swap 0 --layout "$2" >>"$W/aux.log" 2>&1 </dev/null &&
		vzctl start "$1" >>"$W/aux.log" 2>&1 </dev/null
}

walk_ratio() { # ID PROGRAM: container's time by the host's, and the range of the rounds
	local i host guest

	for ((i = 0; i < n; i++)); do
		host=$("$bin/walk" $P/walk 3 ${2:-}) && guest=$(vzctl exec "$1" /bin/walk / 3 ${2:-} 2>>"$W/aux.log" </dev/null) || return 1
		echo "$host $guest"
	done | awk '{ printf "%.3f %d %d %d\n", $3 / $1, $1, $3, $4 }' | sort -n |
		awk '{ r[NR] = $1; h[NR] = $2; g[NR] = $3; e = $4 } END { if (!NR) exit 1; m = int((NR + 1) / 2)
			printf "%.2f (%.2f to %.2f)\t%.1f ms\t%.1f ms\t%d entries\n", r[m], r[1], r[NR], h[m] / 1000, g[m] / 1000, e }'
}

walks() { # rows: file system and layout, program, ratio, host, container, entries
	local row id=9700 what layout format prog

	cp -a "$W/walk" $P/walk
	tar -C $P/walk -cf /vz/template/cache/walk.tar .
	sed 's/$/ /' $P/walk/etc/passwd >$P/walk/etc/passwd- && tar -C $P/walk -cf /vz/template/cache/walk-tree.tar .
	while read -r what layout format row; do
		[ "$what" != btrfs ] || [ "$1" = btrfs ] || continue
		id=$((id + 1))
		walk_up $id "$layout" "$format" "$row" || continue
		for prog in find walker; do printf '%s %s\t%s\t%s\n' "$1" "$what" $prog "$(walk_ratio $id ${prog/walker/})"; done
		vzctl stop $id --fast >>"$W/aux.log" 2>&1 </dev/null
		vzctl destroy $id >>"$W/aux.log" 2>&1 </dev/null
	done <<-X
		default overlay auto walk
		overlay,tree overlay tree walk-tree
		dir dir auto walk
		btrfs btrfs auto walk
	X
}

# walk_of "FS LAYOUT" PROGRAM
walk_of() { awk -F'\t' -v k="$1" -v p="$2" '$1 == k && $2 == p { sub(/ .*/, "", $3); print $3; f = 1 } END { if (!f) print "-" }' "$W/walk.tsv"; }

walk_report() {
	local fs

	printf '\na warm walk with a stat of each file, container/host, processor time, medians of %s (range)\n' "$n"
	walk_tree "$W/walk"
	for fs in ext4 btrfs; do
		scratch_vz $fs || { echo "skipped: $fs cannot be made here"; continue; }
		walks $fs
		umount -l /vz
	done >"$W/walk.tsv"
	column -t -s "$(printf '\t')" <"$W/walk.tsv" 2>/dev/null || cat "$W/walk.tsv"
}
