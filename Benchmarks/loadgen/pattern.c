// The bytes that travel. A connection's stream repeats with a prime period and starts where no other does, so that a
// byte lost, doubled, or sent to the wrong connection cannot look right.
#include "loadgen.h"

enum { PERIOD = 65521 };

// Longer than the period by the longest run, so that any run is one stretch of memory, ready to send or compare.
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
