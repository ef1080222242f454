# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that checks. `make test` runs the lot (root for all of it), `make check` what needs no root.
#   unit [T=FILTER...]  all unit tests under ASan and UBSan     unit-MODULE  those of util or one leaf, without the rest
#   lint                layers, sizes, words, tests per file     analyze [F=FILE...]  gcc -fanalyzer, cppcheck, clang-tidy
#   manuals                     what --help, manual, completion and README say, against one another
#   fuzz-replay         corpora under sanitizers                 fuzz/NAME    libFuzzer on one target (needs clang)
#   api                         the OpenAPI document, by validators of others
.PHONY: check unit lint manuals analyze fuzz-replay api

SAN_MAKE = $(MAKE) --no-print-directory SAN=1

UNIT_SRC := $(sort $(wildcard tests/unit/t_*.c))
UNIT_OBJ := $(UNIT_SRC:%.c=$(B)/obj/%.o)
UNIT_LIBS := $(LIBS_vzctl) -larchive -lext2fs -lcom_err -lexpat -lsqlite3 -ljansson -lmicrohttpd -lgnutls -lcurl-gnutls -lm -lseccomp -lzstd
RUNNER := $(B)/obj/tests/lib/runner.o $(B)/obj/tests/lib/fault.o
FAULT_CALLS := malloc calloc realloc reallocarray strdup strndup \
	write read fsync fstat fchmod unlinkat mkdirat renameat openat
UNIT_LDFLAGS := $(FAULT_CALLS:%=-Wl,--wrap=%)
LEAVES := util cgroups net quota templates

check: lint unit fuzz-replay

unit:
	+@$(SAN_MAKE) build/san/unit build/san/vz-job
	@build/san/unit $(T)

$(B)/unit: $(UNIT_OBJ) $(RUNNER) $(B)/libvz.a
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(UNIT_LDFLAGS) -o $@ $^ $(UNIT_LIBS)

# One module and util only: what is broken elsewhere does not matter, and a forbidden arrow does not link.
unit_of = $(wildcard $(patsubst $(1)/%.c,tests/unit/t_%.c,$(wildcard $(1)/*.c)))
objs_of = $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(MAINS) $(GEN_MAINS),$(foreach m,$(sort util $(1)),$(wildcard $(m)/*.c))))
define MODULE_UNIT
.PHONY: unit-$(1)
unit-$(1):
	+@$$(SAN_MAKE) build/san/unit-$(1)
	@build/san/unit-$(1) $$(T)
$(B)/unit-$(1): $(patsubst %.c,$(B)/obj/%.o,$(call unit_of,$(1))) $(RUNNER) $(call objs_of,$(1))
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(LDFLAGS_ALL) $$(UNIT_LDFLAGS) -o $$@ $$^ $$(UNIT_LIBS)
endef
$(foreach m,$(LEAVES),$(eval $(call MODULE_UNIT,$(m))))

lint:
	@tests/lint/run

manuals: all
	@tests/lint/manuals

api: $(B)/vzd
	@tests/api/run

analyze:
	@tests/lint/analyze $(F)

# A target is tests/fuzz/f_NAME.c with fuzz_one(); driver.c makes it a replay program or a libFuzzer target.
FUZZERS := $(patsubst tests/fuzz/f_%.c,%,$(sort $(wildcard tests/fuzz/f_*.c)))

fuzz-replay:
	+@$(SAN_MAKE) $(FUZZERS:%=build/san/fuzz-%)
	@tests/fuzz/replay $(FUZZERS)

$(B)/fuzz-%: $(B)/obj/tests/fuzz/f_%.o $(B)/obj/tests/fuzz/driver.o $(B)/libvz.a
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(UNIT_LIBS)
.PRECIOUS: $(B)/obj/%.o

fuzz/%: tests/fuzz/f_%.c build/gen/seccomp_bpf.h
	@mkdir -p build/fuzz/$*.new tests/fuzz/corpus/$*
	$(Q)clang $(CPPFLAGS_ALL) -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -DVZ_LIBFUZZER \
		-o build/fuzz/$* tests/fuzz/driver.c $< $(filter-out $(MAINS) $(GEN_MAINS),$(LIB_SRC)) $(UNIT_LIBS)
	build/fuzz/$* -max_total_time=$(or $(SECONDS),60) build/fuzz/$*.new tests/fuzz/corpus/$*
