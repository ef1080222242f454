# SPDX-License-Identifier: GPL-2.0-or-later
# Clones as somebody uses them, and that neither side feels what becomes of the other; snapshots of layout dir.
# seconds: 120
. "$TOP/tests/integration/lib.sh"

# space: KiB that /vz uses, once all of it is written.
space() {
	sync -f /vz
	echo $(($(stat -f -c '(%b - %f) * %S / 1024' /vz)))
}

up 881 --ipadd 10.77.81.1 --hostname source --name source
vzctl set 881 --netif_add eth0 --save >/dev/null 2>&1
in_ct 881 'mkdir /d; for i in $(seq 20); do echo $i >/d/$i; done; head -c 30000000 /dev/urandom >/big; echo 01234567890123456789012345678901 >/etc/machine-id'
rc "of a running one" 0 vzctl clone 881 882
is "which goes on" "$(vzctl status 881)" "CTID 881 exist mounted running"
rc "starts" 0 vzctl start 882
is "it has the files" "$(in_ct 882 'ls /d | wc -l; wc -c </big')" "20
30000000"
is "no address of its source" "$(grep -c '^IP_ADDRESS=' /etc/vz/conf/882.conf; grep -c '^NAME=' /etc/vz/conf/882.conf)" "0
0"
is "another MAC address" "$(cat /etc/vz/conf/88[12].conf | grep -o '[^_]mac=[0-9A-Fa-f:]*' | sort -u | wc -l)" 2
ok "another range of user ids" sh -c '[ "$(grep ^LOCAL_UID /etc/vz/conf/881.conf)" != "$(grep ^LOCAL_UID /etc/vz/conf/882.conf)" ]'
is "no machine id of its source" "$(in_ct 882 'grep -c 0123 /etc/machine-id')" 0
gone 882

vzctl stop 881 --fast >/dev/null
vzctl clone 881 883 >/dev/null
before=$(space)
for id in 884 885 886 887; do
	rc "linked clone $id" 0 vzctl clone 881 "$id" --hostname "h$id"
done
echo "# four linked clones of 30 MB: $(($(space) - before)) KiB"
ok "take no space" [ $(($(space) - before)) -lt 4096 ]
rc "one that writes" 0 vzctl start 884
in_ct 884 'echo changed >/d/1; rm -r /big'
is "is alone with it" "$(vzctl mount 885 >/dev/null; cat /vz/root/885/d/1; stat -c %s /vz/root/885/big; vzctl umount 885 >/dev/null)" "1
30000000"
rc "a clone of a clone" 0 vzctl clone 885 888
rc "a snapshot of a clone" 0 vzctl snapshot 886
rc "a full one" 0 vzctl clone 886 889 --full
is "stands on nothing but the template" "$(grep -c 'share:\|snap:' /vz/private/889/layers)" 0
rc "onto an existing one" 44 vzctl clone 881 884
like "not onto itself" "$(vzctl clone 881 881 2>&1; echo $?)" 'needs a number of its own.*21$'
up 893 --ipadd 10.77.81.9
like "an address that is in use" "$(vzctl clone 881 890 --ipadd 10.77.81.9 2>&1; echo $?)" '78$'
gone 893
ok "leaves nothing" sh -c '! test -e /vz/private/890 -o -e /etc/vz/conf/890.conf'
rc "the source is destroyed" 0 vzctl destroy 881
for id in 885 886 888 889; do
	vzctl start "$id" >/dev/null
	is "$id does not feel it" "$(in_ct "$id" 'ls /d | wc -l; wc -c </big')" "20
30000000"
done
is "its number may be used again" "$(vzctl create 881 --ostemplate vz-base >/dev/null 2>&1; vzctl start 881 >/dev/null; in_ct 881 'ls /d 2>&1 | grep -c "No such"')" 1
gone 881 884 885 886 883 887
is "the last clone still stands" "$(vzctl restart 888 >/dev/null 2>&1; in_ct 888 'wc -c </big')" 30000000
gone 888
soon "and takes the shared layers with it" 20 sh -c '! test -e /vz/private/.shared'
is "the full one never cared" "$(in_ct 889 'wc -c </big')" 30000000
gone 889 882

# what a conversion has kept is the last to stand on shared layers: nobody tells when it is removed
new 894
vzctl start 894 >/dev/null
in_ct 894 'echo shared >/file' >/dev/null
vzctl stop 894 --fast >/dev/null
vzctl clone 894 895 >/dev/null
ok "a clone becomes a tree of its own" vzctl convert 895 --layout dir
gone 894 895
ok "what was kept has its layers" sh -c 'test "$(cat /vz/private/.shared/*.area/snap/*/file)" = shared && vztmpl gc && test -e /vz/private/.shared'
rm -rf /vz/private/895.overlay
soon "removed, the collector takes them" 20 sh -c 'vztmpl gc && ! test -e /vz/private/.shared'

# Layout dir: the same verbs, by copies.
new 891 --layout dir
vzctl start 891 >/dev/null
in_ct 891 'echo one >/f; ln /f /g; mkdir /d; rm /etc/group'
rc "dir: of a running one" 0 vzctl snapshot 891 --name first
id=$(vzctl snapshot-list 891 -H -o uuid)
in_ct 891 'echo two >/f; rm -r /d; echo x >/etc/group'
mkdir -p /mnt/dirsnap
rc "dir: mount" 0 vzctl snapshot-mount 891 --id "$id" --target /mnt/dirsnap
is "dir: what is mounted" "$(cat /mnt/dirsnap/f /mnt/dirsnap/g; stat -c %h /mnt/dirsnap/f; touch /mnt/dirsnap/x 2>&1 | grep -c Read-only)" "one
one
2
1"
vzctl snapshot-umount 891 --id "$id" >/dev/null
rmdir /mnt/dirsnap
rc "dir: switch" 0 vzctl snapshot-switch 891 --id "$id"
vzctl start 891 >/dev/null
is "dir: is back" "$(in_ct 891 'cat /f; ls -d /d; ls /etc/group 2>&1 | grep -c "No such"')" "one
/d
1"
like "dir: no linked clone" "$(vzctl clone 891 892 --linked 2>&1; echo $?)" 'nothing to share: use --full'
rc "dir: a full one" 0 vzctl clone 891 892
vzctl start 892 >/dev/null
is "dir: has the files" "$(in_ct 892 'cat /f; stat -c %h /f')" "one
2"
rc "dir: delete" 0 vzctl snapshot-delete 891 --id "$id"
vzctl snapshot 891 >/dev/null
gone 891 892
ok "dir: destroy takes the snapshots along" sh -c '! test -e /vz/private/891.snap'
