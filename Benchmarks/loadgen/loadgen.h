// The interfaces between the load generator's files.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

// main.c: the command line. Set once, before anything runs.
struct options {
    int port;          // of a TCP server on loopback, or
    const char *path;  // of a Unix server
    size_t size;
    unsigned connections, depth;
    double seconds;
    pid_t server;  // process whose CPU time is measured; 0 for none
};
extern struct options options;

// Prints the reason to standard error, counts an error and ends the run: one failure invalidates the whole run.
__attribute__((format(printf, 1, 2))) void fail(const char *format, ...);
extern uint64_t errors;
// udp.c: datagrams without a reply. They are no error, because UDP may lose datagrams.
extern uint64_t lost;

// A message that has waited this long at the end of the run counts as lost.
enum { LOST_NS = 1000000000 };

// window.c: the measured part of the run and its counters.
uint64_t now_ns(void);
void window_start(void);
void window_message(uint64_t latency_ns, uint64_t bytes);
// Advances the time; false once the window is over or something failed.
bool window_open(uint64_t now);
void window_report(const char *mode);

// pattern.c: every connection sends an endless stream from its own offset of one pseudo-random sequence.
enum { LONGEST_RUN = 1 << 20 };
void pattern_prepare(void);
// The `LONGEST_RUN` bytes that follow `offset` in the stream of connection `id`.
const unsigned char *pattern_at(unsigned id, uint64_t offset);

// dial.c: sockets to the server.
int dial_prepare(unsigned source);
int dial(void);
// The server's address; returns its length.
socklen_t dial_address(struct sockaddr_storage *address);

// ring.c: the generator's own ring and receive buffers.
struct io_uring_sqe *ring_entry(void);
void ring_open(void);
// Registers 1024 receive buffers of at least `bytes` each as buffer group 0.
void ring_provide_buffers(size_t bytes);
const unsigned char *ring_buffer(uint16_t buffer);
void ring_return_buffer(uint16_t buffer);
// Submits, waits for at least one completion, and calls `completed` for each, until the window closes.
struct io_uring_cqe;
void ring_run(void (*completed)(const struct io_uring_cqe *completion));
extern struct io_uring ring;

// The modes.
void echo_run(void);
void churn_run(void);
void udp_run(void);
