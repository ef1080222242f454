# SPDX-License-Identifier: GPL-2.0-or-later
# S55: in layout dir the private area is the guest's own root. It makes its root look like an area of another layout, to be
# read, mounted or kept as one; and its neighbours' commands, which look at all areas, must not care.
. "$TOP/tests/integration/evil_lib.sh"

GUID=11111111-2222-4333-8444-555555555555

# pose ID: what a guest writes into its root, after it has shut out its own users.
pose() {
	in_ct "$1" "chmod 700 /; mkdir -p /upper /work /snap /root.hdd; echo nonsense >/layers; echo nonsense >/home.txt
		rm -rf /home; echo $GUID >/home; echo nonsense >/snap/$GUID.below; echo '<a/>' >/root.hdd/DiskDescriptor.xml
		dd if=/dev/zero of=/root.img bs=1024 count=1024 2>/dev/null; printf 'CAPABILITY=\"sys_module:on\"\nNAME=\"evil\"\n' >/ve.conf; sync"
}

up 711 --layout dir
new 712
pose 711
ok "S55 a neighbour's snapshot" vzctl snapshot 712 --id $GUID
ok "S55 a neighbour's snapshot goes" vzctl snapshot-delete 712 --id $GUID
ok "S55 a neighbour's linked clone" vzctl clone 712 713 --linked
ok "S55 the source of a clone is destroyed" vzctl destroy 712
ok "S55 the collector of templates" vztmpl gc
ok "S55 the clone is destroyed" vzctl destroy 713

# a file of vzctl 4.x says nothing of the layout
vzctl --quiet stop 711 --fast
sed -i '/^VE_LAYOUT=/d' /etc/vz/conf/711.conf
ok "S55 it starts as what it is, without VE_LAYOUT" vzctl start 711
is "S55 as a tree" "$(in_ct 711 'ls -d /layers /root.img' | tr '\n' ' ')" "/layers /root.img "
vzctl --quiet stop 711 --fast
ok "S55 unregister" vzctl unregister 711
ok "S55 register" vzctl register /vz/private/711 711
is "S55 as a tree, with the kept configuration" "$(grep -cE '^VE_LAYOUT="dir"|sys_module|^NAME=' /etc/vz/conf/711.conf)" 1
ok "S55 it can be destroyed" vzctl destroy 711
