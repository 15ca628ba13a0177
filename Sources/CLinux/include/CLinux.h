// The parts of Linux that Swift's Glibc module lacks: headers, macros that it cannot import, and calls that need C.
//
// No _GNU_SOURCE here: Swift's module is built without it, and both must agree on types like fd_set. The .c files wrap
// what glibc declares only with it.

#ifndef CLINUX_H
#define CLINUX_H

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "affinity.h"
#include "caught_signals.h"
#include "messages.h"
#include "process.h"
#include "rights.h"
#include "waits.h"

// Macros with casts or negative unsigned numbers, or that need _GNU_SOURCE. The numbers are part of the ABI.
static const uint64_t CL_RLIM_INFINITY = ~(uint64_t)0;
static const int32_t CL_SO_PEERPIDFD = 77;
static const int16_t CL_POLLRDHUP = 0x2000;
static const int32_t CL_EAI_NODATA = -5;
static const int32_t CL_EAI_ADDRFAMILY = -9;

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC, so that a concurrent fork and exec cannot leak the descriptor.
int cl_accept(int descriptor, struct sockaddr *address, socklen_t *length);

/// The calling thread, as a number that an atomic can hold. It differs between a forked child and its parent.
static inline uintptr_t cl_thread_self(void) {
    // Like pthread_self(), but without a call, because each entry into the loop reads it. User addresses leave the
    // upper bits free.
    return (uintptr_t)__builtin_thread_pointer() ^ (uintptr_t)cl_process_generation() << 48;
}

/// Names the calling thread. The kernel keeps 15 bytes; longer names are truncated.
void cl_thread_set_name(const char *name);

#endif
