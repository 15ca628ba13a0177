// Start-up of the C peers: read `--port N`, listen on loopback, print that the server is ready.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// With a short backlog, a burst of 512 connects would wait for retransmitted SYNs.
enum { BACKLOG = 4096 };

static inline void require(bool holds, const char *what)
{
    if (holds) return;
    perror(what);
    exit(1);
}

static inline int port_argument(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--port")) return atoi(argv[2]);
    fprintf(stderr, "usage: %s --port N\n", argv[0]);
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
static inline void announce(int port, const char *name)
{
    printf("listening on 127.0.0.1:%d (%s)\n", port, name);
    fflush(stdout);
}

// A listening socket whose accepted sockets inherit TCP_NODELAY, which saves a system call per connection.
static inline int listen_on(int port)
{
    signal(SIGPIPE, SIG_IGN);
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
