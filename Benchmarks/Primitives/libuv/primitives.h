// Shared by the cases. Each does `count` operations and returns the nanoseconds that they took.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

// Operations per turn of the loop, in cases that work in batches.
enum { BATCH = 1000 };

int64_t ready_batch(int64_t count);
int64_t ready_kept(int64_t count);
int64_t ready_chain(int64_t count);
int64_t timer_fired(int64_t count);
int64_t timer_rearmed(int64_t count);
int64_t timer_rearmed_kept(int64_t count);
int64_t timer_cancelled(int64_t count);
int64_t timer_cancelled_kept(int64_t count);
int64_t timer_cancelled_among_many(int64_t count);
int64_t timer_cancelled_among_many_kept(int64_t count);
int64_t post_to_busy_loop(int64_t count);
int64_t post_to_sleeping_loop(int64_t count);
int64_t work_in_pool(int64_t count);

static inline int64_t now(void)
{
    return (int64_t)uv_hrtime();
}

static inline void check(int result, const char *what)
{
    if (result >= 0) return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
    exit(1);
}

static inline void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory) return memory;
    perror("calloc");
    exit(1);
}

// Closes the handles of an array and frees it.
void close_all(uv_loop_t *loop, void *handles, size_t count, size_t size);
