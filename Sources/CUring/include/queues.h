// The two queues shared with the kernel, submissions and completions, and the system call that processes them.
//
// Only the ring's thread calls these functions. The kernel reads the submission tail, writes its head and, with
// DEFER_TASKRUN, posts completions inside io_uring_enter, so acquire and release ordering is sufficient.

#ifndef CURING_QUEUES_H
#define CURING_QUEUES_H

#include <liburing.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A free submission entry, or NULL if the queue is full. The kernel sees it after it is published.
static inline struct io_uring_sqe *_Nullable cu_next_entry(struct io_uring *ring)
{
    struct io_uring_sq *queue = &ring->sq;
    if (queue->sqe_tail - __atomic_load_n(queue->khead, __ATOMIC_ACQUIRE) >= queue->ring_entries)
        return NULL;
    return &queue->sqes[queue->sqe_tail++ & queue->ring_mask];
}

/// The number of entries handed out that the kernel has not consumed yet.
static inline uint32_t cu_unsubmitted(const struct io_uring *ring)
{
    return ring->sq.sqe_tail - __atomic_load_n(ring->sq.khead, __ATOMIC_ACQUIRE);
}

/// Publishes every entry handed out so far; returns the number that the kernel has not consumed.
static inline uint32_t cu_publish_entries(struct io_uring *ring)
{
    __atomic_store_n(ring->sq.ktail, ring->sq.sqe_tail, __ATOMIC_RELEASE);
    return cu_unsubmitted(ring);
}

/// IORING_SQ_TASKRUN and IORING_SQ_CQ_OVERFLOW: reasons to enter the kernel without submissions.
static inline uint32_t cu_queue_flags(const struct io_uring *ring)
{
    return __atomic_load_n(ring->sq.kflags, __ATOMIC_RELAXED);
}

static inline uint32_t cu_completion_tail(const struct io_uring *ring)
{
    return __atomic_load_n(ring->cq.ktail, __ATOMIC_ACQUIRE);
}

static inline uint32_t cu_completion_head(const struct io_uring *ring)
{
    return *ring->cq.khead;
}

/// Returns the slots of all completions before `head` to the kernel.
static inline void cu_set_completion_head(struct io_uring *ring, uint32_t head)
{
    __atomic_store_n(ring->cq.khead, head, __ATOMIC_RELEASE);
}

static inline const struct io_uring_cqe *cu_completion(const struct io_uring *ring, uint32_t index)
{
    return &ring->cq.cqes[index & ring->cq.ring_mask];
}

/// Submits `count` entries and waits for `minimum` completions, without a timeout. Returns a count or -errno.
static inline int32_t cu_enter(uint32_t ring, uint32_t count, uint32_t minimum, uint32_t flags)
{
    return io_uring_enter2(ring, count, minimum, flags, NULL, _NSIG / 8);
}

/// Like cu_enter, but returns -ETIME at the given time (CU_ENTER_ABS_TIMER) or after that duration.
static inline int32_t cu_enter_until(uint32_t ring, uint32_t count, uint32_t minimum, uint32_t flags,
                                     int64_t nanoseconds)
{
    struct __kernel_timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    struct io_uring_getevents_arg argument = {.sigmask_sz = _NSIG / 8, .ts = (uint64_t)(uintptr_t)&time};
    return io_uring_enter2(ring, count, minimum, flags | IORING_ENTER_EXT_ARG, (sigset_t *)&argument,
                           sizeof argument);
}

#pragma clang assume_nonnull end

#endif
