/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distribution scripts: which file counts for a name, what is refused, and the text that the shell gets. */
#include <unistd.h>

#include "libct/action.h"
#include "libct/exit.h"
#include "tests/unit/t_ct_box.h"

static void dists(void)
{
	struct err e = { 0 };

	CHECK(chdir(test_tmp()) == 0);
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = path_mkdirs(root, "dists/scripts", 0755, &e);
	CHECK(fd >= 0);
	box_put("dists/scripts/add", "echo $IP_ADDR");
	box_put("dists/scripts/dns", "echo dns\n");
}

static int load(const char *dist, struct ct_actions *a, struct err *e)
{
	err_clear(e);
	ct_actions_done(a);
	return ct_actions_load("dists", dist, a, e);
}

TEST(action_names)
{
	static const char *const want[] = { "ADD_IP", "DEL_IP", "SET_HOSTNAME", "SET_DNS", "SET_USERPASS", "SET_UGID_QUOTA",
					    "POST_CREATE", "PRE_START", "SET_CONSOLE" };

	CHECK_EQ(ARRAY_SIZE(want), CT_ACTION_N);
	for (unsigned i = 0; i < CT_ACTION_N; i++)
		CHECK(str_eq(ct_action_name(i), want[i]));
}

TEST_ROOT(action_selection)
{
	struct ct_actions a = { 0 };
	struct err e = { 0 };

	CHECK(chdir(test_tmp()) == 0);
	CHECK_OK(load("debian", &a, &e), &e);		/* no directory at all */
	CHECK(!a.text[CT_ACTION_ADD_IP] && !a.by_default);
	dists();
	CHECK_OK(load("centos-6-x86_64", &a, &e), &e);	/* nothing in it */
	CHECK(!a.text[CT_ACTION_ADD_IP] && !a.by_default);
	box_put("dists/default", "ADD_IP=dns\n");
	CHECK_OK(load("centos-6-x86_64", &a, &e), &e);
	CHECK(a.by_default && str_eq(a.text[CT_ACTION_ADD_IP], "echo dns\n\n"));
	CHECK_OK(load(NULL, &a, &e), &e);
	CHECK(a.by_default);
	box_put("dists/centos.conf", "# CentOS\nADD_IP=add\nSET_DNS=\n");
	CHECK_OK(load("centos-6-x86_64", &a, &e), &e);
	CHECK(!a.by_default && str_eq(a.text[CT_ACTION_ADD_IP], "echo $IP_ADDR\n") && !a.text[CT_ACTION_SET_DNS]);
	box_put("dists/centos-6.conf", "SET_DNS=\"dns\"\n");
	CHECK_OK(load("centos-6-x86_64", &a, &e), &e);
	CHECK(!a.text[CT_ACTION_ADD_IP] && str_eq(a.file[CT_ACTION_SET_DNS], "dns"));
	box_put("dists/-.conf", "ADD_IP=add\n");
	CHECK_OK(load("../dists/-", &a, &e), &e);	/* a path is no name */
	CHECK(a.by_default);
	ct_actions_done(&a);
}

TEST_ROOT(action_refusals)
{
	struct ct_actions a = { 0 };
	struct err e = { 0 };

	dists();
	box_put("dists/x.conf", "POST_CREATE=nowhere\n");
	CHECK_ERR(load("x", &a, &e), ENOENT);
	CHECK_EQ(e.exit, VZ_NO_DISTR_ACTION_SCRIPT);
	CHECK(strstr(e.text, "Action script dists/scripts/nowhere not found"));
	box_put("dists/x.conf", "POST_CREATE=../x.conf\n");
	CHECK(load("x", &a, &e) < 0 && e.exit == VZ_NO_DISTR_ACTION_SCRIPT);
	box_put("dists/x.conf", "ADD_IP=add\n");
	CHECK(chmod("dists/scripts/add", 0666) == 0);
	CHECK_ERR(load("x", &a, &e), EPERM);
	CHECK_EQ(e.exit, VZ_NO_DISTR_ACTION_SCRIPT);
	CHECK(chmod("dists/scripts/add", 0644) == 0 && chmod("dists/x.conf", 0622) == 0);
	CHECK_ERR(load("x", &a, &e), EPERM);
	CHECK_EQ(e.exit, VZ_NO_DISTR_CONF);
	CHECK(unlink("dists/x.conf") == 0 && mkfifo("dists/x.conf", 0600) == 0);
	CHECK(load("x", &a, &e) < 0 && e.exit == VZ_NO_DISTR_CONF);
	ct_actions_done(&a);
}

TEST_ROOT(action_text)
{
	const struct ct_action_var vars[] = { { "VE_STATE", "running" }, { "USERPW", "a:it's $x `y`" }, { "NONE", NULL },
					      { NULL, NULL } };
	auto_call(ct_action_jobs_done) struct ct_action_jobs j = { 0 };
	struct ct_actions a = { 0 };
	struct err e = { 0 };

	dists();
	box_put("dists/x.conf", "ADD_IP=add\n");
	box_put("dists/scripts/functions", "f() { :; }");
	CHECK_OK(load("x", &a, &e), &e);
	CHECK_OK(ct_action_job(&j, &a, CT_ACTION_SET_DNS, vars, &e), &e);
	CHECK_EQ(j.n, 0);
	CHECK_OK(ct_action_job(&j, &a, CT_ACTION_ADD_IP, vars, &e), &e);
	CHECK_EQ(j.n, 1);
	CHECK(str_eq(j.v[0].name, "add"));
	CHECK(str_eq(j.v[0].text, "VE_STATE='running'; export VE_STATE\nUSERPW='a:it'\\''s $x `y`'; export USERPW\n"
		     "f() { :; }\necho $IP_ADDR\n"));
	ct_actions_done(&a);
}
