// The operations: one inline function each, which fills the whole entry.
//
// liburing's prep helpers write every field except user_data. These functions add the tag and the flags that every
// caller needs.

#ifndef CURING_ENTRIES_H
#define CURING_ENTRIES_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// MSG_WAITALL: the kernel continues a short send by itself, instead of leaving the rest to the caller.
// MSG_NOSIGNAL: sending to a closed peer is an error, not a signal.
#define CU_SEND_FLAGS (MSG_WAITALL | MSG_NOSIGNAL)

static inline void cu_accept(struct io_uring_sqe *entry, int32_t fd, bool multishot, uint64_t tag)
{
    // No address buffer: all completions of a multishot accept would share it.
    io_uring_prep_accept(entry, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    entry->ioprio = multishot ? IORING_ACCEPT_MULTISHOT : 0;
    entry->user_data = tag;
}

static inline void cu_receive(struct io_uring_sqe *entry, int32_t fd, void *bytes, uint32_t count, bool poll_first,
                              uint64_t tag)
{
    io_uring_prep_recv(entry, fd, bytes, count, 0);
    entry->ioprio = poll_first ? IORING_RECVSEND_POLL_FIRST : 0;
    entry->user_data = tag;
}

static inline void cu_receive_multishot(struct io_uring_sqe *entry, int32_t fd, uint16_t group, uint64_t tag)
{
    // The length stays 0: kernels before 6.17 refuse a limit with EINVAL.
    io_uring_prep_rw(IORING_OP_RECV, entry, fd, NULL, 0, 0);
    // Never poll first: if bytes and a reset have arrived by then, the kernel (6.18) reports only the bytes.
    entry->ioprio = IORING_RECV_MULTISHOT;
    entry->flags = IOSQE_BUFFER_SELECT;
    entry->buf_group = group;
    entry->user_data = tag;
}

static inline void cu_send(struct io_uring_sqe *entry, int32_t fd, const void *bytes, uint32_t count, uint64_t tag)
{
    io_uring_prep_send(entry, fd, bytes, count, CU_SEND_FLAGS);
    entry->user_data = tag;
}

static inline void cu_send_message(struct io_uring_sqe *entry, int32_t fd, const void *message, uint64_t tag)
{
    io_uring_prep_sendmsg(entry, fd, (const struct msghdr *)message, CU_SEND_FLAGS);
    entry->user_data = tag;
}

static inline void cu_connect(struct io_uring_sqe *entry, int32_t fd, const void *address, uint32_t length,
                              uint64_t tag)
{
    io_uring_prep_connect(entry, fd, (const struct sockaddr *)address, length);
    entry->user_data = tag;
}

static inline void cu_poll(struct io_uring_sqe *entry, int32_t fd, uint32_t events, uint64_t tag)
{
    io_uring_prep_poll_add(entry, fd, events);
    entry->user_data = tag;
}

static inline void cu_read(struct io_uring_sqe *entry, int32_t fd, void *bytes, uint32_t count, int64_t offset,
                           uint64_t tag)
{
    io_uring_prep_read(entry, fd, bytes, count, (uint64_t)offset);
    entry->user_data = tag;
}

static inline void cu_cancel(struct io_uring_sqe *entry, uint64_t victim, uint64_t tag)
{
    io_uring_prep_cancel64(entry, victim, 0);
    entry->flags = IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = tag;
}

static inline void cu_close(struct io_uring_sqe *entry, int32_t fd, uint64_t tag)
{
    io_uring_prep_close(entry, fd);
    entry->flags = IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = tag;
}

static inline void cu_nop(struct io_uring_sqe *entry, uint64_t tag)
{
    io_uring_prep_nop(entry);
    entry->user_data = tag;
}

/// Clears the multishot flag, so that the first completion is the last. For fault plans.
static inline void cu_make_single_shot(struct io_uring_sqe *entry)
{
    if (entry->opcode == IORING_OP_ACCEPT)
        entry->ioprio &= ~IORING_ACCEPT_MULTISHOT;
    if (entry->opcode == IORING_OP_RECV)
        entry->ioprio &= ~IORING_RECV_MULTISHOT;
}

/// Makes the kernel wait for readiness before its first try. For fault plans.
static inline void cu_make_poll_first(struct io_uring_sqe *entry)
{
    if (entry->opcode == IORING_OP_RECV)
        entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
}

/// Limits a transfer to `limit` bytes. For fault plans.
static inline void cu_clamp(struct io_uring_sqe *entry, uint32_t limit)
{
    if (entry->opcode != IORING_OP_RECV && entry->opcode != IORING_OP_SEND && entry->opcode != IORING_OP_READ)
        return;
    cu_make_single_shot(entry);
    // With a provided buffer, a length of 0 means the whole buffer.
    if (entry->len > limit || (entry->flags & IOSQE_BUFFER_SELECT))
        entry->len = limit;
}

#pragma clang assume_nonnull end

#endif
