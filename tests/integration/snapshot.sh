# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots as somebody uses them: what is kept comes back, whatever happened in between.
# seconds: 120
# alone
. "$TOP/tests/integration/lib.sh"

A='{aaaaaaaa-0000-4000-8000-000000000001}'
B='{bbbbbbbb-0000-4000-8000-000000000002}'
C='{cccccccc-0000-4000-8000-000000000003}'
mkdir -p /mnt/snap

up 871 --hostname first.example
in_ct 871 'mkdir /d; echo one >/d/f; ln /d/f /d/g; ln -s f /d/l; mkfifo /d/p; rm /etc/group; echo 1 >/root/n; chown 33:44 /d/f; chmod 4711 /d/g
	dd if=/dev/zero of=/d/hole bs=1 count=1 seek=100M 2>/dev/null'
rc "of a running one" 0 vzctl snapshot 871 --id "$A" --name one --description 'the first, a text with "quotes" and $'
is "it goes on running" "$(vzctl status 871)" "CTID 871 exist mounted running"
in_ct 871 'rm -r /d; mkdir /d; echo two >/d/f; echo 2 >/root/n; echo new >/etc/group'
vzctl set 871 --hostname second.example --save >/dev/null
vzctl stop 871 --fast >/dev/null
rc "of a stopped one" 0 vzctl snapshot 871 --id "$B" --name two
is "short options together" "$(vzctl snapshot-list 871 -Honame,current --id "$B" | tr -s ' ')" "two *"
is "description" "$(vzctl snapshot-list 871 -H -o desc --id "$A")" 'the first, a text with "quotes" and $'
rc "it starts on two layers" 0 vzctl start 871
is "and has what it had" "$(in_ct 871 'cat /root/n /d/f /etc/group; ls /d')" "2
two
new
f"
in_ct 871 'echo 3 >/root/n; rm -r /d'

rc "mount beside a running one" 0 vzctl snapshot-mount 871 --id "$A" --target /mnt/snap
is "what is mounted" "$(cat /mnt/snap/root/n /mnt/snap/d/f /mnt/snap/d/g /mnt/snap/d/l; ls /mnt/snap/etc/group 2>&1 | grep -c 'No such')" "1
one
one
one
1"
is "owner, mode and links" "$(stat -c '%u:%g %a %h' /mnt/snap/d/f)" "33:44 4711 2"
is "a hole stays one" "$(($(stat -c %b /mnt/snap/d/hole) < 100))" 1
ok "nothing can be written there" sh -c '! touch /mnt/snap/x 2>/dev/null'
is "no set-user-id for the host" "$(findmnt -no OPTIONS /mnt/snap | grep -o 'nosuid,nodev')" "nosuid,nodev"
rc "umount" 0 vzctl snapshot-umount 871 --id "$A"

rc "switch of a running one" 0 vzctl snapshot-switch 871 --id "$A"
is "it is down" "$(vzctl status 871)" "CTID 871 exist unmounted down"
ok "the configuration came back" grep -qx 'HOSTNAME="first.example"' /etc/vz/conf/871.conf
vzctl start 871 >/dev/null
is "the files came back" "$(in_ct 871 'cat /root/n /d/f; ls /d /etc/group 2>&1 | tr "\n" " "')" "1
one
ls: /etc/group: No such file or directory /d: f g hole l p "
in_ct 871 'echo 4 >/root/n'
vzctl stop 871 --fast >/dev/null
rc "a branch" 0 vzctl snapshot 871 --id "$C" --name three
is "the tree" "$(vzctl snapshot-list 871 -H -o parent_uuid,current,uuid | tr -s ' ')" " $A
$A $B
$A * $C"
rc "a switch without the configuration" 0 vzctl snapshot-switch 871 --id "$B" --skip-config
ok "leaves it" grep -qx 'HOSTNAME="first.example"' /etc/vz/conf/871.conf
vzctl start 871 >/dev/null
is "the other branch" "$(in_ct 871 'cat /root/n /d/f')" "2
two"
rc "delete of the one both came from, below a running one" 0 vzctl snapshot-delete 871 --id "$A"
is "which goes on" "$(in_ct 871 'cat /root/n /d/f')" "2
two"
vzctl stop 871 --fast >/dev/null
rc "delete" 0 vzctl snapshot-delete 871 --id "$B"
rc "delete of the last" 0 vzctl snapshot-delete 871 --id "$C"
vzctl start 871 >/dev/null
is "is merged into what stood on it" "$(in_ct 871 'cat /root/n /d/f; ls /d; cat /etc/group')" "2
two
f
new"
is "no layer is left" "$(grep -c snap: /vz/private/871/layers; ls /vz/private/871/snap)" "0
snapshots"
vzctl stop 871 --fast >/dev/null

# Whiteouts, opaque directories and types that change, through three layers that are merged in each order.
melt() {
	local order=$1 id
	new 872
	vzctl start 872 >/dev/null
	in_ct 872 'mkdir -p /a/b/c /gone /swap; echo 1 >/a/b/c/f; echo 1 >/a/x; echo 1 >/gone/f; echo 1 >/swap/f; echo keep >/a/b/keep'
	vzctl stop 872 --fast >/dev/null
	vzctl snapshot 872 --id "$A" >/dev/null
	vzctl start 872 >/dev/null
	in_ct 872 'rm -r /gone; rm -r /a/b/c; mkdir /a/b/c; echo 2 >/a/b/c/g; rm /a/x; mkdir /a/x; echo 2 >/a/x/in; rm -r /swap; echo file >/swap; rm /bin/ls'
	vzctl stop 872 --fast >/dev/null
	vzctl snapshot 872 --id "$B" >/dev/null
	vzctl start 872 >/dev/null
	in_ct 872 'rm /swap; mkdir /swap; echo 3 >/swap/h; rm -r /a/x; echo 3 >/a/x; mkdir /gone; chmod 700 /a/b; touch -d "2001-02-03 04:05:06" /a'
	vzctl stop 872 --fast >/dev/null
	vzctl snapshot 872 --id "$C" >/dev/null
	vzctl snapshot-mount 872 --id "$C" --target /mnt/snap >/dev/null
	want=$(cd /mnt/snap && find . -printf '%p %y %m %U:%G %s %T@ %l\n' | grep -v '^./\(dev\|proc\|sys\|run\)' | LC_ALL=C sort; cat a/b/c/g a/x swap/h a/b/keep)
	vzctl snapshot-umount 872 --id "$C" >/dev/null
	for id in $order; do
		vzctl --quiet snapshot-delete 872 --id "${!id}" || echo "delete $id failed"
	done
	vzctl mount 872 >/dev/null
	got=$(cd /vz/root/872 && find . -printf '%p %y %m %U:%G %s %T@ %l\n' | grep -v '^./\(dev\|proc\|sys\|run\)' | LC_ALL=C sort; cat a/b/c/g a/x swap/h a/b/keep)
	vzctl umount 872 >/dev/null
	[ "$(cat /vz/private/872/layers | wc -l)" = 1 ] || got="$got
layers left"
	gone 872
	diff <(echo "$want" | grep -v ' d ') <(echo "$got" | grep -v ' d ') && diff <(echo "$want" | awk '$2=="d"{print $1,$3,$4}') <(echo "$got" | awk '$2=="d"{print $1,$3,$4}')
}
for order in "A B C" "C B A" "B A C" "B C A"; do
	ok "three layers merged in the order $order" melt "$order"
done

# A hundred, each of which has something, and the times of the last beside those of the first.
ms() {
	local a=$EPOCHREALTIME
	"$@" >/dev/null 2>&1 || echo "failed: $*"
	echo $(((${EPOCHREALTIME/./} - ${a/./}) / 1000))
}
first=$(ms vzctl snapshot 871)
for n in $(seq 2 100); do
	echo "$n" >"/vz/private/871/upper/n$n"
	vzctl --quiet snapshot 871 || break
done
is "a hundred deep" "$(vzctl snapshot-list 871 -H | wc -l)" 100
last=$(ms vzctl snapshot 871)
echo "# snapshot: the first $first ms, number 101 $last ms"
rc "starts" 0 vzctl start 871
is "all of them are there" "$(in_ct 871 'ls / | grep -c "^n"; cat /n2 /n100')" "99
2
100"
vzctl stop 871 --fast >/dev/null
id=$(vzctl snapshot-list 871 -H -o uuid | sed -n 50p)
echo "# switch 50 back: $(ms vzctl snapshot-switch 871 --id "$id") ms"
vzctl mount 871 >/dev/null
is "fifty back" "$(ls /vz/root/871 | grep -c '^n')" 49
vzctl umount 871 >/dev/null

# Bad input.
tree=/vz/private/871/snap/snapshots
cp $tree /tmp/tree
sed -i '0,/^PARENT=/s/^PARENT=.*/PARENT="{99999999-0000-4000-8000-000000000009}"/' $tree
like "a parent that is not there" "$(vzctl snapshot-list 871 2>&1; echo $?)" 'has the parent .*which is not listed before it.*167$'
like "nothing is done to such a tree" "$(vzctl snapshot 871 2>&1; echo $?)" 'file snapshots.*156$'
# lines(LINE...): the good tree with those after it
lines() { cp /tmp/tree $tree; printf '%s\n' "$@" >>$tree; }
for line in 'CURRENT="{99999999-0000-4000-8000-000000000009}"' 'PARENT="{99999999-0000-4000-8000-000000000009}"' 'DATE="1"'; do
	lines "$line"
	like "a second ${line%%=*}" "$(vzctl snapshot-list 871 2>&1; echo $?)" "/vz/private/871/snap: file snapshots, line [0-9]+: ${line%%=*}.*is there twice.*167\$"
done
: >$tree
like "an empty file" "$(vzctl snapshot-delete 871 --id "$id" 2>&1; echo $?)" '/vz/private/871/snap: file snapshots is empty.*158$'
rm $tree
for verb in snapshot "snapshot-switch --id $id" "snapshot-delete --id $id" "reinstall --skipbackup" "convert --layout dir"; do
	set -- $verb
	like "a tree that is gone: ${verb%% *}" "$(vzctl $1 871 "${@:2}" 2>&1)" '/vz/private/871/snap: file snapshots does not list snapshot \{.*: restore it'
done
cp /tmp/tree $tree
tail -n 3 /tmp/tree >/tmp/last		# GUID, PARENT, DATE
head -n -3 /tmp/tree | sed "s/^CURRENT=.*/$(sed -n 's/^PARENT/CURRENT/p' /tmp/last)/" >$tree
like "a snapshot that is forgotten by hand" "$(vzctl snapshot 871 2>&1; echo $?)" "does not list snapshot \{$(sed -n 's/^GUID="\(.*\)"/\1/p' /tmp/last)\}.*156\$"
cp /tmp/tree $tree
echo 'rubbish' >>$tree
like "a line that is none" "$(vzctl snapshot-list 871 2>&1; echo $?)" 'line [0-9]+: .*rubbish.*167$'
cp /tmp/tree $tree
mv "/vz/private/871/snap/$(tr -d '{}' <<<"$id")" /vz/private/871/snap/away
layer="layer snap/$(tr -d '{}' <<<"$id"), which is stood on, is missing: put it back"
last=$(vzctl snapshot-list 871 -H -o uuid | tail -n 1)
for verb in "snapshot-switch --id $id:159" "snapshot-switch --id $last:159" "snapshot-delete --id $id:158" \
	"snapshot-delete --id $last:158" "snapshot:156"; do
	set -- ${verb%:*}
	like "files that are missing: $verb" "$(vzctl $1 871 "${@:2}" 2>&1; echo $?)" "$layer.*${verb#*:}\$"
done
like "files that are missing: mount" "$(vzctl snapshot-mount 871 --id "$id" --target /mnt/snap 2>&1; echo $?)" 'the files of snapshot .* are missing.*160$'
is "the tree is as it was" "$(vzctl snapshot-list 871 -H | wc -l)" 101
mv /vz/private/871/snap/away "/vz/private/871/snap/$(tr -d '{}' <<<"$id")"
rc "and are back" 0 vzctl snapshot-switch 871 --id "$id"
like "reinstall is refused" "$(vzctl reinstall 871 --skipbackup 2>&1; echo $?)" 'has 101 snapshots'
gone 871
up 871 --diskspace 20M
in_ct 871 'dd if=/dev/zero of=/full bs=1M 2>/dev/null; sync' >/dev/null
vzctl stop 871 --fast >/dev/null
vzctl set 871 --diskspace 1M --save >/dev/null
rc "no room: refused" 156 vzctl snapshot 871
like "says what to do" "$TAP_OUT" 'no room in the limits of the container .*vzctl set 871 --diskspace.*: Disk quota exceeded'
is "and nothing is there" "$(vzctl snapshot-list 871 -H; ls /vz/private/871/snap 2>/dev/null)" ""
gone 871
rmdir /mnt/snap
rm -f /tmp/tree /tmp/last
