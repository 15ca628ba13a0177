// libuv's UDP echo server written for speed: recvmmsg into one shared buffer, uv_udp_try_send first.
#include <stdint.h>

#include <uv.h>

#include "../common/listener.h"

// libuv reads 20 datagrams of up to 64 KiB per call if the buffer holds as many.
enum { BUFFER_BYTES = 20 * 65536 };

// A copy of a datagram that the socket did not take at once.
struct pending_send {
    uv_udp_send_t request;
    char bytes[];
};

static char buffer[BUFFER_BYTES];

static void check(int result, const char *what)
{
    if (result >= 0) return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
    exit(1);
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(buffer, sizeof buffer);
}

static void pending_sent(uv_udp_send_t *request, int status)
{
    (void)status;
    free((struct pending_send *)request);
}

static void send_later(uv_udp_t *socket, const char *bytes, size_t length, const struct sockaddr *peer)
{
    struct pending_send *pending = malloc(sizeof *pending + length);
    require(pending, "malloc");
    memcpy(pending->bytes, bytes, length);
    uv_buf_t all = uv_buf_init(pending->bytes, (unsigned)length);
    check(uv_udp_send(&pending->request, socket, &all, 1, peer, pending_sent), "uv_udp_send");
}

// Without a peer, libuv only reports that the socket is empty or that the buffer may be reused.
static void received(uv_udp_t *socket, ssize_t length, const uv_buf_t *lent, const struct sockaddr *peer,
                     unsigned flags)
{
    (void)flags;
    if (length < 0 || !peer) return;
    uv_buf_t reply = uv_buf_init(lent->base, (unsigned)length);
    if (uv_udp_try_send(socket, &reply, 1, peer) == UV_EAGAIN) send_later(socket, lent->base, (size_t)length, peer);
}

int main(int argc, char **argv)
{
    struct endpoint endpoint = endpoint_argument(argc, argv);
    struct sockaddr_in address = loopback(endpoint.port);
    uv_udp_t socket;
    check(uv_udp_init_ex(uv_default_loop(), &socket, AF_INET | UV_UDP_RECVMMSG), "uv_udp_init_ex");
    check(uv_udp_bind(&socket, (struct sockaddr *)&address, 0), "uv_udp_bind");
    check(uv_udp_recv_start(&socket, lend_buffer, received), "uv_udp_recv_start");
    char name[64];
    snprintf(name, sizeof name, "libuv %s", uv_version_string());
    announce(endpoint, name);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
