# SPDX-License-Identifier: GPL-2.0-or-later
# vzhost, the boot service, cancelled commands, and what is listed when files or the storage pool are gone.
. "$TOP/tests/integration/lib.sh"

rc "check finds nothing missing" 0 vzcheck
like "and tries what it names" "$TAP_OUT" $'ok +detached mounts +works\n.*ok +process descriptors +works\n.*ok +nftables +works\n.*ok +veth +works\n'
says "-q says nothing" 0 "" "" vzcheck -q
ok "-j is JSON" sh -c 'vzcheck -j | python3 -c "import json, sys; d = json.load(sys.stdin); assert d[\"ok\"] and d[\"checks\"][0][\"what\"] == \"kernel\""'
rc "a wrong option" 20 vzcheck --bogus
is "vzhost check is the same" "$(vzhost check | md5sum)" "$(vzcheck | md5sum)"
echo 'mallory:268435456:65536' >>/etc/subuid
rc "ids that somebody else was given are found" 1 vzcheck
like "and who" "$TAP_OUT" 'FAIL +user ids +/etc/subuid gives ids .* to: mallory: .*move those ranges'
rc "-q has the status" 1 vzcheck -q
sed -i '/^mallory:/d' /etc/subuid
rc "check finds nothing missing" 0 vzhost check
like "and has a line for each ability" "$TAP_OUT" $'ok +kernel .*ok +memory limit .*ok +disk limit '
ok "setup may be run again" vzhost setup
like "and says what is there" "$TAP_OUT" "vz-base is there"
cp /etc/vz/vz.conf /tmp/vz.conf.kept
ok "setup leaves vz.conf alone" sh -c 'vzhost setup >/dev/null && cmp /etc/vz/vz.conf /tmp/vz.conf.kept'
rc "no verb" 20 vzhost
rc "a wrong verb" 20 vzhost frobnicate
rc "a wrong pool size" 21 vzhost pool 12
rc "down is refused for a wrong word" 20 vzhost down now

# --- boot service
up 901 --ipadd 10.77.9.1
new 902
new 903
vzctl --quiet set 902 --onboot yes --bootorder 5 --save
sed -i /^ONBOOT=/d /etc/vz/conf/901.conf
vzctl --quiet set 903 --onboot no --save
vzctl --quiet start 903
is "status" "$(/etc/init.d/vz status; echo $?)" "OpenVZ is running...
0"
rc "down is refused while a container runs" 3 vzhost down
like "and says which" "$TAP_OUT" "901 is one"
ok "stop" /etc/init.d/vz stop
like "stops each" "$TAP_OUT" $'Stopping CT: 901 903\n.*Container 90[13] stop: \[OK\]'
is "status afterwards" "$(/etc/init.d/vz status; echo $?)" "OpenVZ is stopped.
3"
is "those that ran are remembered" "$(ls /var/lib/vzctl/vzreboot | tr '\n' ' ')" "901 903 "
is "nothing runs" "$(vzlist -1 2>/dev/null)" ""
ok "start" /etc/init.d/vz start
like "higher boot order first, ONBOOT=no not at all" "$TAP_OUT" $'Starting CT: 902 901\n'
is "they run" "$(vzlist -1)" "       901
       902"
is "the list of those that ran is empty" "$(ls /var/lib/vzctl/vzreboot)" ""
mv /vz/private/902 /vz/private/902.away
vzctl --quiet stop 901 --fast
vzctl --quiet stop 902 --fast
vzctl --quiet set 901 --onboot yes --save
ok "one that cannot start does not keep the others" vzhost boot start
like "the good one" "$TAP_OUT" "Container 901 start: \[OK\]"
vzctl --quiet stop 901 --fast
mv /vz/private/902.away /vz/private/902
echo 'VIRTUOZZO="no"' >>/etc/vz/vz.conf
sed -i '/^VIRTUOZZO="yes"/d' /etc/vz/vz.conf
ok "VIRTUOZZO=no" vzhost boot start
is "starts nothing" "$(vzlist -1 2>/dev/null)" ""
cp /tmp/vz.conf.kept /etc/vz/vz.conf
vzhost up >/dev/null

# --- a container whose file is gone
vzctl --quiet start 901
mv /etc/vz/conf/901.conf /tmp/901.conf
is "one that runs without a file is listed" "$(vzlist -1)" "       901"
is "by its number, too" "$(vzlist -H -o ctid,status 901)" "       901 running"
mv /tmp/901.conf /etc/vz/conf/901.conf
echo 'IP_ADDRESS="junk"' >>/etc/vz/conf/901.conf
is "a bad line is no news of a list" "$(vzlist -1 2>&1)" "       901"

# --- cancelled: before the commit point nothing stays, after it the container is whole
left=
for delay in 0.0005 0.001 0.002 0.003 0.004 0.006 0.01; do
	vzctl create 904 --ostemplate vz-base >/tmp/cancel 2>&1 </dev/null &
	pid=$!
	sleep $delay
	kill -TERM $pid 2>/dev/null
	wait $pid
	rc=$?
	case $rc in
	0 | 143) ;;	# it was done, or had not begun
	3) grep -q '^Cancelling\.\.\.$' /tmp/cancel || left="$left after $delay s: $(tr '\n' '|' </tmp/cancel);" ;;
	*) left="$left after $delay s: status $rc: $(tr '\n' '|' </tmp/cancel);" ;;
	esac
	vzctl status 904 | grep -q exist && vzctl --quiet destroy 904
	for f in /etc/vz/conf/904.conf /vz/private/904 /vz/private/904.tmp /vz/lock/904.lck; do
		[ -e $f ] && left="$left after $delay s: $f;"
	done
done
is "a cancelled create leaves nothing half-made" "$left" ""
gone 901 902 903

ok "the schema is JSON and knows the keys" python3 -c '
import json
d = json.load(open("/usr/share/vz/ctid.conf.schema.json"))["properties"]
assert d["cpuunits"]["maximum"] == 500000 and d["onboot"]["type"] == "boolean" and d["ip_address"]["x-live"] is True'
new 905 --name alpha
completes() {	# LINE: what bash offers for its last word
	bash -c '. "$1/build/completion/${2%% *}" && read -ra COMP_WORDS <<<"$2" && [[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "_${2%% *}"; echo "${COMPREPLY[*]}"' - "$TOP" "$1"
}
is "completion: verbs" "$(completes "vzctl st")" "start stop status"
is "a container that could start, by number and name" "$(completes "vzctl start ")" "905 alpha"
is "none that could stop" "$(completes "vzctl stop ")" ""
like "a template" " $(completes "vzctl create 906 --ostemplate ") " " vz-base-"
vzctl --quiet snapshot 905 --id 11111111-1111-1111-1111-111111111111 >/dev/null
is "a snapshot" "$(completes "vzctl snapshot-delete 905 --id ")" "{11111111-1111-1111-1111-111111111111}"
gone 905
rm -f /tmp/vz.conf.kept /tmp/cancel
