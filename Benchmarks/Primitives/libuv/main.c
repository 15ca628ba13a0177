// The primitives of libuv: `libuv-primitives CASE COUNT REPETITIONS` prints the median in ns per operation.
#include <string.h>

#include "primitives.h"

static const struct {
    const char *name;
    int64_t (*run)(int64_t count);
} cases[] = {
    {"call-soon-batch", ready_batch},
    {"call-soon-kept", ready_kept},
    {"call-soon-chain", ready_chain},
    {"timer-fired", timer_fired},
    {"timer-rearmed", timer_rearmed},
    {"timer-rearmed-kept", timer_rearmed_kept},
    {"timer-cancelled", timer_cancelled},
    {"timer-cancelled-kept", timer_cancelled_kept},
    {"timer-cancelled-100k", timer_cancelled_among_many},
    {"timer-cancelled-100k-kept", timer_cancelled_among_many_kept},
    {"post-busy", post_to_busy_loop},
    {"post-sleeping", post_to_sleeping_loop},
    {"executor", work_in_pool},
};

void close_all(uv_loop_t *loop, void *handles, size_t count, size_t size)
{
    for (size_t index = 0; index < count; index++) uv_close((uv_handle_t *)((char *)handles + index * size), NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    free(handles);
}

static int ascending(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv)
{
    int64_t count = argc == 4 ? atoll(argv[2]) : 0;
    int repetitions = argc == 4 ? atoi(argv[3]) : 0;
    for (size_t index = 0; count > 0 && repetitions > 0 && index < sizeof cases / sizeof *cases; index++) {
        if (strcmp(argv[1], cases[index].name)) continue;
        double *found = allocate((size_t)repetitions, sizeof *found);
        cases[index].run(count);  // warms up
        for (int round = 0; round < repetitions; round++) found[round] = (double)cases[index].run(count) / (double)count;
        qsort(found, (size_t)repetitions, sizeof *found, ascending);
        printf("%.2f\n", found[repetitions / 2]);
        return 0;
    }
    fprintf(stderr, "usage: %s CASE COUNT REPETITIONS; cases:", argv[0]);
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) fprintf(stderr, " %s", cases[index].name);
    fprintf(stderr, "\n");
    return 2;
}
