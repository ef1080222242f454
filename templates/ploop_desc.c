/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DiskDescriptor.xml: the image files of a ploop disk and how they stand on each other. Element names as ploop writes
 * them; the name of the top element differs between its versions. A document type, and with it every entity, is refused.
 * Only vz-unploop links it.
 */
#include <errno.h>
#include <expat.h>
#include <string.h>
#include <strings.h>

#include "templates/unploop_proto.h"
#include "util/auto.h"
#include "util/num.h"
#include "util/path.h"
#include "util/str.h"

#define TOP_DELTA "{5fbaabe3-6958-40ff-92a7-860e329aab41}"	/* its fixed name since 2013 */
#define NO_PARENT "{00000000-0000-0000-0000-000000000000}"
#define DEPTH_MAX 16
#define SECTOR 512u

struct shot { char guid[40], parent[40]; };
struct desc {
	XML_Parser x;
	char path[256];			/* without the top element: "StorageData/Storage/Image/GUID" */
	size_t depth;
	char text[512];
	bool too_long;
	uint64_t sectors;
	unsigned storages;
	bool encrypted, volume, plain;
	char top[40];
	struct tmpl_ploop_image image[TMPL_PLOOP_MAX];
	struct shot shot[TMPL_PLOOP_MAX];
	size_t n_images, n_shots;
	struct err *e;
};

static void stop(struct desc *d, int code, const char *why)
{
	if (!d->e->code)
		err_say(d->e, code, "%s", why);
	XML_StopParser(d->x, XML_FALSE);
}

static void on_doctype(void *arg, const char *name, const char *sys, const char *pub, int internal)
{
	(void)name;
	(void)sys;
	(void)pub;
	(void)internal;
	stop(arg, EBADMSG, "it declares a document type, which no disk descriptor does");
}

static void begin_entry(struct desc *d)
{
	if (strcmp(d->path, "StorageData/Storage") == 0)
		d->storages++;
	else if (strcmp(d->path, "StorageData/Volume") == 0)
		d->volume = true;
	else if (strcmp(d->path, "StorageData/Storage/Image") == 0 && d->n_images++ == TMPL_PLOOP_MAX)
		stop(d, E2BIG, "it names more than 128 images");
	else if (strcmp(d->path, "Snapshots/Shot") == 0 && d->n_shots++ == TMPL_PLOOP_MAX)
		stop(d, E2BIG, "it names more than 128 snapshots");
}

static void on_start(void *arg, const char *name, const char **attr)
{
	struct desc *d = arg;
	size_t len = strlen(d->path);

	(void)attr;
	d->text[0] = '\0';
	d->too_long = false;
	if (d->depth++ == 0)
		return;
	if (d->depth > DEPTH_MAX || str_fmt(d->path + len, sizeof(d->path) - len, "%s%s", len ? "/" : "", name) < 0)
		stop(d, EBADMSG, "its elements are nested too deeply");
	else
		begin_entry(d);
}

static void on_text(void *arg, const char *s, int len)
{
	struct desc *d = arg;
	size_t have = strlen(d->text);

	if (have + (size_t)len >= sizeof(d->text)) {
		d->too_long = true;
		return;
	}
	memcpy(d->text + have, s, (size_t)len);
	d->text[have + (size_t)len] = '\0';
}

static void take_guid(struct desc *d, char dst[40], const char *text)
{
	size_t n = strlen(text);

	if (n != 38 || text[0] != '{' || text[37] != '}' || strspn(text + 1, "0123456789abcdefABCDEF-") != 36)
		stop(d, EBADMSG, "a GUID in it is not one");
	else
		memcpy(dst, text, n + 1);
}

static void take_file(struct desc *d, struct tmpl_ploop_image *i, const char *text)
{
	if (!path_is_component(text))
		stop(d, EBADMSG, "an image file in it is not a plain name beside the descriptor");
	else
		str_copy(i->file, sizeof(i->file), text);
}

static void take_image(struct desc *d, const char *key, const char *text)
{
	struct tmpl_ploop_image *i = &d->image[d->n_images - 1];

	if (strcmp(key, "GUID") == 0)
		take_guid(d, i->guid, text);
	else if (strcmp(key, "File") == 0)
		take_file(d, i, text);
	else if (strcmp(key, "Type") == 0 && strcmp(text, "Plain") == 0)
		d->plain = true;
	else if (strcmp(key, "Type") == 0 && strcmp(text, "Compressed") != 0)
		stop(d, ENOTSUP, "an image in it is of a type that ploop does not have");
}

static void take(struct desc *d, const char *text)
{
	static const char image[] = "StorageData/Storage/Image/";

	if (strcmp(d->path, "Disk_Parameters/Disk_size") == 0) {
		if (num_u64(text, &d->sectors) < 0 || d->sectors > UINT64_MAX / SECTOR)
			stop(d, EBADMSG, "its Disk_size is not a number of sectors");
	} else if (strcmp(d->path, "Disk_Parameters/Encryption/KeyId") == 0) {
		d->encrypted = d->encrypted || *text;
	} else if (strcmp(d->path, "Snapshots/TopGUID") == 0) {
		take_guid(d, d->top, text);
	} else if (str_starts(d->path, image) && d->n_images) {
		take_image(d, d->path + sizeof(image) - 1, text);
	} else if (strcmp(d->path, "Snapshots/Shot/GUID") == 0) {
		take_guid(d, d->shot[d->n_shots - 1].guid, text);
	} else if (strcmp(d->path, "Snapshots/Shot/ParentGUID") == 0) {
		take_guid(d, d->shot[d->n_shots - 1].parent, text);
	}
}

static void on_end(void *arg, const char *name)
{
	struct desc *d = arg;
	char *slash = strrchr(d->path, '/');

	(void)name;
	if (d->too_long)
		stop(d, EBADMSG, "a value in it is too long");
	else if (!d->e->code)
		take(d, str_trim(d->text));
	d->text[0] = '\0';
	d->depth--;
	if (slash)
		*slash = '\0';
	else
		d->path[0] = '\0';
}

static int run_parser(struct desc *d, const char *text, size_t len, struct err *e)
{
	if (len > INT32_MAX)
		return err_set(e, EFBIG, "the descriptor");
	XML_SetUserData(d->x, d);
	XML_SetElementHandler(d->x, on_start, on_end);
	XML_SetCharacterDataHandler(d->x, on_text);
	XML_SetStartDoctypeDeclHandler(d->x, on_doctype);
	if (XML_Parse(d->x, text, (int)len, 1) == XML_STATUS_OK || e->code)
		return -e->code;
	return err_say(e, EBADMSG, "it is no XML document: %s in line %lu", XML_ErrorString(XML_GetErrorCode(d->x)),
		       (unsigned long)XML_GetCurrentLineNumber(d->x));
}

static int check(const struct desc *d, struct err *e)
{
	if (d->encrypted)
		return err_say(e, ENOTSUP, "the disk is encrypted: decrypt it on the host that has the key");
	if (d->volume)
		return err_say(e, ENOTSUP, "the disk is a volume that stands on another one: make it independent first");
	if (d->storages != 1)
		return err_say(e, d->storages ? ENOTSUP : EBADMSG, d->storages ? "the disk is split into several parts"
			       : "it is no disk descriptor: it has no StorageData/Storage");
	if (d->n_images == 0)
		return err_say(e, EBADMSG, "it names no image");
	for (size_t i = 0; i < d->n_images; i++)
		if (!d->image[i].guid[0] || !d->image[i].file[0])
			return err_say(e, EBADMSG, "an image in it has no GUID or no File");
	return 0;
}

static const struct tmpl_ploop_image *image_of(const struct desc *d, const char *guid)
{
	for (size_t i = 0; i < d->n_images; i++)
		if (strcasecmp(d->image[i].guid, guid) == 0)
			return &d->image[i];
	return NULL;
}

static const char *parent_of(const struct desc *d, const char *guid)
{
	for (size_t i = 0; i < d->n_shots; i++)
		if (strcasecmp(d->shot[i].guid, guid) == 0)
			return d->shot[i].parent[0] ? d->shot[i].parent : NO_PARENT;
	return NULL;
}

/* From the top down. Images that only other snapshots stand on are none of ours. */
static int chain(const struct desc *d, struct tmpl_ploop *ret, struct err *e)
{
	const char *guid = d->top[0] ? d->top : TOP_DELTA;

	if (d->n_images == 1 && d->n_shots == 0)
		guid = d->image[0].guid;
	while (strcasecmp(guid, NO_PARENT) != 0) {
		const struct tmpl_ploop_image *i = image_of(d, guid);
		const char *parent = parent_of(d, guid);

		if (!i)
			return err_say(e, EBADMSG, "no image in it has the GUID %s", guid);
		if (!parent && d->n_shots)
			return err_say(e, EBADMSG, "no snapshot in it has the GUID %s", guid);
		if (ret->n == d->n_images)
			return err_say(e, EBADMSG, "its images stand on each other in a circle");
		ret->image[ret->n++] = *i;
		guid = parent ? parent : NO_PARENT;
	}
	return ret->n ? 0 : err_say(e, EBADMSG, "it has no topmost image");
}

int ploop_desc_parse(const char *text, size_t len, struct tmpl_ploop *ret, struct err *e)
{
	auto_free struct desc *d = calloc(1, sizeof(*d));

	*ret = (struct tmpl_ploop){ 0 };
	if (!d)
		return err_set(e, ENOMEM, "the descriptor");
	d->e = e;
	d->x = XML_ParserCreate(NULL);
	if (!d->x)
		err_set(e, ENOMEM, "the descriptor");
	else if (run_parser(d, text, len, e) == 0 && check(d, e) == 0)
		chain(d, ret, e);
	XML_ParserFree(d->x);
	ret->raw_base = d->plain;
	ret->disk_bytes = d->sectors * SECTOR;
	return -e->code;
}
