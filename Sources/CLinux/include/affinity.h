// The processors on which a thread may run.

#ifndef AFFINITY_H
#define AFFINITY_H

/// The number of processors that this process may use, as limited by taskset(1) and containers.
///
/// Pinning threads does not change it.
int cl_usable_processors(void);

/// Lets the calling thread run on one processor only. The number counts the processors that the process may use, from
/// 0; numbers beyond the last one start again at the first. Returns 0 or an error number.
int cl_thread_pin(int number);

/// The processors on which the calling thread may run; NULL if there is no memory. To be passed to
/// cl_thread_restore_processors().
void *cl_thread_save_processors(void);

/// Lets the calling thread run on these processors again, and frees the set; ignores NULL.
void cl_thread_restore_processors(void *saved);

/// Lets the calling thread run on all processors that the process may use; has no effect if no thread of the process
/// was pinned before. A new thread inherits the affinity of the thread that creates it.
void cl_thread_unpin(void);

#endif
