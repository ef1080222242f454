# SPDX-License-Identifier: GPL-2.0-or-later
# What the integration tests share: the checks of tests/lib/tap.sh, and containers made with as little text as possible.
. "$TOP/tests/lib/tap.sh"
. "$TOP/tests/lib/leakcheck.sh"

# new ID [create options]: a stopped container from the embedded template, or the end of the file.
new() {
	vzctl create "$@" --ostemplate vz-base >/tmp/make.out 2>&1 </dev/null ||
		bail "create $1" "status $?" "$(cat /tmp/make.out)"
}

# up ID [create options]: a running one.
up() {
	new "$@"
	vzctl start "$1" >/tmp/make.out 2>&1 </dev/null || bail "start $1" "status $?" "$(cat /tmp/make.out)"
}

# template_tree NAME: a directory that shows the files of a template, whatever the store keeps them in. template_trees_done
# before the file's end.
template_tree() {
	local s d
	s=$(vztmpl info "$1" | sed -n 's/^SHA-256: *//p') d=/vz/template/store/sha256/${s:0:2}/$s
	[ -n "$s" ] && [ -e "$d/image" ] || { echo "$d/tree"; return; }
	mkdir -p "/tmp/trees/$s"
	mountpoint -q "/tmp/trees/$s" || mount -t erofs -o loop,ro "$d/image/data" "/tmp/trees/$s"
	echo "/tmp/trees/$s"
}
template_trees_done() {
	[ ! -d /tmp/trees ] || { umount /tmp/trees/* && rm -r /tmp/trees; }
}

# half_made: what makers left in the templates' directory. A collector of garbage, which any verb sends into the background,
# works there too, and is waited for.
half_made() {
	local i
	for i in $(seq 400); do
		[ -n "$(ls /vz/template/tmp 2>/dev/null)" ] || return 0
		sleep 0.1
	done
	ls /vz/template/tmp
}

# gone ID...: stops and destroys, whatever the state; quiet.
gone() {
	local id
	for id; do
		vzctl --quiet stop "$id" --fast >/dev/null 2>&1 </dev/null
		vzctl --quiet destroy "$id" >/dev/null 2>&1 </dev/null
	done
}

# in_ct ID CMD: the output of a shell command inside.
in_ct() {
	vzctl exec2 "$@" 2>&1 </dev/null
}

# settled ID: the base template's boot has processes that end by themselves; once its getty runs and those are gone nothing
# changes any more.
settled() {
	soon "the start-up of $1 is through" 40 is_settled "$1"
}
is_settled() {
	vzctl exec "$1" 'ps | grep -q "[g]etty" && ! ps | grep -q "[t]imeout"' </dev/null
}

# between TEXT N LOW HIGH: a number within bounds.
between() {
	[ "$2" -ge "$3" ] && [ "$2" -le "$4" ] && pass "$1" || fail "$1" "got $2, wanted $3 to $4"
}

# Pids, as the runtime state has them.
init_of() {
	sed -n 's/^INIT_PID="*\([0-9]*\).*/\1/p' "/run/vz/$1/state"
}

monitor_of() {
	local n
	for n in $(seq 800); do		# written by the monitor itself, a moment after the start
		[ -s "/run/vz/$1/monitor.pid" ] && break
		sleep 0.05
	done
	cat "/run/vz/$1/monitor.pid"
}

# kib FIELD ID: a column of vzlist as a bare number.
field() {
	vzlist -a -H -o "$1" "$2" 2>/dev/null | tr -d ' '
}

outside() {
	nsenter -t "$OUTSIDE" -n "$@"
}
