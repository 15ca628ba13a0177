// The socket of the UDP peers, and the list of replies that one sendmmsg sends.
#pragma once

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "../common/listener.h"

// The kernel's limits, rmem_max and wmem_max, apply.
enum { SOCKET_BUFFER = 4 << 20 };

static inline int bind_datagrams(int port)
{
    int size = SOCKET_BUFFER;
    struct sockaddr_in address = loopback(port);
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(descriptor >= 0, "socket");
    require(!setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), "SO_RCVBUF");
    require(!setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), "SO_SNDBUF");
    require(!bind(descriptor, (struct sockaddr *)&address, sizeof address), "bind");
    return descriptor;
}

// Sends all replies in order. A reply that the kernel refuses is dropped, as UDP may do; a full buffer is waited for.
static inline void send_replies(int descriptor, struct mmsghdr *replies, unsigned count)
{
    for (unsigned sent = 0; sent < count;) {
        int result = sendmmsg(descriptor, replies + sent, count - sent, MSG_NOSIGNAL);
        if (result > 0) sent += (unsigned)result;
        else if (errno == EAGAIN) poll(&(struct pollfd){.fd = descriptor, .events = POLLOUT}, 1, -1);
        else if (errno != EINTR) sent++;
    }
}
