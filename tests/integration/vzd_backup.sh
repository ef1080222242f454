# SPDX-License-Identifier: GPL-2.0-or-later
# Backups over vzd's API: made with progress, cancelled, listed, checked, restored, removed; a tenant's limit, and another tenant.
# seconds: 40
. "$TOP/tests/integration/vzd_lib.sh"

vzd_up
as() { echo "$1" >/tmp/bk.token; shift; vzadm --token-file /tmp/bk.token call "$@" 2>&1; }
state() { api GET "/v1/operations/$1" | jq -r .state; }
ended() { case $(api GET "/v1/operations/$1?wait=5" | jq -r .state) in done | failed | cancelled) ;; *) return 1 ;; esac; }
percent() { [ "$(api GET "/v1/operations/$1" | jq -r '.progress.percent // 0')" -gt 0 ]; }

api POST /v1/tenants '{"name":"acme","limits":{"backups":2}}' >/dev/null
api POST /v1/tenants '{"name":"beta"}' >/dev/null
new 931 --diskspace 1G
vzctl set 931 --owner acme --save >/dev/null
vzctl mount 931 >/dev/null 2>&1
head -c 24000000 /dev/urandom >/vz/root/931/srv/noise
echo kept >/vz/root/931/srv/word
vzctl umount 931 >/dev/null 2>&1
is "nothing yet" "$(api GET /v1/backups | jq -c .items)" "[]"

# slow enough to be seen, and cancelled
op=$(api POST /v1/cts/931/backups '{"bwlimit":4000}' | jq -r .id)
soon "progress" 15 percent "$op"
api DELETE "/v1/operations/$op" >/dev/null
soon "cancelled" 10 ended "$op"
is "which is its state" "$(state "$op")" cancelled
is "it leaves nothing" "$(ls -A /vz/dump | grep -c vzdump)" 0

op=$(api POST /v1/cts/931/backups '{}' | jq -r .id)
soon "a backup" 20 ended "$op"
is "is done" "$(state "$op")" done
name=$(api GET /v1/backups?ctid=931 | jq -r '.items[0].name')
like "its name" "$name" '^vzdump-openvz-931-.*[.]tar[.]zst$'
is "whose it is" "$(api GET "/v1/backups/$name" | jq -r '"\(.owner) \(.kind) \(.sealed)"')" "acme whole true"
op=$(api POST "/v1/backups/$name/check" '{}' | jq -r .id)
soon "a check" 20 ended "$op"
is "finds it whole" "$(state "$op")" done
op=$(api POST /v1/cts/931/backups '{"incremental":true}' | jq -r .id)
soon "an incremental one" 20 ended "$op"
is "builds on it" "$(api GET /v1/backups | jq -r '.items[].builds_on | strings')" "$name"
is "the tenant's use shows them" "$(api GET /v1/tenants/acme | jq -c .used.backups) $(api GET /v1/tenants | jq -c '[.items[].used.backups]')" "2 [2,0]"
like "a third is above the limit" "$(api POST /v1/cts/931/backups '{}')" 'backups: limit 2, used 2, requested 1'
is "one that is needed stays" "$(api DELETE "/v1/backups/$name" | op_state)" failed

# another tenant, and one who has the id by now
vzctl set 931 --owner beta --save >/dev/null
acme=$(api POST /v1/tokens '{"role":"tenant-admin","tenant":"acme"}' | jq -r .token)
beta=$(api POST /v1/tokens '{"role":"tenant-admin","tenant":"beta"}' | jq -r .token)
is "the owner of then sees both" "$(as "$acme" GET /v1/backups | jq '.items | length')" 2
is "the owner of now sees none" "$(as "$beta" GET /v1/backups | jq '.items | length')" 0
like "nor restores one" "$(as "$beta" POST "/v1/backups/$name/restore" '{"ctid":932}')" 'no such archive'

op=$(as "$acme" POST "/v1/backups/$name/restore" '{"ctid":932,"layout":"dir"}' | jq -r .id)
soon "a restore by the owner" 20 ended "$op"
is "is done" "$(state "$op")" done
like "in that layout, his" "$(grep -h 'VE_LAYOUT\|OWNER' /etc/vz/conf/932.conf | sort | tr '\n' ' ')" 'OWNER="acme" VE_LAYOUT="dir"'
is "with the file" "$(cat /vz/private/932/srv/word)" kept
like "no path gets through" "$(api GET '/v1/backups/..%2f..%2fetc%2fpasswd')" '40[04]|not-found|no such'
last=$(api GET /v1/backups | jq -r '.items[] | select(.builds_on) | .name')
op=$(as "$acme" DELETE "/v1/backups/$last" | jq -r .id)
soon "a removal" 10 ended "$op"
is "took it away" "$(api GET /v1/backups | jq -r '.items[].name')" "$name"
# a thousand archives: the loop reads a page
for i in $(seq 1000); do ln /vz/dump/$name "/vz/dump/vzdump-openvz-$((2000 + i))-2020_01_01-00_00_00.tar.zst"; done
n=0 next= pages=0
while :; do
	page=$(api GET "/v1/backups?limit=100$next")
	n=$((n + $(jq '.items | length' <<<"$page"))) pages=$((pages + 1))
	next=$(jq -r '.next // empty' <<<"$page")
	[ -n "$next" ] && [ $pages -lt 20 ] || break
	next="&cursor=$next"
done
is "all are on eleven pages" "$n $pages" "1001 11"
is "and counted" "$(api GET /v1/tenants/acme | jq -c .used.backups)" 1001

# a backup that had stopped its container was killed
: >/var/lib/vz/intent/931.restart
becomes "vzd starts it again" running field status 931
gone 931 932
rm -f /vz/dump/vzdump-openvz-* /etc/vz/backup.key
vzd_down
vzd_sweep
