/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SECCOMP_H
#define LIBCT_SECCOMP_H
#include <stdbool.h>
struct err;
/* Loads the filter of a container into the calling thread, which must hold CAP_SYS_ADMIN in its user namespace.
 * @nesting: user namespaces may be made inside (--features nesting:on). Async-signal-safe. */
int ct_seccomp_load(bool nesting, struct err *e);
#endif
