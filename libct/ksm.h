/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_KSM_H
#define LIBCT_KSM_H
#include <stdbool.h>

#include "util/param.h"

extern const struct param_type ct_type_ksm;	/* struct num_opt; "yes" on the command line of a kernel without it is refused */
bool ct_ksm_possible(void);
int ct_ksm_join(void);		/* the caller and all it execs and forks; 0 or -errno */

#endif
