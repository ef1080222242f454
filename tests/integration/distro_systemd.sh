# SPDX-License-Identifier: GPL-2.0-or-later
# What the distributions with systemd have in common, beside distro_lib.sh.
. "$TOP/tests/integration/distro_lib.sh"
POWEROFF="systemctl poweroff" REBOOT="systemctl reboot" HALT="shutdown -h now"

booted() {
	[ "$(vzctl exec2 "$CT" systemctl is-system-running 2>/dev/null </dev/null)" = running ]
}

calm() {
	is "$1: systemd is content" "$(in_ct "$CT" systemctl is-system-running)" running
	is "$1: no unit has failed" "$(in_ct "$CT" systemctl --failed --no-legend --plain)" ""
}

# A script's part: a service that is started when the network is said to be there, as many are.
wants_network() {
	cat <<-'EOT'
		cat >/etc/systemd/system/later.service <<-'EOF'
			[Unit]
			Wants=network-online.target
			After=network-online.target
			[Service]
			Type=oneshot
			ExecStart=/bin/true
			[Install]
			WantedBy=multi-user.target
		EOF
		systemctl enable -q later
	EOT
}
