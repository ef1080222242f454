/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CONF_JSON_H
#define VZD_CONF_JSON_H
/*
 * A container's configuration as a JSON object and back, by the parameters' rows. A property is a row's key in lower case
 * ("physpages", "onboot", "ip_address"), or for rows without a key its option ("ram": only written, never shown).
 * Values: yes/no is a boolean, a count an integer, a list an array of strings, everything else the text of
 * ctid.conf(5). Written, each also takes the text that the option takes: "512M" for ram.
 */
#include <jansson.h>

#include "libct/ct.h"

enum conf_json_kind { CONF_JSON_BOOL, CONF_JSON_INT, CONF_JSON_LIST, CONF_JSON_TEXT };
enum conf_json_kind conf_json_kind(const struct param *p);
/* The property's name of a row: lower case into @out. NULL: a row that the API does not show (aliases). */
const char *conf_json_name(const struct param *p, char out[64]);
json_t *conf_json(const struct ct_conf *c);		/* what is set; new reference */
const struct param *conf_json_find(const char *property);	/* NULL: unknown */

/* vzctl's words: "--ram=512M" ... ended by NULL, all owned. */
struct conf_args {
	char **v;
	size_t n;
	const struct ct_conf *defaults;	/* vz.conf's, for conf_json_args(); NULL: none */
};
void conf_args_done(struct conf_args *a);
#define auto_args __attribute__((cleanup(conf_args_done)))
int conf_args_add(struct conf_args *a, const char *opt, const char *val, struct err *e);
/*
 * @change: the object of a PATCH or POST. Each property becomes its option, checked by the row's own parser into @parsed
 * (zeroed by the caller, ct_conf_done() after), which is what quotas are judged by. null (RFC 7396) empties a list, sets anything
 * else to what vz.conf or the manual has as its default, and is refused where neither has one.
 * A list replaces the old one (@replace: "--ipdel all" first). @create: for create, else for set.
 * -EINVAL: e->text says what is wrong, *ret_at (a borrowed key of @change) which property.
 */
int conf_json_args(json_t *change, bool create, struct conf_args *a, struct ct_conf *parsed, const char **ret_at, struct err *e);

#endif
