// The primitives of our loops: `ProactorPrimitives BACKEND CASE COUNT REPETITIONS` prints the median in ns per
// operation. harness/primitives.py describes the cases.

import PrimitiveSupport
import Proactor

private let request = Request(options: ["BACKEND"])

/// Gives a case a new loop for each run.
private func onLoop(_ run: @escaping (any AbstractEventLoop, Int) throws -> Int64) -> (Int) throws -> Int64 {
    { count in
        let loop = try newEventLoop(backend: request.options[0])
        let took = try run(loop, count)
        try loop.close()
        return took
    }
}

try request.measure([
    "call-soon-batch": onLoop(callSoonBatch),
    "call-soon-chain": onLoop(callSoonChain),
    "timer-fired": onLoop(timerFired),
    "timer-rearmed": onLoop(timerRearmed),
    "timer-cancelled": onLoop(timerCancelled),
    "timer-cancelled-100k": onLoop(timerCancelledAmongMany),
    "post-busy": onLoop(postToBusyLoop),
    "post-sleeping": onLoop(postToSleepingLoop),
    "executor": onLoop(workInExecutor),
    "future-awaited": onLoop(futureAwaited),
    "task-batch": onLoop(taskBatch),
    "task-bare": onLoop(taskBare),
    "task-awaited": onLoop(taskAwaited),
])
