import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

/// The exceptions that the loops of a group report.
final class GroupExceptions: Sendable {
    private let texts = Locked<[String]>([])

    func attach(to loop: any AbstractEventLoop) {
        loop.setExceptionHandler { [texts] context in texts.update { $0.append("\(context)") } }
    }

    /// Returns and removes the exceptions so far.
    func take() -> [String] {
        texts.update { texts in
            defer { texts = [] }
            return texts
        }
    }
}

/// Makes a group, passes it to a task that runs on none of its loops, and shuts it down.
///
/// Expects that nothing is left on any loop, and no descriptor.
///
/// - Parameter kinds: The kind of each loop, although not in this order.
func withGroup(
    _ kinds: [LoopKind], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @Sendable (EventLoopGroup, GroupExceptions) async throws -> Void
) async throws {
    let before = OpenSockets.open()
    let exceptions = GroupExceptions()
    let group = try await onThread { try makeGroup(kinds, exceptions) }
    do {
        try await body(group, exceptions)
        for loop in group.loops where !loop.isClosed { try await expectNothingLeft(on: loop, sourceLocation) }
    } catch {
        try? await group.shutdown(deadline: .seconds(1))
        throw error
    }
    await #expect(throws: Never.self, sourceLocation: sourceLocation) { try await group.shutdown() }
    #expect(exceptions.take() == [], sourceLocation: sourceLocation)
    #expect(OpenSockets.left(since: before) == [], "descriptors left open", sourceLocation: sourceLocation)
}

private func makeGroup(_ kinds: [LoopKind], _ exceptions: GroupExceptions) throws -> EventLoopGroup {
    let number = SharedCount()
    return try EventLoopGroup(loops: .exactly(kinds.count), name: "group") {
        let loop = try kinds[number.increment() - 1].make()
        exceptions.attach(to: loop)
        return loop
    }
}

private func expectNothingLeft(on loop: any AbstractEventLoop, _ sourceLocation: SourceLocation) async throws {
    try await loop.runCoroutineThreadsafe {
        try await loop.eventually("nothing is left", sourceLocation: sourceLocation) {
            let left = try loop.leftovers
            return left.holdsNothing && left.transports.isEmpty && left.servers.isEmpty
        }
    }
}

/// Waits, in a task that no loop runs, until a condition holds.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () throws -> Bool
) async throws {
    let deadline = MonotonicClock.now() + 30_000_000_000
    while try !holds() {
        if MonotonicClock.now() > deadline {
            Issue.record(what, sourceLocation: sourceLocation)
            throw Overdue()
        }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// What the protocol objects of one connection record, on any thread.
final class SharedRecord: Sendable {
    struct Contents: Sendable {
        var events: [ProtocolRecorder.Event] = []
        var received: [UInt8] = []
        var loss: (any Error)?
        var transport: (any StreamTransport)?
    }

    private let contents = Locked(Contents())
    /// Called in `connectionMade`, on the loop's thread.
    let whenMade: @Sendable (any StreamTransport) -> Void

    init(whenMade: @escaping @Sendable (any StreamTransport) -> Void = { _ in }) {
        self.whenMade = whenMade
    }

    var events: [ProtocolRecorder.Event] { contents.value.events }
    var received: [UInt8] { contents.value.received }
    var transport: (any StreamTransport)? { contents.value.transport }
    var errno: Errno? { (contents.value.loss as? EventLoopError)?.errno }
    var lossCode: EventLoopError.Code? { (contents.value.loss as? EventLoopError)?.code }
    var isLost: Bool { events.last == .lost }

    func update(_ body: (inout Contents) -> Void) {
        contents.update(body)
    }

    func note(_ event: ProtocolRecorder.Event) {
        contents.update { if event != .data || $0.events.last != .data { $0.events.append(event) } }
    }

    func make() -> SharedRecorder {
        SharedRecorder(self)
    }
}

/// Records in an object that other threads may read.
final class SharedRecorder: StreamProtocol {
    private let record: SharedRecord

    init(_ record: SharedRecord) {
        self.record = record
    }

    func connectionMade(_ transport: any StreamTransport) {
        record.update { $0.transport = transport }
        record.note(.made)
        record.whenMade(transport)
    }

    func dataReceived(_ data: RawSpan) {
        let bytes = data.withUnsafeBytes { Array($0) }
        record.update { $0.received += bytes }
        record.note(.data)
    }

    func eofReceived() -> EOFDisposition {
        record.note(.eof)
        return .keepOpen
    }

    func pauseWriting() { record.note(.pause) }
    func resumeWriting() { record.note(.resume) }

    func connectionLost(_ error: (any Error)?) {
        record.update {
            $0.loss = error
            $0.transport = nil
        }
        record.note(.lost)
    }
}
