/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/change.c: what whom is allowed, on the words that vzctl would get. */
#include "tests/unit/t_api_env.h"
#include "vzd/change.h"
#include "vzd/cli_words.h"
#include "vzd/console.h"

#define GIB "1073741824"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *acme, *limited;

static int judge(struct api_call *c, struct err *e)
{
	struct cli_words w = { 0 };
	const char *owner = "";
	int rc = cli_words_parse(json_object_get(c->req.body, "argv"), &w, e);

	CHECK_EQ(rc, 0);
	CHECK_EQ(w.problem.code, 0);
	c->ctid = w.ctid;
	if (w.verb->flags & CLI_NEW)
		owner = change_owner(c, w.conf.policy.owner);
	rc = owner ? change_judge(c, w.verb->flags & CLI_NEW ? 0 : w.ctid, owner, &w.conf) : -1;
	cli_words_done(&w);
	if (rc == 0)
		api_empty(c);
	return 0;
}

static const struct api_field body[] = { { .name = "argv", .type = API_ARGV, .max = 64 }, { .name = NULL } };
static const struct api_route rows[] = {
	{ "POST", "/v1/judge", "judge", SCOPE_NONE, API_WRITE, body, NULL, NULL, "", judge },
};
static const struct api_table table = API_TABLE(rows), *const tables[] = { &table };

static void area(unsigned id, const char *conf)
{
	char path[64];

	str_fmt(path, sizeof(path), BOX "/private/%u", id);
	CHECK_EQ(mkdir(path, 0700), 0);
	box_conf(id, conf);
}

static void up(const char *limits)
{
	struct err e = { 0 };
	struct tenant *t;
	json_t *j = json_loads(limits, 0, NULL);

	box_init(&v.box, "");
	v.boxed = true;
	area(101, "OWNER=\"acme\"\nPHYSPAGES=\"0:131072\"\nDISKSPACE=\"1048576:1048576\"\nIP_ADDRESS=\"10.9.0.1\"\n");
	area(102, "OWNER=\"other\"\nIP_ADDRESS=\"10.9.0.77 2001:db8::5:0/112\"\n");
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 1, &e), &e);
	t = tenant_new("acme", &e);
	CHECK(t && j);
	CHECK_OK(tenant_patch(t, j, &e), &e);
	json_decref(j);
	CHECK_OK(tenant_put(&v.v.d.auth->tenants, t, &e), &e);
	CHECK_OK(tenant_put(&v.v.d.auth->tenants, tenant_new("other", &e), &e), &e);
	v.v.d.conf.tenant_pool = (char *)(uintptr_t)"10.9.0.0/24, 2001:db8::/64";
	root = api_env_who("root", "", scopes_all);
	acme = api_env_who("token:acme", "acme", scopes_tenant);
	limited = api_env_who("token:operator", "", SCOPE_BIT(SCOPE_CT_WRITE) | SCOPE_BIT(SCOPE_CT_CREATE));
}

static void down(void)
{
	v.v.d.conf.tenant_pool = NULL;
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(acme);
	principal_unref(limited);
	api_env_close(&v);
}

/* '~' stands for a blank within a word. */
static void says(struct principal *who, const char *line, int status, const char *slug)
{
	struct buf auto_buf b = BUF_INIT;
	char type[64];
	size_t n;

	buf_adds(&b, "{\"argv\":[");
	for (const char *p = line; *(p += strspn(p, " ")); p += n) {
		n = strcspn(p, " ");
		buf_addf(&b, "%s\"%.*s\"", p == line ? "" : ",", (int)n, p);
	}
	buf_adds(&b, "]}");
	for (char *s = b.s; (s = strchr(s, '~'));)
		*s = ' ';
	api_answer_done(&a);
	api_env_do(&v, who, "POST", "/v1/judge", buf_str(&b), &a);
	if (a.status != status)
		test_fail(__FILE__, __LINE__, "%s: %d, wanted %d: %s", line, a.status, status,
			  a.body ? json_dumps(a.body, JSON_ENCODE_ANY) : "");
	str_fmt(type, sizeof(type), "/problems/%s", slug ? slug : "");
	if (slug)
		CHECK_STR(api_answer_str(&a, "type"), type);
}

TEST_ROOT(change_by_a_token_for_some_containers)
{
	struct principal *some;

	up("{}");
	some = api_env_who("token:some", "", scopes_all);
	some->cts = calloc(2, sizeof(*some->cts));
	some->cts[0] = 101;
	some->cts[1] = 150;
	some->n_cts = 2;
	says(some, "create 151", 403, "forbidden");
	says(some, "create 150", 204, NULL);
	says(some, "set 101 --hostname=www", 204, NULL);
	says(some, "set 101 --netif_add=eth0", 403, "forbidden");
	principal_unref(some);
	down();
}

/* A second, smaller create of the same container takes nothing back of what the first was promised while it runs. */
TEST_ROOT(change_keeps_what_is_promised)
{
	static char vzctl[] = "/bin/true";
	char *const argv[] = { vzctl, NULL };
	const struct console_spec s = { .kind = CONSOLE_EXEC, .ctid = 150, .argv = argv, .changes = true };
	char ticket[CONSOLE_TICKET_LEN + 1];
	struct err e = { 0 };

	up("{\"limits\":{\"memory\":1610612736}}");
	CHECK_OK(consoles_open(&v.v.d, &v.v.d.consoles, &e), &e);
	says(acme, "create 150 --ram=512M", 204, NULL);
	CHECK_OK(console_ticket(v.v.d.consoles, root, &s, ticket, &e), &e);
	CHECK(consoles_change(v.v.d.consoles, 150) && !consoles_change(v.v.d.consoles, 151));
	says(acme, "create 150 --ram=1M", 204, NULL);
	says(acme, "create 151 --ram=768M", 403, "quota-exceeded");
	consoles_close(v.v.d.consoles);
	v.v.d.consoles = NULL;
	says(acme, "create 150 --ram=1M", 204, NULL);
	says(acme, "create 151 --ram=768M", 204, NULL);
	down();
}

TEST_ROOT(change_of_processors)
{
	up("{\"limits\":{\"cpus\":1}}");
	says(acme, "set 101 --hostname=www", 204, NULL);	/* has all of them since before there was a limit, and keeps them */
	says(acme, "set 101 --cpus=1", 204, NULL);
	says(acme, "create 150", sysconf(_SC_NPROCESSORS_ONLN) > 0 ? 403 : 0, "quota-exceeded");
	down();
}

/* Every row that reaches beyond the container, by itself and behind an owner that the tenant may give. */
TEST_ROOT(change_keeps_the_hosts_parameters)
{
	static const char *const words[] = {
		"--root=/x", "--private=/x", "--netif_add=eth0", "--netif_del=eth0", "--netdev_add=eth0", "--cpumask=0",
		"--bindmount_add=/etc,dst=/x", "--pci_add=0:0:0.0", "--pci_del=0:0:0.0", "--ksm=yes", "--ostemplate=/x.tar",
	};

	up("{}");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char line[128];
		const char *verb = str_starts(words[i], "--root") || str_starts(words[i], "--private") ? "create 150" : "set 101";

		if (str_starts(words[i], "--bindmount"))
			continue;
		str_fmt(line, sizeof(line), "%s %s", verb, words[i]);
		says(acme, line, 403, "forbidden");
		says(limited, line, 403, "forbidden");
		str_fmt(line, sizeof(line), "%s --owner=acme %s", verb, words[i]);
		says(acme, line, 403, "forbidden");
	}
	says(root, "set 101 --netif_add=eth0", 204, NULL);
	says(root, "set 101 --pci_add=0:0:0.0 --owner=acme", 204, NULL);
	down();
}

TEST_ROOT(change_of_owner)
{
	up("{}");
	says(acme, "set 101 --owner=other", 403, "forbidden");
	says(acme, "set 101 --owner=", 403, "forbidden");
	says(acme, "set 101 --owner=acme", 204, NULL);
	says(acme, "create 150 --owner=other", 403, "forbidden");
	says(limited, "set 101 --owner=acme", 403, "forbidden");
	says(root, "set 101 --owner=other", 204, NULL);
	says(root, "set 101 --owner=nobody", 400, "invalid-field");
	down();
}

/* As many as one likes, where no limit says otherwise, would be a route and an element each. */
TEST_ROOT(change_of_addresses_has_an_end)
{
	struct buf auto_buf b = BUF_INIT;
	struct principal *some;

	up("{}");
	buf_adds(&b, "set 101");
	for (int i = 1; i <= 50; i++)
		buf_addf(&b, " --ipadd=2001:db8::%x", i);
	says(acme, buf_str(&b), 204, NULL);
	says(acme, "set 101 --ipadd=2001:db8::/60", 403, "forbidden");
	says(acme, "create 151 --ipadd=2001:db8::/64", 409, "exists");	/* 102 has a part of it */
	some = api_env_who("token:some", "", scopes_all);
	some->cts = calloc(1, sizeof(*some->cts));
	some->cts[0] = 101;
	some->n_cts = 1;
	says(some, "set 101 --ipadd=10.8.0.1", 403, "forbidden");
	says(some, "set 101 --ipadd=10.9.0.9", 204, NULL);
	principal_unref(some);
	down();
}

TEST_ROOT(change_of_addresses_stays_in_the_pool)
{
	up("{\"limits\":{\"ipv4\":2,\"ipv6\":1}}");
	says(acme, "set 101 --ipadd=10.8.0.1", 403, "forbidden");
	says(acme, "set 101 --ipadd=10.9.0.2 --ipadd=10.8.0.1", 403, "forbidden");
	says(acme, "set 101 --ipadd=10.9.0.2", 204, NULL);
	says(acme, "set 101 --ipadd=10.9.0.2/8", 204, NULL);		/* a mask gives no address more */
	says(acme, "set 101 --ipadd=0.0.0.0", 204, NULL);		/* means none */
	says(acme, "set 101 --ipadd=2001:db8::1", 204, NULL);
	says(acme, "set 101 --ipadd=2001:db9::1", 403, "forbidden");
	/* of a prefix all is routed to it: all of it must be the tenant's to take, and counts */
	says(acme, "set 101 --ipadd=10.9.0.0/16", 403, "forbidden");
	says(acme, "set 101 --ipadd=10.9.0.0/255.255.0.0", 403, "forbidden");
	says(acme, "set 101 --ipadd=2001:db8::/32", 403, "forbidden");
	says(acme, "set 101 --ipadd=10.9.0.32/28", 403, "quota-exceeded");
	says(acme, "set 101 --ipdel=all --ipadd=10.9.0.8/30", 403, "quota-exceeded");
	says(acme, "set 101 --ipdel=all --ipadd=10.9.0.8/31", 204, NULL);
	says(acme, "set 101 --ipadd=2001:db8::8:0/112", 204, NULL);
	/* another's stays another's, whether it runs or not, whole or in part */
	says(acme, "set 101 --ipadd=10.9.0.77", 409, "exists");
	says(acme, "set 101 --ipadd=2001:db8::5:1", 409, "exists");
	says(acme, "set 101 --ipdel=all --ipadd=10.9.0.76/30", 409, "exists");
	says(acme, "create 150 --ipadd=10.9.0.77", 409, "exists");
	says(root, "set 101 --ipadd=10.9.0.77", 409, "exists");	/* two have it only if vzctl on the host is asked */
	/* what is there counts, too: --ipadd adds */
	says(acme, "set 101 --ipadd=10.9.0.2 --ipadd=10.9.0.3", 403, "quota-exceeded");
	says(acme, "set 101 --ipadd=10.9.0.1 --ipadd=10.9.0.3", 204, NULL);
	says(acme, "set 101 --ipdel=all --ipadd=10.9.0.2 --ipadd=10.9.0.3", 204, NULL);
	says(acme, "set 101 --ipdel=10.9.0.7 --ipadd=10.9.0.2 --ipadd=10.9.0.3", 403, "quota-exceeded");
	says(acme, "set 101 --ipdel=10.9.0.1 --ipadd=10.9.0.2 --ipadd=10.9.0.3", 204, NULL);
	says(root, "set 101 --ipadd=10.8.0.1", 204, NULL);
	down();
}

TEST_ROOT(change_within_the_limits_of_a_tenant)
{
	up("{\"limits\":{\"memory\":" GIB ",\"disk\":2147483648}}");
	says(acme, "set 101 --ram=1G", 204, NULL);
	says(acme, "set 101 --ram=1025M", 403, "quota-exceeded");
	says(acme, "set 101 --physpages=unlimited", 403, "quota-exceeded");
	says(acme, "set 101 --diskspace=2G", 204, NULL);
	says(acme, "set 101 --diskspace=3G", 403, "quota-exceeded");
	says(acme, "set 101 --diskspace=unlimited", 403, "quota-exceeded");
	says(acme, "set 101 --diskspace=18014398509481984", 403, "quota-exceeded");	/* 2^54 KiB: bytes do not fit 64 bits */
	says(acme, "set 101 --diskquota=no", 403, "forbidden");
	says(acme, "set 101 --hostname=www", 204, NULL);
	says(acme, "create 150", 403, "quota-exceeded");		/* no limit is all there is */
	says(acme, "create 150 --ram=512M --diskspace=1G", 204, NULL);
	/* what was promised to a create counts until it is there */
	says(acme, "create 151 --ram=512M --diskspace=1M", 403, "quota-exceeded");
	down();
}

static const char *detail(void)
{
	const char *s = api_answer_str(&a, "detail");

	return s ? s : "";
}

/* What costs the host: less is the tenant's affair, more is not, whatever it is called and in whatever unit it is said. */
TEST_ROOT(change_of_what_costs_the_host)
{
	up("{}");
	box_conf(101, "OWNER=\"acme\"\nPHYSPAGES=\"0:131072\"\nSWAPPAGES=\"0:65536\"\nNUMPROC=\"200\"\nCPULIMIT=\"50\"\n"
		 "IOLIMIT=\"10485760\"\nDISABLED=\"yes\"\nDISKINODES=\"1000:1100\"\n");
	says(acme, "set 101 --numproc=201", 403, "forbidden");
	CHECK_STR(detail(), "NUMPROC: a tenant may lower it, only an operator of the host raises it; the most is 200, asked is 201");
	says(acme, "set 101 --numproc=100:200", 204, NULL);
	says(acme, "set 101 --numproc=100:unlimited", 403, "forbidden");
	says(acme, "set 101 --cpulimit=0", 403, "forbidden");
	CHECK_STR(detail(), "CPULIMIT: a tenant may lower it, only an operator of the host raises it; the most is 50, asked is "
			    "unlimited");
	says(acme, "set 101 --cpulimit=51", 403, "forbidden");
	says(acme, "set 101 --cpulimit=50", 204, NULL);
	says(acme, "set 101 --iolimit=10", 204, NULL);
	says(acme, "set 101 --iolimit=11M", 403, "forbidden");
	says(acme, "set 101 --iolimit=unlimited", 403, "forbidden");
	says(acme, "set 101 --iopslimit=100", 204, NULL);	/* none had one */
	says(acme, "set 101 --cpuunits=1000", 204, NULL);	/* the default */
	says(acme, "set 101 --cpuunits=1001", 403, "forbidden");
	says(acme, "set 101 --ioprio=5", 403, "forbidden");
	says(acme, "set 101 --swap=256M", 204, NULL);
	says(acme, "set 101 --swap=257M", 403, "forbidden");
	says(acme, "set 101 --vmguarpages=1", 403, "forbidden");
	says(acme, "set 101 --numpty=0", 403, "forbidden");
	says(acme, "set 101 --diskinodes=1100", 403, "forbidden");
	says(acme, "set 101 --diskinodes=900:1100", 204, NULL);
	says(acme, "set 101 --disabled=no", 403, "forbidden");
	CHECK_STR(detail(), "DISABLED: a tenant may lower it, only an operator of the host raises it; it is yes");
	says(acme, "set 101 --restart_max=6", 403, "forbidden");
	says(acme, "set 101 --bootorder=1", 403, "forbidden");
	says(acme, "set 101 --stop-timeout=121", 403, "forbidden");
	says(acme, "set 101 --ram=2G", 204, NULL);		/* counts in its limits, of which there are none */
	says(limited, "set 101 --numproc=201", 204, NULL);
	says(root, "set 101 --cpulimit=0", 204, NULL);
	/* a new one */
	says(acme, "create 150 --numproc=8193", 403, "forbidden");
	says(acme, "create 150 --numproc=8192 --cpulimit=0", 204, NULL);
	down();
}

/* A port of the host leads to one place, whoever runs. */
TEST_ROOT(change_of_ports)
{
	up("{}");
	box_conf(102, "NAME=\"shop\"\nIP_ADDRESS=\"10.9.0.77\"\nPORT_FORWARD=\"tcp 8000-8010; tcp 192.0.2.1:443\"\n");
	box_conf(103, "IP_ADDRESS=\"2001:db8::7\"\nPORT_FORWARD=\"tcp 9000\"\n");
	inv_refresh(v.v.d.inv, 102);
	inv_refresh(v.v.d.inv, 103);
	says(root, "set 101 --forward_add=tcp~8010~to~80", 409, "exists");
	CHECK_STR(detail(), "forward 'tcp 8010 to 10.9.0.1:80': that port of the host leads into container 102 (shop) already: take "
			    "another one");
	says(root, "set 101 --forward_add=udp~8010~to~80", 204, NULL);
	says(root, "set 101 --forward_add=tcp~8011-8020", 204, NULL);
	says(root, "set 101 --forward_add=tcp~192.0.2.1:443", 409, "exists");
	says(root, "set 101 --forward_add=tcp~443", 204, NULL);		/* the one that names an address goes first */
	says(root, "set 101 --forward_add=tcp~9000", 204, NULL);	/* that is of IPv6 only */
	says(root, "set 101 --ipadd=2001:db8::8 --forward_add=tcp~9000", 409, "exists");
	says(root, "create 150 --ipadd=10.9.0.9 --forward_add=tcp~8000", 409, "exists");
	says(root, "set 102 --forward_add=tcp~8001~to~81", 204, NULL);	/* its own: vzctl's affair */
	says(root, "set 101 --hostname=www", 204, NULL);
	says(acme, "set 101 --forward_add=tcp~7000", 403, "forbidden");
	down();
}

/* Nobody's containers count in nobody's limits. */
TEST_ROOT(change_of_what_counts_without_a_tenant)
{
	struct principal *some;

	up("{}");
	box_conf(101, "PHYSPAGES=\"0:131072\"\nDISKSPACE=\"1048576:1048576\"\nCPUS=\"1\"\n");
	inv_refresh(v.v.d.inv, 101);
	some = api_env_who("token:some", "", scopes_all);
	some->cts = calloc(1, sizeof(*some->cts));
	some->cts[0] = 101;
	some->n_cts = 1;
	says(some, "set 101 --ram=513M", 403, "forbidden");
	says(some, "set 101 --diskspace=2G", 403, "forbidden");
	says(some, "set 101 --cpus=0", 403, "forbidden");
	says(some, "set 101 --ram=256M --diskspace=1G --cpus=1", 204, NULL);
	says(root, "set 101 --ram=513M", 204, NULL);
	principal_unref(some);
	down();
}
