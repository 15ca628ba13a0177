// The baseline for readiness: a UDP echo server with epoll, recvmmsg and sendmmsg, one thread.
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "datagrams.h"

enum { BATCH = 64, BUFFER_BYTES = 65536 };

static char buffers[BATCH][BUFFER_BYTES];
static struct sockaddr_in senders[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static void prepare(void)
{
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){buffers[i], BUFFER_BYTES};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &senders[i], .msg_namelen = sizeof senders[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
}

static void echo(int descriptor)
{
    int count = recvmmsg(descriptor, messages, BATCH, 0, NULL);
    for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
    if (count > 0) send_replies(descriptor, messages, (unsigned)count);
    // The kernel has replaced the length of the address.
    for (int i = 0; i < count; i++) {
        vectors[i].iov_len = BUFFER_BYTES;
        messages[i].msg_hdr.msg_namelen = sizeof senders[i];
    }
}

int main(int argc, char **argv)
{
    struct endpoint endpoint = endpoint_argument(argc, argv);
    int descriptor = bind_datagrams(endpoint.port);
    prepare();
    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    require(poller >= 0 && !epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event), "epoll");
    announce(endpoint, "recvmmsg C");
    for (;;) {
        int count = epoll_wait(poller, &event, 1, -1);
        require(count >= 0 || errno == EINTR, "epoll_wait");
        echo(descriptor);
    }
}
