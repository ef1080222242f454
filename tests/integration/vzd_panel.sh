# SPDX-License-Identifier: GPL-2.0-or-later
# A hosting panel's module (tests/lib/panel.py) takes a customer through his whole life, over HTTPS with a token.
. "$TOP/tests/integration/vzd_lib.sh"

vzd_up "API_LISTEN=\"$API\""
token=$(vzadm token add --role admin --description "panel" | grep -o -m1 'vz1_[A-Za-z0-9_-]*' | head -n 1)
like "an administrator makes a token" "$token" '^vz1_'
for n in $(seq 400); do
	curl -s --cacert /etc/vz/vzd/cert.pem -k -o /dev/null "https://$API/v1" && break
	sleep 0.1
done
python3 "$TOP/tests/lib/panel.py" "https://$API" /etc/vz/vzd/cert.pem "$token" acme vz-base 10.77.0.50 >"$VZTEST_DIR/panel.tap" 2>&1
while read -r line; do
	case $line in
	"ok - "*) pass "${line#ok - }" ;;
	"not ok - "*) fail "${line#not ok - }" ;;
	*) echo "$line" ;;
	esac
done <"$VZTEST_DIR/panel.tap"
changes=$(vzadm call GET '/v1/audit?limit=500' | jq '[.items[] | select(.principal | startswith("token:"))] | length')
[ "$changes" -ge 12 ] && pass "the audit has every change of the panel's token" || fail "the audit has every change" "$changes lines"
vzd_down
vzd_sweep
