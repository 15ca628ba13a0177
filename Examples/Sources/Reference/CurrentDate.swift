import Glibc
import Proactor

/// "Display the current date with call_later()": a callback that schedules itself again, for five seconds.
func displayDate() throws {
    let loop = try newEventLoop()
    let end = loop.time.advanced(by: .seconds(5))

    func display() {
        print(date())
        if loop.time.advanced(by: .seconds(1)) < end {
            loop.callLater(.seconds(1)) { display() }
        } else {
            loop.stop()
        }
    }

    loop.callSoon { display() }
    try loop.runForever()
    try loop.close()
}

private func date() -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    return String(unsafeUninitializedCapacity: 64) { buffer in
        strftime(buffer.baseAddress, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
    }
}
