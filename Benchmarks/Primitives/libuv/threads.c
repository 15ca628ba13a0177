// Work across threads: posts to a loop, and jobs in libuv's pool.
#include <stdatomic.h>
#include <stdbool.h>

#include "../pinning/include/pinning.h"
#include "primitives.h"

// A loop on its own thread, and its posts. uv_async_send carries no data and several sends may become one callback, so
// posts with data need a queue: a linked list behind a lock.
struct post {
    struct post *next;
    void (*run)(void);
};

struct mailbox {
    uv_loop_t loop;
    uv_async_t async;
    uv_mutex_t lock;
    struct post *first, **last;
};

static void take_posts(uv_async_t *async)
{
    struct mailbox *box = async->data;
    uv_mutex_lock(&box->lock);
    struct post *post = box->first;
    box->first = NULL;
    box->last = &box->first;
    uv_mutex_unlock(&box->lock);
    while (post) {
        struct post *next = post->next;
        post->run();
        free(post);
        post = next;
    }
}

// Allocates each post: a program that may post any number at any time has to.
static void post_to(struct mailbox *box, void (*run)(void))
{
    struct post *post = allocate(1, sizeof *post);
    post->run = run;
    uv_mutex_lock(&box->lock);
    *box->last = post;
    box->last = &post->next;
    uv_mutex_unlock(&box->lock);
    uv_async_send(&box->async);
}

static void open_mailbox(struct mailbox *box)
{
    check(uv_loop_init(&box->loop), "uv_loop_init");
    check(uv_mutex_init(&box->lock), "uv_mutex_init");
    check(uv_async_init(&box->loop, &box->async, take_posts), "uv_async_init");
    box->async.data = box;
    box->last = &box->first;
}

static void close_mailbox(struct mailbox *box)
{
    uv_close((uv_handle_t *)&box->async, NULL);
    uv_run(&box->loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&box->loop), "uv_loop_close");
    uv_mutex_destroy(&box->lock);
}

// --- A busy loop ---

static struct mailbox here, there;
static atomic_bool is_received;
static atomic_bool is_over;
static int64_t wanted, took;

static void receive(void)
{
}

// Only the last post signals: a shared counter's cache line would move between the two threads.
static void receive_last(void)
{
    atomic_store_explicit(&is_received, true, memory_order_release);
}

static void keep_busy(uv_idle_t *idle)
{
    if (atomic_load_explicit(&is_over, memory_order_acquire)) uv_idle_stop(idle), uv_stop(&here.loop);
}

static void post_batches(void *unused)
{
    (void)unused;
    pin_to_core(1);
    for (int64_t done = 0; done < wanted; done += BATCH) {
        int64_t began = now();
        for (int index = 1; index < BATCH; index++) post_to(&here, receive);
        post_to(&here, receive_last);
        took += now() - began;
        while (!atomic_load_explicit(&is_received, memory_order_acquire)) continue;
        atomic_store_explicit(&is_received, false, memory_order_relaxed);
    }
    atomic_store_explicit(&is_over, true, memory_order_release);
}

int64_t post_to_busy_loop(int64_t count)
{
    pin_to_core(0);
    wanted = count;
    took = 0;
    atomic_store(&is_over, false);
    open_mailbox(&here);
    uv_idle_t idle;
    uv_idle_init(&here.loop, &idle);
    uv_idle_start(&idle, keep_busy);
    uv_thread_t poster;
    check(uv_thread_create(&poster, post_batches, NULL), "uv_thread_create");
    uv_run(&here.loop, UV_RUN_DEFAULT);
    uv_thread_join(&poster);
    uv_close((uv_handle_t *)&idle, NULL);
    close_mailbox(&here);
    return took;
}

// --- Two loops that sleep until the other posts ---

static int64_t trips;

static void go_on(void);

static void answer(void)
{
    // Read first: once the other loop has the answer, it counts on.
    if (trips == 1) uv_stop(&there.loop);
    post_to(&here, go_on);
}

static void go_on(void)
{
    if (--trips == 0) uv_stop(&here.loop);
    else post_to(&there, answer);
}

static void run_there(void *unused)
{
    (void)unused;
    pin_to_core(1);
    uv_run(&there.loop, UV_RUN_DEFAULT);
}

int64_t post_to_sleeping_loop(int64_t count)
{
    pin_to_core(0);
    trips = count;
    open_mailbox(&here);
    open_mailbox(&there);
    uv_thread_t other;
    check(uv_thread_create(&other, run_there, NULL), "uv_thread_create");
    int64_t began = now();
    post_to(&there, answer);
    uv_run(&here.loop, UV_RUN_DEFAULT);
    int64_t took_all = now() - began;
    uv_thread_join(&other);
    close_mailbox(&here);
    close_mailbox(&there);
    return took_all;
}

// --- Work in the pool ---

static void work(uv_work_t *request)
{
    // The pool has one thread here, pinned by its first job.
    if (!request->data) pin_to_core(1);
    request->data = request;
}

static void work_done(uv_work_t *request, int status)
{
    check(status, "uv_queue_work");
    if (--trips > 0) check(uv_queue_work(request->loop, request, work, work_done), "uv_queue_work");
}

int64_t work_in_pool(int64_t count)
{
    pin_to_core(0);
    uv_os_setenv("UV_THREADPOOL_SIZE", "1");
    uv_work_t request = {.data = NULL};
    trips = 1;
    check(uv_queue_work(uv_default_loop(), &request, work, work_done), "uv_queue_work");
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    trips = count;
    int64_t began = now();
    check(uv_queue_work(uv_default_loop(), &request, work, work_done), "uv_queue_work");
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return now() - began;
}
