# SPDX-License-Identifier: GPL-2.0-or-later
# For crash_*.sh: a command killed at each of its system calls that have an effect, before and after the call. Each time
# the next command must work, and the leak check must be clean.
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/integration/points_lib.sh"

FOLLOW=			# -f: not the command is killed but what it starts
POINTS=${VZTEST_POINTS:-60}	# at most so many per command and mode, evenly spread
# crash TEXT PREPARE REPAIR UNDO CMD...: functions PREPARE (the state before), REPAIR (what must work after the kill),
# UNDO (back to the state in which the snapshot was taken: before PREPARE).
crash() {
	local text=$1 prepare=$2 repair=$3 undo=$4 total i step mode killed=0 tried=0 before
	shift 4
	count_calls "$KILLAT" $FOLLOW -c -t -- "$@"
	step=$(((total + POINTS - 1) / POINTS))
	for mode in "" -a; do
		for i in $(seq 1 "$step" "$total"); do
			point="call $i of $total${mode:+, after it}"
			before=${#wrong} tried=$((tried + 1))
			$prepare
			timeout 200 "$KILLAT" $FOLLOW $mode -n "$i" -- "$@" >/tmp/killed 2>&1 </dev/null
			case $? in
			124) wrong="$wrong
at $point: the command hangs" ;;
			137) killed=$((killed + 1)) ;;
			*) [ -z "$FOLLOW" ] || killed=$((killed + 1)) ;;
			esac
			$repair
			$undo
			point_end "$before" killat "$i"
			! too_many 8 || break 2
		done
	done
	echo "# $text: $total calls, killed at $killed"
	if [ "$killed" -ge 6 ] && [ $((killed * 2)) -ge "$tried" ] && [ -z "$wrong" ]; then
		pass "$text killed at $killed points"
	else
		fail "$text killed at $killed of $tried points" "$wrong"
	fi
	points_done
}
