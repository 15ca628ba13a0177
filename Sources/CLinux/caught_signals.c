#define _GNU_SOURCE
#include "caught_signals.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

enum { last_signal = 64 };

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "a handler may only use lock-free atomics");
_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2, "a handler may only use lock-free atomics");

// Never freed, only reused, so that a handler may walk the list at any time.
struct cl_signal_watcher {
    _Atomic uint64_t wanted;
    _Atomic uint64_t pending;
    _Atomic int wake_fd;
    // The handler never touches the following fields; the lock guards them.
    uint64_t once;
    bool taken;
    // Written once, before the watcher is in the list.
    cl_signal_watcher *next;
};

static cl_signal_watcher *_Atomic watchers;
// The number of handlers, on any thread, that may be using a wake_fd.
static _Atomic int active;

// The lock guards the following.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
typedef enum { not_caught, caught_once, caught } catching;
static catching state[last_signal + 1];
static struct sigaction before[last_signal + 1];

static uint64_t bit(int signo) { return (uint64_t)1 << (signo - 1); }

// MARK: The handler

// Set the bit before the wake-up, so that the woken thread finds it.
static void tell(cl_signal_watcher *watcher, int signo) {
    if ((atomic_load(&watcher->wanted) & bit(signo)) == 0) return;
    atomic_fetch_or(&watcher->pending, bit(signo));
    int fd = atomic_load(&watcher->wake_fd);
    if (fd < 0) return;
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;  // EAGAIN: the counter is full, so the loop wakes up anyway
}

static void note(int signo) {
    int saved = errno;
    atomic_fetch_add(&active, 1);
    for (cl_signal_watcher *each = atomic_load(&watchers); each != NULL; each = each->next) tell(each, signo);
    atomic_fetch_sub(&active, 1);
    errno = saved;
}

// When this returns, no handler uses the old values any longer: otherwise, one could write to the next owner of a
// descriptor's number. A handler blocks all signals and does not wait, so the wait is short and never for the calling
// thread.
static void wait_for_handlers(void) {
    while (atomic_load(&active) != 0) sched_yield();
}

// MARK: Dispositions

static bool is_ours(const struct sigaction *action) {
    return (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler == note;
}

// Ignores the flags, because SA_RESETHAND does not reset them.
static bool is_default(const struct sigaction *action) { return action->sa_handler == SIG_DFL; }

static catching wanted_catching(int signo) {
    catching most = not_caught;
    for (cl_signal_watcher *each = atomic_load(&watchers); each != NULL; each = each->next) {
        if ((atomic_load(&each->wanted) & bit(signo)) == 0) continue;
        if ((each->once & bit(signo)) == 0) return caught;
        most = caught_once;
    }
    return most;
}

static int install(int signo, catching how) {
    int reset = how == caught_once ? (int)SA_RESETHAND : 0;
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART | reset};
    struct sigaction former;
    sigfillset(&action.sa_mask);
    if (sigaction(signo, &action, &former) != 0) return errno;
    // Any other handler belongs to the program, even if it was installed after ours.
    if (!is_ours(&former)) before[signo] = former;
    state[signo] = how;
    return 0;
}

// Adjusts the disposition to the remaining watchers after one has left.
static void follow(int signo) {
    catching how = wanted_catching(signo);
    if (how == state[signo]) return;
    struct sigaction now;
    bool has_ours = sigaction(signo, NULL, &now) == 0 && is_ours(&now);
    // Keep a handler that the program has installed since, and the default action after a one-shot signal.
    if (!has_ours) state[signo] = how;
    else if (how != not_caught) install(signo, how);
    else if (sigaction(signo, &before[signo], NULL) == 0) state[signo] = not_caught;
}

static bool drop(cl_signal_watcher *watcher, int signo) {
    if ((atomic_fetch_and(&watcher->wanted, ~bit(signo)) & bit(signo)) == 0) return false;
    watcher->once &= ~bit(signo);
    follow(signo);
    wait_for_handlers();
    bool was_pending = (atomic_fetch_and(&watcher->pending, ~bit(signo)) & bit(signo)) != 0;
    // If there are other watchers, they received the same signal and will handle it.
    return was_pending && wanted_catching(signo) == not_caught;
}

// MARK: Watchers

static cl_signal_watcher *unused_or_new(void) {
    for (cl_signal_watcher *each = atomic_load(&watchers); each != NULL; each = each->next) {
        if (!each->taken) return each;
    }
    cl_signal_watcher *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->next = atomic_load(&watchers);
    atomic_store(&watchers, made);
    return made;
}

cl_signal_watcher *cl_signal_watcher_begin(int wake_fd) {
    pthread_mutex_lock(&lock);
    cl_signal_watcher *watcher = unused_or_new();
    if (watcher != NULL) {
        watcher->taken = true;
        atomic_store(&watcher->wake_fd, wake_fd);
    }
    pthread_mutex_unlock(&lock);
    return watcher;
}

void cl_signal_watcher_end(cl_signal_watcher *watcher) {
    pthread_mutex_lock(&lock);
    for (int signo = 1; signo <= last_signal; signo++) drop(watcher, signo);
    atomic_store(&watcher->wake_fd, -1);
    watcher->taken = false;
    pthread_mutex_unlock(&lock);
}

int cl_signal_watch(cl_signal_watcher *watcher, int signo, bool once) {
    if (signo < 1 || signo > last_signal) return EINVAL;
    pthread_mutex_lock(&lock);
    uint64_t former = watcher->once;
    bool was_wanted = (atomic_fetch_or(&watcher->wanted, bit(signo)) & bit(signo)) != 0;
    watcher->once = once ? former | bit(signo) : former & ~bit(signo);
    int failure = install(signo, wanted_catching(signo));
    if (failure != 0) {
        watcher->once = former;
        if (!was_wanted) atomic_fetch_and(&watcher->wanted, ~bit(signo));
    }
    pthread_mutex_unlock(&lock);
    return failure;
}

void cl_signal_watch_on_once(cl_signal_watcher *watcher, int signo) {
    if (signo < 1 || signo > last_signal) return;
    pthread_mutex_lock(&lock);
    watcher->once |= bit(signo);
    follow(signo);
    pthread_mutex_unlock(&lock);
}

bool cl_signal_unwatch(cl_signal_watcher *watcher, int signo) {
    if (signo < 1 || signo > last_signal) return false;
    pthread_mutex_lock(&lock);
    bool was_pending = drop(watcher, signo);
    pthread_mutex_unlock(&lock);
    return was_pending;
}

bool cl_signal_is_watched(int signo) {
    pthread_mutex_lock(&lock);
    bool result = wanted_catching(signo) != not_caught;
    pthread_mutex_unlock(&lock);
    return result;
}

uint64_t cl_signal_take(cl_signal_watcher *watcher) { return atomic_exchange(&watcher->pending, 0); }

uint64_t cl_signal_pending(const cl_signal_watcher *watcher) {
    return atomic_load_explicit(&watcher->pending, memory_order_relaxed);
}

bool cl_signal_is_default(int signo) {
    struct sigaction now;
    if (signo < 1 || signo > last_signal) return false;
    pthread_mutex_lock(&lock);
    bool result = sigaction(signo, NULL, &now) == 0
        && (is_default(&now) || (is_ours(&now) && state[signo] == caught_once && is_default(&before[signo])));
    pthread_mutex_unlock(&lock);
    return result;
}

void cl_ignore_sigpipe(void) {
    struct sigaction action;
    pthread_mutex_lock(&lock);
    if (sigaction(SIGPIPE, NULL, &action) == 0 && is_default(&action)) {
        action = (struct sigaction){.sa_handler = SIG_IGN};
        sigaction(SIGPIPE, &action, NULL);
    }
    pthread_mutex_unlock(&lock);
}

// MARK: Forks

// A child inherits its parent's handlers but has no loop to notify, so signals would be lost. Its previous dispositions
// are therefore restored, and signals stay blocked until then.
static sigset_t mask_before_fork;

static void before_fork(void) {
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    pthread_mutex_lock(&lock);
    mask_before_fork = former;
}

static void after_fork(void) {
    sigset_t former = mask_before_fork;
    pthread_mutex_unlock(&lock);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
}

static void in_the_child(void) {
    // The child does not have the other threads and their running handlers.
    atomic_store(&active, 0);
    for (cl_signal_watcher *each = atomic_load(&watchers); each != NULL; each = each->next) {
        for (int signo = 1; signo <= last_signal; signo++) drop(each, signo);
        // The watcher remains taken, because copies of the parent's loops may still end it.
        atomic_store(&each->wake_fd, -1);
    }
    after_fork();
}

// Runs at load time, before any fork.
__attribute__((constructor)) static void watch_forks(void) {
    // Fails only if out of memory; a child then keeps its parent's handlers.
    pthread_atfork(before_fork, after_fork, in_the_child);
}
