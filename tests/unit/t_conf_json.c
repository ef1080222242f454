/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/conf_json.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"

static struct err e;

static int convert(const char *json, bool create, char *out, size_t size, const char **at)
{
	json_t *j = json_loads(json, 0, NULL);
	struct conf_args a = { 0 };
	struct ct_conf parsed = { 0 };
	struct buf auto_buf b = BUF_INIT;
	int rc;

	CHECK(j != NULL);
	err_clear(&e);
	rc = conf_json_args(j, create, &a, &parsed, at, &e);
	for (size_t i = 0; i < a.n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", a.v[i]);
	str_copy(out, size, buf_str(&b));
	conf_args_done(&a);
	ct_conf_done(&parsed);
	/* the key is the object's: compare before it goes */
	if (rc < 0)
		*at = strdup(*at);
	json_decref(j);
	return rc;
}

static void gives(const char *json, bool create, const char *words)
{
	const char *at = NULL;
	char out[512];

	CHECK_OK(convert(json, create, out, sizeof(out), &at), &e);
	CHECK_STR(out, words);
}

static void fails(const char *json, bool create, const char *property)
{
	const char *at = NULL;
	char out[512];

	CHECK_EQ(convert(json, create, out, sizeof(out), &at), -EINVAL);
	CHECK_STR(at, property);
	CHECK(e.text[0] != '\0');
	free((void *)(uintptr_t)at);
}

TEST(conf_json_becomes_vzctls_words)
{
	gives("{\"ram\":\"512M\",\"swap\":0}", false, "--ram=512M --swap=0");
	gives("{\"onboot\":true,\"disabled\":false}", false, "--onboot=yes --disabled=no");
	gives("{\"cpus\":2,\"cpuunits\":1500}", false, "--cpus=2 --cpuunits=1500");
	gives("{\"hostname\":\"www\",\"description\":\"a b\"}", false, "--hostname=www --description=a b");
	gives("{\"diskspace\":\"2G\"}", true, "--diskspace=2G");
	gives("{}", false, "");
}

TEST(conf_json_replaces_addresses_as_a_whole)
{
	gives("{\"ip_address\":[\"10.0.0.1\",\"10.0.0.2\"]}", false, "--ipdel=all --ipadd=10.0.0.1 --ipadd=10.0.0.2");
	gives("{\"ip_address\":[]}", false, "--ipdel=all");
	gives("{\"ip_address\":null}", false, "--ipdel=all");
	gives("{\"ip_address\":[\"10.0.0.1\"]}", true, "--ipadd=10.0.0.1");
}

/* A rule has blanks in it: one value all the same. */
TEST(conf_json_replaces_rules_as_a_whole)
{
	gives("{\"fw_rules\":[\"ssh\",\"in accept tcp 80,443 from 10.0.0.0/8\"],\"fw_in\":\"drop,log\"}", false,
	      "--fw_del=all --fw_add=ssh --fw_add=in accept tcp 80,443 from 10.0.0.0/8 --fw_in=drop,log");
	gives("{\"fw_rules\":[]}", false, "--fw_del=all");
	gives("{\"fw_groups\":[\"web\",\"mgmt\"],\"fw_zone\":\"blue\"}", true, "--fw_groups=web,mgmt --fw_zone=blue");
	gives("{\"fw_groups\":null}", false, "--fw_groups=");
	gives("{\"port_forward\":[\"tcp 8080 to 80\"]}", false, "--forward_del=all --forward_add=tcp 8080 to 80");
	fails("{\"fw_rules\":[\"in accept nonsense\"]}", false, "fw_rules");
	fails("{\"fw_del\":\"all\"}", false, "fw_del");
	fails("{\"forward_del\":[\"all\"]}", false, "forward_del");
	fails("{\"fw_groups\":[1]}", false, "fw_groups");
}

TEST(conf_json_names_the_property_that_is_wrong)
{
	fails("{\"ram\":\"much\"}", false, "ram");
	fails("{\"no_such\":1}", false, "no_such");
	fails("{\"onboot\":1}", false, "onboot");
	fails("{\"cpus\":-1}", false, "cpus");
	fails("{\"ip_address\":[1]}", false, "ip_address");
	fails("{\"ip_address\":\"nonsense\"}", false, "ip_address");
	fails("{\"hostname\":\"a\\u001bb\"}", false, "hostname");
	fails("{\"local_uid\":65536}", false, "local_uid");
	fails("{\"ipdel\":\"all\"}", false, "ipdel");
	fails("{\"restart_max\":1001}", false, "restart_max");
	fails("{\"userpasswd\":[\"root:x\"]}", false, "userpasswd");	/* would be written down */
}

/* A value is never a word of its own: vzctl takes --skiplock out wherever it finds it, and vz-seq ends a command at ";". */
TEST(conf_json_values_are_no_words)
{
	gives("{\"description\":\"--skiplock\",\"hostname\":\"www\"}", false, "--description=--skiplock --hostname=www");
	gives("{\"description\":\";\"}", true, "--description=;");
	gives("{\"description\":\"\"}", true, "--description=");
}

/* What is shown is taken back: each property of a full configuration, alone. */
TEST(conf_json_takes_what_it_shows)
{
	static const char *const shown[] = {
		"{\"hostname\":\"www\"}", "{\"cpuunits\":1000}", "{\"nameserver\":[\"10.0.0.53\"]}", "{\"numproc\":\"100:200\"}",
		"{\"iolimit\":10485760}", "{\"iolimit\":0}", "{\"cpulimit\":50}", "{\"diskspace\":\"1048576\"}",
		"{\"restart\":\"on-failure\"}", "{\"start_after\":[\"101\",\"db\"]}", "{\"onboot\":true}",
		"{\"fw_rules\":[\"in accept tcp 80,443 from 10.0.0.0/8\",\"out drop smtp log\"]}", "{\"fw_in\":\"drop,log\"}",
		"{\"fw_groups\":[\"web\",\"mgmt\"]}", "{\"fw_zone\":\"blue\"}", "{\"ip_address\":[\"10.0.0.1\",\"10.0.0.2\"]}",
		"{\"port_forward\":[\"tcp 8080 to 80\",\"udp 5000-5010\"]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		json_t *j = json_loads(shown[i], 0, NULL), *back;
		struct conf_args a = { 0 };
		struct ct_conf parsed = { 0 };
		const char *at;

		CHECK_OK(conf_json_args(j, false, &a, &parsed, &at, &e), &e);
		back = conf_json(&parsed);
		CHECK(json_equal(j, back));
		json_decref(back);
		json_decref(j);
		conf_args_done(&a);
		ct_conf_done(&parsed);
	}
}

TEST(conf_json_every_row_is_found_by_its_name)
{
	char name[64];

	for (size_t g = 0; g < ct_param_groups_n; g++)
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (conf_json_name(p, name))
				CHECK(conf_json_find(name) != NULL);
		}
	CHECK(!conf_json_find("ipdel"));
	CHECK(!conf_json_find(""));
}
