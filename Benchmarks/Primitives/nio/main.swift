// The primitives of SwiftNIO: `NIOPrimitives CASE COUNT REPETITIONS` prints the median in ns per operation.
// harness/primitives.py describes the cases and SwiftNIO's nearest equivalents.

import NIOCore
import NIOPosix
import PrimitiveSupport

let group: any EventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 2)

try Request().measure([
    "call-soon-batch": executeBatch,
    "call-soon-chain": executeChain,
    "timer-fired": timerFired,
    "timer-rearmed": timerRearmed,
    "timer-cancelled": timerCancelled,
    "timer-cancelled-100k": timerCancelledAmongMany,
    "post-busy": postToBusyLoop,
    "post-sleeping": postToSleepingLoop,
    "executor": workInPool,
    "future-awaited": futureAwaited,
    "task-batch": taskBatch,
    "task-bare": taskBare,
    "task-awaited": taskAwaited,
])
