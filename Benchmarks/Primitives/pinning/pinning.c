#define _GNU_SOURCE
#include "include/pinning.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

// The process's cores at the start; a thread may inherit fewer.
static cpu_set_t given;

__attribute__((constructor)) static void look_up_cores(void)
{
    if (!sched_getaffinity(0, sizeof given, &given)) return;
    perror("sched_getaffinity");
    exit(1);
}

void pin_to_core(int index)
{
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &given) || index-- > 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(core, &one);
        if (!sched_setaffinity(0, sizeof one, &one)) return;
        perror("sched_setaffinity");
        exit(1);
    }
    fprintf(stderr, "This case needs two cores.\n");
    exit(1);
}
