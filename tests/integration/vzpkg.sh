# SPDX-License-Identifier: GPL-2.0-or-later
# template: debian-12-x86_64
# vzpkg: apt of a real Debian, in a running container and in a template, from a repository of packages made here.
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/integration/stage.sh"

archive=$(template_archive debian-12-x86_64)
[ -s "$archive" ] || bail "the template debian-12-x86_64" "it was not built: $archive"
T=/tmp/pkg
rm -rf $T; mkdir -p $T/root $T/deb/DEBIAN $T/deb/usr/share/vz-hello
tar -C $T/root --zstd -xpf "$archive" || bail "unpack"

# deb VERSION: the package vz-hello in the repository of the tree
deb() {
	printf 'Package: vz-hello\nVersion: %s\nArchitecture: all\nMaintainer: vz <vz@localhost>\nDescription: test\n' "$1" \
		>$T/deb/DEBIAN/control
	echo "$1" >$T/deb/usr/share/vz-hello/version
	printf '#!/bin/sh\ninvoke-rc.d --quiet ssh restart >/usr/share/vz-hello/rc 2>&1; echo $? >>/usr/share/vz-hello/rc; exit 0\n' \
		>$T/deb/DEBIAN/postinst
	chmod 755 $T/deb/DEBIAN/postinst
	dpkg-deb --root-owner-group -b $T/deb "$2/vz-hello_$1_all.deb" >/dev/null &&
		(cd "$2" && for f in *.deb; do dpkg-deb -f $f; echo "Filename: ./$f"
			echo "Size: $(stat -c %s $f)"; echo "SHA256: $(sha256sum <$f | cut -c1-64)"; echo; done >Packages)
}
mkdir -p $T/root/srv/repo
rm -rf $T/root/etc/apt/sources.list $T/root/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/repo ./' >$T/root/etc/apt/sources.list
deb 1.0 $T/root/srv/repo
tar -C $T/root --zstd -cpf $T/deb12.tar.zst . && vztmpl add $T/deb12.tar.zst --unsigned >/dev/null || bail "the template"
tree() { template_tree "$@"; }
before=$(tree deb12)

# --- a template ---
rc "no such verb" 3 vzpkg dance deb12
rc "no packages" 3 vzpkg install deb12
rc "an option is no package" 3 vzpkg install deb12 -- --allow-unauthenticated
rc "nor is a path" 3 vzpkg install deb12 /etc/passwd
rc "no such template" 1 vzpkg install none vz-hello
rc "no such container" 1 vzpkg install 4711 vz-hello
rc "nothing is pending" 0 vzpkg status deb12
like "list" "$(vzpkg list deb12 2>/dev/null)" 'apt [0-9]'
is "asking changes nothing" "$(tree deb12)" "$before"
ok "a container of it" vzctl create 802 --ostemplate deb12
rc "a package that is not there" 1 vzpkg install deb12 no-such-package
is "leaves the template as it was" "$(tree deb12)" "$before"
ok "install" vzpkg install deb12 vz-hello
after=$(tree deb12)
is "it is in the template" "$(cat "$after/usr/share/vz-hello/version")" 1.0
like "and no service was started by it" "$(tail -n 1 "$after/usr/share/vz-hello/rc")" '^(0|101)$'
is "what kept services down is gone" "$(ls "$after/usr/sbin/policy-rc.d" 2>/dev/null)" ""
is "the machine id is empty" "$(stat -c %s "$after/etc/machine-id")" 0
is "ids are as they were" "$(stat -c %u "$after/etc/passwd" "$after/usr/share/vz-hello" | tr '\n' ' ')" "0 0 "
is "nothing of the host is in it" "$(ls "$after/run" "$after/tmp" "$after/proc" | grep -v -e : -e '^$' -e '^lock$')" ""
template_trees_done
like "info tells where it came from" "$(vztmpl info deb12)" 'From:       vzpkg '
ok "the container on the old one" vzctl start 802 --wait
is "has no such package" "$(in_ct 802 ls /usr/share/vz-hello 2>/dev/null)" "ls: cannot access '/usr/share/vz-hello': No such file or directory"

# --- a container ---
rc "nothing is pending" 0 vzpkg status 802
ok "install" vzpkg install 802 vz-hello
is "it is there" "$(in_ct 802 cat /usr/share/vz-hello/version)" 1.0
like "list" "$(vzpkg list 802)" 'vz-hello 1.0'
cp -r $T/root/srv/repo $T/repo && deb 2.0 $T/repo
tar -C $T/repo -c . | vzctl exec2 802 tar -C /srv/repo -x
rc "an update is pending" 2 vzpkg status 802
like "and named" "$TAP_OUT" 'vz-hello \[1.0\] \(2.0'
ok "update" vzpkg update 802
is "is done" "$(in_ct 802 cat /usr/share/vz-hello/version)" 2.0
rc "none is pending" 0 vzpkg status 802
ok "remove" vzpkg remove 802 vz-hello
is "it is gone" "$(in_ct 802 ls /usr/share/vz-hello/version 2>/dev/null | grep -c '^/usr')" 0
# one whose script fails: told, and finished when the cause is gone
postinst='#!/bin/sh\n[ ! -e /broken ]\n'
deb() {
	printf 'Package: vz-hello\nVersion: %s\nArchitecture: all\nMaintainer: vz <vz@localhost>\nDescription: test\n' "$1" \
		>$T/deb/DEBIAN/control
	printf "$postinst" >$T/deb/DEBIAN/postinst
	rm -f $2/*.deb
	dpkg-deb --root-owner-group -b $T/deb "$2/vz-hello_$1_all.deb" >/dev/null &&
		(cd "$2" && for f in *.deb; do dpkg-deb -f $f; echo "Filename: ./$f"
			echo "Size: $(stat -c %s $f)"; echo "SHA256: $(sha256sum <$f | cut -c1-64)"; echo; done >Packages)
}
deb 3.0 $T/repo && tar -C $T/repo -c . | vzctl exec2 802 tar -C /srv/repo -x
in_ct 802 touch /broken >/dev/null
rc "a package that does not configure" 1 vzpkg install 802 vz-hello
like "is named" "$TAP_OUT" 'error processing package vz-hello'
rc "status tells" 1 vzpkg status 802
like "by name" "$TAP_OUT" "half installed, which 'vzpkg update' tries to finish: vz-hello"
in_ct 802 rm /broken >/dev/null
ok "the cause gone, update finishes it" vzpkg update 802
rc "and nothing is pending" 0 vzpkg status 802
# no room: told, and the container and its packages are as before
head -c 40M /dev/urandom >$T/deb/usr/share/vz-hello/big
deb 4.0 $T/repo && tar -C $T/repo -c . | vzctl exec2 802 tar -C /srv/repo -x
rm $T/deb/usr/share/vz-hello/big
used=$(vzlist -H -o diskspace 802 | tr -d ' ')
vzctl set 802 --diskspace $((used / 1024 + 20))M --save >/dev/null
rc "no room" 1 vzpkg update 802
like "is told" "$TAP_OUT" 'No space left on device|Disk quota exceeded|not have enough free space'
vzctl set 802 --diskspace 2G --save >/dev/null
ok "with room, it is done" vzpkg update 802
is "really" "$(in_ct 802 stat -c %s /usr/share/vz-hello/big)" 41943040
rc "nothing is half done" 0 vzpkg status 802
# killed while its package manager is at work: that goes on inside
postinst='#!/bin/sh\ntouch /begun\nwhile [ ! -e /go ]; do sleep 0.2; done\n'
deb 5.0 $T/repo && tar -C $T/repo -c . | vzctl exec2 802 tar -C /srv/repo -x
vzpkg update 802 >/tmp/killed.out 2>&1 &
P=$!
soon "a script is at work" 60 vzctl exec2 802 test -e /begun
kill -9 $P
wait $P 2>/dev/null
rc "killed: the next one is told" 1 vzpkg remove 802 vz-hello
like "who is at work" "$TAP_OUT" 'is held by process|is locked by another process'
in_ct 802 touch /go >/dev/null
soon "that one ends" 60 sh -c 'vzpkg status 802'
is "its work done" "$(in_ct 802 "dpkg-query -W -f '\${db:Status-Abbrev}' vz-hello" | tr -d ' ')" ii
rm -f /tmp/killed.out
vzctl stop 802 --fast >/dev/null 2>&1
rc "a stopped one" 1 vzpkg update 802
like "has no network" "$TAP_OUT" 'container 802 is not running: its packages come over its own network; start it first'

# --- managers that are not Debian's, as far as their words go ---
up 803
# Each writes down how it was called, and knows of one update, NEW, as long as there is /pending.
vzctl exec2 803 'mkdir -p /usr/local/bin; cat >/usr/local/bin/fake; chmod 755 /usr/local/bin/fake' <<'END'
#!/bin/sh
echo "${0##*/} $*" >>/calls
case "${0##*/} $*" in
*check-update*) [ -e /pending ] && { echo NEW 2.0 repo; exit 100; } ;;
"zypper -q -n lu") printf 'S | Name\n--+-----\n'; [ -e /pending ] && echo 'v | NEW' ;;
*"version -l <" | *-Qu) [ -e /pending ] && echo NEW || [ "${2:-$1}" != -Qu ] ;;
"rpm -qa"* | *"info -v" | *" -Q") echo have 1.0 ;;
esac
[ ! -e /broken ] || exit 3
exit $?
END
for pm in dnf yum apk pacman zypper; do
	vzctl exec 803 "cd /usr/local/bin; rm -f dnf yum apk pacman zypper rpm; ln -s fake $pm; ln -s fake rpm; rm -f /pending /broken" >/dev/null
	# called VERB STATUS CALLS ARGUMENTS...
	called() {
		local verb=$1 want=$2 calls=$3
		shift 3
		vzctl exec 803 'rm -f /calls' >/dev/null
		rc "$pm: $verb" "$want" vzpkg $verb 803 "$@"
		is "$pm: is called so" "$(in_ct 803 cat /calls)" "$calls"
	}
	case $pm in
	dnf | yum)
		install="$pm -y install one two" remove="$pm -y remove one" update="$pm -y upgrade" some="$pm -y upgrade one"
		status="$pm -q check-update" ;;
	apk)
		install="apk update
apk add one two" remove="apk del one" update="apk update
apk upgrade" some="apk update
apk add -u one" status="apk -q update
apk -q version -l <" list="apk info -v" ;;
	pacman)
		install="pacman -Sy --noconfirm --needed one two" remove="pacman -R --noconfirm one" update="pacman -Syu --noconfirm"
		some="pacman -Sy --noconfirm one" status="pacman -Sy
pacman -Qu" list="pacman -Q" ;;
	zypper)
		install="zypper -n in one two" remove="zypper -n rm one" update="zypper -n up" some="zypper -n up one"
		status="zypper -q -n ref
zypper -q -n lu" ;;
	esac
	called install 0 "$install" one two
	called remove 0 "$remove" one
	called update 0 "$update"
	called update 0 "$some" one
	called status 0 "$status"
	vzctl exec 803 'touch /pending' >/dev/null
	called status 2 "$status"
	like "$pm: and the update named" "$TAP_OUT" NEW
	case $pm in
	apk | pacman)
		called list 0 "$list"
		like "$pm: what there is" "$TAP_OUT" 'have 1.0' ;;
	*)	# the shell of this guest has an rpm of its own, which comes first and knows no -qa: it was asked
		rc "$pm: list" 1 vzpkg list 803
		like "$pm: asks rpm for all" "$TAP_OUT" "rpm: invalid option -- 'a'" ;;
	esac
	vzctl exec 803 'touch /broken; rm /pending' >/dev/null
	called update 1 "${update%%
*}"
done
vzctl exec 803 'rm -f /usr/local/bin/*' >/dev/null
for verb in "install 803 one" "remove 803 one" "update 803" "status 803" "list 803"; do
	rc "no manager at all: $verb" 1 vzpkg $verb
done
like "is said" "$TAP_OUT" 'there is no package manager inside that vzpkg knows'
gone 802 803
vztmpl rm deb12 >/dev/null
vztmpl gc >/dev/null
rm -rf $T
