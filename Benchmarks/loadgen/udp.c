// Datagrams: every socket keeps DEPTH datagrams in flight, and every reply is compared with what was sent.
//
// UDP may lose datagrams. A reply that overtakes an older one shows that the older one is lost; a socket without any
// reply for a while has lost its whole window. Lost datagrams are counted and replaced by new ones.
#define _GNU_SOURCE
#include "loadgen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

enum operation { RECEIVE, SEND, CHECK };

// A window without a reply for this long is lost; the check runs twice as often.
enum { WINDOW_LOST_NS = 500000000, CHECK_NS = WINDOW_LOST_NS / 2 };

// The kernel's limit, rmem_max, applies.
enum { SOCKET_BUFFER = 4 << 20 };

struct peer {
    uint64_t oldest, newest;  // numbers of the datagrams in flight: [oldest, newest)
    uint64_t *sent_at;        // circular buffer of DEPTH
    uint64_t last_reply;
};

static struct peer *peers;
uint64_t lost;
// Replies that match no datagram in flight.
static uint64_t strays;

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

static void arm_check(void)
{
    static struct __kernel_timespec interval = {.tv_nsec = CHECK_NS};
    struct io_uring_sqe *entry = ring_entry();
    io_uring_prep_timeout(entry, &interval, 0, 0);
    io_uring_sqe_set_data64(entry, tag(CHECK, 0));
}

static const unsigned char *content(unsigned id, uint64_t number)
{
    return pattern_at(id, number * options.size);
}

static void fill_window(unsigned id, uint64_t now)
{
    struct peer *peer = &peers[id];
    while (peer->newest - peer->oldest < options.depth) {
        struct io_uring_sqe *entry = ring_entry();
        io_uring_prep_send(entry, (int)id, content(id, peer->newest), options.size, MSG_NOSIGNAL);
        entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
        io_uring_sqe_set_data64(entry, tag(SEND, id));
        peer->sent_at[peer->newest++ % options.depth] = now;
    }
}

// The number of the datagram in flight with this content; `newest` if there is none.
static uint64_t number_of(unsigned id, const unsigned char *bytes, size_t length)
{
    struct peer *peer = &peers[id];
    if (length != options.size) return peer->newest;
    for (uint64_t number = peer->oldest; number < peer->newest; number++)
        if (!memcmp(bytes, content(id, number), length)) return number;
    return peer->newest;
}

static void received(unsigned id, const unsigned char *bytes, size_t length)
{
    struct peer *peer = &peers[id];
    uint64_t now = now_ns(), number = number_of(id, bytes, length);
    if (number == peer->newest) {
        // A late reply to a datagram that was given up looks the same as a wrong one, but each has at most one.
        if (++strays > lost) fail("socket %u: a reply of %zu bytes that matches no datagram in flight", id, length);
        return;
    }
    lost += number - peer->oldest;
    window_message(now - peer->sent_at[number % options.depth], options.size);
    peer->oldest = number + 1;
    peer->last_reply = now;
    fill_window(id, now);
}

static void give_up_lost_windows(void)
{
    uint64_t now = now_ns();
    for (unsigned id = 0; id < options.connections; id++) {
        struct peer *peer = &peers[id];
        if (now - peer->last_reply < WINDOW_LOST_NS) continue;
        lost += peer->newest - peer->oldest;
        peer->oldest = peer->newest;
        peer->last_reply = now;
        fill_window(id, now);
    }
    arm_check();
}

static void completed(const struct io_uring_cqe *completion)
{
    unsigned id = (uint32_t)completion->user_data;
    switch ((enum operation)(completion->user_data >> 32)) {
    case CHECK:
        give_up_lost_windows();
        return;
    case SEND:
        fail("socket %u: send: %s", id, strerror(-completion->res));
        return;
    case RECEIVE:
        if (completion->res > 0) {
            uint16_t buffer = (uint16_t)(completion->flags >> IORING_CQE_BUFFER_SHIFT);
            received(id, ring_buffer(buffer), (size_t)completion->res);
            ring_return_buffer(buffer);
        } else if (completion->res != -ENOBUFS) {
            fail("socket %u: %s", id, completion->res ? strerror(-completion->res) : "an empty datagram");
        }
        if (!(completion->flags & IORING_CQE_F_MORE)) arm_receive(id);
    }
}

static int open_socket(void)
{
    struct sockaddr_storage address;
    socklen_t length = dial_address(&address);
    int size = SOCKET_BUFFER;
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, length)
        || setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size)) {
        fail("UDP socket: %s", strerror(errno));
    }
    return descriptor;
}

static void open_sockets(void)
{
    peers = calloc(options.connections, sizeof *peers);
    int *descriptors = calloc(options.connections, sizeof *descriptors);
    for (unsigned id = 0; id < options.connections && !errors; id++) {
        peers[id].sent_at = calloc(options.depth, sizeof *peers[id].sent_at);
        peers[id].last_reply = now_ns();
        descriptors[id] = open_socket();
    }
    int result = errors ? 0 : io_uring_register_files(&ring, descriptors, options.connections);
    if (result < 0) fail("register files: %s", strerror(-result));
    free(descriptors);
}

void udp_run(void)
{
    ring_open();
    if (!errors) ring_provide_buffers(options.size);
    if (!errors) open_sockets();
    window_start();
    for (unsigned id = 0; id < options.connections && !errors; id++) {
        arm_receive(id);
        fill_window(id, now_ns());
    }
    if (!errors) arm_check();
    ring_run(completed);
}
