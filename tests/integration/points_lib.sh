# SPDX-License-Identifier: GPL-2.0-or-later
# For tests that disturb a command at each of its calls in turn (crash_lib.sh kills it, bad_input_full.sh lets the call fail):
# what went wrong at which point, and that nothing is left behind at any.
snap=$VZTEST_DIR/points.$$

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

# must_soon WANT CMD...: the same of what the kernel, or a process in the background, may still be about.
must_soon() {
	local n
	for n in $(seq 400); do
		case " $1 " in *" $("${@:2}" >/dev/null 2>&1 </dev/null; echo $?) "*) return 0 ;; esac
		sleep 0.1
	done
	must "$@"
}

# count_calls CMD...: a tool that counts; $prepare and $undo are the caller's. In the end $snap is what the host looks like.
count_calls() {
	for _ in warm count; do		# the first run of all may have more to do than those that are disturbed
		$prepare
		"$@" 2>"$snap.trace" >/dev/null </dev/null
		total=$(tail -n 1 "$snap.trace")
		$undo
	done
	leak_snapshot "$snap"
	wrong=
}

# point_end LENGTH TOOL N [NOTE]: after the repair at call N; LENGTH is that of $wrong before it.
point_end() {
	local leak
	if ! leak=$(leak_compare "$snap"); then
		wrong="$wrong
at $point: left behind: $leak"
		leak_snapshot "$snap"
	fi
	[ ${#wrong} = "$1" ] || wrong="$wrong
   (the call is $(sed -n "s/^$2: $3 //p" "$snap.trace")${4:+; $4})"
}

too_many() { # N
	[ "$(grep -c '^at ' <<<"$wrong")" -ge "$1" ]
}

points_done() {
	rm -rf "$snap" "$snap.trace"
}

nothing() {
	:
}
