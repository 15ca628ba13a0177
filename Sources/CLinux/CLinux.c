#define _GNU_SOURCE
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "CLinux.h"

// The header repeats these constants.
_Static_assert(POLLRDHUP == 0x2000, "CL_POLLRDHUP");
_Static_assert(EAI_NODATA == -5 && EAI_ADDRFAMILY == -9, "CL_EAI_NODATA, CL_EAI_ADDRFAMILY");
_Static_assert(RLIM_INFINITY == ~(uint64_t)0, "CL_RLIM_INFINITY");

int cl_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
    return accept4(descriptor, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void cl_thread_set_name(const char *name) {
    char cut[16] = {0};
    strncpy(cut, name, sizeof cut - 1);
    // Fails only for names that are too long.
    pthread_setname_np(pthread_self(), cut);
}
