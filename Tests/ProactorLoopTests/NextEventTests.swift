#if DEBUG
    import EventLoops
    import Kernel
    import TestSupport
    import Testing

    @testable import ProactorLoop

    extension RingLoop {
        /// A channel whose owner wants bytes always waits for some event; debug builds check it after every step.
        @Suite struct NextEventTests {
            @Test func channelThatWaitsForNothing_isFound() async {
                await #expect(processExitsWith: .failure) {
                    let loop = try ProactorEventLoop()
                    let (one, _) = try Socket.pair()
                    let channel = ProactorStreamChannel(one.fileDescriptor, port: loop.driver.port)
                    channel.receiving.mode = .lending
                    channel.turnCame(.send)
                }
            }

            @Test func channelThatReceives_passesTheCheck() throws {
                let loop = try ProactorEventLoop()
                let (one, other) = try Socket.pair()
                defer { other.close() }
                try loop.runUntilComplete {
                    let channel = ProactorStreamChannel(one.fileDescriptor, port: loop.driver.port)
                    channel.startReading(.lending)
                    channel.turnCame(.send)
                    #expect(channel.hasNextEvent)
                    channel.close()
                    try await loop.turns(3)
                }
                try loop.close()
            }
        }
    }
#endif
