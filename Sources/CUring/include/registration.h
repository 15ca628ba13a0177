// Registrations with a ring: the ring itself for its thread, provided buffers, and the probe of operations.
//
// Not on the data path, except for the two functions that return buffers.

#ifndef CURING_REGISTRATION_H
#define CURING_REGISTRATION_H

#include <errno.h>
#include <liburing.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma clang assume_nonnull begin

/// The kernel's ID of the calling thread. Unlike pthread_self(), it is not reused soon after the thread has ended.
static inline int32_t cu_thread_number(void)
{
    return (int32_t)syscall(SYS_gettid);
}

/// Enables a ring for the calling thread. liburing 2.3 declares its own function but does not export it.
static inline int32_t cu_enable_ring(int32_t fd)
{
    return io_uring_register(fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

/// Registers the ring for the calling thread, which saves the descriptor lookup of each enter (Linux 5.18). Returns the
/// index to use with enter, or -errno. liburing's function is not used, because its close would unregister the index on
/// any thread, and on another thread the same index may refer to another ring.
static inline int32_t cu_register_ring(int32_t fd)
{
    struct io_uring_rsrc_update update = {.offset = UINT32_MAX, .data = (uint64_t)fd};
    int result = io_uring_register(fd, IORING_REGISTER_RING_FDS, &update, 1);
    return result == 1 ? (int32_t)update.offset : result < 0 ? result : -EINVAL;
}

static inline int32_t cu_unregister_ring(int32_t fd, uint32_t index)
{
    struct io_uring_rsrc_update update = {.offset = index};
    return io_uring_register(fd, IORING_UNREGISTER_RING_FDS, &update, 1);
}

/// Sets one bit of `supported` for each supported operation of the first 64; returns 0 or -errno.
static inline int32_t cu_probe(int32_t fd, uint64_t *supported)
{
    enum { operations = 64 };
    union {
        struct io_uring_probe probe;
        uint8_t space[sizeof(struct io_uring_probe) + operations * sizeof(struct io_uring_probe_op)];
    } answer;
    memset(&answer, 0, sizeof answer);
    int result = io_uring_register(fd, IORING_REGISTER_PROBE, &answer, operations);
    *supported = 0;
    for (int i = 0; result >= 0 && i < operations; i++)
        if (answer.probe.ops[i].flags & IO_URING_OP_SUPPORTED)
            *supported |= 1ULL << answer.probe.ops[i].op;
    return result < 0 ? result : 0;
}

/// Registers page-aligned, zeroed `memory` as the ring of provided buffers `group`; returns 0 or -errno.
static inline int32_t cu_register_buffers(int32_t fd, void *memory, uint32_t entries, uint16_t group)
{
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)memory, .ring_entries = entries, .bgid = group};
    return io_uring_register(fd, IORING_REGISTER_PBUF_RING, &registration, 1);
}

static inline int32_t cu_unregister_buffers(int32_t fd, uint16_t group)
{
    struct io_uring_buf_reg registration = {.bgid = group};
    return io_uring_register(fd, IORING_UNREGISTER_PBUF_RING, &registration, 1);
}

/// Writes a buffer `ahead` slots after the published tail; the kernel sees it after the next publish.
static inline void cu_give_buffer(struct io_uring_buf_ring *buffers, uint16_t mask, uint16_t ahead, void *bytes,
                                  uint32_t size, uint16_t identifier)
{
    // Field by field: storing the whole entry could overwrite the tail, which lies in the first one's reserved bytes.
    struct io_uring_buf *buffer = (struct io_uring_buf *)buffers + ((uint16_t)(buffers->tail + ahead) & mask);
    buffer->addr = (uint64_t)(uintptr_t)bytes;
    buffer->len = size;
    buffer->bid = identifier;
}

static inline void cu_publish_buffers(struct io_uring_buf_ring *buffers, uint16_t count)
{
    __atomic_store_n(&buffers->tail, (uint16_t)(buffers->tail + count), __ATOMIC_RELEASE);
}

#pragma clang assume_nonnull end

#endif
