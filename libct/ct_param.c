/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of what libct itself acts on, and the table of all modules' rows. */
#include <stddef.h>
#include <string.h>

#include "libct/files.h"
#include "libct/ksm.h"

#define CT(field) .off = offsetof(struct ct_conf, field)

static const struct param ct_params[] = {
	{ .key = "NAME", .opt = "name", .arg = "name", .type = &ct_type_name, CT(name), .flags = PARAM_SAVE_ONLY | PARAM_CREATE,
	  .man = "Name that may be used instead of the id: letters, digits, '-', '+', '_', '.' and blanks, but not a number. "
		 "An empty one takes the name away." },
	{ .key = "DESCRIPTION", .opt = "description", .arg = "text", .type = &param_str, CT(description),
	  .flags = PARAM_READ | PARAM_CREATE, .man = "Free text of one line." },
	{ .key = "OSTEMPLATE", .opt = "ostemplate", .arg = "name", .type = &param_str, CT(ostemplate),
	  .flags = PARAM_CREATE | PARAM_SAVE_ONLY,
	  .man = "OS template: a name in TEMPLATE/cache, or for create the absolute path of an archive." },
	{ .key = "ORIGIN_SAMPLE", .arg = "name", .type = &param_str, CT(origin_sample), .flags = PARAM_NO_SET,
	  .man = "Sample that the configuration was made from." },
	{ .key = "VE_ROOT", .opt = "root", .arg = "path", .type = &ct_type_path, CT(root),
	  .flags = PARAM_ADMIN | PARAM_CREATE | PARAM_RAW | PARAM_FIXED | PARAM_HOST_DEFAULT, .def = "/vz/root/$VEID",
	  .man = "Mount point of the root. $VEID stands for the id." },
	{ .key = "VE_PRIVATE", .opt = "private", .arg = "path", .type = &ct_type_path, CT(private_dir),
	  .flags = PARAM_ADMIN | PARAM_CREATE | PARAM_RAW | PARAM_FIXED | PARAM_HOST_DEFAULT, .def = "/vz/private/$VEID",
	  .man = "Directory of the container's files. $VEID stands for the id." },
	{ .key = "VE_LAYOUT", .opt = "layout", .alias_opt = "velayout", .arg = "overlay|dir|btrfs|image|image:xfs",
	  .type = &ct_type_layout, CT(layout), .flags = PARAM_CREATE | PARAM_NO_SET | PARAM_HOST_DEFAULT, .def = "overlay",
	  .man = "How files are kept: overlay (the template is shared read-only, on disk and in the page cache; changes lie above "
		 "it), dir (a copy of the template; simfs is the same), btrfs (a copy in a subvolume, where the private areas are "
		 "on btrfs: what is shared on disk each container has in memory for itself, so 20 that read one template take 20 "
		 "times the page cache, but walks over many files cost nothing more) or image (a file system of its own in one "
		 "file: ext4, or xfs with image:xfs; DISKSPACE is its size; ploop is the same, with "
		 "ploop:plain all its blocks are allocated at once). convert changes it." },
	{ .opt = "ve_layout", .arg = "layout", .type = &ct_type_layout, CT(layout), .flags = PARAM_CREATE | PARAM_NO_SET,
	  .man = "Another spelling of --layout." },
	{ .key = "MOUNT_OPTS", .opt = "mount_opts", .arg = "list", .type = &param_str, CT(mount_opts),
	  .flags = PARAM_ADMIN | PARAM_RESTART, .man = "Mount options of an image; kept, but layouts without an image have none." },
	{ .key = "NOATIME", .opt = "noatime", .arg = "yes|no", .type = &param_yesno, CT(noatime),
	  .flags = PARAM_READ | PARAM_CREATE | PARAM_HOST_DEFAULT, .def = "no",
	  .man = "With yes, reading a file does not change its access time, from the next start on." },
	{ .key = "KSM", .opt = "ksm", .arg = "yes|no", .type = &ct_type_ksm, CT(ksm),
	  .flags = PARAM_ADMIN | PARAM_RESTART | PARAM_CREATE | PARAM_HOST_DEFAULT, .def = "no",
	  .man = "With yes, the kernel may merge equal memory pages of the container's processes with those of "
		 "others that allow it, while the host has that switched on (KSM in vzd.conf)." },
	{ .key = "ONBOOT", .opt = "onboot", .arg = "yes|no", .type = &param_yesno, CT(onboot),
	  .flags = PARAM_READ | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "Whether the container is started when the host boots." },
	{ .key = "BOOTORDER", .opt = "bootorder", .arg = "num", .type = &param_u64, CT(bootorder), .max = NUM_UNLIMITED,
	  .flags = PARAM_CAPPED | PARAM_READ | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "Order at boot: higher numbers start earlier, containers without one last." },
	{ .key = "DISABLED", .opt = "disabled", .arg = "yes|no", .type = &param_yesno, CT(disabled), .def = "no",
	  .flags = PARAM_CAPPED | PARAM_ZERO_LIFTS | PARAM_READ | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "With yes, start refuses unless --force is given." },
	{ .key = "STOP_TIMEOUT", .opt = "stop-timeout", .arg = "seconds", .type = &param_u64, CT(stop_timeout), .max = 86400,
	  .def = "120", .flags = PARAM_CAPPED | PARAM_SAVE_ONLY | PARAM_HOST_DEFAULT,
	  .man = "How long stop waits for the container to shut down before it kills it. 0 stands for 120." },
	{ .key = "LOCAL_UID", .opt = "local_uid", .arg = "uid", .type = &ct_type_uid, CT(local_uid), .max = UINT32_MAX,
	  .flags = PARAM_ADMIN | PARAM_CREATE | PARAM_NO_SET,
	  .man = "First host id of the container's user namespace, 65536 ids long. Chosen and recorded by create; no two "
		 "containers share one." },
	{ .key = "LOCAL_GID", .opt = "local_gid", .arg = "gid", .type = &ct_type_uid, CT(local_gid), .max = UINT32_MAX,
	  .flags = PARAM_ADMIN | PARAM_CREATE | PARAM_NO_SET, .man = "The same for groups; always equal to LOCAL_UID." },
	{ .key = "HOSTNAME", .opt = "hostname", .alias_opt = "host", .arg = "name", .type = &ct_type_hostname, CT(hostname),
	  .flags = PARAM_LIVE | PARAM_CREATE, .man = "Host name inside." },
	{ .key = "NAMESERVER", .opt = "nameserver", .arg = "addr", .type = &ct_type_nameserver, CT(nameserver),
	  .flags = PARAM_LIVE | PARAM_LIST | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "DNS servers, replacing those set before; inherit copies the host's resolv.conf." },
	{ .key = "SEARCHDOMAIN", .opt = "searchdomain", .arg = "domain", .type = &ct_type_domain, CT(searchdomain),
	  .flags = PARAM_LIVE | PARAM_LIST | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "DNS search domains, replacing those set before; inherit copies the host's." },
	{ .opt = "userpasswd", .arg = "user:password", .type = &ct_type_userpw, CT(userpasswd), .flags = PARAM_LIVE | PARAM_LIST,
	  .man = "Sets a password inside, making the user if there is none. A stopped container is started for it and stopped "
		 "again. Never stored." },
	{ .key = "FEATURES", .opt = "features", .arg = "name:on|off", .type = &ct_type_feature, CT(features),
	  .flags = PARAM_ADMIN | PARAM_RESTART | PARAM_LIST | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "Optional abilities: sysfs nfs sit ipip ppp ipgre bridge nfsd nesting." },
	{ .key = "CAPABILITY", .opt = "capability", .arg = "name:on|off", .type = &ct_type_cap, CT(capability),
	  .flags = PARAM_ADMIN | PARAM_RESTART | PARAM_LIST | PARAM_CREATE | PARAM_HOST_DEFAULT,
	  .man = "Capabilities that the container's processes may have." },
	{ .key = "NETFILTER", .opt = "netfilter", .arg = "disabled|stateless|stateful|full",
	  .type = &ct_type_netfilter, CT(netfilter), .flags = PARAM_RESTART | PARAM_CREATE,
	  .def = "stateless",
	  .man = "Packet filter inside. With disabled the container loses the capability net_admin, "
		 "and with it all control of its network; the other words give it the whole of it." },
	{ .key = "DEVICES", .opt = "devices", .arg = "b|c:major:minor|all:[r][w][q]|none", .type = &ct_type_dev, CT(devices),
	  .flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIVE | PARAM_LIST | PARAM_CREATE,
	  .man = "Devices that may be opened, by number." },
	{ .key = "DEVNODES", .opt = "devnodes", .arg = "name:[r][w][q]|none", .type = &ct_type_devnode, CT(devnodes),
	  .flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIVE | PARAM_LIST | PARAM_CREATE,
	  .man = "Devices of the host that appear in the container's /dev and may be opened. In a "
		 "running container they may be opened at once and appear at its next start." },
};

/* The modules export their numbers of rows as variables, so the table is completed before main(). It is written once and
 * then shown to everybody as the constant that ct.h declares. */
static struct param_group groups[] = {
	{ "Identity and life", ct_params, ARRAY_SIZE(ct_params), 0 },
	{ "Memory, processors, processes and I/O", cg_params, 0, offsetof(struct ct_conf, cg) },
	{ "Network", net_params, 0, offsetof(struct ct_conf, net) },
	{ "Rates and traffic", ct_shape_params, 0, offsetof(struct ct_conf, shape) },
	{ "Disk quota", quota_params, 0, offsetof(struct ct_conf, quota) },
	{ "Policy of the daemon", ct_policy_params, 0, offsetof(struct ct_conf, policy) },
	{ "Known for other versions", ct_compat_params, 0, offsetof(struct ct_conf, compat) },
};
extern const struct param_group ct_param_groups[ARRAY_SIZE(groups)] __attribute__((alias("groups")));
const size_t ct_param_groups_n = ARRAY_SIZE(groups);

static void __attribute__((constructor)) complete_groups(void)
{
	groups[1].n = cg_params_n;
	groups[2].n = net_params_n;
	groups[3].n = ct_shape_params_n;
	groups[4].n = quota_params_n;
	groups[5].n = ct_policy_params_n;
	groups[6].n = ct_compat_params_n;
}

const struct param *ct_row_next(struct ct_row_iter *it, size_t *base)
{
	while (it->group < ARRAY_SIZE(groups)) {
		const struct param_group *g = &groups[it->group];

		if (it->row < g->n) {
			*base = g->base;
			return &g->rows[it->row++];
		}
		it->group++;
		it->row = 0;
	}
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

/*
 * Keys of all rows, old spellings too, hashed when the first one is looked up: every line of every file asks. The first
 * row of a key counts.
 */
#define KEY_SLOTS 1024u
static struct key_slot { const char *key; const struct param *row; size_t base; } key_slots[KEY_SLOTS];

static struct key_slot *key_slot(const char *key)
{
	uint32_t h = 2166136261u;

	for (const char *s = key; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	while (key_slots[h % KEY_SLOTS].key && strcmp(key_slots[h % KEY_SLOTS].key, key) != 0)
		h++;
	return &key_slots[h % KEY_SLOTS];
}

static void key_add(const char *key, const struct param *p, size_t base)
{
	struct key_slot *s = key ? key_slot(key) : NULL;

	if (s && !s->key)
		*s = (struct key_slot){ key, p, base };
}

static void hash_keys(void)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		key_add(p->key, p, base);
		key_add(p->alias_key, p, base);
	}
}

const struct param *ct_param_by_key(const char *key, size_t *base)
{
	static bool done;
	const struct key_slot *s;

	if (!done)
		hash_keys();
	done = true;
	s = key_slot(key);
	*base = s->base;
	return s->row;
}

const struct param *ct_param_by_opt(const char *opt, size_t *base)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;

	while ((p = ct_row_next(&it, base))) {
		if (same(p->opt, opt) || same(p->alias_opt, opt))
			return p;
	}
	return NULL;
}
