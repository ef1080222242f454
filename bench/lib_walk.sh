# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154  # W, bin, n come from run, P from lib.sh
# What walking a root costs in a container: 10,000 entries, lstat of each, warm, against the same program on the same tree
# in the file system of /vz, in turn. Processor time, so that a busy machine changes little; medians of the ratios.

walk_tree() { # DIR: a system with 1,000 directories of nine files
	local d

	make_root "$1"
	cp "$bin/walk" "$1/bin/walk"
	mkdir -p "$1"/usr/share/{0..999}
	for d in "$1"/usr/share/*; do : | tee "$d"/file-{a..i}.txt; done
}

walk_up() { # ID LAYOUT FORMAT: a running container; fails where the host has no such layout
	sed -i '/^TEMPLATE_FORMAT=/d' /etc/vz/vz.conf && echo "TEMPLATE_FORMAT=\"$3\"" >>/etc/vz/vz.conf
	vzctl create "$1" --ostemplate "$4" --ram 256M --swap 0 --layout "$2" >>"$W/aux.log" 2>&1 </dev/null &&
		vzctl start "$1" >>"$W/aux.log" 2>&1 </dev/null
}

walk_ratio() { # ID: container's time by the host's, and the range of the rounds
	local i host guest

	for ((i = 0; i < n; i++)); do
		host=$("$bin/walk" $P/walk 3) && guest=$(vzctl exec "$1" /bin/walk / 3 2>>"$W/aux.log" </dev/null) || return 1
		echo "$host $guest"
	done | awk '{ printf "%.3f %d %d %d\n", $3 / $1, $1, $3, $4 }' | sort -n |
		awk '{ r[NR] = $1; h[NR] = $2; g[NR] = $3; e = $4 } END { if (!NR) exit 1; m = int((NR + 1) / 2)
			printf "%.2f (%.2f to %.2f)\t%.1f ms\t%.1f ms\t%d entries\n", r[m], r[1], r[NR], h[m] / 1000, g[m] / 1000, e }'
}

walks() { # rows: what, ratio, host, container, entries
	local row id=9700 what layout format

	walk_tree $P/walk
	tar -C $P/walk -cf /vz/template/cache/walk.tar .
	sed 's/$/ /' $P/walk/etc/passwd >$P/walk/etc/passwd- && tar -C $P/walk -cf /vz/template/cache/walk-tree.tar .
	while read -r what layout format row; do
		id=$((id + 1))
		walk_up $id "$layout" "$format" "$row" && printf '%s\t%s\n' "$what" "$(walk_ratio $id)"
		vzctl stop $id --fast >>"$W/aux.log" 2>&1 </dev/null
		vzctl destroy $id >>"$W/aux.log" 2>&1 </dev/null
	done <<-X
		default overlay auto walk
		overlay,tree overlay tree walk-tree
		dir dir auto walk
		btrfs btrfs auto walk
	X
}

walk_of() { awk -F'\t' -v k="$1" '$1 == k { sub(/ .*/, "", $2); print $2; f = 1 } END { if (!f) print "-" }' "$W/walk.tsv"; }

walk_report() {
	printf '\na warm walk with lstat of each file, container/host, processor time, medians of %s (range), on %s\n' "$n" \
		"$(stat -f -c %T /vz)"
	walks >"$W/walk.tsv"
	column -t -s "$(printf '\t')" <"$W/walk.tsv" 2>/dev/null || cat "$W/walk.tsv"
}
