// Sockets to the server, over TCP on loopback or over a Unix socket.
#define _GNU_SOURCE
#include "loadgen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

socklen_t dial_address(struct sockaddr_storage *address)
{
    *address = (struct sockaddr_storage){0};
    if (options.path) {
        struct sockaddr_un *name = (struct sockaddr_un *)address;
        name->sun_family = AF_UNIX;
        strncpy(name->sun_path, options.path, sizeof name->sun_path - 1);
        return sizeof *name;
    }
    struct sockaddr_in *endpoint = (struct sockaddr_in *)address;
    endpoint->sin_family = AF_INET;
    endpoint->sin_port = htons((uint16_t)options.port);
    endpoint->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof *endpoint;
}

static void bind_to_source(int descriptor, unsigned source)
{
    int one = 1;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010000u + source)};
    // Let connect choose the port: only then connections to different peers may share one.
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(descriptor, (struct sockaddr *)&own, sizeof own)) fail("bind: %s", strerror(errno));
}

// An unconnected socket. With a `source` it connects from 127.1.0.source: a client port is in use for a minute after
// its connection closed, and one address has only 28,000 ports.
int dial_prepare(unsigned source)
{
    int descriptor = socket(options.path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        fail("socket: %s", strerror(errno));
        return -1;
    }
    if (options.path) return descriptor;
    int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (source) bind_to_source(descriptor, source);
    return descriptor;
}

// A connected socket; the handshake is complete when connect returns.
int dial(void)
{
    struct sockaddr_storage address;
    socklen_t length = dial_address(&address);
    int descriptor = dial_prepare(0);
    if (descriptor >= 0 && connect(descriptor, (struct sockaddr *)&address, length))
        fail("connect: %s", strerror(errno));
    return descriptor;
}
