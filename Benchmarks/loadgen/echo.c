// Echo: every connection keeps DEPTH messages in flight, and every received byte is compared.
#define _GNU_SOURCE
#include "loadgen.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

enum operation { RECEIVE, SEND };

// A window that fits any socket buffer is sent at once, so its completion carries no information.
enum { ALWAYS_FITS = 4096 };

struct connection {
    uint64_t sent, received;  // offsets in the stream
    uint64_t unsent;          // bytes of messages that are due
    uint64_t in_message;      // bytes of the current reply already here
    uint64_t *due_at;         // circular buffer of DEPTH: when each message in flight became due
    unsigned oldest, newest;
    bool sending;
};

static struct connection *connections;
static bool send_silently;

static uint64_t tag(enum operation operation, unsigned id)
{
    return (uint64_t)operation << 32 | id;
}

static void arm_receive(unsigned id)
{
    struct io_uring_sqe *entry = ring_entry();
    io_uring_prep_recv_multishot(entry, (int)id, NULL, 0, 0);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    io_uring_sqe_set_data64(entry, tag(RECEIVE, id));
}

static void send_due(unsigned id)
{
    struct connection *connection = &connections[id];
    if (connection->sending || !connection->unsent) return;
    size_t length = connection->unsent < LONGEST_RUN ? connection->unsent : LONGEST_RUN;
    struct io_uring_sqe *entry = ring_entry();
    io_uring_prep_send(entry, (int)id, pattern_at(id, connection->sent), length, MSG_WAITALL | MSG_NOSIGNAL);
    entry->flags |= IOSQE_FIXED_FILE | (send_silently ? IOSQE_CQE_SKIP_SUCCESS : 0);
    io_uring_sqe_set_data64(entry, tag(SEND, id));
    connection->sent += length;
    connection->unsent -= length;
    connection->sending = !send_silently;
}

static void add_messages(struct connection *connection, unsigned count, uint64_t now)
{
    for (unsigned i = 0; i < count; i++) connection->due_at[connection->newest++ % options.depth] = now;
    connection->unsent += (uint64_t)count * options.size;
}

static void received(unsigned id, const unsigned char *bytes, size_t length)
{
    struct connection *connection = &connections[id];
    if (connection->received + length > connection->sent) {
        fail("connection %u: more bytes came back than were sent", id);
        return;
    }
    if (memcmp(bytes, pattern_at(id, connection->received), length)) {
        fail("connection %u: wrong bytes within %zu at offset %llu", id, length,
             (unsigned long long)connection->received);
        return;
    }
    connection->received += length;
    connection->in_message += length;
    uint64_t now = now_ns();
    unsigned finished = 0;
    for (; connection->in_message >= options.size; finished++) {
        connection->in_message -= options.size;
        window_message(now - connection->due_at[connection->oldest++ % options.depth], options.size);
    }
    if (!finished) return;
    add_messages(connection, finished, now);
    send_due(id);
}

static void completed(const struct io_uring_cqe *completion)
{
    unsigned id = (uint32_t)completion->user_data;
    if (completion->user_data >> 32 == SEND) {
        // WAITALL sends everything or fails: a short count means that the connection broke.
        if (completion->res <= 0) fail("connection %u: send: %s", id, strerror(-completion->res));
        connections[id].sending = false;
        send_due(id);
        return;
    }
    if (completion->res > 0) {
        uint16_t buffer = (uint16_t)(completion->flags >> IORING_CQE_BUFFER_SHIFT);
        received(id, ring_buffer(buffer), (size_t)completion->res);
        ring_return_buffer(buffer);
    } else if (completion->res != -ENOBUFS) {
        fail("connection %u: %s", id, completion->res ? strerror(-completion->res) : "closed by the server");
    }
    if (!(completion->flags & IORING_CQE_F_MORE)) arm_receive(id);
}

static void open_connections(void)
{
    connections = calloc(options.connections, sizeof *connections);
    int *descriptors = calloc(options.connections, sizeof *descriptors);
    for (unsigned id = 0; id < options.connections && !errors; id++) {
        connections[id].due_at = calloc(options.depth, sizeof *connections[id].due_at);
        descriptors[id] = dial();
    }
    int result = errors ? 0 : io_uring_register_files(&ring, descriptors, options.connections);
    if (result < 0) fail("register files: %s", strerror(-result));
    free(descriptors);
}

// Otherwise a server that forgot a connection would only look faster.
static void look_for_lost_messages(void)
{
    uint64_t now = now_ns();
    for (unsigned id = 0; id < options.connections && !errors; id++) {
        const struct connection *connection = &connections[id];
        if (now - connection->due_at[connection->oldest % options.depth] > LOST_NS)
            fail("connection %u: no answer for the last second", id);
    }
}

void echo_run(void)
{
    uint64_t in_flight = options.size * options.depth;
    send_silently = in_flight <= ALWAYS_FITS;
    ring_open();
    if (!errors) ring_provide_buffers(in_flight);
    if (!errors) open_connections();
    window_start();
    for (unsigned id = 0; id < options.connections && !errors; id++) {
        arm_receive(id);
        add_messages(&connections[id], options.depth, now_ns());
        send_due(id);
    }
    ring_run(completed);
    if (!errors) look_for_lost_messages();
}
