# SPDX-License-Identifier: GPL-2.0-or-later
# Plain make, no configure. `make`, `make install`, `sudo make run`, `sudo make test`; HACKING.md has the rest.
# Switches: SAN=1 sanitizers (own tree), V=1 print commands, DESTDIR, PREFIX.

VERSION := 5.0.0
MODULES := util cgroups net quota templates libct vzd
B := $(if $(SAN),build/san,build)
# Files from the future, because the clock has been set back since, would hide changes until then: what was made counts as old,
# what is written as new.
$(shell $(if $(wildcard build),find build -path build/vm -prune -o -type f -newermt '1 hour' -exec touch -d @0 {} + ;) \
	find Makefile README.md $(MODULES) vzctl man tests bench -type f -newermt '1 hour' -exec touch {} +)
CC ?= gcc
PREFIX ?= /usr
SBINDIR := $(PREFIX)/sbin
LIBEXEC := $(PREFIX)/lib/vz
DATADIR := $(PREFIX)/share/vz
MANDIR := $(PREFIX)/share/man
comma := ,

WARN := -Wall -Wextra -Wshadow -Wswitch-enum -Wmissing-prototypes -Wstrict-prototypes -Wformat=2 -Wvla -Werror
OPT := $(if $(SAN),-O1 -g -fsanitize=address$(comma)undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined,-O2 -g)
HARDEN := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fstack-clash-protection
CPPFLAGS_ALL := -D_GNU_SOURCE -DVZ_VERSION='"$(VERSION)"' -DVZ_LIBEXEC='"$(LIBEXEC)"' -DVZ_SBINDIR='"$(SBINDIR)"' \
	-DVZ_DATADIR='"$(DATADIR)"' -I. -I$(B)/gen -include util/banned.h $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARN) $(OPT) $(HARDEN) -ffunction-sections -fdata-sections $(CFLAGS)
LDFLAGS_ALL := -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=address$(comma)undefined) $(LDFLAGS)

# A program = one file with main(), named here; everything else of a module goes into build/libvz.a.
# NAME:source:destination
PROGRAMS := vzctl:vzctl/main.c:$(SBINDIR) vzlist:vzctl/vzlist.c:$(SBINDIR) vzhost:vzctl/vzhost.c:$(SBINDIR) \
	vztmpl:vzctl/vztmpl.c:$(SBINDIR) vzpool:vzctl/vzpool.c:$(SBINDIR) vzfw:vzctl/vzfw.c:$(SBINDIR) vzcheck:vzctl/vzcheck.c:$(SBINDIR) \
	vz-monitor:libct/monitor_main.c:$(LIBEXEC) vz-reap:libct/reap_main.c:$(LIBEXEC) \
	vz-unpack:templates/unpack_main.c:$(LIBEXEC) vz-unploop:templates/unploop_main.c:$(LIBEXEC) vz-fetch:templates/fetch_main.c:$(LIBEXEC) vz-outlet:templates/outlet_main.c:$(LIBEXEC) \
	vz-backup:templates/backup_main.c:$(LIBEXEC) vz-bkmount:templates/backup_fuse.c:$(LIBEXEC) vz-copy:templates/copy_main.c:$(LIBEXEC) vz-mkimage:templates/image_main.c:$(LIBEXEC) mkman:man/mkman.c: mkcompl:man/mkcompl.c: \
	vzd:vzd/main.c:$(SBINDIR) vzweb:vzd/web_main.c:$(LIBEXEC) vz-job:vzd/job_main.c:$(LIBEXEC) vz-hook:vzd/hook_main.c:$(LIBEXEC) vz-seq:vzd/seq_main.c:$(LIBEXEC) vz-remote:vzctl/remote_main.c:$(LIBEXEC) vzadm:vzctl/vzadm.c:$(SBINDIR)
# The companion tools: NAME is vzctl/tool_NAME.c.
TOOLS := arpsend ndsend vzcalc vzcfgscale vzcfgvalidate vzcpucheck vzdqcheck vzdqdump vzdqload vzdump vzifup-post vzmemcheck \
	vzmigrate vznetaddbr vznetcfg vznetstat vzoversell vzpid vzploop vzps vzquota vzrestore vzpkg vzsplit vztmpl-dl vztop vzubc
PROGRAMS += $(foreach t,$(TOOLS),$(t):vzctl/tool_$(t).c:$(SBINDIR))
field = $(word $(2),$(subst :, ,$(1)))
MAINS := $(foreach p,$(PROGRAMS),$(call field,$(p),2))
GEN_MAINS := libct/seccomp_gen.c
LIB_SRC := $(filter-out $(MAINS) $(GEN_MAINS),$(foreach m,$(MODULES) vzctl,$(wildcard $(m)/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/obj/%.o)
BINS := $(foreach p,$(PROGRAMS),$(if $(wildcard $(call field,$(p),2)),$(B)/$(call field,$(p),1)))

# Static where Debian has an archive: each library less to load is 50 us of every command.
LIBS_vzctl := -l:libnftnl.a -lmnl -l:libcap.a -l:libcgroup.a -lpthread
LIBS_vzlist := $(LIBS_vzctl)
LIBS_vzhost := $(LIBS_vzctl)
LIBS_vztmpl := -ljansson -lgnutls $(LIBS_vzctl)
LIBS_vz-fetch := -lcurl-gnutls
LIBS_vz-outlet := -lmnl
LIBS_vzpool := $(LIBS_vzctl)
LIBS_vzfw := $(LIBS_vzctl)
LIBS_vzcheck := $(LIBS_vzctl)
LIBS_mkman := -lgnutls -lsqlite3 -ljansson -lm $(LIBS_vzctl)
LIBS_mkcompl := $(LIBS_mkman)
$(foreach t,$(TOOLS),$(eval LIBS_$(t) := $(LIBS_vzctl)))
LIBS_vz-reap := $(LIBS_vzctl)
LIBS_vz-unpack := -larchive -lcap
LIBS_vz-backup := -lzstd -lcap -lpthread
LIBS_vz-bkmount := -lfuse3 -lzstd -lcap -lpthread
LIBS_vz-unploop := -lext2fs -lcom_err -lexpat -lcap
LIBS_vz-copy := -lcap
LIBS_vz-mkimage := -lcap
LIBS_vz-monitor :=
LIBS_vzd := -lsqlite3 -ljansson -lm $(LIBS_vzctl)
LIBS_vzweb := -lmicrohttpd -lgnutls -ljansson -lseccomp $(LIBS_vzctl)
LIBS_vz-job := $(LIBS_vzctl)
LIBS_vz-seq :=
LIBS_vz-remote := -lcurl-gnutls -ljansson
LIBS_vz-hook := -lcurl-gnutls
LIBS_vzadm := -ljansson $(LIBS_vzctl)
LDX_vz-monitor := $(if $(SAN),,-static)

Q := $(if $(V),,@)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all run clean install uninstall man completion

all: $(BINS) $(if $(SAN),,man completion $(B)/ctid.conf.schema.json)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/libvz.a: $(LIB_OBJ)	# q: two modules may have a file of one name; moved when whole: two makes may run
	$(Q)rm -f $@.$$$$ && ar Dqcs $@.$$$$ $(LIB_OBJ) && mv $@.$$$$ $@

define PROGRAM
$(B)/$(1): $(B)/obj/$(2:.c=.o) $(B)/libvz.a
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(LDFLAGS_ALL) $$(LDX_$(1)) -o $$@ $$^ $$(LIBS_$(1))
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(call field,$(p),1),$(call field,$(p),2))))

# The seccomp filter is compiled at build time: a start loads an array.
$(B)/seccomp_gen: $(B)/obj/libct/seccomp_gen.o
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lseccomp
$(B)/gen/seccomp_bpf.h: $(B)/seccomp_gen
	@mkdir -p $(@D)
	$(Q)ASAN_OPTIONS=detect_leaks=0 $< >$@
$(B)/obj/libct/seccomp.o: $(B)/gen/seccomp_bpf.h

# Manual pages and completion: the tables in them are printed from the same rows that parse the options.
MAN := $(patsubst man/%.in,$(B)/man/%,$(wildcard man/*.in))
man: $(MAN)
$(B)/man/%: man/%.in $(B)/mkman
	@mkdir -p $(@D)
	$(Q)$(B)/mkman $< >$@
# Programs whose words mkcompl prints, for bash and (_NAME) zsh.
COMPL := vzctl vztmpl vzadm vzpool vznetstat
COMPL_BOTH := $(COMPL:%=$(B)/completion/%) $(COMPL:%=$(B)/completion/_%)
completion: $(B)/completion/vzfw $(B)/completion/_vzfw $(COMPL_BOTH)
$(COMPL_BOTH): $(B)/mkcompl
	@mkdir -p $(@D)
	$(Q)$< $(@F) >$@
$(B)/completion/vzfw $(B)/completion/_vzfw: $(B)/vzfw
	@mkdir -p $(@D)
	$(Q)$< --completion $(if $(filter _%,$(@F)),zsh,bash) >$@

$(B)/ctid.conf.schema.json: $(B)/mkman
	$(Q)$< --schema >$@

INST := install -D -m
UNITS := vzd.service vzd.socket vzd-web.socket

install: all
	$(Q)$(foreach p,$(filter-out mkman:% mkcompl:%,$(PROGRAMS)),$(if $(filter $(B)/$(call field,$(p),1),$(BINS)),\
		$(INST) 0755 $(B)/$(call field,$(p),1) $(DESTDIR)$(call field,$(p),3)/$(call field,$(p),1) &&)) true
	$(Q)for f in vzctl/etc/*; do $(INST) 0644 $$f $(DESTDIR)$(DATADIR)/$${f##*/}; done
	$(Q)$(INST) 0644 $(B)/ctid.conf.schema.json $(DESTDIR)$(DATADIR)/ctid.conf.schema.json
	$(Q)cp -R templates/recipes $(DESTDIR)$(LIBEXEC)/
	$(Q)$(INST) 0644 vzctl/units/vz.service $(DESTDIR)$(PREFIX)/lib/systemd/system/vz.service
	$(Q)for f in $(UNITS); do $(INST) 0644 vzd/units/$$f $(DESTDIR)$(PREFIX)/lib/systemd/system/$$f; done
	$(Q)$(INST) 0755 vzctl/units/vz.init $(DESTDIR)/etc/init.d/vz
	$(Q)$(INST) 0755 vzd/units/vzd.init $(DESTDIR)/etc/init.d/vzd
	$(Q)sed -i 's|/usr/sbin/vz|$(SBINDIR)/vz|' $(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/system/,vz.service $(UNITS)) \
		$(DESTDIR)/etc/init.d/vz $(DESTDIR)/etc/init.d/vzd
	$(Q)for f in $(MAN); do $(INST) 0644 $$f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}; done
	$(Q)for t in $(filter-out vzdump vzrestore,$(TOOLS)); do echo '.so man8/vztools.8' >$(DESTDIR)$(MANDIR)/man8/$$t.8; done
	$(Q)echo '.so man8/vzdump.8' >$(DESTDIR)$(MANDIR)/man8/vzrestore.8
	$(Q)for f in vzfw $(COMPL); do $(INST) 0644 $(B)/completion/$$f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$f && \
		$(INST) 0644 $(B)/completion/_$$f $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_$$f || exit 1; done

# Programs and manuals only: containers, their files and /etc/vz stay.
uninstall:
	rm -f $(foreach p,$(filter-out mkman:% mkcompl:%,$(PROGRAMS)),$(DESTDIR)$(call field,$(p),3)/$(call field,$(p),1)) \
		$(foreach m,$(notdir $(MAN)),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(m)) \
		$(TOOLS:%=$(DESTDIR)$(MANDIR)/man8/%.8) \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/vz.service $(DESTDIR)/etc/init.d/vz $(DESTDIR)/etc/init.d/vzd \
		$(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/system/,$(UNITS)) \
		$(foreach f,vzfw $(COMPL),$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$(f) \
			$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_$(f))
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(LIBEXEC)

# The whole proof; its stages and the other checks are in tests/tests.mk.
.PHONY: test
test:
	@tests/run

# From nothing to a running container.
run: deps
	@echo "==> building, and installing into $(PREFIX)"
	@$(MAKE) --no-print-directory install
	@vzctl/demo.sh $(SBINDIR)

-include $(shell find $(B)/obj -name '*.d' -type f 2>/dev/null)
-include tests/tests.mk
-include tests/deps.mk
-include bench/bench.mk

clean:
	rm -rf build
