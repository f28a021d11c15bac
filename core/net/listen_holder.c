/* SPDX-License-Identifier: Apache-2.0 */
/* listen_holder.c - which program holds a port, as far as /proc tells us. */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/listen_parts.h"
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TCP_LISTENING = 0x0a, UDP_BOUND = 0x07 };

/* An address as those tables write it: words as they lie in memory. */
static void table_form(const struct sockaddr_storage *at, char out[33])
{
    uint32_t word[4] = { 0 };
    size_t n = at->ss_family == AF_INET ? 1 : 4;
    if (n == 1)
        memcpy(word, &((const struct sockaddr_in *)at)->sin_addr, 4);
    else
        memcpy(word, &((const struct sockaddr_in6 *)at)->sin6_addr, 16);
    for (size_t i = 0; i < n; i++)
        snprintf(out + 8 * i, 9, "%08X", word[i]);
}

static bool is_any(const char *address) { return address[strspn(address, "0")] == '\0'; }

/* Two addresses in that form: can only one of them be listened on? IPv6 includes IPv4 where it is for all or mapped. */
static bool in_the_way(const char *a, const char *b)
{
    static const char mapped[] = "0000000000000000FFFF0000";
    const char *v4 = strlen(a) == 8 ? a : b, *v6 = v4 == a ? b : a;
    if (strlen(a) == strlen(b))
        return is_any(a) || is_any(b) || strcmp(a, b) == 0;
    return is_any(v6) || (text_starts(v6, mapped) && (is_any(v4) || strcmp(v6 + sizeof mapped - 1, v4) == 0));
}

/* Inode of a socket in our way, from one of /proc/net/{tcp,tcp6,udp,udp6}; 0: none. */
static unsigned long find_inode(const char *table, unsigned state, const char *address, uint16_t port)
{
    char line[512], its_address[33];
    unsigned long found = 0;
    FILE *f = fopen(table, "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        unsigned its_port, its_state;
        unsigned long inode;
        if (sscanf(line, " %*[0-9]: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %lu", its_address,
                   &its_port, &its_state, &inode) == 4 &&
            its_port == port && its_state == state && in_the_way(its_address, address))
            found = inode;
    }
    if (f)
        fclose(f);
    return found;
}

static bool holds(int proc, const char *pid, const char *socket)
{
    char path[300], target[64];
    bool found = false;
    snprintf(path, sizeof path, "%s/fd", pid);
    int dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = dir >= 0 ? fdopendir(dir) : NULL;
    if (!d) {
        mem_closep(&dir);
        return false;
    }
    for (struct dirent *e = readdir(d); e && !found; e = readdir(d)) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        found = strcmp(target, socket) == 0;
    }
    closedir(d);
    return found;
}

static void describe(int proc, const char *pid, char out[64])
{
    char path[300];
    auto_free char *name = NULL;
    size_t len;
    snprintf(path, sizeof path, "%s/comm", pid);
    if (file_read(proc, path, 64, &name, &len) == 0)
        name[strcspn(name, "\n")] = '\0';
    snprintf(out, 64, "%.32s (pid %.16s)", name ? name : "a program", pid);
}

bool listen_holder(int type, const struct sockaddr_storage *at, uint16_t port, char out[64])
{
    bool udp = type == SOCK_DGRAM, found = false;
    unsigned state = udp ? UDP_BOUND : TCP_LISTENING;
    char socket[64], address[33];
    table_form(at, address);
    unsigned long inode = find_inode(udp ? "/proc/net/udp" : "/proc/net/tcp", state, address, port);
    if (inode == 0)
        inode = find_inode(udp ? "/proc/net/udp6" : "/proc/net/tcp6", state, address, port);
    DIR *proc = inode ? opendir("/proc") : NULL;
    if (!proc)
        return false;
    snprintf(socket, sizeof socket, "socket:[%lu]", inode);
    for (struct dirent *e = readdir(proc); e && !found; e = readdir(proc)) {
        int64_t pid;
        found = text_int(e->d_name, 1, INT32_MAX, &pid) && holds(dirfd(proc), e->d_name, socket);
        if (found)
            describe(dirfd(proc), e->d_name, out);
    }
    closedir(proc);
    return found;
}
