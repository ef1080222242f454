# SPDX-License-Identifier: GPL-2.0-or-later
# Disk quota: the switches, what set and the list say of it.
. "$TOP/tests/conformance/case.sh"

OFF="Disk quota is not enabled, skipping operation"

it "quotaon"
given stopped 101 DISKSPACE=1048576:1153434
run vzctl quotaon 101
out_any

it "quotaoff of a stopped container"
given stopped 101 DISKSPACE=1048576:1153434
run vzctl quotaoff 101
out_any

it "quotainit"
given stopped 101 DISKSPACE=1048576:1153434
run vzctl quotainit 101
out_any

it "quotaon where it is not enabled"
given stopped 101 DISK_QUOTA=no
run vzctl quotaon 101
out "$OFF"
rc 60

it "quotaoff where it is not enabled"
given stopped 101 DISK_QUOTA=no
run vzctl quotaoff 101
out "$OFF"
rc 66

it "quotainit where it is not enabled"
given stopped 101 DISK_QUOTA=no
run vzctl quotainit 101
out "$OFF"
rc 61

it "words behind"
given stopped 101
run vzctl quotaon 101 --force
err "Invalid options: --force"
rc 20

it "a container that does not exist"
given none 102
run vzctl quotaon 102
err "Container config file does not exist"
rc 14

it "migration's calls on the destination"
given stopped 101
run sh -c 'vzctl set 101 --private "/vz/private/\$VEID" --root "/vz/root/\$VEID" --save >/dev/null && vzctl quotainit 101 >/dev/null && vzctl quotaon 101 >/dev/null && echo ready'
out ready

it "usage in the list"
given running 101 DISKSPACE=1048576:1153434
run sh -c 'vzctl exec 101 "dd if=/dev/urandom of=/big bs=1M count=20 2>/dev/null; sync"; vzlist -H -o diskspace 101 | awk "{ print (\$1 > 20000) ? \"counted\" : \"not: \" \$1 }"; vzctl exec 101 rm /big'
out counted

it "the limit of a running container grows"
given running 101 DISKSPACE=20480:20480
run sh -c 'vzctl --quiet set 101 --diskspace 200M --save; vzctl exec2 101 "dd if=/dev/urandom of=/big bs=1M count=60 2>/dev/null; sync; stat -c %s /big; rm /big"'
out 62914560

it "DISK_QUOTA=no lifts it"
given running 101 DISKSPACE=20480:20480 DISK_QUOTA=no
run vzctl exec2 101 'dd if=/dev/urandom of=/big bs=1M count=60 2>/dev/null; sync; stat -c %s /big; rm /big'
out 62914560
