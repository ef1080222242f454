# SPDX-License-Identifier: GPL-2.0-or-later
# A small archive of packages, signed with a key made here, with the suites, components and pockets that a distribution has.
# Sourced by tests. What the packages hold is this machine's dpkg, shell and libraries in one package, and empty ones.

APT_GPG="gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase="

# apt_key HOME FILE: a key pair in HOME, its public half in FILE as apt takes it. More words go to gpg.
apt_key() {
	local home=$1 file=$2
	shift 2
	mkdir -p -m 700 "$home"
	GNUPGHOME=$home $APT_GPG "$@" --quick-gen-key "test <test@localhost>" ed25519 sign never &&
		GNUPGHOME=$home $APT_GPG --export >"$file" && chmod 644 "$file"
}
apt_key_done() { GNUPGHOME=$1 gpgconf --kill all; }

# apt_deb DIR PACKAGE VERSION [FIELD...]: a package of what lies in DIR/root/PACKAGE, or of nothing.
apt_deb() {
	local dir=$1 name=$2 version=$3 root=$1/root/$2
	shift 3
	mkdir -p "$root/DEBIAN" "$dir/pool/main"
	{
		printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: test <test@localhost>\nDescription: test\n' "$name" "$version"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$root/DEBIAN/control"
	chmod 755 "$root" "$root/DEBIAN"
	dpkg-deb --root-owner-group -Znone -b "$root" "$dir/pool/main/${name}_${version}_amd64.deb" >/dev/null
}

# apt_essential DIR: the package that makes a root in which dpkg and maintainer scripts run.
apt_essential() {
	local root=$1/root/mini f
	mkdir -p "$root"/{etc,dev,proc,sys,run,tmp,root,var/lib/dpkg,var/log,usr/bin,usr/sbin,usr/lib,usr/lib64}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
	for f in dash dpkg dpkg-deb dpkg-divert dpkg-query dpkg-split dpkg-statoverride dpkg-trigger tar rm cat chmod chown chroot cp env grep id \
		install ln ls mkdir mktemp mv readlink sed sort touch true update-alternatives diff perl find xargs truncate; do
		cp "$(readlink -f "$(type -P $f)")" "$root/usr/bin/$f"
	done
	ln -s dash "$root/usr/bin/sh"
	cp /usr/sbin/ldconfig /usr/sbin/start-stop-daemon "$root/usr/sbin/"
	for f in $(ldd "$root"/usr/bin/* "$root"/usr/sbin/* 2>/dev/null | grep -o '/[^ )]*' | grep '/lib' | sort -u); do
		mkdir -p "$root/usr/lib/x86_64-linux-gnu"
		case $f in
		*/ld-linux*) cp -L "$f" "$root/usr/lib64/" ;;
		*) cp -L "$f" "$root/usr/lib/x86_64-linux-gnu/" ;;
		esac
	done
	printf 'root:x:0:0:root:/root:/bin/sh\n_apt:x:42:65534::/nonexistent:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	apt_deb "$1" mini 1.0 "Essential: yes" "Priority: required"
}

# apt_suite DIR HOME SUITE CODENAME COMPONENTS ORIGIN PACKAGE_FILE...: dists/SUITE, signed; the packages are in the first component.
apt_suite() {
	local dir=$1 home=$2 suite=$3 codename=$4 components=$5 origin=$6 c f at
	shift 6
	at=$dir/dists/$suite
	for c in $components; do
		mkdir -p "$at/$c/binary-amd64"
		: >"$at/$c/binary-amd64/Packages"
	done
	for f; do
		(cd "$dir" && dpkg-deb -f "$f" && printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$f" "$(stat -c %s "$f")" \
			"$(sha256sum <"$f" | cut -d' ' -f1)") >>"$at/${components%% *}/binary-amd64/Packages"
	done
	{
		printf 'Origin: %s\nLabel: %s\nSuite: %s\nCodename: %s\nDate: %s\n' "$origin" "$origin" "$suite" "$codename" "$(date -Ru)"
		[ -z "${VALID_UNTIL:-}" ] || echo "Valid-Until: $VALID_UNTIL"
		printf 'Architectures: amd64\nComponents: %s\nSHA256:\n' "$components"
		for c in $components; do
			f=$c/binary-amd64/Packages
			echo " $(sha256sum <"$at/$f" | cut -d' ' -f1) $(stat -c %s "$at/$f") $f"
		done
	} >"$at/Release"
	rm -f "$at/InRelease"
	GNUPGHOME=$home $APT_GPG --clearsign -o "$at/InRelease" "$at/Release"
}
