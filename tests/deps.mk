# SPDX-License-Identifier: GPL-2.0-or-later
# make deps: Debian packages to build and run vz. make deps-test: those that `make test`, `make lint` and the QEMU lane
# use as well. Both ask dpkg first and are silent when nothing is missing; only then apt is called (root).

DEPS_RUN := gcc make pkg-config libc6-dev libcap-dev libseccomp-dev libmnl-dev libnftnl-dev libcgroup-dev libarchive-dev \
	libacl1-dev linux-libc-dev libext2fs-dev libexpat1-dev libzstd-dev libfuse3-dev libjansson-dev libsqlite3-dev libmicrohttpd-dev libgnutls28-dev libcurl4-gnutls-dev \
	busybox-static zstd iproute2 btrfs-progs e2fsprogs mmdebstrap rsync openssh-client erofs-utils squashfs-tools
DEPS_TEST := $(DEPS_RUN) qemu-system-x86 cpio kmod xz-utils bzip2 python3 xfsprogs nftables strace curl jq netcat-openbsd \
	squashfs-tools-ng python3-jsonschema python3-prometheus-client iputils-ping util-linux procps libasan8 libubsan1 cppcheck clang-tidy \
	qemu-utils attr acl libarchive-tools libcap2-bin wrk openssl gpg gpg-agent gpgconf perl

# $(1): packages. One update, and only if apt is needed at all.
define install_missing
	@missing=$$(for p in $(1); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	[ -z "$$missing" ] && exit 0; \
	echo "installing" $$missing; \
	[ "$$(id -u)" = 0 ] || { echo "these packages are missing; install them, or run this as root" >&2; exit 1; }; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq || echo "apt-get update failed, going on with the lists that are there" >&2; \
	apt-get install -y -qq --no-install-recommends $$missing >/dev/null </dev/null || \
		{ echo "cannot install" $$missing >&2; exit 1; }
endef

.PHONY: deps deps-test
deps:
	$(call install_missing,$(DEPS_RUN))

deps-test:
	$(call install_missing,$(DEPS_TEST))
