#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "rights.h"

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

_Static_assert(MSG_CMSG_CLOEXEC == 0x40000000, "CL_MSG_CMSG_CLOEXEC");
_Static_assert(CL_CONTROL_SIZE >= CMSG_SPACE(253 * sizeof(int)) + 512, "CL_CONTROL_SIZE");

void cl_rights_fill(struct msghdr *message, const int *descriptors, size_t count) {
    const size_t size = count * sizeof(int);
    message->msg_controllen = CMSG_SPACE(size);
    memset(message->msg_control, 0, message->msg_controllen);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), descriptors, size);
}

static size_t count_of(const struct cmsghdr *header) {
    return header->cmsg_len < CMSG_LEN(0) ? 0 : (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
}

size_t cl_rights_read(const struct msghdr *message, int *descriptors) {
    // CMSG_NXTHDR takes a mutable header, but does not change it.
    struct msghdr *scanned = (struct msghdr *)message;
    size_t total = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(scanned); header != NULL; header = CMSG_NXTHDR(scanned, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type != SCM_RIGHTS && header->cmsg_type != SCM_PIDFD) continue;
        for (size_t index = 0; index < count_of(header); index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
            if (header->cmsg_type == SCM_RIGHTS && total < (size_t)CL_MOST_DESCRIPTORS) {
                descriptors[total++] = descriptor;
            } else if (descriptor >= 0) {
                close(descriptor);
            }
        }
    }
    return total;
}

ssize_t cl_send_rights(
    int socket, struct iovec *runs, size_t run_count, const int *descriptors, size_t descriptor_count, int flags) {
    _Alignas(struct cmsghdr) char control[CL_CONTROL_SIZE];
    struct msghdr message = {.msg_iov = runs, .msg_iovlen = run_count};
    if (descriptor_count > 0) {
        message.msg_control = control;
        cl_rights_fill(&message, descriptors, descriptor_count);
    }
    return sendmsg(socket, &message, flags);
}

ssize_t cl_receive_rights(
    int socket, void *bytes, size_t length, int *descriptors, size_t *descriptor_count, int *message_flags, int flags) {
    _Alignas(struct cmsghdr) char control[CL_CONTROL_SIZE];
    struct iovec run = {.iov_base = bytes, .iov_len = length};
    struct msghdr message = {
        .msg_iov = &run, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    const ssize_t result = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    *descriptor_count = result < 0 ? 0 : cl_rights_read(&message, descriptors);
    *message_flags = result < 0 ? 0 : message.msg_flags;
    return result;
}
