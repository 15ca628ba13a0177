// A load generator for echo servers: one thread, io_uring, closed loop, every byte compared.
//
//     loadgen echo  SERVER SIZE CONNECTIONS DEPTH SECONDS [SERVER_PID]
//     loadgen churn SERVER SIZE CONNECTIONS 1     SECONDS [SERVER_PID]
//     loadgen udp   SERVER SIZE SOCKETS     DEPTH SECONDS [SERVER_PID]
//
// SERVER is a port on loopback, or the path of a Unix socket, which contains a slash.
// Warms up for 0.3 s, measures for SECONDS and prints one line that begins with RESULT. ops, ops_s, MB_s, p50_us,
// p99_us and server_us (the server's CPU time per operation) cover the measured time, total includes the warm-up. Exits
// with 1 after any error, even a single wrong byte.
#include "loadgen.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct options options;
uint64_t errors;

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("loadgen: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    errors++;
}

static void usage(void)
{
    fputs("usage: loadgen echo|churn|udp PORT|PATH SIZE CONNECTIONS DEPTH SECONDS [SERVER_PID]\n", stderr);
    exit(2);
}

static void parse(int argc, char **argv)
{
    if (argc < 7 || argc > 8) usage();
    options = (struct options){
        .port = strchr(argv[2], '/') ? 0 : atoi(argv[2]),
        .path = strchr(argv[2], '/') ? argv[2] : NULL,
        .size = strtoul(argv[3], NULL, 10),
        .connections = (unsigned)strtoul(argv[4], NULL, 10),
        .depth = (unsigned)strtoul(argv[5], NULL, 10),
        .seconds = strtod(argv[6], NULL),
        .server = argc > 7 ? (pid_t)atoi(argv[7]) : 0,
    };
    if ((!options.port && !options.path) || !options.size || !options.connections || !options.depth || options.seconds <= 0) usage();
    if (options.size * options.depth > LONGEST_RUN) usage();
}

static void (*run_of(const char *mode))(void)
{
    if (!strcmp(mode, "echo")) return echo_run;
    if (!strcmp(mode, "churn")) return churn_run;
    if (!strcmp(mode, "udp")) return udp_run;
    usage();
    return NULL;
}

// Each connection needs a descriptor, and the usual limit is 1,024.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    void (*run)(void) = run_of(argv[1]);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    pattern_prepare();
    run();
    window_report(argv[1]);
    return errors ? 1 : 0;
}
