// Signals as bits: a handler that only notes the signal and wakes the loop, so that the rest happens in ordinary code.
//
// signalfd(2) would need the signal blocked in every thread of the process, which a library cannot promise.

#ifndef CL_CAUGHT_SIGNALS_H
#define CL_CAUGHT_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/// One who watches for signals: a loop. A signal that several watch for is told to each of them.
///
/// What is watched by nobody has the disposition that it had before. Any thread may call, for any watcher.
typedef struct cl_signal_watcher cl_signal_watcher;

/// Makes a watcher that is woken by adding 1 to `wake_fd`, an eventfd; below zero for none. NULL for want of memory.
cl_signal_watcher *cl_signal_watcher_begin(int wake_fd);

/// Ends a watcher with all that it watches for. Afterwards no handler writes to its wake_fd any more: it may be closed.
void cl_signal_watcher_end(cl_signal_watcher *watcher);

/// Watches for a signal: from now on its arrival sets bit `signo - 1` of the watcher and then wakes it.
///
/// `once`: where nobody watches for the signal otherwise, its first arrival puts the default action back. A second one
/// is the system's, whatever the program is doing. Watching again changes only that, and takes the signal back if the
/// program has given it another handler meanwhile.
///
/// Returns 0 or an errno: EINVAL for numbers outside 1...64, SIGKILL, SIGSTOP and the two that glibc keeps for itself.
int cl_signal_watch(cl_signal_watcher *watcher, int signo, bool once);

/// Goes on watching for a signal, but with `once`; a handler that the program has set meanwhile stays.
void cl_signal_watch_on_once(cl_signal_watcher *watcher, int signo);

/// Watches no more for a signal. The last one to do so puts back the disposition of before, unless the program has
/// given the signal another handler meanwhile.
///
/// Returns whether the signal had come in, was not taken, and nobody else watches for it.
bool cl_signal_unwatch(cl_signal_watcher *watcher, int signo);

/// Whether anybody watches for a signal.
bool cl_signal_is_watched(int signo);

/// Fetches and clears, atomically, the signals that have come in.
uint64_t cl_signal_take(cl_signal_watcher *watcher);

/// The signals that have come in; a cheap look that changes nothing.
uint64_t cl_signal_pending(const cl_signal_watcher *watcher);

/// Whether nobody has decided about a signal: its action is the default one, or is so again after one arrival.
bool cl_signal_is_default(int signo);

/// Ignores SIGPIPE, unless the program has decided about it: a write to a closed peer is an error, not the end.
void cl_ignore_sigpipe(void);

#endif
