// Changes that a fault plan makes to a filled entry. For tests.

#ifndef CURING_FAULTS_H
#define CURING_FAULTS_H

#include <liburing.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Clears the multishot flag: the operation's first completion is its last.
static inline void cu_make_single_shot(struct io_uring_sqe *entry)
{
    if (entry->opcode == IORING_OP_ACCEPT)
        entry->ioprio &= ~IORING_ACCEPT_MULTISHOT;
    if (entry->opcode == IORING_OP_RECV || entry->opcode == IORING_OP_RECVMSG)
        entry->ioprio &= ~IORING_RECV_MULTISHOT;
}

/// Makes the kernel wait for readiness without trying first.
static inline void cu_make_poll_first(struct io_uring_sqe *entry)
{
    if (entry->opcode == IORING_OP_RECV)
        entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
}

/// Limits a transfer to `limit` bytes.
static inline void cu_clamp(struct io_uring_sqe *entry, uint32_t limit)
{
    if (entry->opcode != IORING_OP_RECV && entry->opcode != IORING_OP_SEND && entry->opcode != IORING_OP_READ)
        return;
    cu_make_single_shot(entry);
    // A length of 0 with a provided buffer means the buffer's whole length.
    if (entry->len > limit || (entry->flags & IOSQE_BUFFER_SELECT))
        entry->len = limit;
}

#pragma clang assume_nonnull end

#endif
