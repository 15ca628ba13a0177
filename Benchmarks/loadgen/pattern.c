// The payload. A connection's stream repeats with a prime period and has an offset of its own, so that a lost or
// duplicated byte, or one sent to the wrong connection, is detected.
#include "loadgen.h"

enum { PERIOD = 65521 };

// Longer than the period by the longest run, so that any run is contiguous memory to send or compare.
static unsigned char bytes[PERIOD + LONGEST_RUN];

void pattern_prepare(void)
{
    uint64_t state = 88172645463325252u;
    for (unsigned i = 0; i < PERIOD; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = (unsigned char)(state >> 32);
    }
    for (unsigned i = PERIOD; i < sizeof bytes; i++) bytes[i] = bytes[i - PERIOD];
}

const unsigned char *pattern_at(unsigned id, uint64_t offset)
{
    return bytes + (offset + (uint64_t)id * 127) % PERIOD;
}
