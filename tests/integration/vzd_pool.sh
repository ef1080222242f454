# SPDX-License-Identifier: GPL-2.0-or-later
# A pool's device is lost under vzd, and back: events, webhook, metric, the API's state; and marked trees are collected when
# no command comes by.
# alone
. "$TOP/tests/integration/vzd_lib.sh"

W=/vz/pooldir
S=/vz/template/store
mkdir $W && vzpool create $W >/dev/null && vzpool add $W vz-base >/dev/null || bail "a pool"
truncate -s 64M /vz/device
mkfs.ext4 -q -F /vz/device
mkdir -p /tmp/w && mount -o loop /vz/device /tmp/w && cp -a $W/. /tmp/w/ && umount /tmp/w
DEV=$(losetup -f --show --direct-io=on /vz/device)
: >/tmp/hook.plan; : >/tmp/hook.log; : >/tmp/hook.secret
python3 "$TOP/tests/lib/vzd_hook.py" 8099 /tmp/hook.log /tmp/hook.plan /tmp/hook.secret 2>/tmp/hook.err &
RECEIVER=$!

vzd_up 'WEBHOOK_ALLOW="127.0.0.1"'
state_is() { [ "$(api GET /v1/pools/web | jq -r .state)" = "$1" ]; }
told() { grep -q "^200 signed .* $1 " /tmp/hook.log; }
metric_is() { api GET /metrics | grep -qx "vz_pool_up{pool=\"web\"} $1"; }
like "no pool, no metric" "$(api GET /metrics | grep -c vz_pool_up)" '^0$'
vzadm --json webhook add --url http://127.0.0.1:8099/vz --types pool. >/tmp/hook.new
jq -r .secret /tmp/hook.new >/tmp/hook.secret
ok "attached" vzpool attach web "$DEV"
soon "well" 60 state_is ok
soon "and so the metric" 20 metric_is 1
is "health for programs" "$(vzpool health)" "$(printf 'web\tok\t')"
cp /vz/device /vz/device.kept
truncate -s 0 /vz/device
echo 3 >/proc/sys/vm/drop_caches 2>/dev/null
soon "lost" 60 state_is lost
is "with a reason and a time" "$(api GET /v1/pools/web | jq -r '(.why | length > 5) and (.since | startswith("20"))')" true
soon "the metric" 20 metric_is 0
soon "the webhook is told" 60 told pool.lost
kill -STOP $VZD_PID		# who looks sees none of it or all
cat /vz/device.kept >/vz/device
kill -CONT $VZD_PID
soon "back" 60 state_is ok
soon "the webhook is told of that" 60 told pool.back
soon "and the metric" 20 metric_is 1
is "one event each" "$(awk '{ print $5 }' /tmp/hook.log | tr '\n' ' ')" "pool.lost pool.back "
ok "detached" vzpool detach web

# --- where the pool is written ---
# job CALL...: the answer's operation, waited for; its state and log
job() {
	local id
	id=$(api "$@" | jq -r .id)
	vzadm job "$id" --wait >/tmp/job.out 2>&1
	vzadm log "$id" 2>&1
}
like "what this node stands on" "$(job POST /v1/pools/used)" $'vzpool used 1\n.*end'
job POST /v1/pools/create '{"directory":"/vz/pool2","alone":true}' >/tmp/job.log
like "no pool without its directory" "$(cat /tmp/job.log)" '/vz/pool2'
mkdir /vz/pool2
job POST /v1/pools/create '{"directory":"/vz/pool2"}' >/dev/null
ok "a pool" vzpool attach two /vz/pool2
job POST /v1/pools/two/images '{"template":"vz-base"}' >/dev/null
B=vz-base-$(uname -m)
like "filled" "$(job POST /v1/pools/two/list)" "$B +erofs"
job DELETE "/v1/pools/two/images/$B" >/dev/null
is "emptied, its image stays" "$(vzpool list two | grep -c "^$B"; find /vz/pool2 -name data | wc -l)" "0
1"
like "gc wants to know who stands on it" "$(api POST /v1/pools/two/gc '{}')" 'used: what all nodes that have this pool stand on'
like "and that whole" "$(api POST /v1/pools/two/gc '{"used":["abc"]}')" 'used: digests, 64 hexadecimal digits each'
D=$(vztmpl info $B | sed -n 's/^SHA-256: *//p')
like "one that a node stands on stays" "$(job POST /v1/pools/two/gc "{\"used\":[\"$D\"]}")" '^0 images'
like "who looks first" "$(job POST /v1/pools/two/gc '{"alone":true,"dry_run":true}')" '1 images, .*would be removed'
like "and then it goes" "$(job POST /v1/pools/two/gc '{"alone":true}')" '1 images, .* removed'
is "really" "$(find /vz/pool2 -name data | wc -l)" 0
vzadm --json token add --role viewer | jq -r .token >/tmp/viewer
like "who may only look may not" "$(vzadm --token-file /tmp/viewer call POST /v1/pools/two/gc '{"alone":true}' 2>&1)" 'node:write'
like "but look" "$(vzadm --token-file /tmp/viewer pool list 2>&1)" 'two +dir'
rm -f /tmp/viewer
like "vzadm lists pools" "$(vzadm pool list)" 'two +dir'
like "and templates" "$(vzadm template list)" "$B"
like "and has them verified" "$(vzadm template verify "$B")" 'template.verify'
ok "detached" vzpool detach two
rm -rf /vz/pool2

# --- trees that somebody marked and died ---
D=$(printf 'a%.0s' $(seq 64))
mkdir -p "$S/sha256/aa/$D/tree" $S/marked && : >"$S/marked/$D"
soon "what a killed command marked is collected" 90 sh -c "! [ -e $S/sha256/aa/$D ]"

vzadm webhook rm "$(jq -r .id /tmp/hook.new)" >/dev/null
vzd_down
kill $RECEIVER
wait $RECEIVER 2>/dev/null
vzd_sweep
losetup -d "$DEV"
rm -rf $W /vz/device /vz/device.kept /etc/vz/pools /vz/template/pool /tmp/hook.*
