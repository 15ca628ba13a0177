// Callbacks that are ready at once.

import PrimitiveSupport
import Proactor

func callSoonBatch(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    var left = count / batchSize
    var ran = 0
    func makeBatch() {
        for _ in 1..<batchSize { loop.callSoon { ran += 1 } }
        loop.callSoon {
            left -= 1
            if left > 0 { makeBatch() } else { loop.stop() }
        }
    }
    let began = nanoseconds()
    makeBatch()
    try loop.runForever()
    return nanoseconds() - began
}

func callSoonChain(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    var left = count
    func step() {
        left -= 1
        if left > 0 { loop.callSoon(step) } else { loop.stop() }
    }
    let began = nanoseconds()
    loop.callSoon(step)
    try loop.runForever()
    return nanoseconds() - began
}
