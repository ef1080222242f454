/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vzploop says of a disk: one "Key: value" a line for the disk, then one line per image, topmost first. */
#include "templates/tmpl.h"
#include "util/buf.h"
#include "vzctl/tool.h"

static void image_line(struct buf *b, const struct tmpl_ploop_image *i, unsigned n)
{
	char size[8], block[8];

	tool_human(i->file_bytes, size);
	buf_addf(b, "%5u  %-11s %6s", n, tmpl_ploop_kind_names[i->kind], size);
	if (i->kind != TMPL_PLOOP_RAW) {
		tool_human((uint64_t)i->cluster * 512, block);
		buf_addf(b, " %6s %10u/%-10u %-6s", block, i->allocated, i->blocks, i->in_use ? "in use" : "closed");
	} else {
		buf_addf(b, " %6s %21s %-6s", "-", "-", "-");
	}
	buf_addf(b, " %s\n", i->file);
}

void tool_ploop(struct buf *b, const struct tmpl_ploop *p)
{
	buf_addf(b, "Disk size: %llu bytes\n", (unsigned long long)p->disk_bytes);
	if (p->fs[0])
		buf_addf(b, "File system: %s at byte %llu, %llu bytes%s\n", p->fs, (unsigned long long)p->fs_off,
			 (unsigned long long)p->fs_bytes, p->journal ? ", not unmounted cleanly: its journal is read as well" : "");
	else
		buf_addf(b, "File system: none that can be read: %s\n", p->fs_text);
	buf_adds(b, "IMAGE  FORMAT        SIZE  BLOCK     USED/BLOCKS       STATE  FILE\n");
	for (uint32_t i = 0; i < p->n; i++)
		image_line(b, &p->image[i], i + 1);
}
