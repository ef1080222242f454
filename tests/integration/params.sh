# SPDX-License-Identifier: GPL-2.0-or-later
# Parameters and actions that show inside a container: what is stored must also be so.
. "$TOP/tests/integration/lib.sh"

new 851 --ipadd 10.77.8.51 --hostname web.example
rm -rf /tmp/script

# --- what the guest's init may do
ok "netfilter disabled" vzctl set 851 --netfilter disabled --noatime yes --lockedpages 10 --shmpages 1000 --save
ok "starts" vzctl start 851
is "no control of the network" "$(in_ct 851 'ip link set lo down >/dev/null 2>&1; echo $(($? != 0))')" 1
is "nor for one who comes in" "$(in_ct 851 'grep CapBnd /proc/self/status | cut -f2')" 00000000bdecefff
is "the root has no access times" "$(in_ct 851 'grep -c " / overlay [^ ]*noatime" /proc/mounts')" 1
is "locked memory" "$(in_ct 851 'sed -n "s/^Max locked memory *\([0-9]*\) .*/\1/p" /proc/1/limits')" 40960
is "shared memory files" "$(in_ct 851 'df -k /dev/shm | sed -n "2s/[^ ]* *\([0-9]*\).*/\1/p"')" 4000
is "/fastboot" "$(in_ct 851 'test -f /fastboot && echo there')" there
is "a warning of what is only kept" "$(vzctl set 851 --meminfo pages:1 --pci_add 01:00.0 --save | head -n 1)" \
	"Warning: stored, but without effect on this kernel: PCI MEMINFO"

# --- the guest's own network files
is "no directory of ifupdown's is made" "$(in_ct 851 'test -d /etc/network || echo none')" none
in_ct 851 'mkdir -p /etc/network && echo "# mine" >/etc/network/interfaces' >/dev/null
ok "another address" vzctl set 851 --netfilter full --ipadd 10.77.8.52/24 --save
is "is written into it" "$(in_ct 851 'sed -n "1p;s/.*address replace //p" /etc/network/interfaces' | tr '\n' ' ')" \
	"# mine 10.77.8.51/32 dev venet0 10.77.8.52/24 dev venet0 "
ok "stops" vzctl stop 851 --fast
ok "starts again" vzctl start 851
is "it survives ifdown and ifup" "$(in_ct 851 'mkdir -p /etc/network/if-pre-up.d /etc/network/if-up.d \
	/etc/network/if-down.d /etc/network/if-post-down.d; ifup -f venet0; ifdown venet0; ifup venet0
	ip -4 addr show venet0 | grep -c "inet 10.77.8.5[12]/"')" 2
ok "and the host reaches it" ping -c 1 -w 20 10.77.8.52
ok "stops" vzctl stop 851 --fast
is "a mount shows it" "$(vzctl --quiet mount 851; grep -c venet0 /vz/root/851/etc/network/interfaces; vzctl --quiet umount 851)" 7

# --- runscript in a stopped container
printf 'echo "$1"; ps | sed -n 2p; tr -d "\\0" </proc/1/cmdline; exit 5\n' >/tmp/script
TAP_OUT=$(vzctl runscript 851 /tmp/script 2>&1 </dev/null)
is "runscript's status" $? 5
is "nothing else runs in it" "$(tail -n 1 <<<"$TAP_OUT" | sed 's/^ *//;s/  */ /g;s/ $//')" "1 root {init}"
is "it is stopped and not mounted" "$(vzctl status 851)" "CTID 851 exist unmounted down"
rm -f /tmp/script

# --- disk limits on and off
if vzctl set 851 --diskspace 20M --save >/dev/null 2>&1; then
	ok "quotaoff" vzctl quotaoff 851
	ok "quotaon" vzctl quotaon 851
	ok "quotaoff again" vzctl quotaoff 851
	ok "a start applies the limit" vzctl start 851
	in_ct 851 'dd if=/dev/urandom of=/root/big bs=1M count=40; rm -f /root/big' | grep -q 'No space left\|Disk quota exceeded'
	is "it bites" $? 0
	gone 851
fi

# --- away and back
new 852 --name back
ok "unregister" vzctl unregister 852
is "it is gone" "$(vzctl status 852)" "CTID 852 deleted unmounted down"
ok "register" vzctl register /vz/private/852 852
ok "starts under its name" vzctl start back
gone 851 852
