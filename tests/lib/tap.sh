# SPDX-License-Identifier: GPL-2.0-or-later
# Checks for shell tests. Each prints one line, `ok N - text` or `not ok N - text`, with what was got and wanted as `#`
# lines after a failure. The plan `1..N` is printed when the script ends by itself: a runner takes a missing plan for a
# script that died half-way. Sourced by tests; they should be run with bash.

TAP_N=0
TAP_FAILED=0
TAP_OUT=	# combined output of the last command that a check ran
TAP_RC=0	# and its status

trap tap_end EXIT
tap_end() {
	local rc=$?
	[ "${BASHPID:-$$}" = "$$" ] || return "$rc"
	if [ "$rc" != 0 ] && [ -z "${TAP_BAIL:-}" ]; then
		echo "# the script ended with status $rc"
		return "$rc"
	fi
	echo "1..$TAP_N"
	[ "$TAP_FAILED" = 0 ]
}

pass() {
	TAP_N=$((TAP_N + 1))
	echo "ok $TAP_N - $1"
}

# fail TEXT [DIAGNOSTIC...]: always false, so that `check || return` works.
fail() {
	TAP_N=$((TAP_N + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_N - $1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/#   /'
	return 1
}

skip() {
	TAP_N=$((TAP_N + 1))
	echo "ok $TAP_N - $1 # SKIP ${2:-}"
}

# Nothing more can be tested: one failure, the end.
bail() {
	fail "$@"
	TAP_BAIL=1
	exit 1
}

tap_run() {
	TAP_OUT=$("$@" 2>&1 </dev/null)
	TAP_RC=$?
}

# ok TEXT CMD...: the command succeeds.
ok() {
	local text=$1
	shift
	tap_run "$@"
	[ "$TAP_RC" = 0 ] && pass "$text" || fail "$text" "command: $*" "status $TAP_RC, output:" "$TAP_OUT"
}

# rc TEXT STATUS CMD...: the command ends with exactly this status.
rc() {
	local text=$1 want=$2
	shift 2
	tap_run "$@"
	[ "$TAP_RC" = "$want" ] && pass "$text" ||
		fail "$text" "command: $*" "status $TAP_RC, wanted $want, output:" "$TAP_OUT"
}

# is TEXT GOT WANT
is() {
	[ "$2" = "$3" ] && pass "$1" || fail "$1" "got:    $2" "wanted: $3"
}

# like TEXT GOT REGEX
like() {
	[[ $2 =~ $3 ]] && pass "$1" || fail "$1" "got: $2" "wanted a match of: $3"
}

# out_is TEXT STDOUT CMD...: standard output is exactly this (final newlines aside), whatever the status.
out_is() {
	local text=$1 want=$2 got
	shift 2
	got=$("$@" 2>/dev/null </dev/null)
	[ "$got" = "$want" ] && pass "$text" || fail "$text" "command: $*" "got:" "$got" "wanted:" "$want"
}

# says TEXT STATUS STDOUT STDERR CMD...: all three at once, exactly.
says() {
	local text=$1 want_rc=$2 want_out=$3 want_err=$4 out err rc file
	shift 4
	file=$(mktemp)
	out=$("$@" 2>"$file" </dev/null)
	rc=$?
	err=$(cat "$file")
	rm -f "$file"
	[ "$rc|$out|$err" = "$want_rc|$want_out|$want_err" ] && pass "$text" && return
	fail "$text" "command: $*" "status $rc, wanted $want_rc" "stdout:" "$out" "wanted:" "$want_out" \
		"stderr:" "$err" "wanted:" "$want_err"
}

# soon TEXT SECONDS CMD...: the command succeeds within that time, on a quiet machine; on a busy one it has 90 s at least.
soon() {
	local text=$1 end=$(($(date +%s%N) / 1000000 + ($2 > 90 ? $2 : 90) * 1000))
	shift 2
	while :; do
		tap_run "$@"
		[ "$TAP_RC" = 0 ] && pass "$text" && return
		[ $(($(date +%s%N) / 1000000)) -lt "$end" ] || break
		sleep 0.05
	done
	fail "$text" "command: $*" "last status $TAP_RC, output:" "$TAP_OUT"
}

# becomes TEXT WANT CMD...: what the command prints is this, within the time of soon.
becomes() {
	local text=$1 want=$2
	shift 2
	prints() { [ "$("$@" 2>&1 </dev/null)" = "$want" ]; }
	soon "$text" 40 prints "$@" && return
	printf '%s\n' "got:" "$("$@" 2>&1 </dev/null)" "wanted:" "$want" | sed 's/^/#   /'
	return 1
}
