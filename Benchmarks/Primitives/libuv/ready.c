// Callbacks that are ready at once. libuv has no queue of them; the nearest is an idle handle that stops itself.
#include "primitives.h"

static int64_t left;

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void run_once(uv_idle_t *handle)
{
    left--;
    uv_close((uv_handle_t *)handle, free_handle);
}

// A new handle for each callback, as a queue of any length needs.
int64_t ready_batch(int64_t count)
{
    uv_loop_t *loop = uv_default_loop();
    left = count;
    int64_t began = now();
    while (left > 0) {
        for (int index = 0; index < BATCH; index++) {
            uv_idle_t *handle = malloc(sizeof *handle);
            uv_idle_init(loop, handle);
            uv_idle_start(handle, run_once);
        }
        uv_run(loop, UV_RUN_NOWAIT);
    }
    return now() - began;
}

static void run_and_stop(uv_idle_t *handle)
{
    left--;
    uv_idle_stop(handle);
}

// The same handles each time, for a fixed set of callbacks.
int64_t ready_kept(int64_t count)
{
    uv_loop_t *loop = uv_default_loop();
    uv_idle_t *handles = allocate(BATCH, sizeof *handles);
    for (int index = 0; index < BATCH; index++) uv_idle_init(loop, &handles[index]);
    left = count;
    int64_t began = now();
    while (left > 0) {
        for (int index = 0; index < BATCH; index++) uv_idle_start(&handles[index], run_and_stop);
        uv_run(loop, UV_RUN_NOWAIT);
    }
    int64_t took = now() - began;
    close_all(loop, handles, BATCH, sizeof *handles);
    return took;
}

static void run_again(uv_idle_t *handle)
{
    if (--left == 0) uv_idle_stop(handle);
}

int64_t ready_chain(int64_t count)
{
    uv_loop_t *loop = uv_default_loop();
    uv_idle_t *handle = allocate(1, sizeof *handle);
    uv_idle_init(loop, handle);
    left = count;
    int64_t began = now();
    uv_idle_start(handle, run_again);
    uv_run(loop, UV_RUN_DEFAULT);
    int64_t took = now() - began;
    close_all(loop, handle, 1, sizeof *handle);
    return took;
}
