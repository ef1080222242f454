# SPDX-License-Identifier: GPL-2.0-or-later
# A whole distribution moves in with its ploop image: Debian with systemd, through the loop device onto ext4, as OpenVZ had it.
# template: debian-12-x86_64
. "$TOP/tests/integration/ploop_lib.sh"
. "$TOP/tests/integration/stage.sh"

archive=$(template_archive debian-12-x86_64)
[ -s "$archive" ] || bail "a Debian template (network is needed once, to build it)" "$(tail -n 5 "$archive.log" 2>/dev/null)"
fs 1G -t ext4
tar -C $W/mnt --numeric-owner --xattrs --acls -xf "$archive"
close_fs
area 511; d=/vz/private/511/root.hdd
$MK gpt $W/disk.raw $W/fs.raw
$MK image $d/root.hdd $W/disk.raw v2
$MK desc $d/DiskDescriptor.xml "$(sectors $W/disk.raw)" Compressed root.hdd
rm -f $W/disk.raw $W/fs.raw
start=$(date +%s%N)
moved_in "Debian" 511 overlay
echo "# registered, converted and compared in $((($(date +%s%N) - start) / 1000000)) ms"
ok "set" vzctl set 511 --ram 512M --swap 0 --ipadd 10.77.11.9 --hostname old-one --save
ok "start" vzctl start 511 --wait
soon "systemd is content" 150 sh -c 'vzctl exec 511 systemctl is-system-running | grep -qx running'
is "hostname" "$(in_ct 511 hostname)" old-one
ok "the outside is reached" vzctl exec 511 'ping -c 1 -w 20 198.51.100.1'
ok "packages are whole" vzctl exec 511 'dpkg --audit && dpkg --verify'
ok "stop" vzctl stop 511
away 511
rm -rf $W
