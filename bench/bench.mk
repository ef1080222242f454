# SPDX-License-Identifier: GPL-2.0-or-later
# `sudo make bench`: how fast, next to the least the kernel asks and to other runtimes. BENCH_N rounds (default 31).

BENCH_BINS := $(B)/bench/floor $(B)/bench/stamp $(B)/bench/lat $(B)/bench/scale $(B)/bench/net_start $(B)/bench/net_flow $(B)/bench/net_rate $(B)/bench/walk
BENCH_N ?= 31
.PHONY: bench bench-walk bench-pool bench-backup

bench: all $(BENCH_BINS)
	@$(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(B))/bench/root
	@BENCH_N=$(BENCH_N) VZ_USR=$(abspath $(B))/bench/root$(PREFIX) VZ_LIBEXEC=$(LIBEXEC) VZ_DATADIR=$(DATADIR) bench/run $(B)/bench

# Of `make bench` the walk alone.
bench-walk: all $(BENCH_BINS)
	@$(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(B))/bench/root
	@BENCH_ONLY=walk BENCH_N=$(BENCH_N) VZ_USR=$(abspath $(B))/bench/root$(PREFIX) VZ_LIBEXEC=$(LIBEXEC) VZ_DATADIR=$(DATADIR) bench/run $(B)/bench

# Containers from a pool's image against copies: space, time, memory. BENCH_POOL_MB=4096 is the paper's table.
bench-pool: all $(BENCH_BINS)
	@$(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(B))/bench/root
	@VZ_USR=$(abspath $(B))/bench/root$(PREFIX) VZ_LIBEXEC=$(LIBEXEC) VZ_DATADIR=$(DATADIR) bench/pool $(B)/bench

# Archives of a root of BENCH_BACKUP_MB (1024) beside tar and zstd.
bench-backup: all $(BENCH_BINS)
	@$(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(B))/bench/root
	@VZ_USR=$(abspath $(B))/bench/root$(PREFIX) VZ_LIBEXEC=$(LIBEXEC) VZ_DATADIR=$(DATADIR) bench/backup $(B)/bench

# Static: what they are compared with does not pay for the dynamic loader.
$(B)/bench/floor: $(B)/obj/bench/floor.o $(B)/obj/bench/floor_net.o
	@mkdir -p $(@D)
	$(Q)$(CC) -static -o $@ $^
$(B)/bench/stamp: $(B)/obj/bench/stamp.o
	@mkdir -p $(@D)
	$(Q)$(CC) -static -o $@ $^
$(B)/bench/walk: $(B)/obj/bench/walk.o
	@mkdir -p $(@D)
	$(Q)$(CC) -static -o $@ $^
$(B)/bench/lat: $(B)/obj/bench/lat.o $(B)/libvz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^

# The floor of bench/api.
$(B)/bench/hello-tls: $(B)/obj/bench/hello_tls.o $(B)/libvz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lmicrohttpd -lgnutls
$(B)/bench/scale: $(B)/obj/bench/scale.o $(B)/libvz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_vzctl)

# Both on the machine's own CPU time: rates and counters, start by start.
$(B)/bench/net_start: $(B)/obj/bench/net_start.o $(B)/libvz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_vzctl)
$(B)/bench/net_rate: $(B)/obj/bench/net_rate.o $(B)/libvz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_vzctl)
$(B)/bench/net_flow: $(B)/obj/bench/net_flow.o $(B)/libvz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_vzctl)
