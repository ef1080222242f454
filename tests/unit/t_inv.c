/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd's inventory on a host of the test's own: files come, change and go, and what it says follows. */
#include "vzd/inv.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t_ct_box.h"
#include "libct/exitrec.h"
#include "util/fio.h"
#include "vzd/bus.h"
#include "vzd/db.h"
#include "vzd/inv_priv.h"

static struct box b;
static struct vzd d;
static struct buf said = BUF_INIT;
static char last_stop[256];

static void note(void *arg, const struct bus_event *ev)
{
	(void)arg;
	buf_addf(&said, "%s:%u ", ev->type, ev->ctid);
	if (str_eq(ev->type, "ct.stopped"))
		str_copy(last_stop, sizeof(last_stop), ev->json);
}

static void up(void)
{
	struct bus_sub *s;

	box_init(&b, "");
	d.host = b.host;
	CHECK_OK(ev_open(&d.ev, &b.e), &b.e);
	CHECK_OK(db_open(&d, BOX "/vzd.db", &d.db, &b.e), &b.e);
	CHECK_OK(bus_open(&d, &d.bus, &b.e), &b.e);
	CHECK_OK(bus_subscribe(d.bus, NULL, UINT64_MAX, note, NULL, &s, &b.e), &b.e);
}

static void down(void)
{
	inv_close(d.inv);
	bus_close(d.bus);
	db_close(d.db);
	ev_close(d.ev);
	buf_done(&said);
	box_done(&b);
}

static void settle(void)
{
	TURN_FOR(d.ev, 100);
}

static void area(unsigned id)
{
	char path[64];

	str_fmt(path, sizeof(path), BOX "/private/%u", id);
	CHECK_EQ(mkdir(path, 0700), 0);
}

TEST_ROOT(inv_reads_what_is_configured)
{
	struct inv_ct *ct;

	up();
	area(101);
	box_conf(101, "NAME=\"www\"\nHOSTNAME=\"www.example\"\nPHYSPAGES=\"0:131072\"\nDISKSPACE=\"1048576:2097152\"\nCPUS=\"2\"\n"
		      "IP_ADDRESS=\"10.0.0.1 2001:db8::1\"\nONBOOT=\"yes\"\nOWNER=\"acme\"\nRESTART=\"on-failure\"\nRESTART_MAX=\"3\"\n"
		      "START_AFTER=\"102 db\"\nVMGUARPAGES=\"65536:65536\"\n");
	box_conf(102, "OSTEMPLATE=\"x\"\n");
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	CHECK_EQ(inv_count(d.inv), 2);
	ct = inv_find(d.inv, 101);
	CHECK_STR(ct->name, "www");
	CHECK_STR(ct->owner, "acme");
	CHECK_EQ(ct->state, INV_STOPPED);
	CHECK_EQ(ct->mem_limit, 512ull << 20);
	CHECK_EQ(ct->mem_guarantee, 256ull << 20);
	CHECK_EQ(ct->disk_limit, 2ull << 30);
	CHECK_EQ(ct->cpus, 2);
	CHECK_EQ(ct->n_ip4, 1);
	CHECK_EQ(ct->n_ip6, 1);
	CHECK(ct->onboot);
	CHECK_EQ(ct->restart, CT_RESTART_FAILURE);
	CHECK_EQ(ct->restart_max, 3);
	CHECK_STR(ct->start_after, "102 db");
	CHECK_EQ(inv_find(d.inv, 102)->state, INV_BROKEN);	/* no private area */
	CHECK(!inv_find(d.inv, 103));
	CHECK(inv_find_text(d.inv, "101") == ct && inv_find_text(d.inv, "www") == ct);
	CHECK(!inv_find_text(d.inv, "") && !inv_find_text(d.inv, "0") && !inv_find_text(d.inv, "../101"));
	down();
}

TEST_ROOT(inv_follows_the_files)
{
	char etag[24];

	up();
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	area(101);
	box_conf(101, "HOSTNAME=\"a\"\n");
	settle();
	CHECK_EQ(inv_count(d.inv), 1);
	CHECK_STR(inv_find(d.inv, 101)->hostname, "a");
	str_copy(etag, sizeof(etag), inv_find(d.inv, 101)->etag);
	box_conf(101, "HOSTNAME=\"b\"\n");
	settle();
	CHECK_STR(inv_find(d.inv, 101)->hostname, "b");
	CHECK(!str_eq(etag, inv_find(d.inv, 101)->etag));
	CHECK_EQ(unlink(CT_CONF_DIR "/101.conf"), 0);
	settle();
	CHECK_EQ(inv_count(d.inv), 0);
	CHECK_STR(buf_str(&said), "ct.created:101 ct.config:101 ct.destroyed:101 ");
	down();
}

TEST_ROOT(inv_json_is_one_object_with_the_configuration)
{
	struct inv_ct *ct;
	json_t *j;

	up();
	area(101);
	box_conf(101, "HOSTNAME=\"say \\\"hi\\\"\"\nDESCRIPTION=\"\\\",\\\"config\\\":{\"\nNAMESERVER=\"10.0.0.53 10.0.0.54\"\n");
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	ct = inv_find(d.inv, 101);
	j = json_loads(inv_json(d.inv, ct), JSON_REJECT_DUPLICATES, NULL);
	CHECK(json_is_object(j));
	CHECK_EQ(json_integer_value(json_object_get(j, "ctid")), 101);
	CHECK_STR(json_string_value(json_object_get(j, "state")), "stopped");
	CHECK_EQ(json_array_size(json_object_get(json_object_get(j, "config"), "nameserver")), 2);
	json_decref(j);
	down();
}

TEST_ROOT(inv_sums_by_owner)
{
	struct inv_sum s;

	up();
	for (unsigned id = 101; id <= 103; id++) {
		area(id);
		box_conf(id, id == 103 ? "PHYSPAGES=\"0:25600\"\n" : "OWNER=\"acme\"\nPHYSPAGES=\"0:25600\"\nCPUS=\"1\"\nIP_ADDRESS=\"10.0.0.1\"\n");
	}
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	inv_sum(d.inv, "acme", &s);
	CHECK_EQ(s.cts, 2);
	CHECK_EQ(s.memory, 200ull << 20);
	CHECK_EQ(s.cpus, 2);
	CHECK_EQ(s.ip4, 2);
	inv_sum(d.inv, NULL, &s);
	CHECK_EQ(s.cts, 3);
	CHECK_EQ(s.running, 0);
	inv_sum(d.inv, "nobody", &s);
	CHECK_EQ(s.cts, 0);
	down();
}

static unsigned exits;
static char last_reason[12];

static void on_exit_record(void *arg, const struct ct_exit *x)
{
	(void)arg;
	exits++;
	str_copy(last_reason, sizeof(last_reason), x->reason);
}

TEST_ROOT(inv_hands_on_records_of_exits_also_old_ones)
{
	const char *text = "CTID=\"101\"\nGEN=\"1\"\nTIME_MS=\"1795774200000\"\nREASON=\"oom\"\n";

	up();
	area(101);
	box_conf(101, "OSTEMPLATE=\"x\"\n");
	CHECK_OK(path_mkdir_host(CT_EXIT_DIR, 0700, &b.e), &b.e);
	box_put(CT_EXIT_DIR "/101.1", text);
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	CHECK_OK(inv_on_exit(d.inv, on_exit_record, NULL, &b.e), &b.e);
	settle();
	CHECK_EQ(exits, 1);
	CHECK_STR(last_reason, "oom");
	CHECK(!box_is_there(CT_EXIT_DIR "/101.1"));
	CHECK_STR(inv_find(d.inv, 101)->exit_reason, "oom");
	down();
}

TEST_ROOT(inv_tells_what_happened_while_nobody_looked)
{
	up();
	CHECK_OK(path_mkdir_host(VZD_LIB, 0700, &b.e), &b.e);
	for (unsigned id = 101; id <= 103; id++) {
		area(id);
		box_conf(id, "OWNER=\"acme\"\n");
	}
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	settle();
	CHECK_STR(buf_str(&said), "");		/* the first one has nothing to compare with */
	inv_close(d.inv);
	area(104);
	box_conf(104, "HOSTNAME=\"new\"\n");
	box_conf(102, "HOSTNAME=\"other\"\n");
	CHECK_EQ(unlink(CT_CONF_DIR "/101.conf"), 0);
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	settle();
	CHECK_STR(buf_str(&said), "ct.destroyed:101 ct.config:102 ct.created:104 ");
	buf_reset(&said);
	box_put(VZD_LIB "/inventory", "101\nx y z\n103 stopped 0 c0000000000000000 acme extra\n");	/* damaged: no harm */
	inv_close(d.inv);
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	settle();
	CHECK_STR(buf_str(&said), "");		/* closing had written it anew */
	down();
}

/* The kernel lost notices: everything is read again, in turns, those that came and went as well; records of exits, too. */
TEST_ROOT(inv_makes_up_for_lost_notices)
{
	char path[64];

	up();
	for (unsigned id = 1001; id <= 1400; id++)
		box_conf(id, "");
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	CHECK_EQ(inv_count(d.inv), 400);
	settle();
	CHECK_EQ(inotify_rm_watch(d.inv->ino, d.inv->wd_conf), 0);
	CHECK_EQ(inotify_rm_watch(d.inv->ino, d.inv->wd_exit), 0);
	for (unsigned id = 1001; id <= 1400; id++) {
		str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf", id);
		if (id % 4 == 0)
			CHECK_EQ(unlink(path), 0);
		else
			box_conf(id, "DESCRIPTION=\"changed\"\n");
	}
	box_conf(999, "");
	box_conf(2000, "");
	box_put(CT_EXIT_DIR "/1001.3", "CTID=\"1001\"\nGEN=\"3\"\nREASON=\"halt\"\nTIME_MS=\"5\"\nOOM_KILLS=\"0\"\n");
	buf_reset(&said);
	d.inv->rescan = true;
	inv_dirty(d.inv, 1001);
	UNTIL(d.ev, !d.inv->rescan && !d.inv->n_dirty);
	settle();
	CHECK_EQ(inv_count(d.inv), 302);
	CHECK(inv_find(d.inv, 999) && inv_find(d.inv, 2000) && !inv_find(d.inv, 1004));
	CHECK_STR(inv_find(d.inv, 1399)->description, "changed");
	CHECK_STR(inv_find(d.inv, 1001)->exit_reason, "halt");
	CHECK(strstr(buf_str(&said), "ct.destroyed:1004 ") && strstr(buf_str(&said), "ct.created:2000 "));
	CHECK(!box_is_there(CT_EXIT_DIR "/1001.3"));
	down();
}

static bool reaped(void)
{
	struct buf auto_buf log = BUF_INIT;
	struct err e = { 0 };

	CHECK_OK(fio_read_at(AT_FDCWD, BOX "/log", &log, &e), &e);
	return strstr(buf_str(&log), "CT 101: cannot clean up after its init") || !box_is_there(CT_RUN_DIR "/101/state");
}

/* Read again for another reason before the loop has heard of it: somebody cleans up after an init and its monitor all the same. */
TEST_ROOT(inv_cleans_up_after_a_death_that_it_reads_first)
{
	struct ct_state s = { .stage = CT_STAGE_RUNNING, .gen = 7 };
	auto_close int log = -1, lock = -1;
	struct ct *ct;

	up();
	area(101);
	box_conf(101, "");
	CHECK_OK(path_mkdir_host(CT_RUN_DIR, 0755, &b.e), &b.e);
	log = open(BOX "/log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(log >= 0 && dup2(log, STDERR_FILENO) >= 0);
	s.init_pid = fork();
	if (s.init_pid == 0) {
		pause();
		_exit(0);
	}
	CHECK_OK(ct_pid_start(s.init_pid, &s.init_start, &b.e), &b.e);
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_state_save(ct, &s, &b.e), &b.e);
	ct_close(ct);
	CHECK_OK(ct_lock_flock(101, 0, &lock, &b.e), &b.e);	/* so that it gets no new monitor */
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	CHECK_EQ(inv_find(d.inv, 101)->state, INV_RUNNING);
	CHECK(kill(s.init_pid, SIGKILL) == 0 && waitpid(s.init_pid, NULL, 0) == s.init_pid);
	inv_update(d.inv, 101);
	CHECK_EQ(inv_find(d.inv, 101)->state, INV_STOPPING);
	auto_close_(&lock);
	UNTIL(d.ev, reaped());
	down();
}

/* The reason is in the event, though the end of the state was seen before the notice of the record was. */
TEST_ROOT(inv_tells_why_whatever_is_seen_first)
{
	struct ct_state s = { .stage = CT_STAGE_RUNNING, .gen = 7, .init_pid = getpid() };
	struct ct *ct;

	up();
	area(101);
	box_conf(101, "");
	CHECK_OK(path_mkdir_host(CT_RUN_DIR, 0755, &b.e), &b.e);
	CHECK_OK(path_mkdir_host(CT_EXIT_DIR, 0700, &b.e), &b.e);
	CHECK_OK(ct_pid_start(s.init_pid, &s.init_start, &b.e), &b.e);
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_lock_flock(101, 0, &ct->lock_fd, &b.e), &b.e);	/* no new monitor */
	CHECK_OK(ct_state_save(ct, &s, &b.e), &b.e);
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	settle();
	CHECK_EQ(inv_find(d.inv, 101)->state, INV_RUNNING);
	ct_exit_record(ct, 7, "halt");
	CHECK_OK(ct_state_drop(ct, &b.e), &b.e);
	inv_update(d.inv, 101);
	settle();
	CHECK(strstr(last_stop, "\"reason\":\"halt\""));
	ct_close(ct);
	down();
}
