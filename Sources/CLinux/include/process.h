// Distinguishes a forked child from its parent.

#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <stdint.h>

/// The number of forks between the process that loaded the program and this one. Read only.
extern uint32_t cl_process_forks;

/// That number, as a function for Swift, which cannot rely on the value of a C variable.
static inline uint32_t cl_process_generation(void) { return __atomic_load_n(&cl_process_forks, __ATOMIC_RELAXED); }

/// The address of that number, for Swift code in other modules that reads it in place.
static inline const uint32_t *_Nonnull cl_process_forks_address(void) { return &cl_process_forks; }

#endif
