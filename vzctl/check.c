/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of what vzcheck found, as lines and as JSON. */
#include "vzctl/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/json_text.h"
#include "util/table.h"

static const char *const text_words[] = { [CHECK_GOOD] = "ok", [CHECK_BAD] = "FAIL", [CHECK_NOTE] = "note" };
static const char *const json_words[] = { [CHECK_GOOD] = "ok", [CHECK_BAD] = "fail", [CHECK_NOTE] = "note" };
_Static_assert(ARRAY_SIZE(text_words) == CHECK_STATE_N && ARRAY_SIZE(json_words) == CHECK_STATE_N, "name every state");

void check_add(struct check *k, enum check_state state, const char *what, const char *found, const char *cure)
{
	struct check_item *v = reallocarray(k->v, k->n + 1, sizeof(*v));

	k->failed += state == CHECK_BAD;
	if (!v) {
		k->no_memory = true;
		return;
	}
	k->v = v;
	v += k->n++;
	*v = (struct check_item){ state, strdup(what), strdup(found), cure && state != CHECK_GOOD ? strdup(cure) : NULL };
	if (!v->what || !v->found || (cure && state != CHECK_GOOD && !v->cure))
		k->no_memory = true;
}

void check_addf(struct check *k, enum check_state state, const char *what, const char *cure, const char *fmt, ...)
{
	struct buf auto_buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	check_add(k, state, what, buf_str(&b), cure);
}

void check_text(const struct check *k, struct buf *b)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct check_item *c = &k->v[i];

		buf_addf(b, "%-5s %-22s %s%s%s\n", text_words[c->state], c->what ? c->what : "", c->found ? c->found : "",
			 c->cure ? ": " : "", c->cure ? c->cure : "");
	}
	if (k->failed)
		buf_addf(b, "%u thing(s) missing\n", k->failed);
	else
		buf_adds(b, "this host can run containers with every limit\n");
}

void check_json(const struct check *k, struct buf *b)
{
	buf_addf(b, "{\n  \"ok\": %s,\n  \"failed\": %u,\n  \"checks\": [", k->failed ? "false" : "true", k->failed);
	for (size_t i = 0; i < k->n; i++) {
		const struct check_item *c = &k->v[i];

		buf_addf(b, "%s\n    { \"state\": \"%s\", \"what\": ", i ? "," : "", json_words[c->state]);
		json_str(b, c->what);
		buf_adds(b, ", \"found\": ");
		json_str(b, c->found);
		buf_adds(b, ", \"cure\": ");
		json_str(b, c->cure);
		buf_adds(b, " }");
	}
	buf_adds(b, "\n  ]\n}\n");
}

void check_done(struct check *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->v[i].what);
		free(k->v[i].found);
		free(k->v[i].cure);
	}
	free(k->v);
	*k = (struct check){ 0 };
}
