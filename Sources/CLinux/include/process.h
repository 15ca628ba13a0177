// Tells a forked child from its parent.

#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <stdint.h>

/// How many forks lie between this process and the one that loaded the program; read only.
extern uint32_t cl_process_forks;

/// As a call, for Swift, to which a variable of C's could change at any time from anywhere.
static inline uint32_t cl_process_generation(void) { return __atomic_load_n(&cl_process_forks, __ATOMIC_RELAXED); }

/// Where that number is, for Swift code in other modules that reads it in place.
static inline const uint32_t *_Nonnull cl_process_forks_address(void) { return &cl_process_forks; }

#endif
