// Start-up of the C peers: read the address, listen there, print that the server is ready.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// With a short backlog, a burst of 512 connects would wait for retransmitted SYNs.
enum { BACKLOG = 4096 };

static inline void require(bool holds, const char *what)
{
    if (holds) return;
    perror(what);
    exit(1);
}

// Where a server listens: a TCP or UDP port on loopback, or the path of a Unix socket.
struct endpoint {
    int port;
    const char *path;
};

static inline struct endpoint endpoint_argument(int argc, char **argv)
{
    bool is_port = argc == 3 && (!strcmp(argv[1], "--port") || !strcmp(argv[1], "--udp"));
    if (is_port) return (struct endpoint){.port = atoi(argv[2])};
    if (argc == 3 && !strcmp(argv[1], "--unix")) return (struct endpoint){.path = argv[2]};
    fprintf(stderr, "usage: %s --port N | --unix PATH | --udp N\n", argv[0]);
    exit(2);
}

static inline struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

// The harness waits for this line, so it must be flushed.
static inline void announce(struct endpoint endpoint, const char *name)
{
    if (endpoint.path) printf("listening on unix:%s (%s)\n", endpoint.path, name);
    else printf("listening on 127.0.0.1:%d (%s)\n", endpoint.port, name);
    fflush(stdout);
}

// A listening socket whose accepted sockets inherit TCP_NODELAY, which saves a system call per connection.
static inline int listen_on_port(int port)
{
    int one = 1;
    struct sockaddr_in address = loopback(port);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(listener >= 0, "socket");
    require(!setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
    require(!setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
    require(!bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
    require(!listen(listener, BACKLOG), "listen");
    return listener;
}

static inline int listen_on_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    require(strlen(path) < sizeof address.sun_path, "path too long");
    strcpy(address.sun_path, path);
    unlink(path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(listener >= 0, "socket");
    require(!bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
    require(!listen(listener, BACKLOG), "listen");
    return listener;
}

static inline int listen_on(struct endpoint endpoint)
{
    signal(SIGPIPE, SIG_IGN);
    return endpoint.path ? listen_on_path(endpoint.path) : listen_on_port(endpoint.port);
}
