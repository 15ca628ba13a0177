#define _GNU_SOURCE
#include "caught_signals.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

enum { last_signal = 64 };

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "a handler may only use lock-free atomics");

static _Atomic uint64_t pending;
static _Atomic int wake_fds[last_signal + 1];
// Handlers that may hold a wake_fd right now, in whatever thread.
static _Atomic int active;

// The rest belongs to those who catch and release, never to the handler.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before[last_signal + 1];
static bool caught[last_signal + 1];

// The bit before the wake: who is woken must find it.
static void note(int signo) {
    int saved = errno;
    atomic_fetch_or(&pending, (uint64_t)1 << (signo - 1));
    atomic_fetch_add(&active, 1);
    int fd = atomic_load(&wake_fds[signo]);
    if (fd >= 0) {
        uint64_t one = 1;
        ssize_t written = write(fd, &one, sizeof one);
        (void)written;  // EAGAIN: the count is full, so the loop is awake anyway
    }
    atomic_fetch_sub(&active, 1);
    errno = saved;
}

// Once this returns no handler knows the former wake_fd: without the wait it could write to the number's next owner.
// A handler blocks all signals and ends on its own: the wait is short, and cannot be for this very thread.
static void set_wake(int signo, int fd) {
    atomic_store(&wake_fds[signo], fd);
    while (atomic_load(&active) != 0) sched_yield();
}

static int install(int signo, int wake_fd, int flags) {
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART | flags};
    sigfillset(&action.sa_mask);
    int former = caught[signo] ? atomic_load(&wake_fds[signo]) : -1;
    set_wake(signo, wake_fd);
    if (sigaction(signo, &action, caught[signo] ? NULL : &before[signo]) != 0) {
        int failure = errno;
        set_wake(signo, former);
        return failure;
    }
    caught[signo] = true;
    return 0;
}

static int restore(int signo) {
    if (!caught[signo]) return EINVAL;
    if (sigaction(signo, &before[signo], NULL) != 0) return errno;
    caught[signo] = false;
    set_wake(signo, -1);
    return 0;
}

static int catch_with(int signo, int wake_fd, int flags) {
    if (signo < 1 || signo > last_signal) return EINVAL;
    pthread_mutex_lock(&lock);
    int failure = install(signo, wake_fd, flags);
    pthread_mutex_unlock(&lock);
    return failure;
}

int cl_signal_catch(int signo, int wake_fd) { return catch_with(signo, wake_fd, 0); }

int cl_signal_catch_once(int signo, int wake_fd) { return catch_with(signo, wake_fd, (int)SA_RESETHAND); }

int cl_signal_release(int signo) {
    if (signo < 1 || signo > last_signal) return EINVAL;
    pthread_mutex_lock(&lock);
    int failure = restore(signo);
    pthread_mutex_unlock(&lock);
    return failure;
}

uint64_t cl_signal_take(uint64_t mask) {
    return atomic_fetch_and(&pending, ~mask) & mask;
}

uint64_t cl_signal_pending(uint64_t mask) {
    return atomic_load_explicit(&pending, memory_order_relaxed) & mask;
}

void cl_ignore_sigpipe(void) {
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) != 0) return;
    if ((action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL) return;
    action = (struct sigaction){.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &action, NULL);
}
