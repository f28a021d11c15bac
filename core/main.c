/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program's first page: which command is meant. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "version")) {
        puts("fairlead " PACKAGE_VERSION);
        return 0;
    }
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        puts("usage: fairlead version");
        return 0;
    }
    fputs("fairlead: no such command; try fairlead --help\n", stderr);
    return 2;
}
