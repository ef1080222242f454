# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots: the words, lines and statuses that ploop's had.
. "$TOP/tests/conformance/case.sh"

A='{aaaaaaaa-0000-4000-8000-000000000001}'
B='{bbbbbbbb-0000-4000-8000-000000000002}'
N='{00000000-0000-0000-0000-000000000000}'
given none 102
given stopped 101
mkdir -p /mnt/conf

it "a list of none has a header"
run vzctl snapshot-list 101
out "PARENT_UUID                            C UUID                                   DATE                NAME                            "

it "a list of none without a header"
run vzctl snapshot-list 101 -H

it "create"
run vzctl snapshot 101 --id "$A" --name one --description 'the first' --skip-suspend
out "Creating snapshot $A
Snapshot $A has been successfully created"
state 101 "exist unmounted down"

it "the id may be given as --uuid, in upper case and without braces"
run vzctl snapshot 101 --uuid BBBBBBBB-0000-4000-8000-000000000002
out "Creating snapshot $B
Snapshot $B has been successfully created"

it "an id that is there"
run vzctl snapshot 101 --id "$A"
err "Snapshot $A of container 101 exists already"
rc 156

it "an id that is none"
run vzctl snapshot 101 --id 17
err "Bad parameter for --id: 17"
rc 21

it "create without an id makes one"
run sh -c 'vzctl snapshot 101 | sed "s/{[0-9a-f-]*}/U/"; id=$(vzctl snapshot-list 101 -H -o current,uuid | sed -n "s/^. *//p" | tail -n 1); vzctl --quiet snapshot-delete 101 --id "$id"'
out "Creating snapshot U
Snapshot U has been successfully created"

it "list"
run sh -c "vzctl snapshot-list 101 | sed 's/....-..-.. ..:..:../DATE               /; s/\$/|/'"
out "PARENT_UUID                            C UUID                                   DATE                NAME                            |
                                         $A DATE                one                             |
$A * $B DATE                                                |"

it "list of fields"
run sh -c 'vzctl snapshot-list 101 -H -o uuid,desc | sed "s/\$/|/"'
out "$A the first                       |
$B                                 |"

it "list of one"
run vzctl snapshot-list 101 -H -o name --id "$A"
out "one                             "

it "list of one that is not there"
run vzctl snapshot-list 101 --id "$N"
err "Snapshot $N of container 101 is not found"
rc 167

it "list with an unknown field"
run vzctl snapshot-list 101 -o size
err "Unknown field: size"
rc 21

it "names of the fields"
run sh -c "vzctl snapshot-list 101 -L | tr -s ' '"
out "parent_uuid PARENT_UUID
current C
uuid UUID
date DATE
name NAME
desc DESC
device DEVICE
target TARGET"

it "the tree"
run sh -c "vzctl snapshot-list 101 --tree | sed 's/....-..-.. ..:..:../DATE/'"
out "- DATE $A one
  * DATE $B "

it "mount"
run vzctl snapshot-mount 101 --id "$A" --target /mnt/conf
out "Snapshot $A has been successfully mounted on /mnt/conf"
gives 'vzctl snapshot-list 101 -H -o target --id "$A"' "/mnt/conf                       "
gives 'touch /mnt/conf/x' "touch: cannot touch '/mnt/conf/x': Read-only file system"

it "mount of one that is mounted"
run vzctl snapshot-mount 101 --id "$A" --target /mnt
err "Snapshot $A is mounted on /mnt/conf already"
rc 160

it "delete of one that is mounted"
run vzctl snapshot-delete 101 --id "$A"
err "Snapshot $A is mounted: 'vzctl snapshot-umount 101 --id $A' first"
rc 158

it "destroy while one is mounted"
run vzctl destroy 101
err "A snapshot of the container is mounted (snapshot-umount first)"
rc 41

it "umount"
run vzctl snapshot-umount 101 --id "$A"
out "Snapshot $A has been successfully unmounted"

it "umount of one that is not mounted"
run vzctl snapshot-umount 101 --id "$A"
err "Snapshot $A is not mounted"
rc 161

it "mount of one that is not there"
run vzctl snapshot-mount 101 --id "$N" --target /mnt/conf
err "Snapshot $N of container 101 is not found"
rc 160

it "switch"
run vzctl snapshot-switch 101 --id "$A" --skip-resume
out "Container has been successfully switched to another snapshot"
gives 'vzctl snapshot-list 101 -H -o current,uuid' "* $A
  $B"

it "switch to one that is not there"
run vzctl snapshot-switch 101 --id "$N"
err "Snapshot $N of container 101 is not found"
rc 159

it "switch that must resume"
run vzctl snapshot-switch 101 --id "$A" --must-resume
err "Snapshot $A has no memory of running processes to resume"
rc 159

it "delete"
run vzctl snapshot-delete 101 --id "$A"
out "Snapshot $A has been successfully deleted"
gives 'vzctl snapshot-list 101 -H -o parent_uuid,current,uuid' "                                         $B"

it "delete of one that is not there"
run vzctl snapshot-delete 101 --id "$A"
err "Snapshot $A of container 101 is not found"
rc 158

it "switch without an id"
run vzctl snapshot-switch 101
err "Invalid syntax: snapshot id is missing"
rc 20

it "delete without an id"
run vzctl snapshot-delete 101
err "Invalid syntax: snapshot id is missing"
rc 20

it "mount without an id"
run vzctl snapshot-mount 101 --target /mnt/conf
err "Invalid syntax: snapshot id is missing"
rc 20

it "umount without an id"
run vzctl snapshot-umount 101
err "Invalid syntax: snapshot id is missing"
rc 20

it "mount without a target"
run vzctl snapshot-mount 101 --id "$B"
err "Invalid syntax: mount target is missing"
rc 20

it "an unknown option of snapshot"
run vzctl snapshot 101 --junk
err "vzctl: unrecognized option '--junk'"
rc 21

it "snapshot of what does not exist"
run vzctl snapshot 102
err "Container config file does not exist"
rc 14

given running 101

it "of a running container"
run vzctl snapshot 101 --id "$A"
out "Creating snapshot $A
Snapshot $A has been successfully created"
state 101 "exist mounted running"

it "a switch stops a running container"
run vzctl snapshot-switch 101 --id "$A"
out "Killing container ...
Container has been successfully switched to another snapshot"
state 101 "exist unmounted down"
case_end
rm -rf /mnt/conf
