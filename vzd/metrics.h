/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_METRICS_H
#define VZD_METRICS_H
/* The text of /metrics for everybody is metrics_text() in sampler.h. */
#include <stdbool.h>
#include <stddef.h>

struct principal;
struct sampler;

/* Only the containers that @who sees, without the host. Not cached; the caller frees. NULL: out of memory. */
char *metrics_text_of(struct sampler *s, const struct principal *who, bool openmetrics, size_t *len);

#endif
