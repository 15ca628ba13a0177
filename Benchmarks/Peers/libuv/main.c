// libuv's echo server written for speed, for TCP and Unix sockets: one loop, one shared 64 KiB read buffer,
// uv_try_write first.
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "../common/listener.h"

enum { BUFFER_BYTES = 65536 };

// A copy of the bytes that the socket did not take at once, because all connections share the read buffer.
struct pending_write {
    uv_write_t request;
    char bytes[];
};

static char buffer[BUFFER_BYTES];

static void check(int result, const char *what)
{
    if (result >= 0) return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
    exit(1);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void close_connection(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream)) uv_close((uv_handle_t *)stream, free_handle);
}

// libuv does not use the buffer after the read callback returned, so all connections can share one.
static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(buffer, sizeof buffer);
}

static void read_some(uv_stream_t *stream, ssize_t length, const uv_buf_t *lent);

static void pending_written(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;
    free((struct pending_write *)request);
    if (status < 0) close_connection(stream);
    else check(uv_read_start(stream, lend_buffer, read_some), "uv_read_start");
}

// Stops reading until the rest is sent, so that a peer that does not read cannot fill more than one buffer.
static void write_later(uv_stream_t *stream, const char *bytes, size_t length)
{
    struct pending_write *pending = malloc(sizeof *pending + length);
    require(pending, "malloc");
    memcpy(pending->bytes, bytes, length);
    uv_read_stop(stream);
    uv_buf_t rest = uv_buf_init(pending->bytes, (unsigned)length);
    check(uv_write(&pending->request, stream, &rest, 1, pending_written), "uv_write");
}

static void read_some(uv_stream_t *stream, ssize_t length, const uv_buf_t *lent)
{
    if (length == 0) return;
    if (length < 0) {
        close_connection(stream);
        return;
    }
    uv_buf_t reply = uv_buf_init(lent->base, (unsigned)length);
    int sent = uv_try_write(stream, &reply, 1);
    if (sent == length) return;
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) close_connection(stream);
    else write_later(stream, lent->base + sent, (size_t)(length - sent));
}

static void accept_tcp(uv_stream_t *listener, int status)
{
    check(status, "listen");
    uv_tcp_t *connection = malloc(sizeof *connection);
    require(connection, "malloc");
    check(uv_tcp_init(listener->loop, connection), "uv_tcp_init");
    check(uv_accept(listener, (uv_stream_t *)connection), "uv_accept");
    check(uv_tcp_nodelay(connection, 1), "uv_tcp_nodelay");
    check(uv_read_start((uv_stream_t *)connection, lend_buffer, read_some), "uv_read_start");
}

static void accept_unix(uv_stream_t *listener, int status)
{
    check(status, "listen");
    uv_pipe_t *connection = malloc(sizeof *connection);
    require(connection, "malloc");
    check(uv_pipe_init(listener->loop, connection, 0), "uv_pipe_init");
    check(uv_accept(listener, (uv_stream_t *)connection), "uv_accept");
    check(uv_read_start((uv_stream_t *)connection, lend_buffer, read_some), "uv_read_start");
}

static void listen_on_tcp(uv_tcp_t *listener, int port)
{
    struct sockaddr_in address = loopback(port);
    check(uv_tcp_init(uv_default_loop(), listener), "uv_tcp_init");
    check(uv_tcp_bind(listener, (struct sockaddr *)&address, 0), "uv_tcp_bind");
    check(uv_listen((uv_stream_t *)listener, BACKLOG, accept_tcp), "uv_listen");
}

static void listen_on_unix(uv_pipe_t *listener, const char *path)
{
    unlink(path);
    check(uv_pipe_init(uv_default_loop(), listener, 0), "uv_pipe_init");
    check(uv_pipe_bind(listener, path), "uv_pipe_bind");
    check(uv_listen((uv_stream_t *)listener, BACKLOG, accept_unix), "uv_listen");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    struct endpoint endpoint = endpoint_argument(argc, argv);
    union { uv_tcp_t tcp; uv_pipe_t pipe; } listener;
    if (endpoint.path) listen_on_unix(&listener.pipe, endpoint.path);
    else listen_on_tcp(&listener.tcp, endpoint.port);
    char name[64];
    snprintf(name, sizeof name, "libuv %s", uv_version_string());
    announce(endpoint, name);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
