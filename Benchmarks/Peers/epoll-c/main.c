// The baseline for readiness: an echo server for TCP and Unix sockets on plain level-triggered
// epoll, one thread, one shared 64 KiB buffer.
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../common/listener.h"

enum { BUFFER_BYTES = 65536, EVENTS = 512, DESCRIPTORS = 65536 };

// The bytes that the socket did not take. While there are any, the connection is watched for writing only, so that a
// peer that does not read cannot make the server store more than one buffer.
struct remainder {
    char *bytes;
    size_t offset, length;
};

static struct remainder remainders[DESCRIPTORS];
static char buffer[BUFFER_BYTES];
static int poller;

static void watch(int descriptor, int change, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    require(!epoll_ctl(poller, change, descriptor, &event), "epoll_ctl");
}

static void close_connection(int descriptor)
{
    free(remainders[descriptor].bytes);
    remainders[descriptor] = (struct remainder){0};
    close(descriptor);
}

static void accept_all(int listener)
{
    for (;;) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            require(errno == EAGAIN || errno == ECONNABORTED || errno == EINTR, "accept");
            return;
        }
        require(descriptor < DESCRIPTORS, "too many connections");
        watch(descriptor, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void keep_remainder(int descriptor, size_t offset, size_t length)
{
    struct remainder *rest = &remainders[descriptor];
    *rest = (struct remainder){.bytes = malloc(length - offset), .length = length - offset};
    require(rest->bytes, "malloc");
    memcpy(rest->bytes, buffer + offset, rest->length);
    watch(descriptor, EPOLL_CTL_MOD, EPOLLOUT);
}

static void echo(int descriptor)
{
    ssize_t length = recv(descriptor, buffer, sizeof buffer, 0);
    if (length <= 0) {
        if (length == 0 || errno != EAGAIN) close_connection(descriptor);
        return;
    }
    ssize_t sent = send(descriptor, buffer, (size_t)length, MSG_NOSIGNAL);
    if (sent == length) return;
    if (sent < 0 && errno != EAGAIN) close_connection(descriptor);
    else keep_remainder(descriptor, sent < 0 ? 0 : (size_t)sent, (size_t)length);
}

static void send_remainder(int descriptor)
{
    struct remainder *rest = &remainders[descriptor];
    ssize_t sent = send(descriptor, rest->bytes + rest->offset, rest->length - rest->offset, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) close_connection(descriptor);
        return;
    }
    rest->offset += (size_t)sent;
    if (rest->offset < rest->length) return;
    free(rest->bytes);
    *rest = (struct remainder){0};
    watch(descriptor, EPOLL_CTL_MOD, EPOLLIN);
}

int main(int argc, char **argv)
{
    struct endpoint endpoint = endpoint_argument(argc, argv);
    int listener = listen_on(endpoint);
    poller = epoll_create1(EPOLL_CLOEXEC);
    require(poller >= 0, "epoll_create1");
    // accept_all() stops at EAGAIN, so the listener must be non-blocking.
    int nonblocking = 1;
    require(!ioctl(listener, FIONBIO, &nonblocking), "FIONBIO");
    watch(listener, EPOLL_CTL_ADD, EPOLLIN);
    announce(endpoint, "plain epoll C");
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS, -1);
        require(count >= 0 || errno == EINTR, "epoll_wait");
        for (int i = 0; i < count; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) accept_all(listener);
            else if (remainders[descriptor].bytes) send_remainder(descriptor);
            else echo(descriptor);
        }
    }
}
