// Several datagrams in one call, which glibc declares only with _GNU_SOURCE.

#ifndef CLINUX_MESSAGES_H
#define CLINUX_MESSAGES_H

#include <sys/socket.h>

/// struct mmsghdr: a message, and the number of bytes of it that the kernel has transferred.
struct cl_message {
    struct msghdr header;
    unsigned int length;
};

/// recvmmsg(2) without a timeout: a count, or -1 and errno.
int cl_receive_messages(int descriptor, struct cl_message *_Nonnull messages, unsigned int count, int flags);

/// sendmmsg(2): a count, or -1 and errno.
int cl_send_messages(int descriptor, struct cl_message *_Nonnull messages, unsigned int count, int flags);

#endif
