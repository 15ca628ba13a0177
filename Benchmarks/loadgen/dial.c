// Sockets to the server on loopback.
#define _GNU_SOURCE
#include "loadgen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct sockaddr_in dial_address(void)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)options.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

// An unconnected socket. With a `source` it connects from 127.1.0.source: a client port is in use for a minute after
// its connection closed, and one address has only 28,000 ports.
int dial_prepare(unsigned source)
{
    int one = 1;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        fail("socket: %s", strerror(errno));
        return -1;
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (source) {
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010000u + source)};
        // Let connect choose the port: only then connections to different peers may share one.
        setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        if (bind(descriptor, (struct sockaddr *)&own, sizeof own)) fail("bind: %s", strerror(errno));
    }
    return descriptor;
}

// A connected socket; on loopback the handshake is complete when connect returns.
int dial(void)
{
    struct sockaddr_in address = dial_address();
    int descriptor = dial_prepare(0);
    if (descriptor >= 0 && connect(descriptor, (struct sockaddr *)&address, sizeof address))
        fail("connect: %s", strerror(errno));
    return descriptor;
}
