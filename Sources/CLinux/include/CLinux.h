// The parts of Linux that Swift's C library module leaves out: headers, macros it cannot read, and calls that need C.
//
// No _GNU_SOURCE here: Swift's own module was built without it, and the two must agree on types like fd_set. What glibc
// hides without it is in the .c files, behind a name of ours.

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

#include "caught_signals.h"
#include "process.h"
#include "waits.h"

// Macros that are casts, negative unsigned numbers, or hidden without _GNU_SOURCE. The numbers are the kernel's ABI.
static const uint64_t CL_RLIM_INFINITY = ~(uint64_t)0;
static const int16_t CL_POLLRDHUP = 0x2000;
static const int32_t CL_EAI_NODATA = -5;
static const int32_t CL_EAI_ADDRFAMILY = -9;

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC: no window in which a fork would inherit the descriptor.
int cl_accept(int descriptor, struct sockaddr *address, socklen_t *length);

/// The calling thread, as a number that an atomic can hold; the thread that comes out of a fork has another one in the
/// child.
static inline uintptr_t cl_thread_self(void) {
    // The same number as pthread_self(), without the call: it is asked for at every entry into the loop. Its upper bits
    // are free: user addresses end below.
    return (uintptr_t)__builtin_thread_pointer() ^ (uintptr_t)cl_process_generation() << 48;
}

/// Names the calling thread; the kernel keeps 15 bytes, a longer name is cut.
void cl_thread_set_name(const char *name);

/// On how many processors this process may run: what taskset(1) and containers leave it, not what the machine has.
int cl_usable_processors(void);

#endif
