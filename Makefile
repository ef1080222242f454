# SPDX-License-Identifier: GPL-2.0-or-later
# Plain make, no configure. `make`, `make install`, `sudo make run`, `sudo make test`; HACKING.md has the rest.
# Switches: SAN=1 sanitizers (own tree), V=1 print commands, DESTDIR, PREFIX.

VERSION := 5.0.0
MODULES := util cgroups net quota templates libct
B := $(if $(SAN),build/san,build)
CC ?= gcc
PREFIX ?= /usr
SBINDIR := $(PREFIX)/sbin
LIBEXEC := $(PREFIX)/lib/vz
PKGS_BUILD := gcc make pkg-config libcap-dev libseccomp-dev libmnl-dev libnftnl-dev libcgroup-dev libarchive-dev

WARN := -Wall -Wextra -Wshadow -Wswitch-enum -Wmissing-prototypes -Wstrict-prototypes -Wformat=2 -Wvla -Werror
OPT := $(if $(SAN),-O1 -g -fsanitize=address$(comma)undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined,-O2 -g)
comma := ,
HARDEN := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fstack-clash-protection
CPPFLAGS_ALL := -D_GNU_SOURCE -DVZ_VERSION='"$(VERSION)"' -DVZ_LIBEXEC='"$(LIBEXEC)"' -DVZ_SBINDIR='"$(SBINDIR)"' \
	-I. -I$(B)/gen -include util/banned.h $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARN) $(OPT) $(HARDEN) -ffunction-sections -fdata-sections $(CFLAGS)
LDFLAGS_ALL := -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=address$(comma)undefined) $(LDFLAGS)

# A program = one file with main(), named here; everything else of a module goes into build/libvz.a.
# NAME:source:destination
PROGRAMS := vzctl:vzctl/main.c:$(SBINDIR) vzlist:vzctl/vzlist.c:$(SBINDIR) vzhost:vzctl/vzhost.c:$(SBINDIR) \
	vztmpl:vzctl/vztmpl.c:$(SBINDIR) \
	vz-monitor:libct/monitor_main.c:$(LIBEXEC) vz-reap:libct/reap_main.c:$(LIBEXEC) \
	vz-unpack:templates/unpack_main.c:$(LIBEXEC)
field = $(word $(2),$(subst :, ,$(1)))
MAINS := $(foreach p,$(PROGRAMS),$(call field,$(p),2))
GEN_MAINS := libct/seccomp_gen.c man/mkman.c
LIB_SRC := $(filter-out $(MAINS) $(GEN_MAINS),$(foreach m,$(MODULES) vzctl,$(wildcard $(m)/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
BINS := $(foreach p,$(PROGRAMS),$(if $(wildcard $(call field,$(p),2)),$(B)/$(call field,$(p),1)))

LIBS_vzctl := -lnftnl -lmnl -lcap -l:libcgroup.a -lpthread
LIBS_vzlist := $(LIBS_vzctl)
LIBS_vzhost := $(LIBS_vzctl)
LIBS_vztmpl := $(LIBS_vzctl)
LIBS_vz-reap := $(LIBS_vzctl)
LIBS_vz-unpack := -larchive -lcap
LIBS_vz-monitor :=
LDX_vz-monitor := $(if $(SAN),,-static)

Q := $(if $(V),,@)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all run test check unit lint clean install deps bench man

all: $(BINS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/libvz.a: $(LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(LIB_OBJ)

define PROGRAM
$(B)/$(1): $(B)/$(2:.c=.o) $(B)/libvz.a
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(LDFLAGS_ALL) $$(LDX_$(1)) -o $$@ $$^ $$(LIBS_$(1))
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(call field,$(p),1),$(call field,$(p),2))))

-include $(shell find $(B) -name '*.d' 2>/dev/null)
-include tests/tests.mk

clean:
	rm -rf build
