import EventLoops
import Kernel
import Proactor
import Testing

/// A protocol that keeps what it is told, and lets a task of the loop wait for it.
class ProtocolRecorder: ConnectionProtocol {
    enum Event: Equatable {
        case made
        /// Bytes came; those of several calls in a row are one event.
        case data
        case eof
        case pause
        case resume
        case lost
    }

    let loop: any AbstractEventLoop
    private(set) var events: [Event] = []
    /// All bytes, unless ``keepsBytes`` is off.
    private(set) var received: [UInt8] = []
    /// How many bytes each call brought.
    private(set) var pieces: [Int] = []
    private(set) var total = 0
    private(set) var transport: (any StreamTransport)?
    private(set) var loss: (any Error)?
    var keepsBytes = true
    /// Whether the bytes are compared with the pattern.
    var checksPattern = false
    /// How many bytes had come before a call that brought a wrong one.
    private(set) var firstWrong: Int?
    /// What `eofReceived` answers.
    var disposition = EOFDisposition.close
    /// Called inside of the upcalls, after they were noted.
    var when: (Event) -> Void = { _ in }
    /// Lent the bytes of each call.
    var look: (UnsafeRawBufferPointer) -> Void = { _ in }
    private var changed: Future<Void>?

    init(_ loop: any AbstractEventLoop) {
        self.loop = loop
    }

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        note(.made)
    }

    func take(_ bytes: UnsafeRawBufferPointer) {
        #expect(transport?.isReading == true, "bytes for a transport that does not read")
        #expect(!bytes.isEmpty)
        if checksPattern, firstWrong == nil, !Pattern.matches(bytes, at: total) { firstWrong = total }
        look(bytes)
        pieces.append(bytes.count)
        total += bytes.count
        if keepsBytes { received += bytes }
        note(.data)
    }

    func eofReceived() -> EOFDisposition {
        note(.eof)
        return disposition
    }

    func pauseWriting() {
        note(.pause)
    }

    func resumeWriting() {
        note(.resume)
    }

    func connectionLost(_ error: (any Error)?) {
        loss = error
        note(.lost)
    }

    private func note(_ event: Event) {
        if event != .data || events.last != .data { events.append(event) }
        when(event)
        guard let changed, !changed.isDone else { return }
        self.changed = nil
        try? changed.setResult(())
    }

    // MARK: Asking

    /// The events without those of flow control.
    var conversation: [Event] {
        events.reduce(into: []) { told, event in
            guard event != .pause, event != .resume, event != .data || told.last != .data else { return }
            told.append(event)
        }
    }

    func count(_ event: Event) -> Int {
        events.count { $0 == event }
    }

    var isLost: Bool {
        events.contains(.lost)
    }

    /// Waits for an upcall after which the condition holds.
    ///
    /// The loop may sleep meanwhile: nothing but the upcall wakes it.
    func wait(
        atMost limit: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation,
        until holds: () -> Bool
    ) async throws {
        let overdue = loop.time.advanced(by: limit)
        while !holds() {
            let next = loop.createFuture(of: Void.self)
            changed = next
            let timer = loop.callAt(overdue) { if !next.isDone { try next.setException(Overdue(events: self.events)) } }
            defer { timer.cancel() }
            do { try await next.value } catch {
                Issue.record(error, sourceLocation: sourceLocation)
                throw error
            }
        }
    }

    func waitUntilLost(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await wait(sourceLocation: sourceLocation) { isLost }
    }
}

/// Nothing came for half a minute.
struct Overdue: Error {
    var events: [ProtocolRecorder.Event] = []
}

/// To which bytes are lent.
final class StreamRecorder: ProtocolRecorder, StreamProtocol {
    func dataReceived(_ data: RawSpan) {
        data.withUnsafeBytes { take($0) }
    }
}

/// Which sends back what comes, from where it lies.
final class EchoRecorder: ProtocolRecorder, StreamProtocol {
    func dataReceived(_ data: RawSpan) {
        transport?.write(data)
        data.withUnsafeBytes { take($0) }
    }
}

/// Which supplies its own memory.
final class BufferedRecorder: ProtocolRecorder, BufferedProtocol {
    private let memory: UnsafeMutableRawBufferPointer
    /// How much of the memory to give next; zero breaks the contract.
    var size: Int
    private(set) var hints: [Int] = []
    private var given = 0

    init(_ loop: any AbstractEventLoop, size: Int) {
        memory = .allocate(byteCount: max(size, 1), alignment: 16)
        self.size = size
        super.init(loop)
    }

    deinit {
        memory.deallocate()
    }

    /// Makes recorders with so much memory each.
    static func sized(_ size: Int) -> @Sendable (any AbstractEventLoop) -> BufferedRecorder {
        { BufferedRecorder($0, size: size) }
    }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
        hints.append(sizeHint)
        given = size
        // What the last receive left must not be taken for new.
        memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
    }

    func bufferUpdated(_ count: Int) {
        guard count <= given else {
            Issue.record("\(count) bytes were told of, but memory for \(given) was given out")
            return
        }
        take(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}
