/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/sign.c: a key and a signature made by signify itself, every byte of them turned, and our own. */
#include "templates/sign.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"

/* signify -G -n; echo "hello, templates" | signify -S */
static const char pub[] = "untrusted comment: signify public key\n"
	"RWSjCvnZhi98v/X9DlpsIWFyp5r06d7iznrugg10z9b4dMQKjMCcXqv4\n";
static const char sig[] = "untrusted comment: verify with k2.pub\n"
	"RWSjCvnZhi98vzVr28YEuCj2mMLZ3C4/gIu/T5Se9vbJLGqO6FVoM9YlDrGFIPpFCRrSJR0pt1nK13J7BavLdNsETD2oIWMFnAo=\n";
static const char text[] = "hello, templates\n";

static void keys_put(const char *name, const char *s)
{
	auto_close int top = test_tmp_fd();
	struct err e = { 0 };

	CHECK_OK(fio_replace(top, name, s, strlen(s), 0644, &e), &e);
}

static int verify(const char *s, const char *data, struct err *e)
{
	struct sign_key k = { .name = "" };
	int rc = sign_verify(test_tmp(), s, strlen(s), data, strlen(data), &k, e);

	if (rc == 0)
		CHECK_STR(k.name, "them");
	return rc;
}

TEST(of_signify)
{
	struct err e = { 0 };

	CHECK_ERR(verify(sig, text, &e), ENOKEY);
	CHECK(strstr(e.text, "which is not among") && strstr(e.text, "/*.pub"));
	keys_put("them.pub", pub);
	keys_put("broken.pub", "nonsense");
	err_clear(&e);
	CHECK_OK(verify(sig, text, &e), &e);
	CHECK_ERR(verify(sig, "hello, templates", &e), EBADMSG);
	CHECK(strstr(e.text, "key them: the signature does not fit"));
}

TEST(every_byte_counts)
{
	char copy[sizeof(sig)];

	keys_put("them.pub", pub);
	for (size_t i = 0; i < sizeof(sig) - 1; i++) {
		struct err e = { 0 };
		bool comment = i >= strlen("untrusted comment: ") && i < strcspn(sig, "\n");

		memcpy(copy, sig, sizeof(sig));
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		if (i == sizeof(sig) - 2 || comment)	/* the last newline; the comment, which is not trusted */
			continue;
		if (verify(copy, text, &e) == 0)
			test_fail(__FILE__, __LINE__, "byte %zu", i);
		CHECK(e.code == EBADMSG || e.code == ENOKEY);
	}
}

TEST(texts_that_are_none)
{
	static const char *const t[] = { "", "\n", "untrusted comment: x", "untrusted comment: x\n", "untrusted comment: x\nRWQ=\n",
					 "comment: x\nRWSjCvnZhi98vzVr28YEuCj2mMLZ3C4/gIu/T5Se9vbJLGqO6FVoM9YlDrGFIPpFCRrSJR0pt1nK13J7BavLdNsETD2oIWMFnAo=\n", "untrusted comment: x\n@@@@\n" };
	struct sign_key k;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		CHECK_ERR(verify(t[i], text, &e), EBADMSG);
		CHECK_ERR(sign_key_parse(t[i], strlen(t[i]), &k, &e), EBADMSG);
	}
}

TEST(own_keys)
{
	auto_buf struct buf s = BUF_INIT;
	struct sign_sec sec;
	struct err e = { 0 };
	char base[4200];
	struct stat st;

	str_fmt(base, sizeof(base), "%s/them", test_tmp());
	CHECK_OK(tmpl_keygen(base, &e), &e);
	CHECK_ERR(tmpl_keygen(base, &e), EEXIST);
	err_clear(&e);
	str_fmt(base, sizeof(base), "%s/them.sec", test_tmp());
	CHECK(stat(base, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK_OK(sign_sec_load(base, &sec, &e), &e);
	CHECK_OK(sign_make(&sec, text, strlen(text), &s, &e), &e);
	CHECK_OK(verify(buf_str(&s), text, &e), &e);
	CHECK_ERR(verify(buf_str(&s), "another text", &e), EBADMSG);
	keys_put("them.sec", pub);
	CHECK_ERR(sign_sec_load(base, &sec, &e), EBADMSG);
}
