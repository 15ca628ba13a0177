#define _GNU_SOURCE

#include "messages.h"

#include <stddef.h>

_Static_assert(sizeof(struct cl_message) == sizeof(struct mmsghdr), "the same layout");
_Static_assert(offsetof(struct cl_message, length) == offsetof(struct mmsghdr, msg_len), "the same layout");

int cl_receive_messages(int descriptor, struct cl_message *messages, unsigned int count, int flags) {
    return recvmmsg(descriptor, (struct mmsghdr *)messages, count, flags, NULL);
}

int cl_send_messages(int descriptor, struct cl_message *messages, unsigned int count, int flags) {
    return sendmmsg(descriptor, (struct mmsghdr *)messages, count, flags);
}
