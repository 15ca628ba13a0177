#include "CUring.h"

// Kernel layouts on which the headers rely.
_Static_assert(sizeof(struct io_uring_sqe) == 64, "entries are copied whole by the spill list");
_Static_assert(sizeof(struct io_uring_cqe) == 16, "completions are walked without CQE32");
_Static_assert(sizeof(struct io_uring_buf) == 16, "the tail lies in the first entry's reserved bytes");
