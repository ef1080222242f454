# SPDX-License-Identifier: GPL-2.0-or-later
# NetworkManager with keyfiles and nothing beside it, as RHEL 9 and its kin have it: a connection for every interface, and a
# service that waits for the network.
# template: debian-13-x86_64-daemons
. "$TOP/tests/integration/distro_systemd.sh"
CT=124 NET=24

tweak() {
	cat >/tmp/tweak <<-'EOT'
		set -e
		systemctl disable -q systemd-networkd systemd-networkd-wait-online systemd-resolved 2>/dev/null || true
		systemctl enable -q NetworkManager NetworkManager-wait-online
		rm -f /etc/resolv.conf
		cat >/etc/NetworkManager/system-connections/any.nmconnection <<-'EOF'
			[connection]
			id=any
			type=ethernet
			[ipv4]
			method=auto
		EOF
		chmod 600 /etc/NetworkManager/system-connections/any.nmconnection
	EOT
	wants_network >>/tmp/tweak
	ok "NetworkManager is its network" vzctl runscript $CT /tmp/tweak
}

tried() {
	ok "$1: NetworkManager is started again" vzctl exec $CT systemctl restart NetworkManager
	like "$1: and leaves it alone" "$(in_ct $CT nmcli -t -f DEVICE,STATE device)" 'venet0:unmanaged'
}

distro_template debian-13-x86_64-daemons
distro_life debian-13-x86_64-daemons
distro_end debian-13-x86_64-daemons
