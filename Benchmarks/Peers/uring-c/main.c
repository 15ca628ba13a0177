// The baseline: an echo server for TCP and Unix sockets on raw liburing, one thread, with nothing between the kernel and the echo.
//
// Each choice is the fastest one we know on Linux 6.x: task work runs only on request
// (DEFER_TASKRUN), accept and receive stay armed (multishot), sockets never enter the file table (direct
// descriptors), and a reply is sent from the very buffer the kernel received into.
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>

#include <errno.h>
#include <liburing.h>
#include <sys/mman.h>

#include "../common/listener.h"

enum {
    CONNECTIONS = 16384,
    BUFFERS = 512,
    // A buffer smaller than the message is the worst mistake: every echo then needs several sends.
    BUFFER_BYTES = 16384,
    SUBMISSIONS = 4096,
    COMPLETIONS = 32768,
    NONE = 0xffff,
};

enum operation { ACCEPT, RECEIVE, SEND, CLOSE };

// A received buffer: the part that is still to be sent, and the next buffer waiting on the same connection.
struct piece {
    uint32_t offset, length;
    uint16_t next;
};

// A connection is its direct descriptor, which indexes this table. Buffers that arrive while a send is in flight
// wait in a list: two sends in flight on one stream may be interleaved by the kernel.
struct connection {
    uint16_t first, last;
    bool sending, ended;
};

static struct io_uring ring;
static struct io_uring_buf_ring *buffer_ring;
static unsigned char *memory;
static struct piece pieces[BUFFERS];
static struct connection connections[CONNECTIONS];
static int listener, returned;

// Receives that the kernel ended for lack of buffers. Arming them before a buffer has returned would spin.
static uint32_t starved[CONNECTIONS];
static unsigned starved_count;

static uint64_t tag(enum operation operation, uint32_t descriptor, uint16_t buffer)
{
    return (uint64_t)operation << 56 | (uint64_t)buffer << 32 | descriptor;
}

static struct io_uring_sqe *next_entry(void)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    if (entry) return entry;
    io_uring_submit(&ring);
    entry = io_uring_get_sqe(&ring);
    require(entry, "submission queue");
    return entry;
}

static void arm_accept(void)
{
    struct io_uring_sqe *entry = next_entry();
    io_uring_prep_multishot_accept_direct(entry, listener, NULL, NULL, 0);
    io_uring_sqe_set_data64(entry, tag(ACCEPT, 0, 0));
}

static void arm_receive(uint32_t descriptor)
{
    struct io_uring_sqe *entry = next_entry();
    io_uring_prep_recv_multishot(entry, (int)descriptor, NULL, 0, 0);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    // A new connection has rarely sent anything yet, so a first attempt would be wasted.
    entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
    io_uring_sqe_set_data64(entry, tag(RECEIVE, descriptor, 0));
}

static void send_piece(uint32_t descriptor, uint16_t buffer)
{
    struct piece *piece = &pieces[buffer];
    struct io_uring_sqe *entry = next_entry();
    // WAITALL: the kernel continues a short send by itself.
    io_uring_prep_send(entry, (int)descriptor, memory + (size_t)buffer * BUFFER_BYTES + piece->offset,
                       piece->length - piece->offset, MSG_WAITALL | MSG_NOSIGNAL);
    entry->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(entry, tag(SEND, descriptor, buffer));
    connections[descriptor].sending = true;
}

static void close_connection(uint32_t descriptor)
{
    struct io_uring_sqe *entry = next_entry();
    io_uring_prep_close_direct(entry, descriptor);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(entry, tag(CLOSE, descriptor, 0));
}

// Prepared now, published to the kernel once per batch.
static void return_buffer(uint16_t buffer)
{
    io_uring_buf_ring_add(buffer_ring, memory + (size_t)buffer * BUFFER_BYTES, BUFFER_BYTES, buffer,
                          io_uring_buf_ring_mask(BUFFERS), returned++);
}

static void accepted(int result)
{
    require(result >= 0, "accept");
    connections[result] = (struct connection){.first = NONE, .last = NONE};
    arm_receive((uint32_t)result);
}

static void received(uint32_t descriptor, int result, unsigned flags)
{
    struct connection *connection = &connections[descriptor];
    if (result > 0) {
        uint16_t buffer = (uint16_t)(flags >> IORING_CQE_BUFFER_SHIFT);
        pieces[buffer] = (struct piece){.length = (uint32_t)result, .next = NONE};
        if (!connection->sending) {
            send_piece(descriptor, buffer);
        } else {
            if (connection->first == NONE) connection->first = buffer;
            else pieces[connection->last].next = buffer;
            connection->last = buffer;
        }
        if (!(flags & IORING_CQE_F_MORE)) arm_receive(descriptor);
    } else if (result == -ENOBUFS) {
        starved[starved_count++] = descriptor;
    } else if (connection->sending) {
        connection->ended = true;
    } else {
        close_connection(descriptor);
    }
}

static void sent(uint32_t descriptor, uint16_t buffer, int result)
{
    struct connection *connection = &connections[descriptor];
    struct piece *piece = &pieces[buffer];
    // After a failed send the receive fails as well, and that ends the connection.
    if (result > 0) piece->offset += (uint32_t)result;
    if (result > 0 && piece->offset < piece->length) {
        send_piece(descriptor, buffer);
        return;
    }
    return_buffer(buffer);
    connection->sending = false;
    if (connection->first != NONE) {
        uint16_t next = connection->first;
        connection->first = pieces[next].next;
        send_piece(descriptor, next);
    } else if (connection->ended) {
        close_connection(descriptor);
    }
}

static void completed(const struct io_uring_cqe *completion)
{
    uint32_t descriptor = (uint32_t)completion->user_data;
    uint16_t buffer = (uint16_t)(completion->user_data >> 32);
    switch ((enum operation)(completion->user_data >> 56)) {
    case ACCEPT:
        accepted(completion->res);
        if (!(completion->flags & IORING_CQE_F_MORE)) arm_accept();
        break;
    case RECEIVE:
        received(descriptor, completion->res, completion->flags);
        break;
    case SEND:
        sent(descriptor, buffer, completion->res);
        break;
    case CLOSE:
        break;
    }
}

static void publish_buffers(void)
{
    if (!returned) return;
    io_uring_buf_ring_advance(buffer_ring, returned);
    returned = 0;
    while (starved_count) arm_receive(starved[--starved_count]);
}

static void *pages(size_t bytes)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(start != MAP_FAILED, "mmap");
    return start;
}

// liburing returns a negative errno instead of setting it.
static void require_ring(int result, const char *what)
{
    errno = -result;
    require(result >= 0, what);
}

static void open_ring(void)
{
    struct io_uring_params parameters = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
        .cq_entries = COMPLETIONS,
    };
    require_ring(io_uring_queue_init_params(SUBMISSIONS, &ring, &parameters), "io_uring_setup");
    require_ring(io_uring_register_ring_fd(&ring), "register ring descriptor");
    require_ring(io_uring_register_files_sparse(&ring, CONNECTIONS), "register files");

    memory = pages((size_t)BUFFERS * BUFFER_BYTES);
    buffer_ring = pages(BUFFERS * sizeof(struct io_uring_buf));
    struct io_uring_buf_reg registration = {.ring_addr = (uintptr_t)buffer_ring, .ring_entries = BUFFERS};
    require_ring(io_uring_register_buf_ring(&ring, &registration, 0), "register buffer ring");
    io_uring_buf_ring_init(buffer_ring);
    for (unsigned buffer = 0; buffer < BUFFERS; buffer++) return_buffer((uint16_t)buffer);
    publish_buffers();
}

int main(int argc, char **argv)
{
    struct endpoint endpoint = endpoint_argument(argc, argv);
    listener = listen_on(endpoint);
    open_ring();
    arm_accept();
    announce(endpoint, "raw liburing C");
    for (;;) {
        int result = io_uring_submit_and_wait(&ring, 1);
        if (result != -EINTR) require_ring(result, "io_uring_enter");
        unsigned head, seen = 0;
        struct io_uring_cqe *completion;
        io_uring_for_each_cqe(&ring, head, completion) {
            completed(completion);
            seen++;
        }
        publish_buffers();
        io_uring_cq_advance(&ring, seen);
    }
}
