/* Preloaded into a process: every write, truncation, sync and removal of the files whose path contains $RECORD_MATCH is written to
   $RECORD_LOG, in order: one byte (W T S U), the length of the name (2 bytes), offset and size (8 bytes each), the name, the bytes.
   From this the state of a disk after a loss of power at any moment can be made (benchmarks/trust/power.py). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 4096
static char *names[MOST]; /* of the recorded files that are open, by descriptor */
static int out = -1;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void *next(const char *function) { return dlsym(RTLD_NEXT, function); }

static int wanted(const char *path) {
    const char *match = getenv("RECORD_MATCH");
    return match && path && strstr(path, match) && !strstr(path, "-shm") && !strstr(path, ".lock");
}

static void record(char kind, const char *name, uint64_t offset, const void *bytes, uint64_t size) {
    static ssize_t (*put)(int, const void *, size_t);
    pthread_mutex_lock(&one_at_a_time);
    if (!put) put = next("write");
    if (out < 0) out = ((int (*)(const char *, int, ...))next("open64"))(getenv("RECORD_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    uint16_t length = (uint16_t)strlen(name);
    size_t total = 19 + length + (bytes ? size : 0);
    char *line = malloc(total);
    line[0] = kind;
    memcpy(line + 1, &length, 2);
    memcpy(line + 3, &offset, 8);
    memcpy(line + 11, &size, 8);
    memcpy(line + 19, name, length);
    if (bytes) memcpy(line + 19 + length, bytes, size);
    if (put(out, line, total) != (ssize_t)total) abort();
    free(line);
    pthread_mutex_unlock(&one_at_a_time);
}

static int opened(int number, const char *path) {
    if (number >= 0 && number < MOST) {
        free(names[number]);
        names[number] = wanted(path) ? strdup(path) : NULL;
    }
    return number;
}

static const char *name_of(int number) { return number >= 0 && number < MOST ? names[number] : NULL; }

#define OPEN(function)                                                                   \
    int function(const char *path, int flags, ...) {                                     \
        va_list rest;                                                                    \
        va_start(rest, flags);                                                           \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;                \
        va_end(rest);                                                                    \
        return opened(((int (*)(const char *, int, ...))next(#function))(path, flags, mode), path); \
    }
OPEN(open)
OPEN(open64)

int close(int number) {
    opened(number, NULL);
    return ((int (*)(int))next("close"))(number);
}

#define WRITE(function, type)                                                                                        \
    ssize_t function(int number, const void *bytes, size_t size, type offset) {                                      \
        ssize_t done = ((ssize_t (*)(int, const void *, size_t, type))next(#function))(number, bytes, size, offset); \
        if (done > 0 && name_of(number)) record('W', name_of(number), offset, bytes, done);                          \
        return done;                                                                                                 \
    }
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

#define TRUNCATE(function, type)                                              \
    int function(int number, type size) {                                     \
        int failed = ((int (*)(int, type))next(#function))(number, size);     \
        if (!failed && name_of(number)) record('T', name_of(number), size, NULL, 0); \
        return failed;                                                        \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(function)                                                     \
    int function(int number) {                                             \
        int failed = ((int (*)(int))next(#function))(number);              \
        if (!failed && name_of(number)) record('S', name_of(number), 0, NULL, 0); \
        return failed;                                                     \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    int failed = ((int (*)(const char *))next("unlink"))(path);
    if (!failed && wanted(path)) record('U', path, 0, NULL, 0);
    return failed;
}
