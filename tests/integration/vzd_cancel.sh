# SPDX-License-Identifier: GPL-2.0-or-later
# Long work over the API is cancelled in the middle: it ends, and nothing half-made stays.
. "$TOP/tests/integration/vzd_lib.sh"

vzd_up
new 921 --diskspace 2G
vzctl mount 921 >/dev/null 2>&1
head -c 60000000 /dev/urandom >/vz/root/921/srv/noise
vzctl umount 921 >/dev/null 2>&1
vzctl backup 921 >/dev/null 2>&1
name=$(basename /vz/dump/vzdump-openvz-921-*)
vzrestore /vz/dump/$name --stdout --quiet 2>/dev/null | zstd -q -1 >/tmp/big.tar.zst
sum=$(sha256sum </tmp/big.tar.zst | cut -c1-64)
begun() { [ "$(api GET "/v1/operations/$1" | jq -r .state)" != queued ]; }
ended() { case $(api GET "/v1/operations/$1?wait=5" | jq -r .state) in done | failed | cancelled) ;; *) return 1 ;; esac; }
traces() { ls -dA /vz/private/* /vz/private/*.tmp /vz/dump/* /etc/vz/conf/[0-9]*.conf /var/lib/vz/intent/* /vz/template/cache/* /vz/template/tmp/* 2>/dev/null; }
half_made >/dev/null
before=$(traces)
# cancelled TEXT VERB PATH BODY: it may have been quicker, but then it is whole, and taken away again.
cancelled() {
	local op state
	op=$(api "$2" "$3" "$4" | jq -r .id)
	soon "$1 begins" 20 begun "$op"
	sleep 0.0$((RANDOM % 9 + 1))
	api DELETE "/v1/operations/$op" >/dev/null
	soon "$1 is asked to end, and ends" 30 ended "$op"
	state=$(api GET "/v1/operations/$op" | jq -r .state)
	like "$1: its state" "$state" '^(cancelled|done)$'
	[ "$state" = cancelled ] || echo "# $1 was quicker"
	[ "$state" = cancelled ] || $5
	soon "$1 leaves nothing" 20 clean
}
clean() { [ "$(traces)" = "$before" ] || { diff <(echo "$before") <(traces); false; }; }
newer() { find /vz/dump -type f ! -name "$name*" -delete; }
back() { vzctl convert 921 --layout overlay >/dev/null 2>&1; rm -rf /vz/private/921.dir /vz/private/921.overlay; }
cancelled "a full clone" POST /v1/cts/921/clone '{"ctid":922,"mode":"full"}' "gone 922"
cancelled "a restore" POST "/v1/backups/$name/restore" '{"ctid":922}' "gone 922"
cancelled "a conversion" POST /v1/cts/921/convert '{"layout":"dir"}' back
cancelled "a backup" POST /v1/cts/921/backups '{"bwlimit":20000}' newer
cancelled "a template" POST /v1/templates/import "{\"source\":\"/tmp/big.tar.zst\",\"name\":\"big\",\"sha256\":\"$sum\"}" "vztmpl rm big"
ok "the container is whole" vzctl start 921
is "with its file" "$(in_ct 921 'wc -c </srv/noise' | tr -d ' ')" 60000000
gone 921
rm -f /tmp/big.tar.zst /vz/dump/vzdump-openvz-* /etc/vz/backup.key
vzd_down
vzd_sweep
vztmpl gc >/dev/null
