# SPDX-License-Identifier: GPL-2.0-or-later
# Who may what, with real containers: tokens and their end, two tenants that must not see each other, quotas, a suspended
# tenant, rates and guessing, the audit; and that no secret is on any disk.
# seconds: 240
. "$TOP/tests/integration/vzd_lib.sh"
auth() {
	python3 "$TOP/tests/lib/vzd_auth.py" "$@"
}
# token OPTION...: makes one as root; TOKEN is its text, ID its id.
token() {
	TOKEN=$(vzadm --json token add "$@" | jq -r .token)
	ID=${TOKEN:4:12}
	secrets+=("${TOKEN:17}")
}
# as TOKEN COMMAND...: vzadm as this one.
as() {
	echo "$1" >/tmp/auth.token
	shift
	vzadm --token-file /tmp/auth.token "$@"
}
state_of() {
	vzadm --json call GET "/v1/cts/$1/state" | jq -r .state
}
is_state() {
	[ "$(state_of "$1")" = "$2" ]
}
secrets=()
: >/tmp/auth.begun
up 901 --owner acme
up 902 --owner beta
new 903
vzd_up 'API_RATE="1000"' 'API_BURST="2000"'

ok "a tenant" vzadm tenant add acme --title "Acme Ltd" --cts 3 --memory 8G
ok "another" vzadm tenant add beta
rc "a second of that name" 1 vzadm tenant add acme
like "says which" "$TAP_OUT" "there is a tenant 'acme' already"
rc "a name that is none" 1 vzadm tenant add 'Acme!'
like "the list" "$(vzadm tenant list)" $'acme +Acme Ltd +1 +3 .*8589934592'
rc "a role that is none" 1 vzadm token add --role king
like "says which there are" "$TAP_OUT" 'viewer'
rc "an option that is none" 2 vzadm token add --colour red

token --role tenant-admin --tenant acme --description "panel of acme"
acme=$TOKEN acme_id=$ID
token --role tenant-admin --tenant beta
beta_id=$ID
token --role viewer
viewer=$TOKEN
token --role operator --ct 901 --expires 1h --from 192.0.2.0/24
narrow=$TOKEN
like "the list of tokens" "$(vzadm token list)" "$acme_id +tenant-admin +acme .*panel of acme"
is "it holds no secret" "$(vzadm token list | grep -cFf <(printf '%s\n' "${secrets[@]}"))" 0
like "who he is" "$(as "$acme" whoami)" "principal: +token:$acme_id"

# One tenant and the other's things, every route that there is.
beta_job=$(vzadm --json call POST /v1/cts/902/restart '{}' | jq -r .id)
soon "a job of beta's" 20 vzadm job "$beta_job" --wait
beta_hook=$(vzadm --json webhook add --url https://example.com/ --tenant beta | jq -r .id)
ok "every route on another tenant's container is 404" auth foreign "$acme" ct=902 snapshot=11111111-2222-4333-8444-555555555555
echo "# $TAP_OUT routes"
ok "on one that is nobody's as well" auth foreign "$acme" ct=903
ok "on another's tenant" auth foreign "$acme" tenant=beta
ok "on another's token" auth foreign "$acme" token="$beta_id"
ok "on another's webhook" auth foreign "$acme" webhook="$beta_hook"
rc "on another's job" 1 as "$acme" job "$beta_job"
like "not found" "$TAP_OUT" 'there is no'
is "he lists his own containers only" "$(as "$acme" call GET /v1/cts | jq -c '[.items[].ctid]')" '[901]'
is "and his own tenant" "$(as "$acme" --json tenant list | jq -c '[.[].name]')" '["acme"]'
like "events too" "$(vzctl --quiet stop 902 --fast; vzctl --quiet stop 901 --fast; for n in $(seq 100); do as "$acme" events | grep -q "CT 901" && break; sleep 0.2; done; as "$acme" events)" 'CT 901'
is "not those of others" "$(as "$acme" events | grep -c 'CT 902')" 0
vzctl --quiet start 901
soon "it runs" 5 is_state 901 running

# What each may.
ok "a viewer changes nothing, by any route" auth readonly "$viewer" ct=901 tenant=acme token="$acme_id" template=vz-base \
	operation="$beta_job" webhook="$beta_hook" snapshot=11111111-2222-4333-8444-555555555555
echo "# $TAP_OUT routes"
cli() {	# TOKEN WORD ID: the status of vzctl's words over the API
	as "$1" call POST /v1/cli "{\"argv\":[\"$2\",\"$3\"]}" >/dev/null 2>&1
	echo $?
}
is "nor by vzctl's words" "$(for w in stop start restart destroy umount set exec unregister; do cli "$viewer" $w 901; done | sort -u)" 12
is "another's container is not there for them" "$(cli "$acme" stop 902)" 14
rc "from another address than its own" 1 as "$narrow" whoami
like "in the words for every wrong token" "$TAP_OUT" 'this token is not valid'
ok "a tenant's administrator makes a token" as "$acme" token add --role viewer
rc "not for another tenant" 1 as "$acme" token add --role viewer --tenant beta
rc "not of what he lacks" 1 as "$acme" token add --scopes node:write
rc "nor raises his limits" 1 as "$acme" tenant set acme --cts none
rc "nor gives his container away" 1 as "$acme" call PATCH /v1/cts/901 '{"owner":"beta"}'

# The end of tokens.
token --role viewer
ok "revoked: an open stream ends at once" auth stream "$TOKEN" DELETE "/v1/tokens/$ID"
token --role viewer
ok "rotated: likewise" auth stream "$TOKEN" POST "/v1/tokens/$ID/rotate"
token --role viewer --expires 4s
ok "expired: likewise" timeout 60 python3 "$TOP/tests/lib/vzd_auth.py" expiring "$TOKEN"

# Quotas: three containers, one is there.
body='{"template":"vz-base","config":{"ram":"512M","diskspace":"1G"}}'
is "five creates at once: two fit" "$(auth parallel "$acme" 5 "$body")" 2
own() {
	[ "$(as "$acme" --json tenant show acme | jq .used.cts)" = "$1" ]
}
soon "they are there" 60 own 3
rc "one more" 1 as "$acme" call POST /v1/cts "$body"
like "limit, used, requested" "$TAP_OUT" '"resource":"cts","limit":3,"used":3,"requested":1'
ok "a limit is lifted" vzadm tenant set acme --cts none --memory 2G
rc "memory is a limit too" 1 as "$acme" call PATCH /v1/cts/901 '{"config":{"ram":"4G"}}'
like "it says so" "$TAP_OUT" 'memory: limit 2147483648'

vzadm tenant set acme --disk 10G >/dev/null
rc "no limit of disk space is more than any limit" 1 as "$acme" call POST /v1/cts '{"template":"vz-base","config":{"ram":"16M"}}'
like "it says so" "$TAP_OUT" 'disk: limit 10737418240'

rc "nor is an unlimited one" 1 as "$acme" call POST /v1/cts '{"template":"vz-base","config":{"ram":"16M","diskspace":"unlimited"}}'

# Suspended.
rc "a tenant with containers stays" 1 vzadm tenant rm acme
ok "suspended" vzadm tenant suspend acme --reason unpaid --wait
is "its container is stopped" "$(state_of 901)" stopped
is "the other's is as it was" "$(state_of 902)" stopped
ok "its tokens look" as "$acme" call GET /v1/cts/901
rc "and change nothing" 1 as "$acme" call PUT /v1/cts/901/state '{"target":"running"}'
like "they are told" "$TAP_OUT" 'suspended'
rc "nobody starts it over the API" 1 vzadm call PUT /v1/cts/901/state '{"target":"running"}'
like "root is told why" "$TAP_OUT" 'suspended'
ok "resumed" vzadm tenant unsuspend acme
ok "it starts again" as "$acme" call PUT /v1/cts/901/state '{"target":"running"}'
soon "it runs" 20 is_state 901 running

# vzd is killed right after an answer: what was answered holds.
token --role viewer
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
vzd_up 'API_RATE="5"' 'API_BURST="10"'
ok "kill -9: a new token is there" as "$TOKEN" whoami
vzadm token revoke "$ID"
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
vzd_up 'API_RATE="5"' 'API_BURST="10"'
rc "kill -9: a revoked one is gone" 1 as "$TOKEN" whoami

# Rates.
ok "a burst of 30: ten pass" auth burst "$viewer" 30 10 5
echo "# $TAP_OUT"
ok "root is not slowed down" sh -c 'for i in $(seq 30); do vzadm whoami >/dev/null || exit 1; done'
sleep 3
ok "guessing is slowed down, right tokens are not" auth guess "$acme"

# The audit: who did what, refusals too, one line each.
audit=$(vzadm --json audit)
for line in "root POST /v1/tenants 201" "root POST /v1/tokens 201" "token:$acme_id POST /v1/tokens 201" \
	"token:$acme_id POST /v1/tokens 400" "token:$acme_id PATCH /v1/tenants/acme 403" "token:$acme_id POST /v1/cts 202" \
	"token:$acme_id POST /v1/cts 403" "root PUT /v1/tenants/acme/suspended 202" \
	"token:$acme_id PUT /v1/cts/901/state 403"; do
	[ "$(jq -r '.[] | "\(.principal) \(.verb) \(.path) \(.status)"' <<<"$audit" | grep -cxF "$line")" -ge 1 ] &&
		pass "audit: $line" || fail "audit: $line"
done
is "each tenant once" "$(jq '[.[] | select(.path == "/v1/tenants" and .status == 201)] | length' <<<"$audit")" 2
is "on the log as well" "$(grep -c 'audit: root from local: POST /v1/tenants: 201' "$VZD_LOG")" 2
is "also of what was done just before a kill -9" "$(grep -c "audit: root from local: DELETE /v1/tokens/$ID: 204" "$VZD_LOG")" 1
is "by principal" "$(vzadm --json audit --principal "token:$acme_id" | jq -r '[.[].principal] | unique[]')" "token:$acme_id"
is "a tenant reads what its own did" "$(as "$acme" --json audit | jq -r '[.[].tenant] | unique[]')" acme

rm -f /tmp/auth.token
printf '%s\n' "${secrets[@]}" | tee /tmp/auth.secrets >/root/auth.probe
hits=$(find /etc /var /run /root /vz/private "$VZD_LOG" -type f -newer /tmp/auth.begun -exec grep -lFf /tmp/auth.secrets {} + 2>/dev/null)
is "no secret is on any disk, nor on the log; one that is would be found" "$hits" /root/auth.probe
[ "${#secrets[@]}" -ge 8 ] && pass "there were some" || fail "there were some"

rm -f /tmp/auth.* /root/auth.probe
vzd_down
gone 901 902 903 $(vzlist -a -H -o ctid)
vzd_sweep
