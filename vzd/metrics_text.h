/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_METRICS_TEXT_H
#define VZD_METRICS_TEXT_H
/* Writes OpenMetrics 1.0 or the older text format of Prometheus. A thousand containers are 40,000 lines: numbers are printed by
 * hand, labels once per container. */
#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct count_hist;

enum m_type { M_GAUGE, M_COUNTER, M_HISTOGRAM };
struct m_out { struct buf b; bool openmetrics; };

/* @name: without "_total". */
void m_family(struct m_out *o, const char *name, enum m_type type, const char *help);
/* One sample. @labels: "a=\"b\",c=\"d\"" or "". @extra: more of them, or NULL. */
void m_u64(struct m_out *o, const char *name, enum m_type type, const char *labels, const char *extra, uint64_t v);
void m_usec(struct m_out *o, const char *name, enum m_type type, const char *labels, const char *extra, uint64_t usec);
void m_inf(struct m_out *o, const char *name, const char *labels, const char *extra);
void m_double(struct m_out *o, const char *name, const char *labels, double v);
void m_hist(struct m_out *o, const char *name, const struct count_hist *h);
/* key="value" with what has to be escaped; bytes that are no UTF-8 become '?'. */
void m_label(struct buf *b, const char *key, const char *value);
void m_end(struct m_out *o);

#endif
