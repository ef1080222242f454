# SPDX-License-Identifier: GPL-2.0-or-later
# Templates over the API: uploaded in pieces, pulled, saved, collected.
. "$TOP/tests/integration/vzd_lib.sh"

base=$(readlink -f /vz/template/cache/vz-base-*.tar.zst)
T=/tmp/vt; rm -rf $T; mkdir -p $T/srv /etc/vz/keys
vzd_up
sum=$(sha256sum <"$base" | cut -c1-64)
# wait JOB: its end; its state is the output
job() { local j=$1 n; for n in $(seq 400); do set -- "$(api GET /v1/operations/"$j" | jq -r .state)"; case $1 in running|queued|pending) sleep 0.1 ;; *) break ;; esac; done; echo "$1"; }
run() { api "$@" | jq -r '.id // .'; }

at=0
size=$(stat -c %s "$base")
while [ $at -lt "$size" ]; do
	piece=$(dd if="$base" bs=45000 skip=$((at / 45000)) count=1 status=none | base64 -w0)
	api PUT /v1/templates/up/upload "{\"offset\":$at,\"data\":\"$piece\"}" >$T/answer
	next=$(jq -r .offset $T/answer)
	[ "$next" -gt $at ] 2>/dev/null || break
	at=$next
done
is "an archive comes in pieces" "$at" "$size"
is "how far it is" "$(api GET /v1/templates/up/upload | jq .offset)" "$size"
like "a piece that does not fit" "$(api PUT /v1/templates/up/upload '{"offset":5,"data":"QUJD"}')" 'does not begin where the last one ended'
like "a name that is none" "$(api PUT /v1/templates/.x/upload '{"offset":0,"data":"QUJD"}')" "has no '/'"
like "data that is none" "$(api PUT /v1/templates/x/upload '{"offset":0,"data":"!!!!"}')" 'base64'
id=$(run POST /v1/templates/up/upload "{\"format\":\"tar.zst\",\"sha256\":\"$sum\"}")
like "becomes a template" "$(job "$id")" '^(succeeded|done)$'
is "which is listed" "$(api GET /v1/templates/up | jq -r .sha256)" "$sum"
is "with what is unusual in it" "$(api GET /v1/templates/up | jq -c .unusual)" "[]"
is "and was moved" "$(ls /vz/template/upload)" ""
api PUT /v1/templates/bad/upload '{"offset":0,"data":"QUJD"}' >/dev/null
id=$(run POST /v1/templates/bad/upload "{\"format\":\"tar.zst\",\"sha256\":\"$sum\"}")
is "another digest is refused" "$(job "$id")" failed
like "nothing was uploaded" "$(api POST /v1/templates/none/upload "{\"format\":\"tar\",\"sha256\":\"$sum\"}")" 'nothing was uploaded'

cp "$base" $T/srv/pulled.tar.zst
vztmpl keygen $T/me >/dev/null; cp $T/me.pub /etc/vz/keys/; vztmpl index $T/srv --sign $T/me.sec >/dev/null
(cd $T/srv && exec python3 -m http.server 18081 --bind 127.0.0.1) >/dev/null 2>&1 &
web=$!
soon "a web server" 10 curl -sf http://127.0.0.1:18081/index.json
id=$(run POST /v1/templates/pull '{"index":"http://127.0.0.1:18081","names":["pull*"]}')
like "pull" "$(job "$id")" '^(succeeded|done)$'
is "tells whose key it was" "$(api GET /v1/templates/pulled | jq -r .signed_by)" me
like "of a file not" "$(api POST /v1/templates/pull '{"index":"file:///etc"}')" 'a URL that begins with https'
id=$(run POST /v1/templates/pull '{"index":"http://127.0.0.1:18081","list":true}')
is "what there is" "$(job "$id")" done
like "is in the result" "$(api GET "/v1/operations/$id" | jq -r .result.stdout_b64 | base64 -d)" pulled
kill $web; wait $web 2>/dev/null
id=$(run POST /v1/templates/import "{\"source\":\"$base\",\"name\":\"taken\",\"sha256\":\"$sum\"}")
is "one from a file of the host" "$(job "$id")" done
is "is there" "$(api GET /v1/templates/taken | jq -r .sha256)" "$sum"
id=$(run POST /v1/templates/import "{\"source\":\"$base\",\"name\":\"nobodys\"}")
is "that nobody vouches for" "$(job "$id")" failed
BASE=$base python3 "$TOP/tests/lib/mkoci.py" $T/oci system >/dev/null
id=$(run POST /v1/templates/import "{\"source\":\"$T/oci\",\"name\":\"fromoci\",\"unsigned\":true}")
is "an OCI image" "$(job "$id")" done
id=$(run POST /v1/templates/index "{\"directory\":\"$T/srv\",\"sign\":\"$T/me.sec\",\"id\":\"mine\"}")
is "an index" "$(job "$id")" done
for v in PUT DELETE; do
	id=$(run $v /v1/templates/taken/pin)
	is "$v a pin" "$(job "$id")" done
done
new 101
id=$(run POST /v1/cts/101/template '{"name":"saved"}')
like "save" "$(job "$id")" '^(succeeded|done)$'
like "is there" "$(vztmpl list)" saved
gone=$(vztmpl info saved | sed -n 's/^SHA-256: *//p')
vztmpl rm saved >/dev/null
id=$(run POST /v1/templates/gc '{}')
like "gc" "$(job "$id")" '^(succeeded|done)$'
like "says what it removed" "$(api GET /v1/operations/"$id"/log)" '[01] trees, '	# rm has its own collector, which may be first
soon "the tree is gone" 10 test ! -e /vz/template/store/sha256/"${gone:0:2}/$gone"
gone 101
vzd_down
vzd_sweep
for n in up pulled taken fromoci; do vztmpl rm $n >/dev/null; done
rm -rf $T /etc/vz/keys /vz/template/upload
vztmpl gc >/dev/null
