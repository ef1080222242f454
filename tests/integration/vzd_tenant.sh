# SPDX-License-Identifier: GPL-2.0-or-later
# What a tenant tries against the host and against another tenant, by every way of the API that takes a name, a configuration
# or an archive; and two that ask for one thing at once.
. "$TOP/tests/integration/vzd_lib.sh"

# as TOKEN VERB PATH [BODY]: "STATUS ANSWER", over HTTPS as a panel has it.
as() {
	local t=$1 verb=$2 path=$3
	shift 3
	curl -sk -m 60 -X "$verb" -H "Authorization: Bearer $t" -H 'Content-Type: application/json' -w '\n%{http_code}' ${1+-d "$1"} \
		"https://$API$path" | { text=$(cat); echo "${text##*$'\n'} ${text%$'\n'*}"; }
}
# op "STATUS ANSWER": the operation's end, "done" or "failed: WHY".
op() {
	local id n o
	id=$(jq -r 'select(.kind?) | .id' <<<"${1#* }" 2>/dev/null)
	[ -n "$id" ] || { echo "$1"; return; }
	for n in $(seq 60); do
		o=$(api GET "/v1/operations/$id?wait=5")
		case $(jq -r .state <<<"$o") in running | queued) ;; *) break ;; esac
	done
	jq -r '.state + (if .error then ": " + (.error | tostring) else "" end)' <<<"$o"
}
conf() { sed -n "s/^$2=\"\\(.*\\)\"/\\1/p" "/etc/vz/conf/$1.conf"; }

# race FILE NAME=TOKEN:VERB:PATH:BODY ...: all at once; their answers in FILE.N.
race() {
	local file=$1 i=0 r t verb path
	shift
	for r; do
		i=$((i + 1))
		IFS='|' read -r t verb path r <<<"$r"
		as "$t" "$verb" "$path" "$r" >"$file.$i" &
		pids[i]=$!
	done
	wait "${pids[@]}"
}
# winners FILE: how many were accepted, and the kinds of the others' problems.
winners() {
	local f n=0 other=
	for f in "$1".*; do
		case $(head -c 3 "$f") in
		20[0-9]) n=$((n + 1)) ;;
		*) other+="$(head -c 3 "$f") $(sed 's/^... //' "$f" | jq -r .type | sed 's,.*/,,') " ;;
		esac
	done
	echo "$n $(tr ' ' '\n' <<<"$other" | paste -sd' ' - | sed 's/ *$//')"
}
# ended FILE: waits for the operations that were accepted.
ended() {
	local f
	for f in "$1".*; do op "$(cat "$f")"; done
}

new 901 --owner acme --ipadd 10.77.1.1 --ram 128M --diskspace 1G
new 902 --owner beta --ipadd 10.77.1.2 --ram 128M --diskspace 1G
new 903 --ipadd 10.77.1.3 --ram 128M --diskspace 1G
vzd_up "API_LISTEN=\"$API\"" 'API_RATE="1000"' 'API_BURST="2000"' 'TENANT_POOL="10.77.1.0/24"'
https_up
for t in acme beta; do vzadm tenant add $t >/dev/null; done
acme=$(vzadm --json token add --role tenant-admin --tenant acme | jq -r .token)
beta=$(vzadm --json token add --role tenant-admin --tenant beta | jq -r .token)
root=$(vzadm --json token add --role admin | jq -r .token)
operator=$(vzadm --json token add --role operator | jq -r .token)
body='"template":"vz-base","config":{"ram":"64M","diskspace":"256M"'

# Two at once. One has it, the other is told, and at once.
race /tmp/race.a "$acme|POST|/v1/cts|{$body,\"ip_address\":[\"10.77.1.40\"]}}" "$beta|POST|/v1/cts|{$body,\"ip_address\":[\"10.77.1.40\"]}}" \
	"$root|POST|/v1/cts|{$body,\"ip_address\":[\"10.77.1.40\"]}}"
is "one address, three at once: one has it" "$(winners /tmp/race.a)" "1 409 exists 409 exists"
like "and the others are told what to do" "$(cat /tmp/race.a.*)" 'take another one'
ended /tmp/race.a >/dev/null
is "one container has it" "$(grep -l '10\.77\.1\.40' /etc/vz/conf/*.conf | wc -l)" 1
race /tmp/race.b "$acme|PATCH|/v1/cts/901|{\"config\":{\"ip_address\":[\"10.77.1.41\"]}}" \
	"$beta|PATCH|/v1/cts/902|{\"config\":{\"ip_address\":[\"10.77.1.40\",\"10.77.1.41\"]}}" \
	"$beta|PATCH|/v1/cts/902|{\"config\":{\"ip_address\":[\"10.77.1.41\",\"10.77.1.2\"]}}"
ended /tmp/race.b >/dev/null
is "one address by PATCH" "$(grep -l '10\.77\.1\.41' /etc/vz/conf/*.conf | wc -l)" 1
race /tmp/race.c "$acme|POST|/v1/cts|{\"ctid\":950,$body}}" "$beta|POST|/v1/cts|{\"ctid\":950,$body}}"
like "one id" "$(winners /tmp/race.c)" '^1 409 (locked|exists)$'
ended /tmp/race.c >/dev/null
race /tmp/race.d "$acme|POST|/v1/cts|{\"ctid\":951,\"name\":\"shop\",$body}}" "$beta|POST|/v1/cts|{\"ctid\":952,\"name\":\"shop\",$body}}"
is "one name" "$(winners /tmp/race.d)" "1 409 exists"
ended /tmp/race.d >/dev/null
for try in 1 2 3 4 5 6 7 8 9; do		# on a busy machine one may be through before the other comes
	race /tmp/race.e "$acme|POST|/v1/cts/901/snapshots|{\"name\":\"same\"}" "$acme|POST|/v1/cts/901/snapshots|{\"name\":\"same\"}"
	got=$(winners /tmp/race.e)
	ended /tmp/race.e >/dev/null
	[ "$got" = "2 " ] || break
done
is "two snapshots at once" "$got" "1 409 locked"
vzctl --quiet start 901
vzctl --quiet start 902
race /tmp/race.f "$root|PATCH|/v1/cts/901|{\"config\":{\"port_forward\":[\"tcp 8099 to 80\"]}}" \
	"$root|PATCH|/v1/cts/902|{\"config\":{\"port_forward\":[\"tcp 8099 to 80\"]}}"
is "one port of the host, by two at once" "$(winners /tmp/race.f)" "1 409 exists"
like "the other is told whose it is" "$(cat /tmp/race.f.*)" "forward 'tcp 8099 to 10.77.1.[0-9]+:80': that port of the host (is being given to|leads into) container 90[12]"
ended /tmp/race.f >/dev/null
is "and one has it" "$(cat /etc/vz/conf/90[12].conf | grep -c 'tcp 8099')" 1
for i in 901 902; do vzctl --quiet set $i --forward_del all --save; vzctl --quiet stop $i --fast; done
rm -f /tmp/race.*
gone $(vzlist -a -H -o ctid | awk '$1 < 901 || $1 > 903')

# What reaches beyond the container, at each door where a configuration comes in.
for c in '"ve_private":"/vz/private/902"' '"ve_root":"/etc"' '"capability":["sys_admin:on"]' '"devices":["b:8:0:rw"]' \
	'"devnodes":["sda:rw"]' '"features":["nesting:on"]' '"netif":["eth0,,,,br0"]' '"netdev":["eth0"]' '"fw_zone":"beta"' \
	'"fw_groups":["x"]' '"fw_rules":["in any"]' '"port_forward":["tcp 22"]' '"smtp":true' '"rate":["eth0:1:1000000"]' \
	'"trafficquota":"0"' '"local_uid":0' '"venet_filter":false' '"ksm":true' '"cpumask":"0"'; do
	refused+="$(as "$acme" PATCH /v1/cts/901 "{\"config\":{$c}}" | cut -c1-3) "
	refused+="$(as "$acme" POST /v1/cts "{$body,$c}}" | cut -c1-3) "
	refused+="$(as "$acme" POST /v1/cts/901/clone "{\"config\":{$c}}" | cut -c1-3) "
done
is "no parameter that reaches beyond it" "$(tr ' ' '\n' <<<"$refused" | grep -v '^40[03]$' | tr -d '\n')" ""
for c in '--private /vz/private/902' '--devnodes sda:rw' '--netif_add eth0,,,,br0' '--forward_add tcp:22' '--capability sys_admin:on'; do
	words=$(printf '"%s",' $c)
	like "nor in vzctl's words: $c" "$(as "$acme" POST /v1/cli "{\"argv\":[\"set\",\"901\",${words%,},\"--save\"]}")" '^40[03] '
done
like "no address outside of the pool" "$(as "$acme" PATCH /v1/cts/901 '{"config":{"ip_address":["10.9.9.9"]}}')" '^403 .*TENANT_POOL'
like "nor one of another" "$(as "$acme" PATCH /v1/cts/901 '{"config":{"ip_address":["10.77.1.2"]}}')" '^409 .*another container'
like "nor a network around it" "$(as "$acme" PATCH /v1/cts/901 '{"config":{"ip_address":["10.77.1.0/30"]}}')" '^409 '
is "what the host has given stays, when more is asked" \
	"$(vzctl --quiet set 901 --ipadd 10.99.0.1 --save; op "$(as "$acme" PATCH /v1/cts/901 '{"config":{"ip_address":["10.77.1.1","10.99.0.1","10.77.1.9"]}}')")" done
is "and is there" "$(conf 901 IP_ADDRESS)" "10.77.1.1 10.99.0.1 10.77.1.9"
like "bridges of the host are the host's" "$(as "$acme" PUT /v1/cts/901/interfaces/eth0 '{"bridge":"br0"}')" '^403 .*node:write'
for p in /v1/bridges /v1/firewall/groups /v1/firewall/zones /v1/firewall/host/net /v1/pools /v1/network/classes; do
	like "nor is $p read" "$(as "$acme" GET $p)" '^403 '
done

# What costs the host: less of it is the tenant's affair, more is not, at each door. A new one has at most the sample's.
vzctl --quiet set 901 --cpulimit 50 --cpuunits 2000 --iolimit 10M --iopslimit 100 --numproc 300 --save >/dev/null
for c in '"cpulimit":51' '"cpulimit":0' '"cpulimit":null' '"cpuunits":2001' '"iolimit":20000000' '"iolimit":"unlimited"' '"iopslimit":0' \
	'"iopslimit":101' '"numproc":301' '"numproc":"300:unlimited"' '"numproc":"unlimited"' '"ioprio":7' '"swappages":"0:1000"' \
	'"vmguarpages":1000' '"numpty":5000' '"lockedpages":"unlimited","numproc":400' '"disk_quota":false' '"restart_max":1000' \
	'"bootorder":10' '"stop_timeout":86400'; do
	r=$(as "$acme" PATCH /v1/cts/901 "{\"config\":{$c}}")
	[ "${r%% *}" = 403 ] && [[ $r == *'only an operator of the host raises it'* ]] || raised+="$c=$r "
done
is "no limit is raised" "$raised" ""
r=$(as "$acme" PATCH /v1/cts/901 '{"config":{"numproc":301}}' | sed 's/^... //')
is "which one, how far, and who may" "$(jq -r '.detail, ([.resource, .limit, .requested] | @csv)' <<<"$r")" \
	"NUMPROC: a tenant may lower it, only an operator of the host raises it; the most is 300, asked is 301
\"numproc\",300,301"
for w in '"--cpulimit","60"' '"--iolimit=11M"' '"--numproc","1:400"' '"--cpuu","3000"'; do
	like "nor in vzctl's words: $w" "$(as "$acme" POST /v1/cli "{\"argv\":[\"set\",\"901\",$w,\"--save\"]}")" '^403 .*only an operator'
done
for c in '"numproc":201' '"swappages":"0:1"' '"cpuunits":1001' '"ioprio":5'; do
	more+="$(as "$acme" POST /v1/cts "{$body,$c}}" | cut -c1-3) $(as "$acme" POST /v1/cts/901/clone "{\"config\":{$c}}" | cut -c1-3) "
done
is "nor is a new one, or a copy, made with more" "$(tr ' ' '\n' <<<"$more" | sort -u | tr -d '\n')" 403
is "lower it may" "$(op "$(as "$acme" PATCH /v1/cts/901 '{"config":{"cpulimit":40,"numproc":250,"iolimit":"5M","ioprio":2}}')")" done
is "and is there" "$(for k in CPULIMIT NUMPROC IOLIMIT IOPRIO CPUUNITS; do conf 901 $k; done | tr '\n' ' ')" "40 250 5242880 2 2000 "
like "and not back" "$(as "$acme" PATCH /v1/cts/901 '{"config":{"cpulimit":50}}')" '^403 .*the most is 40'
is "what it has it may say again" "$(op "$(as "$acme" PATCH /v1/cts/901 '{"config":{"cpulimit":40,"cpuunits":2000,"numproc":250,"iolimit":5242880}}')")" done
is "an operator raises it" "$(op "$(as "$operator" PATCH /v1/cts/901 '{"config":{"cpulimit":60}}')"; conf 901 CPULIMIT)" $'done\n60'
vzctl --quiet set 901 --disabled yes --save >/dev/null
like "one that the host has switched off stays so" "$(as "$acme" PATCH /v1/cts/901 '{"config":{"disabled":false}}')" '^403 .*DISABLED'
like "and is not started" "$(op "$(as "$acme" PUT /v1/cts/901/state '{"target":"running"}')")" '^failed.*disabled'
like "by no force" "$(as "$acme" POST /v1/cli '{"argv":["start","901","--force"]}')" '^403 .*operators'
like "nor by a restart" "$(as "$acme" POST /v1/cli '{"argv":["restart","901","--forc"]}')" '^403 .*operators'
vzctl --quiet set 901 --disabled no --save >/dev/null
some=$(vzadm --json token add --role operator --ct 903 | jq -r .token)
like "nobody's container counts in no limits: not raised either" "$(as "$some" PATCH /v1/cts/903 '{"config":{"ram":"256M"}}')" '^403 .*PHYSPAGES'
is "but lowered" "$(op "$(as "$some" PATCH /v1/cts/903 '{"config":{"ram":"96M"}}')")" done
like "who has not seen the last one replaces nothing" "$(curl -sk -m 60 -X PUT -H "Authorization: Bearer $root" -H 'If-Match: "0123456789abcdef"' \
	-H 'Content-Type: application/json' -d '{"classes":["1 0/0"]}' "https://$API/v1/network/classes")" '412.*current_etag'

# Names that are paths.
for n in .. ../902 ..%2f902 ..%2F..%2Fetc%2Fpasswd %2Fetc 901%2F..%2F902 '902%00' -x; do
	paths+="$(as "$acme" GET "/v1/cts/$n" | cut -c1-3) $(as "$acme" GET "/v1/backups/$n" | cut -c1-3) "
	paths+="$(as "$acme" POST "/v1/backups/$n/restore" '{}' | cut -c1-3) $(as "$acme" GET "/v1/cts/901/snapshots/$n" | cut -c1-3) "
	paths+="$(as "$acme" GET "/v1/operations/$n" | cut -c1-3) $(as "$acme" GET "/v1/templates/$n" | cut -c1-3) "
done
is "a path is no name" "$(tr ' ' '\n' <<<"$paths" | grep -v '^40[0134]$' | tr -d '\n')" ""
for f in name hostname description template layout owner; do
	for v in ../902 /etc/passwd .. 'a;b' '$(id)'; do
		[ $f$v = 'descriptiona;b' ] && continue
		r=$(as "$acme" POST /v1/cts "$(jq -n --arg f $f --arg v "$v" '{template:"vz-base",config:{ram:"64M",diskspace:"256M"}} | .[$f] = $v')")
		o=$(op "$r")
		[ $f = description ] || [ "${o%%:*}" != done ] || odd+="$f=$v:$o "
	done
done
is "nor is it a name, a template, an owner" "$odd" ""
gone $(vzlist -a -H -o ctid | awk '$1 < 901 || $1 > 903')
is "nothing of the host was touched" "$(ls -d /vz/private/* | tr '\n' ' ')" "/vz/private/901 /vz/private/902 /vz/private/903 "

# What the host gave one container is not given again by a copy: devices, bridges, another zone. Abilities within it are; and
# limits and rules that the host has put on it hold for the copy, for a restore and for what comes back from a snapshot.
vzctl --quiet set 901 --devnodes fuse:rw --capability sys_time:off --venet_filter no --fw_zone vip --smtp no --fw_in drop --save >/dev/null
vzctl --quiet set 901 --netif_add eth0 --save >/dev/null
is "a tenant's clone" "$(op "$(as "$acme" POST /v1/cts/901/clone '{"ctid":911,"mode":"linked","config":{"ram":"64M"}}')")" done
is "has none of the host's" "$(grep -cE '^(DEVNODES|NETIF|VENET_FILTER|FW_ZONE)=.+' /etc/vz/conf/911.conf)" 0
is "its abilities" "$(conf 911 CAPABILITY)" sys_time:off
is "what the host has given it more than others it has no second time, what it has less stays" \
	"$(for k in CPUUNITS NUMPROC CPULIMIT IOLIMIT; do conf 911 $k; done | tr '\n' ' ')" "1000 200 60 5242880 "
is "and the host's rules" "$(conf 911 SMTP) $(conf 911 FW_IN)" "no drop"
like "what was left out is said" "$(api GET "/v1/operations/$(api GET '/v1/operations?ct=911' | jq -r '.items[0].id')/log")" 'left out.*DEVNODES'
like "nobody clones it for another" "$(as "$acme" POST /v1/cts/901/clone '{"owner":"beta"}')" '^403 '
like "nor does an operator" "$(as "$operator" POST /v1/cts/901/clone '{"owner":"beta"}')" '^403 .*another owner'
is "an administrator's clone has all" "$(op "$(as "$root" POST /v1/cts/901/clone '{"ctid":912,"config":{"ram":"64M"}}')"; conf 912 DEVNODES; conf 912 CPUUNITS)" \
	$'done\nfuse:rw\n2000'
gone 911 912

echo '#!/bin/sh' >/etc/vz/conf/901.mount
is "a backup" "$(op "$(as "$acme" POST /v1/cts/901/backups '{}')")" done
name=$(as "$acme" GET /v1/backups | sed 's/^... //' | jq -r '.items[0].name')
is "is restored by its tenant" "$(op "$(as "$acme" POST "/v1/backups/$name/restore" '{"ctid":911}')")" done
is "without the script, devices, abilities" \
	"$(ls /etc/vz/conf | grep -c '^911.*mount$') $(grep -cE '^(DEVNODES|NETIF|VENET_FILTER|FW_ZONE|CAPABILITY)=.+' /etc/vz/conf/911.conf)" "0 0"
is "with the host's rules" "$(conf 911 SMTP) $(conf 911 FW_IN) $(conf 911 OWNER)" "no drop acme"
is "and limits, lower where a new one has less" "$(for k in CPUUNITS NUMPROC CPULIMIT; do conf 911 $k; done | tr '\n' ' ')" "1000 200 60 "
like "not raised on the way" "$(as "$acme" POST "/v1/backups/$name/restore" '{"config":{"cpulimit":61}}')" '^403 .*CPULIMIT.*the most is 60'
is "and none of the addresses that the first one has" "$(conf 911 IP_ADDRESS)" ""
is "other addresses when asked" "$(op "$(as "$acme" POST "/v1/backups/$name/restore" '{"ctid":913,"config":{"ip_address":["10.77.1.60"]}}')"; conf 913 IP_ADDRESS)" \
	$'done\n10.77.1.60'
like "not another's" "$(as "$acme" POST "/v1/backups/$name/restore" '{"config":{"ip_address":["10.77.1.2"]}}')" '^409 '
like "nor for another tenant" "$(as "$acme" POST "/v1/backups/$name/restore" '{"owner":"beta"}')" '^403 '
like "nor with more than it had" "$(as "$acme" POST "/v1/backups/$name/restore" '{"config":{"devnodes":["fuse:rw"]}}')" '^403 '
race /tmp/race.g "$acme|POST|/v1/backups/$name/restore|{\"ctid\":914}" "$beta|POST|/v1/cts|{\"ctid\":914,$body}}"
like "a restore into an id that is being made" "$(winners /tmp/race.g)" '^1 409 (locked|exists)$'
ended /tmp/race.g >/dev/null

# Another's archive, operation, snapshot, figures: not there, not to be ended.
for p in "GET /v1/backups/$name" "GET /v1/backups/$name/files" "POST /v1/backups/$name/check" "POST /v1/backups/$name/restore" \
	"POST /v1/backups/$name/download" "DELETE /v1/backups/$name" "GET /v1/cts/901/usage" "GET /v1/cts/901/stats" \
	"GET /v1/cts/901/snapshots" "POST /v1/cts/901/backups" "GET /v1/cts/901/userlimits" "GET /v1/tenants/acme/usage" \
	"GET /v1/operations/$(api GET '/v1/operations?ct=901' | jq -r '.items[0].id')" \
	"DELETE /v1/operations/$(api GET '/v1/operations?ct=901' | jq -r '.items[0].id')"; do
	set -- $p
	case $2 in */download) b='{"paths":["etc"]}' ;; *) b='{}' ;; esac
	[ "$1" = GET ] || [ "$1" = DELETE ] && foreign+="$(as "$beta" $1 "$2" | cut -c1-3)" || foreign+="$(as "$beta" $1 "$2" "$b" | cut -c1-3)"
	foreign+=" "
done
is "another's things are not there" "$(tr ' ' '\n' <<<"$foreign" | sort -u | tr -d '\n')" 404
is "nor pruned" "$(op "$(as "$beta" POST /v1/backups/prune '{"last":1,"ctid":901}')" | cut -c1-4; ls /vz/dump | grep -c vzdump-openvz-901)" $'done\n1'
like "files of an archive" "$(as "$acme" GET "/v1/backups/$name/files?path=/etc" | sed 's/^... //' | jq -r '.items[].path' | tr '\n' ' ')" 'etc/passwd '
is "page by page" "$(as "$acme" GET "/v1/backups/$name/files?limit=1" | sed 's/^... //' | jq -r '[(.items|length), (.next != null)] | @csv')" 1,true
like "a file that is none" "$(as "$acme" GET "/v1/backups/$name/files?path=/none")" '^404 .*no file of that name'
like "no path gets out of it" "$(as "$acme" GET "/v1/backups/$name/files?path=/../../etc")" '^(404|422) '
like "a ticket for one" "$(as "$acme" POST "/v1/backups/$name/download" '{"paths":["/etc/passwd"]}')" '^201 .*ticket'
for p in extract mount; do
	like "$p is the host's" "$(as "$acme" POST "/v1/backups/$name/$p" '{"directory":"/tmp/x"}')" '^403 '
done
is "an administrator takes one out" "$(op "$(as "$root" POST "/v1/backups/$name/extract" '{"directory":"/vz/out","paths":["/etc/passwd"]}')"; ls /vz/out/etc)" $'done\npasswd'
is "a backup more" "$(op "$(as "$acme" POST /v1/cts/901/backups '{}')")" done
is "the older one is pruned" "$(op "$(as "$acme" POST /v1/backups/prune '{"last":1}')"; ls /vz/dump | grep -c vzdump-openvz-901)" $'done\n1'
race /tmp/race.h "$acme|POST|/v1/cts/913/backups|{}" "$acme|DELETE|/v1/cts/913|{}"
is "a backup of what is being destroyed: one goes before the other, or is told why not" \
	"$(ended /tmp/race.h | grep -vcE '^done|locked|no container|not.found|snapshot|reads it|in use')" 0
is "nothing is half-made" "$(ls -A /vz/dump | grep -vc '^vzdump-openvz-[0-9]*-.*zst$'; ls /vz/private | grep -vcE '^9[01][0-9]$')" $'0\n0'

# Limits, by every way to something more.
soon "what there is counts" 10 sh -c "[ \$(vzadm call GET /v1/tenants/acme | jq .used.cts) = \$(grep -l 'OWNER=\"acme\"' /etc/vz/conf/*.conf | wc -l) ]"
used=$(api GET /v1/tenants/acme | jq -c .used)
api PATCH /v1/tenants/acme "$(jq '{limits:{cts, disk, snapshots, backups:1, memory:(.memory + 33554432)}}' <<<"$used")" >/dev/null
name=$(as "$acme" GET /v1/backups | sed 's/^... //' | jq -r '.items[0].name')
for r in "POST|/v1/cts|{$body}}" "POST|/v1/cts/901/clone|{}" "POST|/v1/backups/$name/restore|{}" \
	'PATCH|/v1/cts/901|{"config":{"diskspace":"9G"}}' 'PATCH|/v1/cts/901|{"config":{"ram":"1G"}}' 'POST|/v1/cts/901/backups|{}' \
	'POST|/v1/cli|{"argv":["set","901","--diskspace","9G","--save"]}'; do
	IFS='|' read -r verb path b <<<"$r"
	over+="$(as "$acme" "$verb" "$path" "$b" | sed 's/^\(...\) .*problems.\([a-z-]*\).*/\1-\2/') "
done
is "none gets above a limit" "$(tr ' ' '\n' <<<"$over" | sort -u | tr -d '\n')" 403-quota-exceeded
race /tmp/race.i "$acme|PATCH|/v1/cts/901|{\"config\":{\"ram\":\"160M\"}}" "$acme|PATCH|/v1/cts/911|{\"config\":{\"ram\":\"160M\"}}"
is "nor do two at once" "$(winners /tmp/race.i)" "1 403 quota-exceeded"
ended /tmp/race.i >/dev/null

# null is the default (RFC 7396); what has none says so.
is "null empties and resets" "$(op "$(as "$acme" PATCH /v1/cts/901 '{"description":null,"config":{"ip_address":null,"cpuunits":null}}')"; conf 901 IP_ADDRESS; conf 901 CPUUNITS)" \
	$'done\n\n1000'
like "where there is a default" "$(as "$acme" PATCH /v1/cts/901 '{"config":{"ram":null}}')" '^400 .*has none.*/config/ram'

rm -rf /tmp/race.* /vz/out /etc/vz/conf/901.mount /vz/dump/vzdump-openvz-* /etc/vz/backup.key
gone $(vzlist -a -H -o ctid | awk '$1 < 901 || $1 > 903')
vzd_down
gone 901 902 903
vzd_sweep
