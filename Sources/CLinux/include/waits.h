// The three calls that wait for readiness. Timeouts are in nanoseconds; negative ones wait without a limit.
//
// They return like the C library's calls: a count, or -1 and errno.

#ifndef CLINUX_WAITS_H
#define CLINUX_WAITS_H

#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>

/// epoll_pwait2(2), Linux 5.11; if it is missing or forbidden, epoll_wait(2), rounded up to milliseconds.
int cl_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout);

/// ppoll(2).
int cl_poll(struct pollfd *entries, unsigned long count, int64_t timeout);

/// pselect6(2) on bit sets of any size: the kernel has no FD_SETSIZE.
int cl_select(int bound, unsigned long *readable, unsigned long *writable, int64_t timeout);

#endif
