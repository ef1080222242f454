# SPDX-License-Identifier: GPL-2.0-or-later
# S04 S05 S13 S61 S65 S101 S103 S104: hostile root trees. Every place that a start or a `set` touches is made into every
# shape, in both layouts; the start must fail with an error or be right, and the host must be as it was.
. "$TOP/tests/integration/evil_lib.sh"

mkdir -p /canary/dir
echo canary >/canary/file
chmod 700 /canary
TARGETS="proc sys dev run etc etc/resolv.conf etc/hostname etc/hosts sbin/init dev/null dev/pts dev/console sys/fs"
SHAPES="out up loop dangling fifo file dir socket hard deep"

# shape ROOT TARGET SHAPE: as root of the container would have made it.
shape() {
	local at=$1/$2
	mkdir -p "${at%/*}"
	[ -e "$at" ] || [ -L "$at" ] && mv "$at" "$at.was.$RANDOM"
	case $3 in
	out) ln -s /canary/dir "$at" ;;
	up) ln -s ../../../../../../../../../../canary/dir "$at" ;;
	loop) ln -s "${2##*/}" "$at" ;;
	dangling) ln -s /nowhere/at/all "$at" ;;
	fifo) mkfifo "$at" ;;
	file) echo plain >"$at" ;;
	dir) mkdir "$at"; echo x >"$at/x" ;;
	socket) python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$at" 2>/dev/null || mkfifo "$at" ;;
	hard) echo two >"$at"; ln "$at" "$at.link" ;;
	deep) ln -s /proc/1/root/canary/dir "$at" ;;
	esac
}

# One start: it ends in time, and if it says that the container runs, /proc and /dev/null inside are what they must be.
judge() {
	local what=$1 rc out
	out=$(timeout 60 vzctl start 701 2>&1 </dev/null)
	rc=$?
	if [ "$rc" = 124 ]; then
		wrong="$wrong $what:hangs"
	elif [ "$rc" = 0 ]; then
		started=$((started + 1))
		in_701=$(timeout 60 vzctl exec2 701 'stat -c %t:%T /dev/null; stat -f -c %T /proc; readlink /proc/1/root' 2>&1 </dev/null | tr '\n' ' ')
		case $in_701 in "1:3 proc / "* | *"not running"* | *"nable to exec"*) ;; *) wrong="$wrong $what:[$in_701]" ;; esac
		timeout 60 vzctl set 701 --hostname evil --nameserver 192.0.2.53 --searchdomain evil >/dev/null 2>&1 </dev/null
		[ $? = 124 ] && wrong="$wrong $what:set-hangs"
		timeout 60 vzctl --quiet stop 701 --fast >/dev/null 2>&1 </dev/null || wrong="$wrong $what:stop"
	else
		refused=$((refused + 1))
		[ -n "$out" ] || wrong="$wrong $what:silent"
	fi
	[ -e /run/vz/701/state ] && wrong="$wrong $what:left-state"
	mountpoint -q /vz/root/701 && wrong="$wrong $what:left-mount"
}

matrix() {
	local layout=$1 sub=$2 target shape root started=0 refused=0 wrong=
	for target in $TARGETS; do
		for shape in $SHAPES; do
			new 701 --layout "$layout" --hostname evil --nameserver 192.0.2.53 --ipadd 10.77.7.1
			root=/vz/private/701$sub
			shape "$root" "$target" "$shape"
			judge "$target=$shape"
			timeout 60 vzctl --quiet destroy 701 >/dev/null 2>&1 </dev/null || wrong="$wrong $target=$shape:destroy"
		done
	done
	is "S04 S05 S61 $layout: every start is right or refused ($started, $refused)" "$wrong" ""
	[ "$started" -gt 0 ] && [ "$refused" -gt 0 ] && pass "$layout: both were seen" || fail "$layout: both were seen" "$started $refused"
	is "S04 S05 S61 S65 $layout: the host is as it was" "$(canary)" "$before"
}

before=$(canary)
mounts=$(sed -E 's/^[0-9]+ [0-9]+ //' /proc/self/mountinfo | sort)
matrix overlay /upper
matrix dir ""
is "S08 the host's mounts are as they were" "$(sed -E 's/^[0-9]+ [0-9]+ //' /proc/self/mountinfo | sort)" "$mounts"
rm -rf /canary
