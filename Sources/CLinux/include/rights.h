// Descriptors in the control data of a Unix socket's messages: the macros of cmsg(3), which Swift cannot import.

#ifndef CLINUX_RIGHTS_H
#define CLINUX_RIGHTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/// The maximum number of descriptors in one message.
///
/// Kernel: SCM_MAX_FD.
static const int32_t CL_MOST_DESCRIPTORS = 253;

/// Bytes for the control data of any message: the maximum number of descriptors, and what else the socket may deliver.
///
/// With less, the kernel would drop descriptors because, for example, credentials came first.
enum { CL_CONTROL_SIZE = 2048 };

/// MSG_CMSG_CLOEXEC, which needs _GNU_SOURCE.
static const int32_t CL_MSG_CMSG_CLOEXEC = 0x40000000;

/// Describes `count` descriptors in the control data of `message`, which has CL_CONTROL_SIZE bytes, and sets its length.
void cl_rights_fill(struct msghdr *message, const int *descriptors, size_t count);

/// Copies the descriptors of a received message to `descriptors`, which has space for CL_MOST_DESCRIPTORS, and returns
/// their number. Other descriptors in the control data are closed.
size_t cl_rights_read(const struct msghdr *message, int *descriptors);

/// sendmsg(2) with descriptors.
ssize_t cl_send_rights(
    int socket, struct iovec *runs, size_t run_count, const int *descriptors, size_t descriptor_count, int flags);

/// recvmsg(2). Stores the descriptors, their number, and the message's flags; received descriptors are close-on-exec.
ssize_t cl_receive_rights(
    int socket, void *bytes, size_t length, int *descriptors, size_t *descriptor_count, int *message_flags, int flags);

#endif
