# SPDX-License-Identifier: GPL-2.0-or-later
# netplan over systemd-networkd, with systemd-resolved, as Ubuntu has them: a netplan file that wants every interface, and a
# service that waits for the network.
# template: debian-13-x86_64-daemons
. "$TOP/tests/integration/distro_systemd.sh"
CT=123 NET=23 NEEDS_ADDRESS=1		# netplan makes the boot wait for each interface that its file names, venet0 too

tweak() {
	cat >/tmp/tweak <<-'EOT'
		set -e
		systemctl disable -q NetworkManager NetworkManager-wait-online NetworkManager-dispatcher
		systemctl enable -q systemd-networkd systemd-networkd-wait-online systemd-resolved
		mkdir -p /etc/netplan
		cat >/etc/netplan/50-all.yaml <<-'EOF'
			network:
			  version: 2
			  renderer: networkd
			  ethernets:
			    all:
			      match: {name: "*"}
			      dhcp4: true
		EOF
		chmod 600 /etc/netplan/50-all.yaml
		ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	EOT
	wants_network >>/tmp/tweak
	ok "networkd and resolved are its network" vzctl runscript $CT /tmp/tweak
}

distro_template debian-13-x86_64-daemons
tried() {
	ok "$1: netplan generate" vzctl exec $CT netplan generate
	in_ct $CT netplan apply >/dev/null		# wants udevd at its end, which no container has
	ok "$1: networkd is started again" vzctl exec $CT systemctl restart systemd-networkd
}
distro_life debian-13-x86_64-daemons
distro_end debian-13-x86_64-daemons
