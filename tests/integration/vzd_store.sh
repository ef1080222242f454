# SPDX-License-Identifier: GPL-2.0-or-later
# Layouts, compaction and packages over vzd's API.
. "$TOP/tests/integration/vzd_lib.sh"
# done_of JSON: waits for the operation in an answer, or takes the object that a quick one answered with; what it came to.
done_of() {
	local id n state
	id=$(jq -r 'select(.kind?) | .id' <<<"$1" 2>/dev/null)
	[ -n "$id" ] || { echo "$1"; return; }
	for n in $(seq 600); do
		state=$(api GET "/v1/operations/$id")
		case $(jq -r .state <<<"$state") in running | queued) sleep 0.1 ;; *) break ;; esac
	done
	echo "$state"
	jq -r '.result? | objects | .stdout_b64, .stderr_b64 | @base64d' <<<"$state" 2>/dev/null
}

new 111
vzctl set 111 --diskspace 256M --save >/dev/null
vzctl start 111 >/dev/null
new 112
vzctl exec 111 'echo kept >/root/mark; chmod 640 /root/mark' >/dev/null
vzd_up 'API_RATE="1000"' 'API_BURST="2000"'

like "not while it runs" "$(api POST /v1/cts/111/convert '{"layout":"dir"}')" 'Container is not stopped'
ok "a command for it" vzctl stop 111 --fast
soon "which vzd sees" 20 sh -c '[ "$(vzadm call GET /v1/cts/111 | jq -r .state)" = stopped ]'
for layout in image dir overlay; do
	# An answer or an operation; either way the container has the layout then.
	out=$(done_of "$(api POST /v1/cts/111/convert "{\"layout\":\"$layout\"}")")
	soon "layout $layout" 20 sh -c "[ \"\$(vzadm call GET /v1/cts/111 | jq -r .layout)\" = $layout ]"
	like "is in its file" "$(cat /etc/vz/conf/111.conf)" "VE_LAYOUT=\"$layout"
	[ "$layout" != image ] || like "space is given back" "$(done_of "$(api POST /v1/cts/111/compact '{}')")" '"state": *"done"'
	rm -rf /vz/private/111.*
done
said=$(VZ_JOB=1 vzctl convert 111 --layout dir)
like "a job hears how far it is" "$said" 'progress [0-9]+%.*progress 100%'
is "and never less than before" "$(grep -o '^progress [0-9]*' <<<"$said" | sort -c -n -k 2 2>&1)" ''
ok "back" vzctl convert 111 --layout overlay
rm -rf /vz/private/111.*
like "a failure is told" "$(done_of "$(api POST /v1/cts/111/convert '{"layout":"overlay"}')")" 'already|failed'
limits=$(api GET /v1/cts/111/userlimits)
like "nobody counts users in layout overlay" "$limits" '"active": *false.*"reason": *".*layout'
printf 'ugid_quota_status:\t1\nugid_number:\t1\nugid:\t1000\t0\t0\t1024\t0\t10\n' >/etc/vz/conf/111.ugid
limits=$(api GET /v1/cts/111/userlimits)
is "but those that are kept are shown" "$(jq -c '.items[0] | [.kind, .id, .hard_bytes, .used_bytes]' <<<"$limits")" '["user",1000,1048576,null]'
like "with where they are" "$limits" '"active": *false.*kept in /etc/vz/conf/111.ugid'
rm /etc/vz/conf/111.ugid
like "so none can have a limit, with the reason" \
	"$(done_of "$(api PUT /v1/cts/111/userlimits/users/1000 '{"hard_bytes":1048576}')")" '"exit_code": *9|layout'
like "users or groups" "$(api PUT /v1/cts/111/userlimits/pets/1 '{}')" 'not-found'
like "with a number" "$(api PUT /v1/cts/111/userlimits/users/bob '{}')" 'not-found'
like "grace needs times" "$(api PUT /v1/cts/111/usergrace/users '{"bytes_seconds":60}')" 'invalid-field'
ok "start" vzctl start 111
soon "seen, too" 20 sh -c '[ "$(vzadm call GET /v1/cts/111 | jq -r .state)" = running ]'
is "its files are there" "$(in_ct 111 'cat /root/mark; stat -c %a /root/mark')" $'kept\n640'

vzctl exec 111 "printf '#!/bin/sh\necho \"called: \$*\"\n' >/bin/apk; chmod 755 /bin/apk" >/dev/null
like "a package manager's output is the result" "$(done_of "$(api POST /v1/cts/111/packages '{"action":"install","packages":["one","two"]}')")" \
	'called: .*one two'
like "none in one that is down" "$(api POST /v1/cts/112/packages '{"action":"list"}')" 'not running'
vzctl exec 111 'rm /bin/apk' >/dev/null
like "no manager inside" "$(done_of "$(api POST /v1/cts/111/packages '{"action":"update"}')")" 'no package manager inside'
gone 111 112
vzd_down
vzd_sweep
