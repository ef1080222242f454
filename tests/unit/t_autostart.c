/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/autostart.c with real jobs, and a vzctl of the test's own that writes down what it was told. */
#include "tests/unit/t_api_env.h"
#include "vzd/autostart.h"

#define LOG BOX "/started"

static struct api_env v;
static struct buf said = BUF_INIT;

static void note(void *arg, const struct bus_event *ev)
{
	(void)arg;
	if (str_eq(ev->type, "ct.failed"))
		buf_addf(&said, "%u ", ev->ctid);
}

static void add(unsigned id, const char *conf)
{
	char path[64];

	str_fmt(path, sizeof(path), BOX "/private/%u", id);
	CHECK_EQ(mkdir(path, 0700), 0);
	box_conf(id, conf);
}

/* "vzctl start ID": a line when it begins, one when it ends; as many seconds and the status that a file says. */
static void up(unsigned parallel)
{
	box_init(&v.box, "");
	v.boxed = true;
	CHECK_EQ(mount("box", VZ_SBINDIR, "tmpfs", 0, "mode=755"), 0);
	box_put(VZ_SBINDIR "/vzctl", "#!/bin/sh\necho \"+$2\" >>" LOG "\n[ ! -e " BOX "/slow-$2 ] || sleep 0.4\n"
				     "echo \"-$2\" >>" LOG "\n[ ! -e " BOX "/fail-$2 ] || exit 6\n");
	CHECK_EQ(chmod(VZ_SBINDIR "/vzctl", 0755), 0);
	box_put(LOG, "");
	for (unsigned id = 101; id <= 105; id++)
		add(id, "");
	v.v.d.conf.parallel.v = parallel;
	buf_reset(&said);
}

static void run(void)
{
	struct bus_sub *sub;

	api_env_open(&v);
	CHECK_OK(bus_subscribe(v.v.d.bus, NULL, UINT64_MAX, note, NULL, &sub, &v.v.e), &v.v.e);
	CHECK_OK(autostart_open(&v.v.d, &v.v.d.autostart, &v.v.e), &v.v.e);
}

static int member(const char *name)
{
	json_t *j = autostart_json(v.v.d.autostart);
	int n = (int)(json_is_array(json_object_get(j, name)) ? (long long)json_array_size(json_object_get(j, name))
							      : json_integer_value(json_object_get(j, name)));

	json_decref(j);
	return n;
}

static void wait_all(void)
{
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;

	while (member("waiting") + member("starting") > 0 && ev_now_ms() < end)
		CHECK_OK(ev_turn(v.v.d.ev, 20, &v.v.e), &v.v.e);
	CHECK_EQ(member("waiting") + member("starting"), 0);
	for (int i = 0; i < 5; i++)
		CHECK_OK(ev_turn(v.v.d.ev, 5, &v.v.e), &v.v.e);
}

static void down(void)
{
	autostart_close(v.v.d.autostart);
	v.v.d.autostart = NULL;
	api_env_close(&v);
	CHECK_EQ(umount2(VZ_SBINDIR, MNT_DETACH), 0);
}

static void start(const unsigned *ids, size_t n)
{
	CHECK_OK(autostart_add(v.v.d.autostart, ids, n, &v.v.e), &v.v.e);
}

TEST_ROOT(autostart_one_after_the_other)
{
	up(1);
	run();
	start((const unsigned[]){ 103, 101, 102, 103 }, 4);
	CHECK(box_is_there(VZD_RUN "/autostart"));
	wait_all();
	CHECK(box_file_is(LOG, "+103\n-103\n+101\n-101\n+102\n-102\n"));
	CHECK_EQ(member("up"), 3);
	CHECK(!box_is_there(VZD_RUN "/autostart"));
	down();
}

TEST_ROOT(autostart_so_many_at_a_time)
{
	up(2);
	run();
	box_put(BOX "/slow-101", "");
	start((const unsigned[]){ 101, 102, 103 }, 3);
	CHECK_EQ(member("starting"), 2);
	CHECK_EQ(member("waiting"), 1);
	wait_all();
	CHECK_EQ(member("up"), 3);
	down();
}

/* By name and by id; one that is not on the list, or not there, is not waited for. */
TEST_ROOT(autostart_after_those_it_needs)
{
	up(4);
	box_conf(101, "START_AFTER=\"db 103 999 101 105\"\n");
	box_conf(102, "NAME=\"db\"\n");
	box_put(BOX "/slow-102", "");
	run();
	start((const unsigned[]){ 101, 102, 103 }, 3);
	CHECK_EQ(member("starting"), 2);
	wait_all();
	CHECK_EQ(member("up"), 3);
	{
		struct buf auto_buf b = BUF_INIT;

		CHECK_OK(fio_read_at(AT_FDCWD, LOG, &b, &v.v.e), &v.v.e);
		CHECK(strstr(buf_str(&b), "-102\n+101\n-101\n") != NULL);
	}
	down();
}

TEST_ROOT(autostart_failure_is_said_and_frees_who_waits)
{
	up(1);
	box_conf(102, "START_AFTER=\"101\"\n");
	box_put(BOX "/fail-101", "");
	run();
	start((const unsigned[]){ 101, 102 }, 2);
	wait_all();
	CHECK(box_file_is(LOG, "+101\n-101\n+102\n-102\n"));
	CHECK_EQ(member("up"), 1);
	CHECK_EQ(member("failed"), 1);
	CHECK_STR(buf_str(&said), "101 ");
	down();
}

TEST_ROOT(autostart_breaks_a_circle)
{
	up(2);
	box_conf(101, "START_AFTER=\"102\"\n");
	box_conf(102, "START_AFTER=\"103\"\n");
	box_conf(103, "START_AFTER=\"101\"\n");
	run();
	start((const unsigned[]){ 101, 102, 103 }, 3);
	wait_all();
	CHECK(box_file_is(LOG, "+101\n-101\n+103\n-103\n+102\n-102\n"));
	CHECK_EQ(member("up"), 3);
	down();
}

TEST_ROOT(autostart_counts_as_up_after_its_delay)
{
	up(2);
	box_conf(101, "START_DELAY=\"1\"\n");
	box_conf(102, "START_AFTER=\"101\"\n");
	run();
	uint64_t t0 = ev_now_ms();
	start((const unsigned[]){ 101, 102 }, 2);
	wait_all();
	CHECK(ev_now_ms() - t0 >= 1000);
	CHECK(box_file_is(LOG, "+101\n-101\n+102\n-102\n"));
	down();
}

/* Those that vanish meanwhile fail, one by one, and hold nobody up. */
TEST_ROOT(autostart_of_containers_that_vanish)
{
	up(1);
	box_conf(102, "START_AFTER=\"101\"\n");
	box_conf(103, "START_AFTER=\"102\"\n");
	box_put(BOX "/slow-101", "");
	run();
	start((const unsigned[]){ 101, 102, 103, 104 }, 4);
	CHECK_EQ(unlink(CT_CONF_DIR "/102.conf"), 0);
	CHECK_EQ(unlink(CT_CONF_DIR "/103.conf"), 0);
	inv_refresh(v.v.d.inv, 102);
	inv_refresh(v.v.d.inv, 103);
	wait_all();
	CHECK(box_file_is(LOG, "+101\n-101\n+104\n-104\n"));
	CHECK_EQ(member("failed"), 2);
	down();
}

/* The next vzd goes on with what is left, and a list that holds nonsense does no harm. */
TEST_ROOT(autostart_goes_on_in_the_next_vzd)
{
	up(1);
	CHECK_OK(path_mkdir_host(VZD_RUN, 0700, &v.v.e), &v.v.e);
	box_put(VZD_RUN "/autostart", "102\nx\n\n99999999999999999999\n77\n104");
	run();
	for (int i = 0; i < 3; i++)
		CHECK_OK(ev_turn(v.v.d.ev, 5, &v.v.e), &v.v.e);
	CHECK_EQ(member("total"), 2);
	wait_all();
	CHECK(box_file_is(LOG, "+102\n-102\n+104\n-104\n"));
	down();
}
