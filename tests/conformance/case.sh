# SPDX-License-Identifier: GPL-2.0-or-later
# The language of the conformance cases. A file is one category, and a case is a block:
#
#	it "stop of a stopped container"	what it is about; ends the case before it
#	given stopped 101 ONBOOT=yes		the state before, with lines of the configuration; several are possible
#	run vzctl stop 101			the command; with input: feed TEXT, with another environment: run env ...
#	out "text" | out_like REGEX | out_any	standard output; without a word about it, it must be empty
#	err "text" | err_like REGEX | err_any	standard error; the same
#	rc 0					exit status; without a word about it, 0
#	state 101 "exist unmounted down"	the state after, as `vzctl status` has it
#	conf 101 'ONBOOT="no"'			a line of the configuration after
#	no_conf 101 NAME			a key that must not be there
#	gives 'ls /vz/lock' ""			any other thing after: what a command prints, errors included
#	deviates "why"				known to be otherwise here: counts as skipped, and as failed once it holds
#
# Texts are compared whole, final newlines aside. Every expected text is typed out, from the specification. A case prints
# one line of TAP (tests/lib/tap.sh); what was got and wanted follows a failure.
. "$TOP/tests/integration/lib.sh"

CASE=			# text of the open case, "" if none is
CASE_LIMIT=120		# seconds for a command

case_new() {
	CASE_CMD=() CASE_OUT= CASE_ERR= CASE_RC=0 CASE_FEED= CASE_OUT_HOW=is CASE_ERR_HOW=is CASE_AFTER=() CASE_DEVIATES=
}
case_new

it() {
	case_end
	CASE=$1
}

# given STATE ID [KEY=VALUE...]: none, stopped, mounted or running, with the pristine configuration (that of a container
# from vz-base) in which the given lines replace those of their keys. Scripts, names and dumps of the container are gone.
given() {
	local state=$1 id=$2 conf=/etc/vz/conf/$2.conf line
	shift 2
	rm -rf /etc/vz/conf/"$id".{mount,umount,premount,postumount,start,stop} /vz/lock/"$id".lck /vz/dump/Dump."$id"
	[ -z "$(ls /etc/vz/names)" ] || find /etc/vz/names -lname "*/$id.conf" -delete
	case $(vzctl status "$id") in
	*running*) timeout 60 vzctl --quiet stop "$id" --fast ;;
	*\ mounted*) timeout 60 vzctl --quiet umount "$id" ;;
	esac </dev/null >/dev/null 2>&1
	[ ! -e "$conf.pristine" ] || cat "$conf.pristine" >"$conf"
	if [ "$state" = none ]; then
		vzctl --quiet destroy "$id" >/dev/null 2>&1 </dev/null
		rm -rf /etc/vz/conf/"$id".*
		return
	fi
	[ -d "/vz/private/$id" ] && [ -e "$conf.pristine" ] || case_make "$id"
	for line; do
		sed -i "/^${line%%=*}=/d" "$conf"
		printf '%s="%s"\n' "${line%%=*}" "${line#*=}" >>"$conf"
	done
	case $state in
	running) case_do vzctl start "$id" ;;
	mounted) case_do vzctl mount "$id" ;;
	esac
}

case_do() {
	timeout 120 "$@" >"$VZTEST_DIR/given" 2>&1 </dev/null && return
	echo "# given: $* ended with $?"
	sed 's/^/#   /' "$VZTEST_DIR/given"
}

case_make() {
	vzctl --quiet destroy "$1" >/dev/null 2>&1 </dev/null
	rm -f "/etc/vz/conf/$1.conf"
	case_do vzctl create "$1" --ostemplate vz-base
	cp "/etc/vz/conf/$1.conf" "/etc/vz/conf/$1.conf.pristine"
}

run() { CASE_CMD=("$@"); }
feed() { CASE_FEED=$1; }
out() { CASE_OUT=$1; }
out_like() { CASE_OUT=$1 CASE_OUT_HOW=like; }
out_any() { CASE_OUT_HOW=any; }
err() { CASE_ERR=$1; }
err_like() { CASE_ERR=$1 CASE_ERR_HOW=like; }
err_any() { CASE_ERR_HOW=any; }
rc() { CASE_RC=$1; }
state() { CASE_AFTER+=("vzctl status $1" "CTID $1 $2"); }
deviates() { CASE_DEVIATES=$1; }
gives() { CASE_AFTER+=("$1" "$2"); }

conf() { CASE_AFTER+=("grep '^${2%%=*}=' /etc/vz/conf/$1.conf" "$2"); }
no_conf() { CASE_AFTER+=("grep '^$2=' /etc/vz/conf/$1.conf" ""); }

# case_text HOW WANTED GOT WORD: prints what is wrong, nothing if all is well.
case_text() {
	case $1 in
	any) return ;;
	is) [ "$3" = "$2" ] && return ;;
	like) [[ $3 =~ $2 ]] && return ;;
	esac
	printf '%s:\n%s\n%s, wanted%s:\n%s\n' "$4" "$3" "$4" "$([ "$1" = like ] && echo ' a match of')" "$2"
}

# Runs the open case.
case_end() {
	local got_out got_err got_rc i bad
	[ -n "$CASE" ] || return 0
	got_out=$(printf %s "$CASE_FEED" | timeout -k 2 "$CASE_LIMIT" "${CASE_CMD[@]}" 2>"$VZTEST_DIR/err")
	got_rc=$?
	got_err=$(<"$VZTEST_DIR/err")
	bad=$(
		[ "$got_rc" = "$CASE_RC" ] || echo "status $got_rc, wanted $CASE_RC"
		case_text "$CASE_OUT_HOW" "$CASE_OUT" "$got_out" stdout
		case_text "$CASE_ERR_HOW" "$CASE_ERR" "$got_err" stderr
		for ((i = 0; i < ${#CASE_AFTER[@]}; i += 2)); do
			case_text is "${CASE_AFTER[i + 1]}" "$(eval "${CASE_AFTER[i]}" 2>&1 </dev/null)" "after: ${CASE_AFTER[i]}"
		done
	)
	if [ -n "$CASE_DEVIATES" ] && [ -n "$bad" ]; then
		skip "$CASE" "$CASE_DEVIATES"
	elif [ -n "$CASE_DEVIATES" ]; then
		fail "$CASE" "it holds now: nothing deviates any more"
	elif [ -z "$bad" ]; then
		pass "$CASE"
	else
		fail "$CASE" "command: ${CASE_CMD[*]@Q}" "$bad"
	fi
	CASE=
	case_new
}

# The end of a category: the last case, and the containers it used.
trap 'case_end; case_clean; tap_end' EXIT
case_clean() {
	local conf id
	for conf in /etc/vz/conf/[1-9]*.conf; do
		[ -e "$conf" ] || continue
		id=${conf##*/}
		given none "${id%.conf}"
	done
	rm -f /etc/vz/conf/[1-9]*.conf.*
}
