// Shows timed callbacks, the smallest use of a loop: prints the date once a second, a given number of times.
//
//     Timer 5
@preconcurrency import Glibc
import Proactor

/// Prints the date and schedules itself again, a given number of times.
final class Ticker {
    private let loop: any AbstractEventLoop
    private var left: Int

    init(loop: any AbstractEventLoop, times: Int) {
        self.loop = loop
        left = times
    }

    func tick() {
        guard left > 0 else { return loop.stop() }
        left -= 1
        print(Self.date())
        fflush(nil)
        // After the last line, stop without another second.
        loop.callLater(left > 0 ? .seconds(1) : .zero) { self.tick() }
    }

    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        return String(unsafeUninitializedCapacity: 64) { buffer in
            strftime(buffer.baseAddress, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
        }
    }
}

let times = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 5

do {
    let loop = try newEventLoop()
    let ticker = Ticker(loop: loop, times: times)
    loop.callSoon { ticker.tick() }
    try loop.runForever()
    try loop.close()
} catch {
    fputs("Timer: \(error)\n", stderr)
    exit(1)
}
