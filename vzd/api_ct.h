/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_API_CT_H
#define VZD_API_CT_H
/* What the files of routes on containers share. */
#include "vzd/api.h"
#include "vzd/conf_json.h"
#include "vzd/job.h"

#define VZCTL VZ_SBINDIR "/vzctl"
#define VZTMPL VZ_SBINDIR "/vztmpl"

/* Words of one vzctl command on @ctid: "vzctl VERB ID", more with conf_args_add() or ct_word(). */
int ct_words(struct conf_args *a, const char *verb, unsigned ctid, struct err *e);
int ct_word(struct conf_args *a, const char *word, struct err *e);
/* The job of these words on the call's container; answers like api_job(), by default after the job's end if it is quick. */
int ct_job(struct api_call *c, const struct conf_args *a, const char *secret, api_after *after, struct err *e);
/* For a new container: c->ctid becomes the body's ctid or a free one (< 0: it has answered); members beside config are put
 * into a copy of it; what is wrong with one; 201 and the Ct. */
int ct_new_id(struct api_call *c);
json_t *ct_config_of(struct api_call *c);
int ct_bad_property(struct api_call *c, const char *property, const struct err *e);
json_t *ct_new_after(struct api_call *c, int *status);
const char *ct_body_text(const struct api_call *c, const char *name);	/* a member of the body, NULL: none or no text */
json_t *ct_after(struct api_call *c, int *status);		/* the Ct as it is then */

/* api_ct_list.c */
int ct_list_run(struct api_call *c, struct err *e);
extern const struct api_field ct_list_query[];

/* api_backup.c: how many archives each tenant has, by name; NULL: nobody knows, the directory does not answer. */
typedef int api_backups_fn(struct api_call *c, const json_t *counts, struct err *e);
int api_backups_count(struct api_call *c, api_backups_fn *fn, struct err *e);
/* api_stats.c: what was used, as JSON or CSV, summed up outside of the loop. */
struct usage_query;
int api_usage(struct api_call *c, const struct usage_query *q, struct err *e);

#endif
