# SPDX-License-Identifier: GPL-2.0-or-later
# For crash_*.sh: a command killed at each of its system calls that have an effect, before and after the call. Each time
# the next command must work, and the leak check must be clean.
. "$TOP/tests/integration/lib.sh"

FOLLOW=			# -f: not the command is killed but what it starts
POINTS=${VZTEST_POINTS:-60}	# at most so many per command and mode, evenly spread
snap=$VZTEST_DIR/crash.$$

# A command of the repair: remembers what went wrong at which point.
point=
wrong=
must() {
	local want=$1 rc
	shift
	"$@" >/tmp/must 2>&1 </dev/null
	rc=$?
	case " $want " in *" $rc "*) return 0 ;; esac
	wrong="$wrong
at $point: '$*' gave $rc: $(tail -n 2 /tmp/must | tr '\n' '|')"
	return 1
}

# crash TEXT PREPARE REPAIR UNDO CMD...: functions PREPARE (the state before), REPAIR (what must work after the kill),
# UNDO (back to the state in which the snapshot was taken: before PREPARE).
crash() {
	local text=$1 prepare=$2 repair=$3 undo=$4 total i step mode killed=0 tried=0 before
	shift 4
	for i in warm count; do		# the first run of all may have more to do than those that are killed
		$prepare
		"$KILLAT" $FOLLOW -c -t -- "$@" 2>"$snap.trace" >/dev/null </dev/null
		total=$(tail -n 1 "$snap.trace")
		$undo
	done
	leak_snapshot "$snap"
	step=$(((total + POINTS - 1) / POINTS))
	wrong=
	for mode in "" -a; do
		for i in $(seq 1 "$step" "$total"); do
			point="call $i of $total${mode:+, after it}"
			before=${#wrong} tried=$((tried + 1))
			$prepare
			timeout 60 "$KILLAT" $FOLLOW $mode -n "$i" -- "$@" >/tmp/killed 2>&1 </dev/null
			case $? in
			124) wrong="$wrong
at $point: the command hangs" ;;
			137) killed=$((killed + 1)) ;;
			*) [ -z "$FOLLOW" ] || killed=$((killed + 1)) ;;
			esac
			$repair
			$undo
			if ! leak=$(leak_compare "$snap"); then
				wrong="$wrong
at $point: left behind: $leak"
				leak_snapshot "$snap"
			fi
			[ ${#wrong} = "$before" ] || wrong="$wrong
   (the call is $(sed -n "s/^killat: $i //p" "$snap.trace"))"
			[ "$(grep -c '^at ' <<<"$wrong")" -lt 8 ] || break 2
		done
	done
	echo "# $text: $total calls, killed at $killed"
	if [ "$killed" -ge 6 ] && [ $((killed * 2)) -ge "$tried" ] && [ -z "$wrong" ]; then
		pass "$text killed at $killed points"
	else
		fail "$text killed at $killed of $tried points" "$wrong"
	fi
	rm -rf "$snap" "$snap.trace"
}

nothing() {
	:
}
