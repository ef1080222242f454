# SPDX-License-Identifier: GPL-2.0-or-later
# Every route of the API as its description has it: answers, what is refused, who may what (tests/api/walk.py), and the
# examples of changes as operations with their keys.
# seconds: 150
. "$TOP/tests/integration/vzd_lib.sh"

up 101
vzctl set 101 --name www --onboot yes --save >/dev/null
vzd_up "API_LISTEN=\"$API\"" 'API_RATE="0"'

token_of() {	# VZADM-TOKEN-ADD-ARG...
	vzadm token add "$@" | grep -o -m1 'vz1_[A-Za-z0-9_-]*' | head -n 1
}

api POST /v1/tenants '{"name":"owner"}' >/dev/null
api POST /v1/tenants '{"name":"stranger"}' >/dev/null
api PATCH /v1/cts/101 '{"owner":"owner"}' >/dev/null
hook=$(api POST /v1/webhooks '{"url":"http://192.0.2.1/","tenant":"owner","enabled":false}' | jq -r .id)
vzfw group create web >/dev/null
vznetcfg br new apibr >/dev/null
vzctl snapshot 101 --id 11111111-2222-4333-8444-555555555555 --name walk >/dev/null
mkdir /vz/apipool && vzpool create /vz/apipool >/dev/null
is "a pool is attached" "$(api POST /v1/pools '{"name":"web","source":"/vz/apipool"}' | op_state)" done
is "and listed" "$(api GET /v1/pools | jq -r '.items[0] | .name + " " + .kind + " " + .source')" "web directory /vz/apipool"
is "checked" "$(api POST /v1/pools/web/check | op_state)" done
is "verified" "$(api POST /v1/pools/web/verify | op_state)" done
is "one that is none fails" "$(api POST /v1/pools '{"name":"x","source":"/etc"}' | op_state)" failed
is "an image of a template" "$(api POST /v1/templates/vz-base/image '{"format":"erofs"}' | op_state)" done
is "and no longer" "$(api POST /v1/templates/vz-base/image '{"format":"none"}' | op_state)" done
is "a backup" "$(api POST /v1/cts/101/backups | op_state)" done
backup=$(api GET /v1/backups | jq -r '.items[0].name')
op=$(api POST /v1/cts/101/exec '{"argv":["echo","hello"]}' | jq -r .id)
like "an operation" "$op" '^j[0-9a-z]{19}$'
echo "{\"id\":\"$op\"}" | op_state >/dev/null
sleep 6		# a sample, a minute of history

jq -n --arg admin "$(token_of --role admin)" --arg viewer "$(token_of --role viewer)" \
	--arg owner "$(token_of --role tenant-admin --tenant owner)" --arg stranger "$(token_of --role tenant-admin --tenant stranger)" \
	--arg hook "$hook" --arg none "$(token_of --scopes template:read)" --arg op "$op" --arg token "$(api GET /v1/tokens | jq -r '.items[] | select(.tenant == "owner") | .id')" \
	--arg backup "$backup" --arg template "$(api GET /v1/templates | jq -r '.items[0].name')" \
	'{tokens: {admin: $admin, viewer: $viewer, owner: $owner, stranger: $stranger, none: $none},
	  names: {ct: "101", operation: $op, token: $token, tenant: "owner", webhook: $hook, template: $template, pool: "web", backup: $backup, snapshot: "11111111-2222-4333-8444-555555555555", group: "web", bridge: "apibr", from: "net", slug: "locked"}}' >"$VZTEST_DIR/context"
for n in $(seq 400); do
	curl -s -k -o /dev/null "https://$API/v1" && break
	sleep 0.1
done
python3 -B "$TOP/tests/api/walk.py" "https://$API" /etc/vz/vzd/cert.pem "$VZTEST_DIR/context" >"$VZTEST_DIR/walk.tap" 2>&1
rc=$?
while IFS= read -r line; do
	case $line in
	"ok - "*) pass "${line#ok - }" ;;
	"not ok - "*) fail "${line#not ok - }" ;;
	*) echo "$line" ;;
	esac
done <"$VZTEST_DIR/walk.tap"
grep -q '^ok' "$VZTEST_DIR/walk.tap" && [ $rc -le 1 ] || fail "the walk is done"

is "the document is that of vzd --openapi" "$(api GET /v1/openapi.json | jq -S . | sha256sum)" "$(vzd --openapi | jq -S . | sha256sum)"
is "the pool is detached" "$(api DELETE /v1/pools/web | op_state)" done
rm -f /vz/dump/vzdump-openvz-101-* /etc/vz/backup.key
vzd_down
gone 101
rm -rf /vz/apipool /etc/vz/pools /etc/vz/firewall
vzd_sweep
vznetcfg br del apibr >/dev/null
rmdir /etc/vz/bridges
