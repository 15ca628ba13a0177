// The baseline: a UDP echo server on raw liburing, one thread: a multishot receive of messages, and one sendmmsg for the
// replies of a batch, straight from the buffers the kernel received into.
//
// Replies could also be entries of the ring, but one call for all costs less than an entry and a completion for each.
#define _GNU_SOURCE
#include <liburing.h>
#include <stdint.h>
#include <sys/mman.h>

#include "datagrams.h"

enum {
    BUFFERS = 64,
    // The longest datagram, its header and its address, in an odd number of cache lines.
    BUFFER_BYTES = 1025 * 64,
    SUBMISSIONS = 64,
    COMPLETIONS = 4096,
};

static struct io_uring ring;
static struct io_uring_buf_ring *buffer_ring;
static unsigned char *memory;
static struct iovec vectors[BUFFERS];
static struct mmsghdr replies[BUFFERS];
static uint16_t replied[BUFFERS];
static unsigned reply_count;
static struct msghdr template = {.msg_namelen = sizeof(struct sockaddr_in)};
static bool armed;

static void arm_receive(int descriptor)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    require(entry, "submission queue");
    io_uring_prep_recvmsg_multishot(entry, descriptor, &template, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    armed = true;
}

static void received(const struct io_uring_cqe *completion)
{
    if (!(completion->flags & IORING_CQE_F_MORE)) armed = false;
    if (!(completion->flags & IORING_CQE_F_BUFFER)) return;
    uint16_t buffer = (uint16_t)(completion->flags >> IORING_CQE_BUFFER_SHIFT);
    unsigned char *start = memory + (size_t)buffer * BUFFER_BYTES;
    struct io_uring_recvmsg_out *message = io_uring_recvmsg_validate(start, completion->res, &template);
    require(message, "a short message");
    vectors[reply_count] = (struct iovec){
        io_uring_recvmsg_payload(message, &template),
        io_uring_recvmsg_payload_length(message, completion->res, &template),
    };
    replies[reply_count].msg_hdr = (struct msghdr){
        .msg_name = io_uring_recvmsg_name(message), .msg_namelen = message->namelen,
        .msg_iov = &vectors[reply_count], .msg_iovlen = 1};
    replied[reply_count++] = buffer;
}

static void give_buffer(uint16_t buffer, unsigned place)
{
    io_uring_buf_ring_add(buffer_ring, memory + (size_t)buffer * BUFFER_BYTES, BUFFER_BYTES, buffer,
                          io_uring_buf_ring_mask(BUFFERS), (int)place);
}

static void reply(int descriptor)
{
    send_replies(descriptor, replies, reply_count);
    for (unsigned i = 0; i < reply_count; i++) give_buffer(replied[i], i);
    io_uring_buf_ring_advance(buffer_ring, (int)reply_count);
    reply_count = 0;
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
    memory = pages((size_t)BUFFERS * BUFFER_BYTES);
    buffer_ring = pages(BUFFERS * sizeof(struct io_uring_buf));
    struct io_uring_buf_reg registration = {.ring_addr = (uintptr_t)buffer_ring, .ring_entries = BUFFERS};
    require_ring(io_uring_register_buf_ring(&ring, &registration, 0), "register buffer ring");
    io_uring_buf_ring_init(buffer_ring);
    for (unsigned buffer = 0; buffer < BUFFERS; buffer++) give_buffer((uint16_t)buffer, buffer);
    io_uring_buf_ring_advance(buffer_ring, BUFFERS);
}

int main(int argc, char **argv)
{
    struct endpoint endpoint = endpoint_argument(argc, argv);
    int descriptor = bind_datagrams(endpoint.port);
    open_ring();
    announce(endpoint, "raw liburing C, UDP");
    for (;;) {
        if (!armed) arm_receive(descriptor);
        int result = io_uring_submit_and_wait(&ring, 1);
        if (result != -EINTR) require_ring(result, "io_uring_enter");
        unsigned head, seen = 0;
        struct io_uring_cqe *completion;
        io_uring_for_each_cqe(&ring, head, completion) {
            received(completion);
            seen++;
        }
        reply(descriptor);
        io_uring_cq_advance(&ring, seen);
    }
}
