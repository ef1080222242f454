# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2086  # variables of run and lib.sh; commands are lists of words
# The other half of bench/run: 200 containers at once, the tables, the line for bench/history.tsv, what was left.

DENS=${BENCH_DENSITY:-200}

each_ms() { # KEY BEGIN: milliseconds for each of the DENS since BEGIN
	awk -v k="$1" -v a="$2" -v b="$EPOCHREALTIME" -v n="$DENS" 'BEGIN { printf "%s\t%.2f\n", k, (b - a) * 1000 / n }'
}

loop_vz() { # KEY VERB OPTIONS...: one command after the other
	local key=$1 verb=$2 i t

	shift 2
	t=$EPOCHREALTIME
	for ((i = 1; i <= DENS; i++)); do
		vzctl $verb $((9200 + i)) "$@" >/dev/null 2>>"$W/dens.log" || echo "!! $verb $((9200 + i))" >>"$W/dens.log"
	done
	each_ms $key $t
}

parallel_vz() { # KEY VERB OPTIONS...: four at a time for each processor
	local key=$1 verb=$2 t

	shift 2
	t=$EPOCHREALTIME
	seq 9201 $((9200 + DENS)) | xargs -P $(($(nproc) * 4)) -I@ vzctl "$verb" @ "$@" >/dev/null 2>>"$W/dens.log" ||
		echo "!! $verb in parallel" >>"$W/dens.log"
	each_ms $key $t
}

loop_floor() {
	local i t up=() down=()

	for ((i = 1; i <= DENS; i++)); do
		"$bin/floor" create -o $P/d$i
		up[i]=$(floor_start d$i 10.123.3.$i)
		down[i]=$(floor_stop d$i)
	done
	t=$EPOCHREALTIME
	for ((i = 1; i <= DENS; i++)); do ${up[i]} >/dev/null 2>>"$W/dens.log"; done
	each_ms start.floor $t
	t=$EPOCHREALTIME
	for ((i = 1; i <= DENS; i++)); do ${down[i]} 2>>"$W/dens.log"; done
	each_ms stop.floor $t
}

monitors() { # median over all: private dirty memory and page tables, kB
	local p

	for p in $(sed -n 's/^MONITOR_PID="\([0-9]*\)"$/\1/p' /run/vz/*/state); do
		awk '/^Private_Dirty|^VmPTE/ { s += $2 } END { print s }' /proc/$p/smaps_rollup /proc/$p/status
	done | sort -n | awk '{ v[NR] = $1 } END { printf "monitor.kB\t%d\nmonitors\t%d\n", v[int((NR + 1) / 2)], NR }'
}

density() {
	local i t

	: >"$W/dens.log"
	loop_floor
	t=$EPOCHREALTIME
	for ((i = 1; i <= DENS; i++)); do
		vzctl create $((9200 + i)) $vz_create --hostname d$i --ipadd 10.123.4.$i >/dev/null 2>>"$W/dens.log"
	done
	each_ms create.loop $t
	loop_vz start.loop start
	printf 'running\t%d\n' "$(vzlist -H -o ctid | wc -l)"
	monitors
	printf '%s\n' "list/all columns | - | - | - | vzlist -aH | -" "list/ctid,status | - | - | - | vzlist -aH -o ctid,status | -" \
		"list/nothing | - | - | - | /bin/true | -" \
		"exec, this many running | - | - | - | vzctl exec 9201 /bin/once | -" >"$W/list.spec"
	"$bin/lat" -n "$n" -w 2 -s 5 "$W/list.spec" | awk -F'\t' '{ print $1 "\t" $5 }'
	loop_vz stop.loop stop --fast
	parallel_vz start.parallel start
	printf 'running.parallel\t%d\n' "$(vzlist -H -o ctid | wc -l)"
	parallel_vz stop.parallel stop --fast
	loop_vz destroy.loop destroy
}

rates_cost() { # network of a start, one by one of 1,000 that stay: floor, addresses alone, everything on; then packets
	printf '\nnetwork of a start\n'
	unshare -n "$bin/net_start" 1000 2>>"$W/aux.log" || echo "!! net_start failed"
	printf '\nthe same with guarantees, and of two classes of networks\n'
	unshare -n "$bin/net_start" 1000 50 all brief 2>>"$W/aux.log" || echo "!! net_start failed"
	printf '\nwhat a byte and a packet pay, between host and container with everything on and over a bare veth pair\n'
	unshare -n "$bin/net_flow" 31 1 100 1000 2>>"$W/aux.log" || echo "!! net_flow failed"
	unshare -n "$bin/net_rate" 8 2>>"$W/aux.log" || echo "!! net_rate failed"
}

scale() { # 1,000 configurations: listed, and read and written again, in milliseconds
	local i ms

	vzctl create 9501 $vz_create --hostname s9501 --ipadd 10.123.8.1 >/dev/null 2>>"$W/dens.log"
	for ((i = 9502; i <= 10500; i++)); do
		sed "s/9501/$i/g" /etc/vz/conf/9501.conf >/etc/vz/conf/$i.conf
		mkdir "/vz/private/$i"
	done
	printf '%s\n' "list/1000, all columns | - | - | - | vzlist -aH | -" "list/1000, JSON | - | - | - | vzlist -aj | -" >"$W/scale.spec"
	"$bin/lat" -n "$n" -w 2 -s 5 "$W/scale.spec" | awk -F'\t' '{ print $1 "\t" $5 }'
	for i in floor parse rewrite; do
		ms=$("$bin/scale" $i /etc/vz/conf) && awk -v k=$i -v us="$ms" 'BEGIN { printf "conf/1000 %s\t%.2f\n", k, us / 1000 }'
	done
	rm -f /etc/vz/conf/9[5-9]*.conf /etc/vz/conf/10*.conf
	rm -rf /vz/private/9[5-9]* /vz/private/10* /var/lib/vz/uid/9501
}

snapshots() { # of a stopped and a running container, and back; clones
	local one=11111111-2222-4333-8444-555555555555 two=22222222-2222-4333-8444-555555555555 i

	for i in 9601 9602; do vzctl create $i $vz_create >/dev/null 2>>"$W/dens.log"; done
	vzctl start 9602 >/dev/null 2>>"$W/dens.log"
	vzctl snapshot 9601 --id $one >/dev/null 2>>"$W/dens.log"
	cat >"$W/snap.spec" <<-X
		snapshot/stopped | - | - | - | vzctl snapshot 9601 --id $two | vzctl snapshot-delete 9601 --id $two
		snapshot/running | - | - | - | vzctl snapshot 9602 --id $two | vzctl snapshot-delete 9602 --id $two
		snapshot/switch | - | - | - | vzctl snapshot-switch 9601 --id $one | -
		clone/linked | - | - | - | vzctl clone 9601 9603 --linked | vzctl destroy 9603
		clone/full | - | - | - | vzctl clone 9601 9604 --full | vzctl destroy 9604
	X
	"$bin/lat" -n "$n" -w 2 -s 5 "$W/snap.spec" | awk -F'\t' '{ print $1 "\t" ($3 > 0 ? "-" : $5) }'
	vzctl stop 9602 --fast >/dev/null 2>>"$W/dens.log"
	for i in 9601 9602; do vzctl destroy $i >/dev/null 2>>"$W/dens.log"; done
}

report() {
	printf '\n%s, kernel %s, %s CPUs, load before %s, medians of %s interleaved rounds, milliseconds\n' "$(date -u +%F)" \
		"$(uname -r)" "$(nproc)" "$load" "$n"
	printf '(floor: the same work as bare system calls, floor.c; the other runtimes work without user namespace and limits)\n\n'
	awk -F'\t' '
		{ split($1, k, "/"); at[$1] = $4; ret[$1] = $5; bad[$1] = $3; best[$1] = $7
		  if (!(k[1] in verb)) { verb[k[1]] = 1; order[++nv] = k[1] }
		  if (!(k[2] in who)) { who[k[2]] = 1; col[++nw] = k[2] } }
		function table(what, v, i, j, x) {
			printf "%-26s", what
			for (j = 1; j <= nw; j++) printf " %9s", col[j]
			printf " %9s %9s", "vz/floor", "of minima"
			for (j = 1; j <= nw; j++) if (col[j] != "vz" && col[j] != "floor") printf " %9s", "vz/" col[j]
			printf "\n"
		}
		function row(name, t, verb_, i, j, v) {
			if (t[verb_ "/vz"] == "-") return
			printf "%-26s", name
			for (j = 1; j <= nw; j++) printf " %9s", (verb_ "/" col[j]) in t ? sprintf("%.2f", t[verb_ "/" col[j]]) : "-"
			v = t[verb_ "/vz"]
			printf " %9.2f %9.2f", v / t[verb_ "/floor"], best[verb_ "/vz"] / best[verb_ "/floor"]
			for (j = 1; j <= nw; j++) if (col[j] != "vz" && col[j] != "floor")
				printf " %9s", (verb_ "/" col[j]) in t ? sprintf("%.2f", v / t[verb_ "/" col[j]]) : "-"
			printf "\n"
		}
		END {
			table("")
			row("start, until init runs", at, "start")
			row("start, until it returns", ret, "start")
			row("exec, until it runs", at, "exec")
			row("exec, until it returns", ret, "exec")
			row("stop by force, all gone", ret, "stop")
			row("create", ret, "create")
			for (b in bad) if (bad[b] > 0) printf "!! %s failed %d times\n", b, bad[b]
		}' "$W/lat.tsv"
	printf '\n%s containers\n' "$DENS"
	column -t -s "$(printf '\t')" <"$W/dens.tsv" 2>/dev/null || cat "$W/dens.tsv"
	[ -s "$W/dens.log" ] && sort "$W/dens.log" | uniq -c | sort -rn | head -5
	history_line
	goals
}

val() { awk -F'\t' -v k="$1" -v c="$2" '$1 == k { print $c }' "$W/lat.tsv" "$W/dens.tsv"; }
ratio() { awk -v a="${1:-0}" -v b="${2:-0}" 'BEGIN { if (b > 0 && a != "-" && a > 0) printf "%.2f", a / b; else printf "-" }'; }

history_line() { # ratios vz/floor (of medians), then the two figures that have no floor, then vz/best other runtime
	local f=$top/bench/history.tsv commit verb best

	commit=$(git -C "$top" rev-parse --short HEAD 2>/dev/null || echo unknown)
	[ -z "$(git -C "$top" status --porcelain -uno 2>/dev/null)" ] || commit+=+
	[ -s "$f" ] || printf '#date\tcommit\tkernel\tn\tstart\tstart.ret\texec\tstop\tcreate\tstart.loop\tlist.ms\tmonitor.kB\tstart/peer\texec/peer\tstop/peer\tstart.min\texec.min\tstop.min\tload\twalk\n' >"$f"
	{
		printf '%s\t%s\t%s\t%s' "$(date -u +%F)" "$commit" "$(uname -r)" "$n"
		printf '\t%s' "$(ratio "$(val start/vz 4)" "$(val start/floor 4)")" "$(ratio "$(val start/vz 5)" "$(val start/floor 5)")" \
			"$(ratio "$(val exec/vz 4)" "$(val exec/floor 4)")" "$(ratio "$(val stop/vz 5)" "$(val stop/floor 5)")" \
			"$(ratio "$(val create/vz 5)" "$(val create/floor 5)")" "$(ratio "$(val start.loop 2)" "$(val start.floor 2)")" \
			"$(val "list/all columns" 2)" "$(val monitor.kB 2)"
		for verb in start:4 exec:4 stop:5; do
			best=$(awk -F'\t' -v v="${verb%:*}/" -v c="${verb#*:}" 'index($1, v) == 1 && $1 !~ /(vz|floor)$/ && $c != "-" { print $c }' \
				"$W/lat.tsv" | sort -n | head -1)
			printf '\t%s' "$(ratio "$(val "${verb%:*}/vz" "${verb#*:}")" "$best")"
		done
		printf '\t%s' "$(ratio "$(val start/vz 6)" "$(val start/floor 6)")" "$(ratio "$(val exec/vz 6)" "$(val exec/floor 6)")" \
			"$(ratio "$(val stop/vz 7)" "$(val stop/floor 7)")"
		printf '\t%s\t%s\n' "$load" "$(walk_of "btrfs default" walker)"
	} >>"$f"
}

goals() {
	printf '\ngoals\n'
	goal "start <= 2 x floor" "$(ratio "$(val start/vz 4)" "$(val start/floor 4)")" 2
	goal "exec <= 2 x setns, fork, exec" "$(ratio "$(val exec/vz 4)" "$(val exec/floor 4)")" 2
	goal "stop <= 2.5 x floor" "$(ratio "$(val stop/vz 5)" "$(val stop/floor 5)")" 2.5
	goal "create < 10 ms" "$(val create/vz 5)" 10
	goal "snapshot, stopped < 20 ms" "$(val snapshot/stopped 2)" 20
	goal "snapshot, running < 20 ms" "$(val snapshot/running 2)" 20
	goal "snapshot-switch < 20 ms" "$(val snapshot/switch 2)" 20
	goal "linked clone < 20 ms" "$(val clone/linked 2)" 20
	goal "warm find in a root <= 1.2, ext4" "$(walk_of "ext4 default" find)" 1.2
	goal "warm find in a root <= 1.2, btrfs" "$(walk_of "btrfs default" find)" 1.2
	goal "vzlist of $DENS < 20 ms" "$(val "list/all columns" 2)" 20
	goal "vzlist -a -j of 1000 < 50 ms" "$(val "list/1000, JSON" 2)" 50
	goal "1000 files rewritten < 100 ms" "$(val "conf/1000 rewrite" 2)" 100
	goal "monitor < 200 kB" "$(val monitor.kB 2)" 200
}
goal() { awk -v t="$1" -v v="$2" -v g="$3" 'BEGIN { printf "  %-32s %8s  %s\n", t, v, v != "-" && v + 0 <= g + 0 ? "met" : "MISSED" }'; }

leftovers() { # of vz, once everything is destroyed
	local left

	sleep 1
	left=$( {
		ls /vz/private
		ls /vz/root
		ls -d /run/vz/9*
		ls /etc/vz/conf/9*.conf
		ip -o link | grep -o 'vz-\?9[0-9]*'
		find $(hierarchies | sed 's|$|/vzbench|') "$(unified)/vzbench" -mindepth 1 -maxdepth 1 -type d ! -name monitor
		awk '$5 ~ "^/vz/(root|private)/9[0-9][0-9][0-9]$" { print $5 }' /proc/self/mountinfo
		ls /var/lib/vz/uid /var/lib/vz/intent
	} 2>/dev/null | grep -v '^$\|:$' | head -5)
	if [ -z "$left" ]; then echo "left behind: nothing"; else echo "left behind:" $left; fi
}
