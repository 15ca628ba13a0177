// Kernel constants newer than liburing 2.3, and constants that Swift cannot import from it.
//
// The names differ from the kernel's, so that they do not collide with a newer liburing.

#ifndef CURING_NEWER_H
#define CURING_NEWER_H

#include <liburing.h>
#include <stdint.h>

// io_uring_enter flags.
#define CU_ENTER_ABS_TIMER (1U << 5)       // Linux 6.12: the wait's timespec is an absolute CLOCK_MONOTONIC time
#define CU_ENTER_NO_IOWAIT (1U << 7)       // Linux 6.15: a waiting thread counts as idle, not as "iowait"

// Feature bits that io_uring_setup reports.
#define CU_FEAT_RECVSEND_BUNDLE (1U << 14) // Linux 6.10
#define CU_FEAT_MIN_TIMEOUT (1U << 15)     // Linux 6.12, which also added ABS_TIMER, without a bit of its own
#define CU_FEAT_NO_IOWAIT (1U << 17)       // Linux 6.15

// Set-up flags that must never be passed to liburing 2.3; see CUring.h.
#define CU_SETUP_NO_SQARRAY (1U << 16)     // Linux 6.6

// Entry flags: liburing defines them as macros over enum constants, which Swift does not import.
static const uint8_t cu_fixed_file = IOSQE_FIXED_FILE;
static const uint8_t cu_io_drain = IOSQE_IO_DRAIN;
static const uint8_t cu_io_link = IOSQE_IO_LINK;
static const uint8_t cu_io_hardlink = IOSQE_IO_HARDLINK;
static const uint8_t cu_async = IOSQE_ASYNC;
static const uint8_t cu_buffer_select = IOSQE_BUFFER_SELECT;
static const uint8_t cu_skip_success = IOSQE_CQE_SKIP_SUCCESS;

#endif
