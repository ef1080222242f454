# SPDX-License-Identifier: GPL-2.0-or-later
# The recipes of other distributions than this host's: with a keyring that is given, from a mirror with their suites and
# components, signed with a key made here; and what is said when the signatures do not fit. And the network of the builder.
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/lib/mkapt.sh"

D=/srv/mirror
HOMES=$(mktemp -d /tmp/gnupg.XXXXXX)
rm -rf $D /tmp/distro.out; mkdir -p $D
chmod 755 /srv
apt_key $HOMES/good $D/good.gpg || bail "a key" "$(gpg --version | head -n 1)"
apt_essential $D || bail "an essential package"
S=$D/root/systemd-sysv
mkdir -p $S/usr/bin $S/usr/sbin $D/root/sysvinit-core/usr/sbin $D/root/openssh-server/etc/{ssh,default} $D/root/base-check/DEBIAN
printf '#!/bin/sh\necho "$@" >>/etc/systemctl.calls\n' >$S/usr/bin/systemctl
printf '#!/bin/sh\nexit 0\n' >$S/usr/sbin/init
cp $S/usr/sbin/init $D/root/sysvinit-core/usr/sbin/init
cp $S/usr/sbin/init $D/root/sysvinit-core/usr/sbin/update-rc.d
chmod 755 $S/usr/bin/* $S/usr/sbin/* $D/root/sysvinit-core/usr/sbin/*
: >$D/root/openssh-server/etc/default/ssh
# what a maintainer's script sees of the host's network
printf '#!/bin/sh\n{ grep -c vz-secret /proc/net/unix; sed 1,2d /proc/net/dev | grep -c :; } >/etc/seen\nexit 0\n' >$D/root/base-check/DEBIAN/postinst
chmod 755 $D/root/base-check/DEBIAN/postinst
apt_deb $D apt 2.0 "Priority: required"
apt_deb $D base-check 1.0 "Priority: required"
for p in systemd-sysv sysvinit-core ifupdown dbus libpam-systemd iproute2 iputils-ping procps nano ca-certificates openssh-server netbase less; do
	apt_deb $D $p 1.0
done
cd $D
release=$(ls pool/main/*.deb)
apt_deb $D less 1.1; apt_deb $D nano 1.1
for s in noble noble-updates noble-security; do
	case $s in noble) set -- $release ;; *-updates) set -- pool/main/less_1.1_amd64.deb ;; *) set -- pool/main/nano_1.1_amd64.deb ;; esac
	apt_suite $D $HOMES/good $s noble "main universe" Ubuntu "$@"
done
for s in stable stable-updates stable-security; do
	case $s in stable) set -- $release ;; *) set -- ;; esac
	apt_suite $D $HOMES/good $s "daedalus${s#stable}" main Devuan "$@"
	ln -s $s "dists/daedalus${s#stable}"		# as Devuan's mirrors have them
done
cd /
resolv=$(cat /etc/resolv.conf)
servers=()
serve() { "$@" >>/tmp/served 2>&1 & servers+=($!); }
: >/tmp/served
serve python3 $TOP/tests/lib/build_net.py dns 127.0.0.53 mirror.test=198.51.100.1
serve python3 $TOP/tests/lib/build_net.py abstract vz-secret
serve nsenter -t $OUTSIDE -n python3 -m http.server --directory $D --bind 198.51.100.1 80
serve python3 -m http.server --directory $D --bind 127.0.0.1 8180
echo 'nameserver 127.0.0.53' >/etc/resolv.conf
answers() { python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)' "$@"; }
for at in "127.0.0.53 53" "198.51.100.1 80" "127.0.0.1 8180"; do
	soon "$at answers the host" 30 answers $at
done

keys=(--keyring $D/good.gpg)
U=ubuntu-24.04-x86_64
built() { vztmpl build "$@" --mirror http://mirror.test/; }
ok "Ubuntu, by a mirror's name, with the keyring given" built $U "${keys[@]}"
tree=$(template_tree $U)
is "from all three suites" "$(for p in systemd-sysv less nano; do sed -n "/^Package: $p\$/,/^\$/s/^Version: //p" $tree/var/lib/dpkg/status; done | tr '\n' ' ')" "1.0 1.1 1.1 "
is "its sources name them all" "$(sed -n 's,^deb http://mirror.test/ ,,p' $tree/etc/apt/sources.list | tr '\n' ';')" \
	"noble main universe;noble-updates main universe;noble-security main universe;"
like "its units were set" "$(cat $tree/etc/systemctl.calls)" 'set-default multi-user.target'
is "a package's script saw a loopback and no socket of the host" "$(cat $tree/etc/seen | tr '\n' ' ')" "0 1 "
template_trees_done
ok "Devuan, by its names, from the host's loopback, which was named" \
	vztmpl build devuan-5-x86_64 "${keys[@]}" --mirror http://127.0.0.1:8180/
tree=$(template_tree devuan-5-x86_64)
is "with sysvinit" "$(ls $tree/usr/sbin/init $tree/usr/bin/systemctl 2>/dev/null)" "$tree/usr/sbin/init"
template_trees_done

# --- what does not fit ---
now=$(vztmpl info $U | sed -n 's/^SHA-256: *//p')
refused() {
	rc "$1" 1 built $U "${@:3}"
	like "  is said" "${TAP_OUT##*vztmpl: }" "$2"
}
apt_key $HOMES/other $D/other.gpg
refused "another's keyring" 'the archive is signed with key [0-9A-F]{16}, which the keyring does not have' --keyring $D/other.gpg
refused "no such keyring" '/none.gpg is missing, the keys that sign this distribution: apt-get install ubuntu-keyring.*--keyring FILE' --keyring /none.gpg
echo junk >$D/junk.gpg
refused "no keyring at all" 'junk.gpg is no OpenPGP keyring' --keyring $D/junk.gpg
GNUPGHOME=$HOMES/good $APT_GPG --armor --export >$D/armor.gpg
refused "a keyring in text" 'gpg --dearmor makes a keyring of it' --keyring $D/armor.gpg
cp $D/good.gpg $HOMES/closed.gpg; chmod 700 $HOMES
refused "one that only root reads" "cannot read $HOMES/closed.gpg, since $HOMES is closed to him" --keyring $HOMES/closed.gpg
cp $D/dists/noble/InRelease $HOMES/InRelease
sed -i 's/^Label: .*/Label: evil/' $D/dists/noble/InRelease
refused "an index that was changed" 'the archive is not what key [0-9A-F]{16} signed' "${keys[@]}"
cp $HOMES/InRelease $D/dists/noble/InRelease
printf 'not what it was' | dd of=$D/pool/main/apt_2.0_amd64.deb bs=1 seek=200 conv=notrunc status=none
refused "a package that was changed" "a file is not what the archive's signed index says" "${keys[@]}"
rc "a mirror that is more than a URL" 1 vztmpl build $U --mirror 'http://a b/'
is "the template is as it was, and nothing stays" "$(vztmpl info $U | sed -n 's/^SHA-256: *//p'; half_made)" "$now"

kill "${servers[@]}"
wait "${servers[@]}" 2>/dev/null
apt_key_done $HOMES/good; apt_key_done $HOMES/other
echo "$resolv" >/etc/resolv.conf
vztmpl rm $U >/dev/null; vztmpl rm devuan-5-x86_64 >/dev/null; vztmpl gc >/dev/null
rm -rf $D $HOMES /tmp/served
