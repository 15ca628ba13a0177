// Signals as bits: the handler only records the signal and wakes the loop; ordinary code does the rest.
//
// signalfd(2) would need the signal blocked in every thread of the process, which a library cannot promise.

#ifndef CL_CAUGHT_SIGNALS_H
#define CL_CAUGHT_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/// A watcher of signals, one per loop. A signal notifies each of its watchers.
///
/// A signal without watchers has its previous disposition. Any thread may call these functions, for any watcher.
typedef struct cl_signal_watcher cl_signal_watcher;

/// Creates a watcher. Its signals add 1 to the eventfd `wake_fd`, if not negative. Returns NULL if out of memory.
cl_signal_watcher *cl_signal_watcher_begin(int wake_fd);

/// Ends a watcher and unwatches all its signals. No handler writes to its wake_fd afterwards, so it may be closed.
void cl_signal_watcher_end(cl_signal_watcher *watcher);

/// Watches a signal: each arrival sets bit `signo - 1` of the watcher and then wakes it.
///
/// `once`: if all watchers of the signal set it, the first arrival restores the default action, and the second one
/// takes that action even if the program is stuck. Watching again updates `once`, and reinstalls the handler if the
/// program has replaced it.
///
/// Returns 0 or an errno: EINVAL for numbers outside 1...64, SIGKILL, SIGSTOP and the two that glibc reserves.
int cl_signal_watch(cl_signal_watcher *watcher, int signo, bool once);

/// Sets `once` for a signal that is already watched. Keeps a handler that the program has installed since.
void cl_signal_watch_on_once(cl_signal_watcher *watcher, int signo);

/// Stops watching a signal. The last watcher to leave restores the previous disposition, unless the program has
/// installed another handler since.
///
/// Returns whether the signal was pending for this watcher and has no other watcher.
bool cl_signal_unwatch(cl_signal_watcher *watcher, int signo);

/// Whether a signal has a watcher.
bool cl_signal_is_watched(int signo);

/// Atomically fetches and clears the pending signals.
uint64_t cl_signal_take(cl_signal_watcher *watcher);

/// The pending signals. Cheap, and changes nothing.
uint64_t cl_signal_pending(const cl_signal_watcher *watcher);

/// Whether a signal has its default action, or will take it again after a one-shot watch.
bool cl_signal_is_default(int signo);

/// Ignores SIGPIPE unless the program has set its action, so that writing to a closed peer is only an error.
void cl_ignore_sigpipe(void);

#endif
