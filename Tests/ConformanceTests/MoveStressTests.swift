import EventLoops
import Glibc
import Kernel
import Proactor
import Synchronization
import TestSupport
import Testing

extension Conformance {
    /// Connections move at random between loops of all kinds while both ends send.
    @Suite struct MoveStress {
        /// How many moves; `PROACTOR_MOVES` sets a larger number for a long run.
        private static var moves: Int {
            getenv("PROACTOR_MOVES").flatMap { Int(String(cString: $0)) } ?? TestSize.scaled(600)
        }

        @Test func randomMoves_loseNoByte() async throws {
            let seed = UInt64.random(in: 0 ..< .max)
            let kinds = LoopKind.allCases
            try await withGroup(kinds + [kinds[0]]) { group, _ in
                let goal = Self.moves
                let journeys = (0..<6).map { Journey(group, seed &+ $0, goal: goal / 6 + 1) }
                try await runLoop(kinds[0]) { loop, _ in
                    var ends: [HomeEnd] = []
                    for (number, journey) in journeys.enumerated() {
                        let (one, other) = try await onThread { try Listening().pair() }
                        let start = group.loops[number % group.loops.count]
                        _ = try await start.runCoroutineThreadsafe {
                            try await start.createConnection(socket: other) { Traveller(journey) }.0
                        }
                        ends.append(try await loop.createConnection(socket: one) { HomeEnd(journey, loop) }.1)
                    }
                    for end in ends { end.begin() }
                    try await loop.eventually("all journeys end: seed \(seed)", within: .seconds(600)) {
                        ends.allSatisfy(\.isLost)
                    }
                    for (end, journey) in zip(ends, journeys) {
                        #expect(journey.wrong.value == 0, "wrong bytes at a traveller: seed \(seed)")
                        #expect(end.isRight && end.received == end.sent, "seed \(seed)")
                        #expect(journey.arrivals.value >= journey.goal)
                    }
                }
                try await eventually("all travellers are released") { journeys.allSatisfy { $0.alive.value == 0 } }
            }
        }
    }
}

/// What the travelling ends of one connection have in common, one after the other.
private final class Journey: Sendable {
    let goal: Int
    let arrivals = SharedCount()
    let wrong = SharedCount()
    let alive = SharedCount()
    /// Bytes that arrived, at whichever end.
    let received = SharedCount()
    private let group: EventLoopGroup
    private let random: Locked<SeededRandom>

    init(_ group: EventLoopGroup, _ seed: UInt64, goal: Int) {
        self.group = group
        self.goal = goal
        random = Locked(SeededRandom(seed))
    }

    var isOver: Bool {
        arrivals.value > goal
    }

    /// A number from 0 up to the limit.
    func number(below limit: Int) -> Int {
        random.update { Int.random(in: 0..<limit, using: &$0) }
    }

    var nextLoop: any AbstractEventLoop {
        group.loops[number(below: group.loops.count)]
    }
}

/// Sends back what it receives, and moves on.
private final class Traveller: StreamProtocol {
    private let journey: Journey
    private var transport: (any StreamTransport)?
    private var isMoving = false

    init(_ journey: Journey) {
        self.journey = journey
        journey.alive.increment()
    }

    deinit {
        journey.alive.add(-1)
    }

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        journey.arrivals.increment()
        if journey.number(below: 4) == 0 { move() }
    }

    func dataReceived(_ data: RawSpan) {
        let start = journey.received.value
        if !data.withUnsafeBytes({ Pattern.matches($0, at: start) }) { journey.wrong.increment() }
        journey.received.add(data.byteCount)
        transport?.write(data)
        if journey.number(below: 3) == 0 { move() }
    }

    private func move() {
        guard let transport, let loop = try? getRunningLoop(), !isMoving, !journey.isOver else { return }
        isMoving = true
        if journey.number(below: 3) == 0 {
            transport.pauseReading()
            // The pause moves, too, so the next end has to resume.
        }
        let (journey, target) = (journey, journey.nextLoop)
        loop.createTask {
            let next = try await transport.move(to: target) { Traveller(journey) }
            try target.callSoonThreadsafe { next.resumeReading() }
        }
    }

    func connectionMoved() { transport = nil }
    func connectionLost(_ error: (any Error)?) { transport = nil }
}

/// Sends the pattern, and expects it back.
private final class HomeEnd: StreamProtocol {
    private let journey: Journey
    private let loop: any AbstractEventLoop
    private var transport: (any StreamTransport)?
    private(set) var sent = 0
    private(set) var received = 0
    private(set) var isRight = true
    private(set) var isLost = false

    init(_ journey: Journey, _ loop: any AbstractEventLoop) {
        self.journey = journey
        self.loop = loop
    }

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
    }

    func begin() {
        send()
    }

    /// Up to 1 MiB is in flight, so that bytes wait in both directions.
    private func send() {
        while let transport, !journey.isOver, sent - received < 1 << 20 {
            let count = 1 + journey.number(below: journey.number(below: 8) == 0 ? 300_000 : 2000)
            transport.write(Pattern.bytes(count, at: sent))
            sent += count
        }
    }

    func dataReceived(_ data: RawSpan) {
        if !data.withUnsafeBytes({ Pattern.matches($0, at: received) }) { isRight = false }
        received += data.byteCount
        if journey.isOver, received == sent { transport?.close() }
        if journey.number(below: 50) == 0 { rest() }
        send()
    }

    /// Stops reading for a while, so that the other end's bytes wait to be sent.
    private func rest() {
        transport?.pauseReading()
        loop.callLater(.microseconds(500)) { [weak self] in self?.transport?.resumeReading() }
    }

    func connectionLost(_ error: (any Error)?) {
        transport = nil
        isLost = true
    }
}
