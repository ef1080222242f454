# SPDX-License-Identifier: GPL-2.0-or-later
# vzd for integration tests: started in the foreground in the background, stopped and swept at the end of the file.
. "$TOP/tests/integration/lib.sh"

API=127.0.0.1:8443
VZD_LOG=$VZTEST_DIR/${0##*/}.vzd.log

# vzd_up [KEY=VALUE...]: with these lines in vzd.conf.
vzd_up() {
	local n
	printf '%s\n' "$@" >/etc/vz/vzd.conf
	vzd -f >>"$VZD_LOG" 2>&1 </dev/null &
	VZD_PID=$!
	for n in $(seq 400); do
		vzadm call GET /v1/health >/dev/null 2>&1 && return
		kill -0 "$VZD_PID" 2>/dev/null || break
		sleep 0.1
	done
	bail "vzd starts" "$(tail -5 "$VZD_LOG")"
}

# https_up: waits until HTTPS is served, which a certificate may have to be made for.
https_up() {
	local n
	for n in $(seq 400); do
		curl -sk -m 5 -o /dev/null "https://$API/v1" && return
		sleep 0.1
	done
	bail "HTTPS is served" "$(tail -8 "$VZD_LOG")"
}

# api VERB PATH [BODY]: the answer of a call as root; API_RC is vzadm's status.
api() {
	vzadm call "$@" 2>&1
}

# op_state: how the operation on standard input ended.
op_state() {
	local id state n
	id=$(jq -r .id)
	for n in 1 2 3 4 5 6 7 8; do
		state=$(api GET "/v1/operations/$id?wait=20" | jq -r .state)
		case $state in queued | running) ;; *) break ;; esac
	done
	echo "$state"
}

# loop_free TEXT: no callback of the vzd that has just stopped held its loop up. The time that it waited for a processor does
# not count; a hypervisor that takes one away for a moment cannot be told from it, so two short ones are forgiven.
loop_free() {
	local said slow worst
	said=$(grep 'stopped after' "$VZD_LOG" | tail -n 1)
	read -r slow worst <<<"$(sed -n 's/.* calls, \([0-9]*\) slow, worst .* with \([0-9]*\) us.*/\1 \2/p' <<<"$said")"
	if [ "${slow:-9}" = 0 ] || { [ "${slow:-9}" -le 2 ] && [ "$worst" -lt 250000 ]; }; then
		pass "$1"
	else
		fail "$1" "$said"
	fi
}

vzd_down() {
	local n web
	kill "$VZD_PID" 2>/dev/null
	wait "$VZD_PID" 2>/dev/null
	web=$(head -n 1 /run/vz/vzweb.lock 2>/dev/null | cut -d' ' -f1)
	[ -z "$web" ] || kill "$web" 2>/dev/null
	for n in $(seq 400); do		# the two that vzd leaves behind: one was told to go, one sees its end
		{ [ -n "$web" ] && kill -0 "$web" 2>/dev/null; } || pgrep -x vz-hook >/dev/null || break
		sleep 0.1
	done
}

# What a host with vzd has and one without has not.
vzd_sweep() {
	rm -rf /run/vz/vzd /run/vz/exit /var/lib/vz/vzd /run/vz/*.sock /run/vz/vzd.lock /run/vz/vzweb.lock /etc/vz/vzd.conf /etc/vz/vzd
}
