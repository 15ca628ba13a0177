import Proactor

/// "Hello World with call_soon()": a callback that prints and ends the run.
func helloWorld() throws {
    let loop = try newEventLoop()
    loop.callSoon {
        print("Hello World")
        loop.stop()
    }
    // Blocks until stop() is called.
    try loop.runForever()
    try loop.close()
}
