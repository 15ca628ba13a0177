#include "process.h"

#include <pthread.h>

uint32_t cl_process_forks = 0;

static void in_the_child(void) { __atomic_add_fetch(&cl_process_forks, 1, __ATOMIC_RELAXED); }

// As the program is loaded: before anybody can fork.
__attribute__((constructor)) static void watch_forks(void) {
    // It fails only for want of memory; then a child is not told from its parent.
    pthread_atfork(NULL, NULL, in_the_child);
}
