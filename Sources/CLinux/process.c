#include "process.h"

#include <pthread.h>

uint32_t cl_process_forks = 0;

static void in_the_child(void) { __atomic_add_fetch(&cl_process_forks, 1, __ATOMIC_RELAXED); }

// Runs at load time, before any fork.
__attribute__((constructor)) static void watch_forks(void) {
    // Fails only if out of memory; a child then cannot be distinguished from its parent.
    pthread_atfork(NULL, NULL, in_the_child);
}
