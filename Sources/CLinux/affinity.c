#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "affinity.h"

// The kernel refuses a set that is too small for the machine with EINVAL. 64 Ki processors are a safe maximum.
enum { MOST_PROCESSORS = 65536 };

struct set {
    int capacity;
    size_t size;
    cpu_set_t *members;
};

// The set that the first pinned thread had before it was pinned; never freed.
static _Atomic(struct set *) unpinned;

// Returns 0, or an error number.
static int read_set(struct set *set) {
    for (int capacity = CPU_SETSIZE; capacity <= MOST_PROCESSORS; capacity *= 2) {
        set->capacity = capacity;
        set->size = CPU_ALLOC_SIZE(capacity);
        set->members = CPU_ALLOC(capacity);
        if (set->members == NULL) return ENOMEM;
        if (sched_getaffinity(0, set->size, set->members) == 0) return 0;
        const int failure = errno;
        CPU_FREE(set->members);
        if (failure != EINVAL) return failure;
    }
    return EINVAL;
}

static int set_of_process(struct set **result) {
    struct set *known = atomic_load_explicit(&unpinned, memory_order_acquire);
    if (known == NULL) {
        struct set *new = malloc(sizeof *new);
        if (new == NULL) return ENOMEM;
        const int failure = read_set(new);
        if (failure != 0) {
            free(new);
            return failure;
        }
        if (atomic_compare_exchange_strong(&unpinned, &known, new)) {
            known = new;
        } else {
            CPU_FREE(new->members);
            free(new);
        }
    }
    *result = known;
    return 0;
}

int cl_usable_processors(void) {
    const struct set *known = atomic_load_explicit(&unpinned, memory_order_acquire);
    struct set own;
    int count = 0;
    if (known != NULL) {
        count = CPU_COUNT_S(known->size, known->members);
    } else if (read_set(&own) == 0) {
        count = CPU_COUNT_S(own.size, own.members);
        CPU_FREE(own.members);
    }
    if (count > 0) return count;
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int cl_thread_pin(int number) {
    struct set *all;
    const int failure = set_of_process(&all);
    if (failure != 0) return failure;
    const int count = CPU_COUNT_S(all->size, all->members);
    if (count == 0) return EINVAL;
    cpu_set_t *one = CPU_ALLOC(all->capacity);
    if (one == NULL) return ENOMEM;
    CPU_ZERO_S(all->size, one);
    int left = number % count;
    for (int processor = 0; processor < all->capacity; processor++) {
        if (!CPU_ISSET_S(processor, all->size, all->members) || left-- > 0) continue;
        CPU_SET_S(processor, all->size, one);
        break;
    }
    const int outcome = pthread_setaffinity_np(pthread_self(), all->size, one);
    CPU_FREE(one);
    return outcome;
}

void *cl_thread_save_processors(void) {
    struct set *own = malloc(sizeof *own);
    if (own == NULL || read_set(own) == 0) return own;
    free(own);
    return NULL;
}

void cl_thread_restore_processors(void *saved) {
    struct set *own = saved;
    if (own == NULL) return;
    pthread_setaffinity_np(pthread_self(), own->size, own->members);
    CPU_FREE(own->members);
    free(own);
}

void cl_thread_unpin(void) {
    const struct set *all = atomic_load_explicit(&unpinned, memory_order_acquire);
    // Fails only if none of the processors is online now.
    if (all != NULL) pthread_setaffinity_np(pthread_self(), all->size, all->members);
}
