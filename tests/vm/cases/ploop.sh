# SPDX-License-Identifier: GPL-2.0-or-later
# A ploop container moves in on the oldest kernel, onto ext4 with project quota: ACLs and capabilities go through an idmapped
# mount of 6.1, and a limit that is too small refuses the conversion without a trace.
. "$TOP/tests/integration/ploop_lib.sh"

fs 64M -t ext4; fill $W/mnt; close_fs
area 501; d=/vz/private/501/root.hdd
$MK gpt $W/disk.raw $W/fs.raw
$MK image $d/root.hdd $W/disk.raw v2
$MK desc $d/DiskDescriptor.xml "$(sectors $W/disk.raw)" Compressed root.hdd
cp $d/root.hdd $W/image
vzctl register /vz/private/501 501 >/dev/null 2>&1
ok "a limit" vzctl set 501 --diskspace 8M --save
rc "too small: refused" 155 vzctl convert 501 --layout overlay
like "says which" "$TAP_OUT" 'the limits of the container are too small'
rc "nothing is left" 1 test -e /vz/private/501.tmp
ok "it is as it was" cmp $d/root.hdd $W/image
ok "another limit" vzctl set 501 --diskspace 1G --diskinodes 5000 --save
vzctl unregister 501 >/dev/null 2>&1
moved_in "Linux $(uname -r)" 501 overlay
like "the files count" "$(vzlist -a -H -o diskinodes 501)" '7[0-9][0-9]'
away 501
rm -rf $W
