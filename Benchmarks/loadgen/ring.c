// The generator's ring. It must be as fast as the fastest server, because its own cost hides differences of servers.
#define _GNU_SOURCE
#include "loadgen.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SUBMISSIONS = 4096, COMPLETIONS = 16384, BUFFERS = 1024 };

// The tag of the heartbeat timer; no mode uses it.
static const uint64_t heartbeat = UINT64_MAX;

// A server that does not answer for this many heartbeats of one second hangs.
enum { PATIENCE = 5 };

struct io_uring ring;
static struct io_uring_buf_ring *buffer_ring;
static unsigned char *memory;
static size_t buffer_bytes;
static int returned;

struct io_uring_sqe *ring_entry(void)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    if (entry) return entry;
    io_uring_submit(&ring);
    entry = io_uring_get_sqe(&ring);
    if (!entry) abort();
    return entry;
}

void ring_open(void)
{
    struct io_uring_params parameters = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
        .cq_entries = COMPLETIONS,
    };
    int result = io_uring_queue_init_params(SUBMISSIONS, &ring, &parameters);
    if (result < 0) fail("io_uring_setup: %s", strerror(-result));
    else io_uring_register_ring_fd(&ring);
}

static void *pages(size_t bytes)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (start == MAP_FAILED) abort();
    return start;
}

const unsigned char *ring_buffer(uint16_t buffer)
{
    return memory + buffer * buffer_bytes;
}

// Prepared now, published to the kernel once per batch.
void ring_return_buffer(uint16_t buffer)
{
    io_uring_buf_ring_add(buffer_ring, memory + buffer * buffer_bytes, (unsigned)buffer_bytes, buffer,
                          io_uring_buf_ring_mask(BUFFERS), returned++);
}

static void publish_buffers(void)
{
    if (returned) io_uring_buf_ring_advance(buffer_ring, returned);
    returned = 0;
}

void ring_provide_buffers(size_t bytes)
{
    enum { LEAST = 2048, MOST = 65536 };
    buffer_bytes = bytes < LEAST ? LEAST : bytes > MOST ? MOST : bytes;
    memory = pages(buffer_bytes * BUFFERS);
    buffer_ring = pages(BUFFERS * sizeof(struct io_uring_buf));
    struct io_uring_buf_reg registration = {.ring_addr = (uintptr_t)buffer_ring, .ring_entries = BUFFERS};
    int result = io_uring_register_buf_ring(&ring, &registration, 0);
    if (result < 0) {
        fail("register buffer ring: %s", strerror(-result));
        return;
    }
    io_uring_buf_ring_init(buffer_ring);
    for (unsigned buffer = 0; buffer < BUFFERS; buffer++) ring_return_buffer((uint16_t)buffer);
    publish_buffers();
}

static void arm_heartbeat(void)
{
    static struct __kernel_timespec second = {.tv_sec = 1};
    struct io_uring_sqe *entry = ring_entry();
    io_uring_prep_timeout(entry, &second, 0, 0);
    io_uring_sqe_set_data64(entry, heartbeat);
}

void ring_run(void (*completed)(const struct io_uring_cqe *completion))
{
    // One timer for the whole run; a timeout for each wait would arm one per batch.
    if (!errors) arm_heartbeat();
    unsigned silence = 0;
    while (window_open(now_ns())) {
        int result = io_uring_submit_and_wait(&ring, 1);
        if (result < 0 && result != -EINTR) fail("io_uring_enter: %s", strerror(-result));
        unsigned head, seen = 0;
        struct io_uring_cqe *completion;
        io_uring_for_each_cqe(&ring, head, completion) {
            seen++;
            if (completion->user_data != heartbeat) {
                silence = 0;
                if (!errors) completed(completion);
            } else if (++silence <= PATIENCE) {
                arm_heartbeat();
            } else {
                fail("no answer for %d seconds", PATIENCE);
            }
        }
        publish_buffers();
        io_uring_cq_advance(&ring, seen);
    }
}
