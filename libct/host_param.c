/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vz.conf says about the host. Defaults for containers are rows of their own modules (PARAM_HOST_DEFAULT). */
#include <stddef.h>

#include "libct/files.h"

#define HOST(field) .off = offsetof(struct ct_host_conf, field)

static const struct param rows[] = {
	{ .key = "VIRTUOZZO", .arg = "yes|no", .type = &param_yesno, HOST(virtuozzo), .def = "yes",
	  .man = "Whether the boot service does anything." },
	{ .key = "LOCKDIR", .arg = "path", .type = &ct_type_path, HOST(lockdir), .def = "/vz/lock",
	  .man = "Directory of the lock files CTID.lck, which other programs may look at and take." },
	{ .key = "DUMPDIR", .arg = "path", .type = &ct_type_path, HOST(dumpdir), .def = "/vz/dump",
	  .man = "Directory of the images of suspended containers." },
	{ .key = "TEMPLATE", .arg = "path", .type = &ct_type_path, HOST(template_dir), .def = "/vz/template",
	  .man = "Directory of OS templates: archives in cache/, what was unpacked in store/." },
	{ .key = "TEMPLATE_FORMAT", .arg = "auto|tree|erofs|erofs-lz4|squashfs", .type = &param_str, HOST(template_format),
	  .def = "auto",
	  .man = "How templates are kept, and what containers of the layout overlay stand on: an unpacked tree, or one file with a "
		 "file system, in which walking big trees costs less. auto: erofs where mkfs.erofs, the kernel and loop devices "
		 "allow it, else trees with a warning when one is unpacked; vztmpl info and vzcheck say which. A change counts for "
		 "templates that are unpacked from then on; a tree gets its image at the next create." },
	{ .key = "DEF_OSTEMPLATE", .arg = "name", .type = &param_str, HOST(def_ostemplate),
	  .man = "OS template of create without --ostemplate." },
	{ .key = "CONFIGFILE", .arg = "name", .type = &param_str, HOST(configfile),
	  .man = "Sample configuration of create without --config: NAME stands for " CT_CONF_DIR "/ve-NAME.conf-sample." },
	{ .key = "LOGGING", .arg = "yes|no", .type = &param_yesno, HOST(logging), .def = "yes",
	  .man = "Whether messages go to the log file, too." },
	{ .key = "LOGFILE", .arg = "path", .type = &ct_type_path, HOST(logfile), .def = "/var/log/vzctl.log",
	  .man = "The log file." },
	{ .key = "LOG_LEVEL", .arg = "num", .type = &param_u64, HOST(log_level), .max = 10, .def = "0",
	  .man = "Messages above this level are not logged." },
	{ .key = "VERBOSE", .arg = "num", .type = &param_u64, HOST(verbose), .max = 10, .def = "0",
	  .man = "Messages above this level are not shown." },
	{ .key = "VE_PARALLEL", .arg = "num", .type = &param_u64, HOST(ve_parallel), .min = 1, .max = 10000,
	  .man = "Containers started or stopped at the same time. Unset, four for each CPU." },
	{ .key = "IPV6", .arg = "yes|no", .type = &param_yesno, HOST(ipv6), .def = "yes",
	  .man = "Whether containers may have IPv6 addresses." },
	{ .key = "ERROR_ON_ARPFAIL", .arg = "yes|no", .type = &param_yesno, HOST(error_on_arpfail), .def = "no",
	  .man = "Whether an address that answers on the local network is refused. One that this host or another of its "
		 "containers has always is." },
	{ .key = "SKIP_ARPDETECT", .arg = "yes|no", .type = &param_yesno, HOST(skip_arpdetect), .def = "no",
	  .man = "Do not look whether an address is in use elsewhere." },
	{ .key = "TRAFFIC_SHAPING", .arg = "yes|no", .type = &param_yesno, HOST(shaping), .def = "yes",
	  .man = "With no, RATE and RATELIMIT of containers are not applied." },
	{ .key = "BANDWIDTH", .arg = "device:kbits", .type = &param_str, HOST(bandwidth),
	  .man = "What all containers together may send, and receive, in kbit/s. Figures for several devices are added." },
	{ .key = "TOTALRATE", .arg = "device:class:kbits", .type = &param_str, HOST(totalrate),
	  .man = "The same for one class of networks." },
	{ .key = "RATEMPU", .arg = "device:class:bytes", .type = &param_str, HOST(ratempu),
	  .man = "The least that a packet counts for in a rate, in bytes." },
	{ .key = "NEIGHBOUR_DEVS", .arg = "detect|all|list:names", .type = &ct_type_neighbours, HOST(neighbours), .def = "detect",
	  .man = "Interfaces on which other machines look for the containers' addresses; there the host answers for them and tells "
		 "everybody when a container starts. detect: the one whose network an address is of, if any; all: every Ethernet "
		 "interface; list:eth0 eth1: these." },
	{ .key = "CGROUP_PARENT", .arg = "name", .type = &param_str, HOST(cgroup_parent), .def = "vz",
	  .man = "Control group below which each container has its own." },
	{ .key = "NFT_TABLE", .arg = "name", .type = &param_str, HOST(nft_table), .def = "vz",
	  .man = "Name of the nftables table (family inet) that keeps containers to their own addresses." },
	{ .key = "NAT_POOL", .arg = "addr/prefix", .type = &param_str, HOST(pool4), .def = "10.77.0.0/16",
	  .man = "Addresses of containers that are masqueraded when they leave the host. Empty for none." },
	{ .key = "NAT_POOL6", .arg = "addr/prefix", .type = &param_str, HOST(pool6), .def = "fd77:7a00::/64",
	  .man = "The same for IPv6." },
	{ .key = "POOL_IMAGE", .arg = "path", .type = &ct_type_path, HOST(pool_image), .def = CT_LIB_DIR "/pool.img",
	  .man = "File that holds the storage pool which 'vzhost pool' mounts on /vz where the host's own file system cannot "
		 "enforce disk limits." },
	{ .key = "POOL_SIZE", .arg = "size", .type = &ct_type_size, HOST(pool_size), .def = "20G",
	  .man = "Size of that file; it is sparse and takes only what is in use." },
};

const struct param_group ct_host_param_group = { "Host", rows, ARRAY_SIZE(rows), 0 };
