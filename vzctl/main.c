/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzctl. Everything is in cmd.c and the command files, where tests can reach it. */
#include "vzctl/cmd.h"

int main(int argc, char **argv)
{
	return cmd_main(argc, argv);
}
