/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop_desc.c: which images a descriptor names, in which order, and what is no descriptor. */
#include <string.h>

#include "templates/unploop_proto.h"
#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"

#define TOP "{5fbaabe3-6958-40ff-92a7-860e329aab41}"
#define ONE "{11111111-1111-1111-1111-11111111111a}"
#define TWO "{22222222-2222-2222-2222-222222222222}"
#define NONE "{00000000-0000-0000-0000-000000000000}"
#define HEAD "<?xml version=\"1.0\"?><Parallels_disk_image Version=\"1.0\"><Disk_Parameters><Disk_size>2048</Disk_size></Disk_Parameters>"
#define IMAGE(guid, type, file) "<Image><GUID>" guid "</GUID><Type>" type "</Type><File>" file "</File></Image>"
#define STORAGE(images) "<StorageData><Storage><Start>0</Start><Blocksize>2048</Blocksize>" images "</Storage></StorageData>"
#define SHOT(guid, parent) "<Shot><GUID>" guid "</GUID><ParentGUID>" parent "</ParentGUID></Shot>"
#define TAIL "</Parallels_disk_image>"
#define BASE STORAGE(IMAGE(TOP, "Compressed", "root.hdd"))
#define SHOTS "<Snapshots><TopGUID>" TOP "</TopGUID>" SHOT(TOP, NONE) "</Snapshots>"

static struct tmpl_ploop p;

static int parse(const char *text, struct err *e)
{
	err_clear(e);
	return ploop_desc_parse(text, strlen(text), &p, e);
}

TEST(ploop_desc_one)
{
	struct err e = { 0 };

	CHECK_OK(parse(HEAD BASE SHOTS TAIL, &e), &e);
	CHECK_EQ(p.n, 1);
	CHECK_EQ(p.raw_base, 0);
	CHECK_EQ(p.disk_bytes, 2048 * 512);
	CHECK_STR(p.image[0].guid, TOP);
	CHECK_STR(p.image[0].file, "root.hdd");
	/* the other name of the top element, spaces, a comment, a CDATA section, no snapshots at all */
	CHECK_OK(parse("<Virtuozzo_disk_image><!-- x --><StorageData>\n<Storage>" IMAGE(ONE, "\n Plain \n", "<![CDATA[a b]]>")
		       "</Storage></StorageData></Virtuozzo_disk_image>", &e), &e);
	CHECK_EQ(p.n, 1);
	CHECK_EQ(p.raw_base, 1);
	CHECK_STR(p.image[0].file, "a b");
}

TEST(ploop_desc_chain)
{
	struct err e = { 0 };

	/* the top stands on TWO, written in other letters, TWO on ONE; a branch that is not in use is left out */
	CHECK_OK(parse(HEAD STORAGE(IMAGE("{11111111-1111-1111-1111-11111111111A}", "Compressed", "base") IMAGE(TWO, "Compressed", "mid")
				    IMAGE(TOP, "Compressed", "top") IMAGE("{33333333-3333-3333-3333-333333333333}", "Compressed", "other"))
		       "<Snapshots>" SHOT(ONE, NONE) SHOT(TWO, ONE) SHOT(TOP, TWO)
		       SHOT("{33333333-3333-3333-3333-333333333333}", ONE) "</Snapshots>" TAIL, &e), &e);
	CHECK_EQ(p.n, 3);
	CHECK_STR(p.image[0].file, "top");
	CHECK_STR(p.image[1].file, "mid");
	CHECK_STR(p.image[2].file, "base");
}

TEST(ploop_desc_refuses)
{
	static const struct { int code; const char *text, *xml; } t[] = {
		{ EBADMSG, "no XML", "" },
		{ EBADMSG, "no XML", "root.hdd" },
		{ EBADMSG, "no XML", HEAD BASE SHOTS },
		{ EBADMSG, "no StorageData", "<a/>" },
		{ EBADMSG, "names no image", HEAD STORAGE("") SHOTS TAIL },
		{ EBADMSG, "no GUID or no File", HEAD STORAGE("<Image><GUID>" TOP "</GUID></Image>") SHOTS TAIL },
		{ EBADMSG, "document type", "<!DOCTYPE a [<!ENTITY b \"cc\">]><a>&b;</a>" },
		{ EBADMSG, "document type", "<!DOCTYPE a SYSTEM \"file:///etc/shadow\"><a/>" },
		{ EBADMSG, "no XML", "<a>&b;</a>" },
		{ EBADMSG, "plain name", HEAD STORAGE(IMAGE(TOP, "Compressed", "../../etc/shadow")) SHOTS TAIL },
		{ EBADMSG, "plain name", HEAD STORAGE(IMAGE(TOP, "Compressed", "/etc/shadow")) SHOTS TAIL },
		{ EBADMSG, "plain name", HEAD STORAGE(IMAGE(TOP, "Compressed", "..")) SHOTS TAIL },
		{ EBADMSG, "plain name", HEAD STORAGE(IMAGE(TOP, "Compressed", "")) SHOTS TAIL },
		{ EBADMSG, "plain name", HEAD STORAGE(IMAGE(TOP, "Compressed", "a&#10;b")) SHOTS TAIL },
		{ EBADMSG, "GUID in it", HEAD STORAGE(IMAGE("root", "Compressed", "root.hdd")) SHOTS TAIL },
		{ ENOTSUP, "of a type", HEAD STORAGE(IMAGE(TOP, "Qcow2", "root.hdd")) SHOTS TAIL },
		{ EBADMSG, "Disk_size", "<a><Disk_Parameters><Disk_size>-1</Disk_size></Disk_Parameters>" BASE "</a>" },
		{ EBADMSG, "Disk_size", "<a><Disk_Parameters><Disk_size>18446744073709551615</Disk_size></Disk_Parameters>" BASE "</a>" },
		{ ENOTSUP, "encrypted", "<a><Disk_Parameters><Encryption><KeyId>k</KeyId></Encryption></Disk_Parameters>" BASE "</a>" },
		{ ENOTSUP, "a volume", "<a><StorageData><Volume/>" IMAGE(TOP, "Compressed", "x") "</StorageData>" BASE "</a>" },
		{ ENOTSUP, "split", HEAD BASE BASE SHOTS TAIL },
		{ EBADMSG, "no image in it has", HEAD STORAGE(IMAGE(ONE, "Compressed", "a")) SHOTS TAIL },
		{ EBADMSG, "no snapshot in it has", HEAD STORAGE(IMAGE(TOP, "Compressed", "a") IMAGE(ONE, "Compressed", "b"))
		  "<Snapshots>" SHOT(TOP, ONE) "</Snapshots>" TAIL },
		{ EBADMSG, "in a circle", HEAD STORAGE(IMAGE(TOP, "Compressed", "a") IMAGE(ONE, "Compressed", "b"))
		  "<Snapshots>" SHOT(TOP, ONE) SHOT(ONE, TOP) "</Snapshots>" TAIL },
		{ EBADMSG, "in a circle", HEAD BASE "<Snapshots>" SHOT(TOP, TOP) "</Snapshots>" TAIL },
		{ EBADMSG, "nested", "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };
		int rc = parse(t[i].xml, &e);

		if (rc != -t[i].code || !strstr(e.text, t[i].text))
			test_fail(__FILE__, __LINE__, "%s: %d \"%s\", wanted %d \"%s\"", t[i].xml, rc, e.text, -t[i].code, t[i].text);
	}
}

TEST(ploop_desc_bounds)
{
	struct buf auto_buf b = { .cap = 1 << 20 };
	struct err e = { 0 };

	buf_adds(&b, HEAD "<StorageData><Storage>");
	for (int i = 0; i < 200; i++)
		buf_addf(&b, IMAGE("{00000000-0000-0000-0000-%012d}", "Compressed", "f"), i);
	CHECK_ERR(ploop_desc_parse(buf_str(&b), b.len, &p, &e), E2BIG);
	buf_reset(&b);
	err_clear(&e);
	buf_adds(&b, "<a><Snapshots><TopGUID>");
	for (int i = 0; i < 5000; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, "</TopGUID></Snapshots></a>");
	CHECK_ERR(ploop_desc_parse(buf_str(&b), b.len, &p, &e), EBADMSG);
	CHECK_STR(e.text, "a value in it is too long");
}

TEST(ploop_desc_faults)
{
	static const char text[] = HEAD BASE SHOTS TAIL;
	struct err e;

	EACH_FAULT(FAULT_ALLOC) {
		int rc;

		err_clear(&e);
		rc = ploop_desc_parse(text, sizeof(text) - 1, &p, &e);
		test_fault_off();
		CHECK_EQ(rc, test_fault_hit() ? -ENOMEM : 0);
	}
}
