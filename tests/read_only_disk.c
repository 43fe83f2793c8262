/* A disk that the system makes read-only under a running process, as it does after errors: what is below
 * READ_ONLY_FOLDER is not written while the file READ_ONLY_WHEN is there, not even through files that are open already.
 * For tests/read_only_disk.py (LD_PRELOAD); a real disk refuses to be mounted read-only as long as files are open. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSE ((errno = EROFS), -1)

static int now(void) {
    const char *when = getenv("READ_ONLY_WHEN");
    int before = errno, found = when && access(when, F_OK) == 0;
    errno = before;
    return found;
}

static int below(const char *path) {
    const char *folder = getenv("READ_ONLY_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    return length && strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

static int on_disk(int file) {
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    path[length > 0 ? length : 0] = 0;
    return below(path);
}

static int refused(const char *path, int flags) {
    return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) && now() && below(path);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return refused(path, flags) ? REFUSE : REAL(name)(path, flags, mode); \
    }
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return refused(path, flags) ? REFUSE : REAL(name)(folder, path, flags, mode); \
    }
#define PWRITE(name, offset_t) \
    ssize_t name(int file, const void *from, size_t size, offset_t at) { \
        return now() && on_disk(file) ? REFUSE : REAL(name)(file, from, size, at); \
    }
#define TRUNCATE(name, offset_t) \
    int name(int file, offset_t size) { return now() && on_disk(file) ? REFUSE : REAL(name)(file, size); }
#define STATVFS(name, kind) \
    int name(const char *path, struct kind *about) { \
        int failed = REAL(name)(path, about); \
        if (!failed && now() && below(path)) about->f_flag |= ST_RDONLY; \
        return failed; \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)
STATVFS(statvfs, statvfs)
STATVFS(statvfs64, statvfs64)

ssize_t write(int file, const void *from, size_t size) {
    return now() && on_disk(file) ? REFUSE : REAL(write)(file, from, size);
}
int fsync(int file) { return now() && on_disk(file) ? REFUSE : REAL(fsync)(file); }
int fdatasync(int file) { return now() && on_disk(file) ? REFUSE : REAL(fdatasync)(file); }
int unlink(const char *path) { return now() && below(path) ? REFUSE : REAL(unlink)(path); }
int rename(const char *from, const char *to) { return now() && below(to) ? REFUSE : REAL(rename)(from, to); }
