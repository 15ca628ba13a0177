#define _GNU_SOURCE
#include "messages.h"

#include <stddef.h>
#include <sys/socket.h>

int cl_receive_messages(int descriptor, void *messages, unsigned int count, int flags) {
    return recvmmsg(descriptor, messages, count, flags, NULL);
}

int cl_send_messages(int descriptor, void *messages, unsigned int count, int flags) {
    return sendmmsg(descriptor, messages, count, flags);
}

void cl_discard_queued_error(int descriptor) {
    struct msghdr message = {0};
    (void)recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
}
