# SPDX-License-Identifier: GPL-2.0-or-later
# What issue trackers call later: commands that exist, and are refused today with the status they will have.
. "$TOP/tests/conformance/case.sh"

given none 102
given stopped 101

U='{00000000-0000-0000-0000-000000000000}'
ONLY="Snapshot feature is only available for ploop-based CTs"

it "snapshot"
run vzctl snapshot 101 --name one --description 'the first' --skip-suspend --skip-config
err "$ONLY"
rc 156

it "snapshot-switch"
run vzctl snapshot-switch 101 --id "$U" --skip-resume
err_like '.'
rc 159

it "snapshot-delete"
run vzctl snapshot-delete 101 --id "$U"
err_like '.'
rc 158

it "snapshot-mount"
run vzctl snapshot-mount 101 --id "$U" --target /mnt
err_like '.'
rc 160

it "snapshot-umount"
run vzctl snapshot-umount 101 --id "$U"
err_like '.'
rc 161

it "snapshot-list"
run vzctl snapshot-list 101 -H -o uuid,name
err_like '.'
rc 167

it "snapshot-switch without an id"
run vzctl snapshot-switch 101
err "Invalid syntax: snapshot id is missing"
rc 20

it "snapshot-delete without an id"
run vzctl snapshot-delete 101
err "Invalid syntax: snapshot id is missing"
rc 20

it "snapshot-mount without an id"
run vzctl snapshot-mount 101 --target /mnt
err "Invalid syntax: snapshot id is missing"
rc 20

it "an unknown option of snapshot"
run vzctl snapshot 101 --junk
err "vzctl: unrecognized option '--junk'"
rc 21

it "convert to ploop without a size"
run vzctl convert 101 --layout ploop
err_like 'diskspace not set \(required for ploop\)'
rc 63
state 101 "exist unmounted down"

it "compact has nothing to do"
run vzctl compact 101
out "Compact only makes sense for ploop containers"

it "create on ploop without a size"
run vzctl create 102 --ostemplate vz-base --layout ploop
out_any
err_like 'diskspace not set \(required for ploop\)'
rc 63
gives 'ls -d /vz/private/102 /etc/vz/conf/102.conf 2>/dev/null' ""

it "a checkpoint to disk"
given running 101
run vzctl chkpnt 101
out_any
err_like '^Checkpointing failed'
rc 16

it "a restore from disk"
given stopped 101
run vzctl restore 101
out_any
err_like '.'
rc 17

it "actions of version 7 that have no equivalent"
run vzctl setrate 101
err "Bad command: setrate"
rc 20

it "unset"
run vzctl unset 101
err "Bad command: unset"
rc 20

it "pause freezes"
given running 101
run sh -c 'vzctl --quiet pause 101 && vzctl --quiet resume 101 --resume; vzctl status 101'
out "CTID 101 exist mounted running"

it "flags of clusters are taken"
run vzctl --skipowner --ignore-ha-cluster status 101
out "CTID 101 exist mounted running"
