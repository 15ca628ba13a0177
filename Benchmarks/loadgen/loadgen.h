// The load generator's parts: what each file offers the others.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// main.c: what was asked for. Set once, before anything runs.
struct options {
    int port;
    size_t size;
    unsigned connections, depth;
    double seconds;
    pid_t server;  // whose CPU time is measured; 0: nobody's
};
extern struct options options;

// Prints why to standard error, counts an error and ends the run: one failure makes the whole run worthless.
__attribute__((format(printf, 1, 2))) void fail(const char *format, ...);
extern uint64_t errors;

// A message that has waited so long when the run ends was lost, however well the others fared.
enum { LOST_NS = 1000000000 };

// window.c: the measured part of the run and what was counted in it.
uint64_t now_ns(void);
void window_start(void);
void window_message(uint64_t latency_ns, uint64_t bytes);
// Tells the time; false once the window is over or something failed.
bool window_open(uint64_t now);
void window_report(const char *mode);

// pattern.c: every connection sends its own stretch of one pseudo-random byte sequence, without end.
enum { LONGEST_RUN = 1 << 20 };
void pattern_prepare(void);
// The `LONGEST_RUN` bytes that follow `offset` in the stream of connection `id`.
const unsigned char *pattern_at(unsigned id, uint64_t offset);

// dial.c: sockets to the server.
int dial_prepare(unsigned source);
int dial(void);
struct sockaddr_in dial_address(void);

// ring.c: the generator's own ring and receive buffers.
struct io_uring_sqe *ring_entry(void);
void ring_open(void);
// Registers 1024 receive buffers of at least `bytes` each as buffer group 0.
void ring_provide_buffers(size_t bytes);
const unsigned char *ring_buffer(uint16_t buffer);
void ring_return_buffer(uint16_t buffer);
// Submits, waits for something, and calls `completed` for all there is, until the window closes.
struct io_uring_cqe;
void ring_run(void (*completed)(const struct io_uring_cqe *completion));
extern struct io_uring ring;

// The modes.
void echo_run(void);
void churn_run(void);
