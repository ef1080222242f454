/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_BANNED_H
#define UTIL_BANNED_H
/* Included by the compiler command line (-include) in every file of ours: these names do not compile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define VZ_BANNED(f) use_of_##f##_is_banned_see_HACKING_md
#undef system
#undef popen
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strtok
#undef atoi
#undef atol
#undef gets
#undef tmpnam
#undef mktemp
#define system(...) VZ_BANNED(system)
#define popen(...) VZ_BANNED(popen)
#define strcpy(...) VZ_BANNED(strcpy)
#define strcat(...) VZ_BANNED(strcat)
#define sprintf(...) VZ_BANNED(sprintf)
#define vsprintf(...) VZ_BANNED(vsprintf)
#define strtok(...) VZ_BANNED(strtok)
#define atoi(...) VZ_BANNED(atoi)
#define atol(...) VZ_BANNED(atol)
#define gets(...) VZ_BANNED(gets)
#define tmpnam(...) VZ_BANNED(tmpnam)
#define mktemp(...) VZ_BANNED(mktemp)
#endif
