#define _GNU_SOURCE
#include "waits.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int64_t second = 1000000000;

static struct timespec *in_parts(int64_t timeout, struct timespec *parts) {
    if (timeout < 0) return NULL;
    parts->tv_sec = timeout / second;
    parts->tv_nsec = timeout % second;
    return parts;
}

int cl_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout) {
    static atomic_bool is_missing;
    if (timeout <= 0) return epoll_wait(epoll, events, capacity, timeout < 0 ? -1 : 0);
    if (!atomic_load_explicit(&is_missing, memory_order_relaxed)) {
        struct timespec parts;
        int count = (int)syscall(SYS_epoll_pwait2, epoll, events, capacity, in_parts(timeout, &parts), NULL, 0);
        // Older seccomp filters of containers answer EPERM to unknown calls.
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
        atomic_store_explicit(&is_missing, 1, memory_order_relaxed);
    }
    // Round up: rounding down would make the loop spin until the timer is due.
    int64_t milliseconds = timeout / 1000000 + (timeout % 1000000 != 0);
    return epoll_wait(epoll, events, capacity, milliseconds > INT_MAX ? INT_MAX : (int)milliseconds);
}

int cl_poll(struct pollfd *entries, unsigned long count, int64_t timeout) {
    struct timespec parts;
    return ppoll(entries, count, in_parts(timeout, &parts), NULL);
}

int cl_select(int bound, unsigned long *readable, unsigned long *writable, int64_t timeout) {
    struct timespec parts;
    // Bypasses the C library, whose checks allow only sets of FD_SETSIZE bits.
    return (int)syscall(SYS_pselect6, bound, readable, writable, NULL, in_parts(timeout, &parts), NULL);
}
