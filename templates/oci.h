/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_OCI_H
#define TEMPLATES_OCI_H
/* What is read of an OCI image layout. Inside templates/. */
#include <stddef.h>
#include <stdint.h>

#include "templates/tmpl.h"
#include "util/str.h"

#define OCI_JSON_MAX (4u << 20)
#define OCI_LAYERS_MAX 128

struct oci_blob { char sha256[TMPL_DIGEST_LEN + 1]; uint64_t size; };
enum oci_kind { OCI_MANIFEST, OCI_INDEX };
struct oci_ref { enum oci_kind kind; struct oci_blob blob; };
struct oci_image { struct oci_blob config, layer[OCI_LAYERS_MAX]; size_t n_layers; };	/* lowest layer first */
struct oci_config { struct str_list env, entry; char user[64], dir[1024]; };	/* entry: entrypoint and command */

/* Each: EBADMSG says what is wrong. @arch as OCI calls it ("amd64"); @tag NULL: there must be one choice. ENOENT: none fits. */
int oci_index_parse(const char *text, size_t len, const char *arch, const char *tag, struct oci_ref *ret, struct err *e);
int oci_manifest_parse(const char *text, size_t len, struct oci_image *ret, struct err *e);
int oci_config_parse(const char *text, size_t len, const char *arch, struct oci_config *ret, struct err *e);
void oci_config_done(struct oci_config *c);

#endif
