# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 11: systemd 247 and ifupdown's networking.service, nothing of it adapted to containers.
# template: debian-11-x86_64-ifupdown
. "$TOP/tests/integration/distro_systemd.sh"
CT=127 NET=27

tweak() {
	cat >/tmp/tweak <<-'EOT'
		set -e
		printf 'auto lo\niface lo inet loopback\n' >/etc/network/interfaces
		systemctl enable -q networking
	EOT
	wants_network >>/tmp/tweak
	ok "ifupdown is its network" vzctl runscript $CT /tmp/tweak
}

tried() {
	ok "$1: networking is started again" vzctl exec $CT systemctl restart networking
	ok "$1: the interface is taken down and up" vzctl exec $CT 'ifdown venet0 && ifup venet0'
}

distro_template debian-11-x86_64-ifupdown
distro_life debian-11-x86_64-ifupdown
distro_end debian-11-x86_64-ifupdown
