// Shows callbacks at their times, the smallest use of a loop: the date once a second, as often as told.
//
//     Timer 5
@preconcurrency import Glibc
import Proactor

/// Prints the date, and has itself called again until it has done so often enough.
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
        // After the last line there is nothing to wait for.
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
