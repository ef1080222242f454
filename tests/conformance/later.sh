# SPDX-License-Identifier: GPL-2.0-or-later
# What issue trackers call later: commands that exist, and are refused today with the status they will have.
. "$TOP/tests/conformance/case.sh"

given none 102
given stopped 101

it "snapshot"
run vzctl snapshot 101
out_any
err_like '.'
rc 156

it "snapshot-switch"
run vzctl snapshot-switch 101 --id '{00000000-0000-0000-0000-000000000000}'
out_any
err_like '.'
rc 159

it "snapshot-delete"
run vzctl snapshot-delete 101 --id '{00000000-0000-0000-0000-000000000000}'
out_any
err_like '.'
rc 158

it "snapshot-mount"
run vzctl snapshot-mount 101 --id '{00000000-0000-0000-0000-000000000000}' --target /mnt
out_any
err_like '.'
rc 160

it "snapshot-umount"
run vzctl snapshot-umount 101 --id '{00000000-0000-0000-0000-000000000000}'
out_any
err_like '.'
rc 161

it "snapshot-list"
run vzctl snapshot-list 101
out_any
err_like '.'
rc 167

it "convert to ploop"
run vzctl convert 101 --layout ploop
out_any
err_like '.'
rc 155

it "compact has nothing to do"
run vzctl compact 101
out "Compact only makes sense for ploop containers"

it "quotaon"
run vzctl quotaon 101
out_any
err_any
rc 60

it "quotaoff"
run vzctl quotaoff 101
out_any
err_any
rc 66

it "quotainit"
run vzctl quotainit 101
out_any
err_any
rc 61

it "create on ploop"
run vzctl create 102 --ostemplate vz-base --layout ploop
out_any
err_like 'Creation of container private area failed$'
rc 99
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
