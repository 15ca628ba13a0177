// Signals as bits: a handler that only notes the signal and wakes the loop, so that the rest happens in ordinary code.
//
// signalfd(2) would need the signal blocked in every thread of the process, which a library cannot promise.

#ifndef CL_CAUGHT_SIGNALS_H
#define CL_CAUGHT_SIGNALS_H

#include <stdint.h>

/// Catches a signal: from now on its arrival sets bit `signo - 1` and then adds 1 to `wake_fd`, an eventfd.
///
/// The disposition of before is kept the first time; catching again only changes whom to wake. Any thread may call.
/// Returns 0 or an errno: EINVAL for numbers outside 1...64, SIGKILL, SIGSTOP and the two that glibc keeps for itself.
int cl_signal_catch(int signo, int wake_fd);

/// As cl_signal_catch, but the first arrival puts the default action back: a second signal is the system's, whatever
/// the program is doing.
int cl_signal_catch_once(int signo, int wake_fd);

/// Puts back the disposition of before. Afterwards no handler writes to the wake_fd any more: it may be closed.
///
/// Returns 0 or an errno: EINVAL if the signal is not caught. A bit that is set stays so until it is taken.
int cl_signal_release(int signo);

/// Fetches and clears, atomically, those pending bits that are in `mask`.
uint64_t cl_signal_take(uint64_t mask);

/// The pending bits in `mask`; a cheap look that changes nothing.
uint64_t cl_signal_pending(uint64_t mask);

/// Ignores SIGPIPE, unless the program has decided about it: a write to a closed peer is an error, not the end.
void cl_ignore_sigpipe(void);

#endif
