// Counts messages, bytes, latencies and server CPU between the end of the warm-up and the end of the run.
#define _GNU_SOURCE
#include "loadgen.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// A histogram with 64 steps per power of two: exact to 1.6 %, fixed size, one increment per message.
enum { STEPS = 64 };
static uint64_t histogram[64 * STEPS];

static const double warm_up_seconds = 0.3;
static uint64_t begins, ends, ended;
static uint64_t messages, bytes_echoed, messages_at_begin, bytes_at_begin;
static uint64_t server_ns;
static bool counting;

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// CPU time of every thread of the server, from the scheduler in nanoseconds; getrusage's ticks are too coarse.
static uint64_t server_cpu_ns(void)
{
    if (!options.server) return 0;
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", (int)options.server);
    DIR *tasks = opendir(path);
    if (!tasks) return 0;
    uint64_t sum = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)options.server, task->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        unsigned long long ns;
        if (fscanf(file, "%llu", &ns) == 1) sum += ns;
        fclose(file);
    }
    closedir(tasks);
    return sum;
}

static unsigned step_of(uint64_t ns)
{
    if (ns < STEPS) return (unsigned)ns;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - 6;
    return (shift + 1) * STEPS + (unsigned)(ns >> shift) % STEPS;
}

static double microseconds_of(unsigned step)
{
    if (step < STEPS) return step / 1e3;
    return (double)((uint64_t)(step % STEPS + STEPS) << (step / STEPS - 1)) / 1e3;
}

static double percentile(double share)
{
    uint64_t all = messages - messages_at_begin, seen = 0;
    for (unsigned step = 0; step < sizeof histogram / sizeof *histogram; step++) {
        seen += histogram[step];
        if (histogram[step] && (double)seen >= share * (double)all) return microseconds_of(step);
    }
    return 0;
}

void window_start(void)
{
    begins = now_ns() + (uint64_t)(warm_up_seconds * 1e9);
    ends = begins + (uint64_t)(options.seconds * 1e9);
}

void window_message(uint64_t latency_ns, uint64_t bytes)
{
    messages++;
    bytes_echoed += bytes;
    histogram[step_of(latency_ns)]++;
}

bool window_open(uint64_t now)
{
    if (!counting && now >= begins) {
        counting = true;
        memset(histogram, 0, sizeof histogram);
        messages_at_begin = messages;
        bytes_at_begin = bytes_echoed;
        server_ns = server_cpu_ns();
        // The server ran while its time was read; that work belongs to the window.
        begins = now;
    }
    if (now < ends && !errors) return true;
    ended = now;
    server_ns = server_cpu_ns() - server_ns;
    return false;
}

void window_report(const char *mode)
{
    uint64_t ops = counting ? messages - messages_at_begin : 0;
    double seconds = counting && ended > begins ? (double)(ended - begins) / 1e9 : 1e-9;
    printf("RESULT mode=%s size=%zu connections=%u depth=%u seconds=%.3f ops=%llu ops_s=%.0f MB_s=%.2f p50_us=%.1f "
           "p99_us=%.1f server_us=%.4f total=%llu lost=%llu errors=%llu\n",
           mode, options.size, options.connections, options.depth, seconds, (unsigned long long)ops,
           (double)ops / seconds, counting ? (double)(bytes_echoed - bytes_at_begin) / 1e6 / seconds : 0,
           percentile(.50), percentile(.99), ops ? (double)server_ns / 1e3 / (double)ops : 0,
           (unsigned long long)messages, (unsigned long long)lost, (unsigned long long)errors);
}
