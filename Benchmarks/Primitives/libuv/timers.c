// Timers: handles in the user's memory, started and stopped, in milliseconds. A program with any number of timers
// creates a handle for each and closes it; a program with a fixed set of timers keeps its handles.
#include "primitives.h"

enum { LIVE = 100000, ARMED = 100 };

static int64_t left;

static uv_timer_t *make_timers(uv_loop_t *loop, int64_t count)
{
    uv_timer_t *timers = allocate((size_t)count, sizeof *timers);
    for (int64_t index = 0; index < count; index++) uv_timer_init(loop, &timers[index]);
    return timers;
}

static void fired(uv_timer_t *timer)
{
    (void)timer;
    left--;
}

int64_t timer_fired(int64_t count)
{
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t *timers = make_timers(loop, count);
    // Delays are so short that nearly all timers are due before the last one starts, so waiting is not measured.
    uint64_t span = (uint64_t)(count / 20000 + 1);
    left = count;
    int64_t began = now();
    for (int64_t index = 0; index < count; index++)
        uv_timer_start(&timers[index], fired, (uint64_t)index * 7919 % span + 1, 0);
    while (left > 0) uv_run(loop, UV_RUN_ONCE);
    int64_t took = now() - began;
    close_all(loop, timers, (size_t)count, sizeof *timers);
    return took;
}

static void free_timer(uv_handle_t *timer)
{
    free(timer);
}

static uv_timer_t *start_new(uv_timer_cb callback, uint64_t delay)
{
    uv_timer_t *timer = allocate(1, sizeof *timer);
    uv_timer_init(uv_default_loop(), timer);
    uv_timer_start(timer, callback, delay, 0);
    return timer;
}

static void close_timer(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, free_timer);
}

static void start_another(uv_timer_t *timer)
{
    close_timer(timer);
    if (--left >= ARMED) start_new(start_another, 0);
}

int64_t timer_rearmed(int64_t count)
{
    left = count;
    int64_t began = now();
    for (int index = 0; index < ARMED; index++) start_new(start_another, 0);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return now() - began;
}

static void start_again(uv_timer_t *timer)
{
    if (--left >= ARMED) uv_timer_start(timer, start_again, 0, 0);
}

int64_t timer_rearmed_kept(int64_t count)
{
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t *timers = make_timers(loop, ARMED);
    left = count;
    int64_t began = now();
    for (int index = 0; index < ARMED; index++) uv_timer_start(&timers[index], start_again, 0, 0);
    uv_run(loop, UV_RUN_DEFAULT);
    int64_t took = now() - began;
    close_all(loop, timers, ARMED, sizeof *timers);
    return took;
}

int64_t timer_cancelled(int64_t count)
{
    uv_timer_t *timers[BATCH];
    int64_t began = now();
    for (int64_t done = 0; done < count; done += BATCH) {
        for (int index = 0; index < BATCH; index++)
            timers[index] = start_new(fired, (uint64_t)(index * 7919 % BATCH + 1) * 1000);
        for (int index = 0; index < BATCH; index++) close_timer(timers[index]);
        uv_run(uv_default_loop(), UV_RUN_NOWAIT);
    }
    return now() - began;
}

int64_t timer_cancelled_kept(int64_t count)
{
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t *timers = make_timers(loop, BATCH);
    int64_t began = now();
    for (int64_t done = 0; done < count; done += BATCH) {
        for (int index = 0; index < BATCH; index++)
            uv_timer_start(&timers[index], fired, (uint64_t)(index * 7919 % BATCH + 1) * 1000, 0);
        for (int index = 0; index < BATCH; index++) uv_timer_stop(&timers[index]);
        uv_run(loop, UV_RUN_NOWAIT);
    }
    int64_t took = now() - began;
    close_all(loop, timers, BATCH, sizeof *timers);
    return took;
}

int64_t timer_cancelled_among_many(int64_t count)
{
    uv_timer_t **timers = allocate(LIVE, sizeof *timers);
    for (int64_t index = 0; index < LIVE; index++)
        timers[index] = start_new(fired, (uint64_t)(index * 7919 % LIVE + 1000) * 1000);
    int64_t began = now();
    for (int64_t done = 0; done < count; done++) {
        uv_timer_t **timer = &timers[done * 104729 % LIVE];
        close_timer(*timer);
        *timer = start_new(fired, (uint64_t)(done * 7919 % LIVE + 1000) * 1000);
        if (done % BATCH == 0) uv_run(uv_default_loop(), UV_RUN_NOWAIT);
    }
    int64_t took = now() - began;
    for (int64_t index = 0; index < LIVE; index++) close_timer(timers[index]);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    free(timers);
    return took;
}

int64_t timer_cancelled_among_many_kept(int64_t count)
{
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t *timers = make_timers(loop, LIVE);
    for (int64_t index = 0; index < LIVE; index++)
        uv_timer_start(&timers[index], fired, (uint64_t)(index * 7919 % LIVE + 1000) * 1000, 0);
    int64_t began = now();
    for (int64_t done = 0; done < count; done++) {
        uv_timer_t *timer = &timers[done * 104729 % LIVE];
        uv_timer_stop(timer);
        uv_timer_start(timer, fired, (uint64_t)(done * 7919 % LIVE + 1000) * 1000, 0);
        if (done % BATCH == 0) uv_run(loop, UV_RUN_NOWAIT);
    }
    int64_t took = now() - began;
    close_all(loop, timers, LIVE, sizeof *timers);
    return took;
}
