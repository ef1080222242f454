# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots and clones over vzd's API: a tenant's own, within its limits.
. "$TOP/tests/integration/vzd_lib.sh"
# as VERB PATH [BODY]: the tenant's call, after its job's end.
as() { vzadm --token-file /tmp/snap.token call "$@" 2>&1; }
# job JSON: waits for the operation in an answer, if it is one; its state.
job() {
	local id n state=
	id=$(jq -r 'select(.kind?) | .id' <<<"$1" 2>/dev/null)
	for n in $(seq 400); do
		state=$(api GET "/v1/operations/$id" | jq -r .state)
		case $state in running | queued) sleep 0.1 ;; *) break ;; esac
	done
	echo "$state"
}
snaps() { as GET /v1/cts/101/snapshots | jq -r "$1"; }
count() { snaps '.items | length'; }
is_count() { [ "$(count)" = "$1" ]; }
used() { [ "$(api GET /v1/tenants/acme | jq .used.snapshots)" = "$1" ]; }

new 101 --ipadd 10.77.9.5 --owner acme --ram 256M
new 102
vzd_up "API_LISTEN=\"$API\"" 'API_RATE="1000"' 'API_BURST="2000"'
vzadm tenant add acme --cts 2 --snapshots 2 >/dev/null
vzadm --json token add --role tenant-admin --tenant acme | jq -r .token >/tmp/snap.token

is "none at first" "$(count)" 0
is "a snapshot" "$(job "$(as POST /v1/cts/101/snapshots '{"name":"one","description":"--skip"}')")" done
soon "is listed" 10 is_count 1
one=$(snaps '.items[0].guid')
is "as vzctl has it" "$(vzctl snapshot-list 101 -H -o uuid,name | tr -s ' ')" "{$one} one "
is "one by its id" "$(as GET "/v1/cts/101/snapshots/$one" | jq -c '[.name,.description,.parent,.current]')" '["one","--skip",null,true]'
like "in capitals and braces" "$(as GET "/v1/cts/101/snapshots/%7B${one^^}%7D")" "$one"
soon "it counts" 10 used 1
like "an id that is none" "$(as GET /v1/cts/101/snapshots/x)" 'has no snapshot x'
ok "one by the command" vzctl snapshot 101 --name two
soon "counts as well" 10 used 2
two=$(snaps '.items[1].guid')
is "and stands on the first" "$(snaps '.items[1].parent')" "$one"
is "pages" "$(as GET '/v1/cts/101/snapshots?limit=1' | jq -r '[.items[].guid, (.next != null)] | @csv')" "\"$one\",true"
full=$(as POST /v1/cts/101/snapshots '{"name":"three"}')
like "a third is above the limit" "$full" 'snapshots: limit 2, used 2, requested 1'
is "and is not there" "$(count)" 2
like "nor by vzctl from elsewhere" "$(as POST /v1/cli '{"argv":["snapshot","101"]}')" 'snapshots: limit 2'
like "another's container is not there" "$(as GET /v1/cts/102/snapshots)" 'not-found|no container'
like "nor to be kept" "$(as POST /v1/cts/102/snapshots '{}')" 'not-found|no container'
like "nor to be cloned" "$(as POST /v1/cts/102/clone '{}')" 'not-found|no container'
like "a mount is the host's" "$(as POST "/v1/cts/101/snapshots/$one/mount" '{"target":"/mnt"}')" 'forbidden|node:write'

ok "less memory" vzctl set 101 --ram 128M --save
now=$(grep PHYSPAGES /etc/vz/conf/101.conf)
like "a tenant does not bring the old one back" "$(as POST "/v1/cts/101/snapshots/$one/switch" '{"config":true}')" 'node:write'
is "but goes back" "$(job "$(as POST "/v1/cts/101/snapshots/$one/switch" '{}')")" done
soon "and is there" 10 sh -c "vzctl snapshot-list 101 -H -o current,uuid | grep -q '^\* {$one}'"
is "with the limits of now" "$(grep PHYSPAGES /etc/vz/conf/101.conf)" "$now"
https_up
pin="sha256//$(openssl x509 -in /etc/vz/vzd/cert.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)"
mkdir -p /root/.config/vz
(umask 077; printf 'TOKEN="%s"\nPIN="%s"\n' "$(cat /tmp/snap.token)" "$pin" >/root/.config/vz/127.0.0.1.conf)
soon "vzctl from elsewhere" 10 vzctl --host "$API" status 101
ok "goes back as well" vzctl --host "$API" snapshot-switch 101 --id "$one"
is "with the limits of now, again" "$(grep PHYSPAGES /etc/vz/conf/101.conf)" "$now"
like "and takes none above the limit" "$(vzctl --host "$API" snapshot 101 2>&1; echo "$?")" $'limit 2, used 2, requested 1.*\n[1-9]'
is "two stay" "$(count)" 2
is "an administrator brings it back" "$(job "$(api POST "/v1/cts/101/snapshots/$one/switch" '{}')")" done
soon "with the old limits" 10 sh -c "! grep -qF '$now' /etc/vz/conf/101.conf"
like "its owner stays" "$(cat /etc/vz/conf/101.conf)" 'OWNER="acme"'
mkdir -p /tmp/at
is "mounted" "$(job "$(api POST "/v1/cts/101/snapshots/$one/mount" '{"target":"/tmp/at"}')")" done
soon "to be read" 10 test -e /tmp/at/etc
is "unmounted" "$(job "$(api POST "/v1/cts/101/snapshots/$one/umount" '{}')")" done
soon "and away" 10 sh -c '! mountpoint -q /tmp/at'
is "one goes" "$(job "$(as DELETE "/v1/cts/101/snapshots/$two")")" done
soon "and counts no more" 10 used 1

clone=$(as POST /v1/cts/101/clone '{"ctid":103,"mode":"linked","hostname":"twin"}')
soon "a linked clone" 20 grep -q '^HOSTNAME="twin"' /etc/vz/conf/103.conf
like "is the tenant's" "$(cat /etc/vz/conf/103.conf)" 'OWNER="acme"'
soon "is listed" 10 sh -c 'vzadm --token-file /tmp/snap.token call GET /v1/cts/103 | grep -q twin'
is "without the address" "$(as GET /v1/cts/103 | jq -c .addresses)" '[]'
like "no third container" "$(as POST /v1/cts/101/clone '{}')" 'cts: limit 2'
like "an id that is taken" "$(as POST /v1/cts/101/clone '{"ctid":101}')" 'exists|there is a container'
gone 101 102 103
vzd_down
vzd_sweep
rm -rf /tmp/at /tmp/snap.token /root/.config/vz/127.0.0.1.conf
