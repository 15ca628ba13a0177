// sendmmsg and recvmmsg, which glibc declares only with _GNU_SOURCE.

#ifndef CLINUX_MESSAGES_H
#define CLINUX_MESSAGES_H

/// recvmmsg(2) without a timeout, on an array of struct mmsghdr: a count, or -1 and errno.
int cl_receive_messages(int descriptor, void *_Nonnull messages, unsigned int count, int flags);

/// sendmmsg(2), on an array of struct mmsghdr: a count, or -1 and errno.
int cl_send_messages(int descriptor, void *_Nonnull messages, unsigned int count, int flags);

/// Removes the first message of a socket's error queue, if there is one: recvmsg(2) with MSG_ERRQUEUE.
void cl_discard_queued_error(int descriptor);

#endif
