/* Syncs that take INTEGRA_SYNC_MS longer, as on a disk without a write cache. For tests/bench/commits.py (LD_PRELOAD). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowed(const char *name, int file) {
    const char *text = getenv("INTEGRA_SYNC_MS");
    long microseconds = text ? (long)(atof(text) * 1000) : 0;
    struct timespec wait = {microseconds / 1000000, microseconds % 1000000 * 1000};
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    nanosleep(&wait, NULL);
    return real(file);
}

int fsync(int file) { return slowed("fsync", file); }
int fdatasync(int file) { return slowed("fdatasync", file); }
