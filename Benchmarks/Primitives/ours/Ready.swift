// Callbacks that are ready at once.

import PrimitiveSupport
import Proactor

func callSoonBatch(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let tally = Tally(count / batchSize)
    func makeBatch() {
        for _ in 1..<batchSize { loop.callSoon { tally.called += 1 } }
        loop.callSoon {
            tally.left -= 1
            if tally.left > 0 { makeBatch() } else { loop.stop() }
        }
    }
    let began = nanoseconds()
    makeBatch()
    try loop.runForever()
    return nanoseconds() - began
}

func callSoonChain(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let tally = Tally(count)
    func step() {
        tally.left -= 1
        if tally.left > 0 { loop.callSoon(step) } else { loop.stop() }
    }
    let began = nanoseconds()
    loop.callSoon(step)
    try loop.runForever()
    return nanoseconds() - began
}
