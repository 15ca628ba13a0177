public import EventLoops
public import Kernel
public import Testing

/// The base of protocols that record their upcalls, and let a task of the loop wait for one.
open class ProtocolRecorder: ConnectionProtocol {
    /// An upcall.
    public enum Event: Equatable, Sendable {
        case made
        /// Bytes were delivered; consecutive deliveries are one event.
        case data
        case eof
        case pause
        case resume
        case lost
        /// The connection has moved to another loop.
        case moved
    }

    /// The loop that calls this protocol.
    public let loop: any AbstractEventLoop
    /// The upcalls, oldest first.
    public private(set) var events: [Event] = []
    /// All bytes, unless ``keepsBytes`` is off.
    public private(set) var received: [UInt8] = []
    /// The number of bytes in each delivery.
    public private(set) var pieces: [Int] = []
    /// The number of bytes received.
    public private(set) var total = 0
    /// The transport of the last `connectionMade`.
    public private(set) var transport: (any StreamTransport)?
    /// The error of each `connectionLost`; finally, there must be exactly one entry.
    public private(set) var losses: [(any Error)?] = []
    /// Whether the last flow control upcall was `pauseWriting`.
    public private(set) var isPaused = false
    /// Whether the bytes are recorded.
    public var keepsBytes = true
    /// Whether the bytes are compared with ``Pattern``.
    public var checksPattern = false
    /// How many bytes were delivered before the first delivery with a wrong one.
    public private(set) var firstWrong: Int?
    /// The result of `eofReceived`.
    public var disposition = EOFDisposition.close
    /// Called inside each upcall, after it has been recorded.
    public var when: (Event) -> Void = { _ in }
    /// Called with the bytes of each delivery.
    public var look: (UnsafeRawBufferPointer) -> Void = { _ in }
    private var changed: Future<Void>?

    /// Makes a recorder for one loop.
    public init(_ loop: any AbstractEventLoop) {
        self.loop = loop
    }

    // MARK: Upcalls

    open func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        note(.made)
    }

    /// Records a delivery.
    public func take(_ bytes: UnsafeRawBufferPointer) {
        #expect(transport?.isReading == true, "bytes delivered by a transport that does not read")
        #expect(isConnected, "bytes delivered after the loss")
        #expect(!bytes.isEmpty)
        if checksPattern, firstWrong == nil, !Pattern.matches(bytes, at: total) { firstWrong = total }
        look(bytes)
        pieces.append(bytes.count)
        total += bytes.count
        if keepsBytes { received += bytes }
        note(.data)
    }

    open func eofReceived() -> EOFDisposition {
        #expect(isConnected, "an end reported after the loss")
        note(.eof)
        return disposition
    }

    open func pauseWriting() {
        isPaused = true
        note(.pause)
    }

    open func resumeWriting() {
        isPaused = false
        note(.resume)
    }

    open func connectionLost(_ error: (any Error)?) {
        losses.append(error)
        // Its captures may retain the transport, which is no longer needed.
        look = { _ in }
        note(.lost)
    }

    open func connectionMoved() {
        look = { _ in }
        transport = nil
        note(.moved)
    }

    /// Whether there is a connection that is not lost: a recorder may serve several, one after the other.
    private var isConnected: Bool {
        losses.isEmpty || losses.count < count(.made)
    }

    private func note(_ event: Event) {
        if event != .data || events.last != .data { events.append(event) }
        when(event)
        guard let changed, !changed.isDone else { return }
        self.changed = nil
        try? changed.setResult(())
    }

    // MARK: Queries

    /// The events without those of flow control.
    public var conversation: [Event] {
        events.reduce(into: []) { kept, event in
            guard event != .pause, event != .resume, event != .data || kept.last != .data else { return }
            kept.append(event)
        }
    }

    /// How often an event occurs in ``events``.
    public func count(_ event: Event) -> Int {
        events.count { $0 == event }
    }

    /// Whether the end of the stream was reported.
    public var hasEOF: Bool {
        events.contains(.eof)
    }

    /// Whether the connection was lost.
    public var isLost: Bool {
        events.contains(.lost)
    }

    /// The error of the loss.
    public var loss: (any Error)? {
        losses.first ?? nil
    }

    /// The error number of the loss.
    public var errno: Errno? {
        (loss as? EventLoopError)?.errno
    }

    // MARK: Waiting

    /// Suspends until an upcall after which the condition holds.
    ///
    /// The loop may sleep meanwhile: only the upcall wakes it.
    ///
    /// - Throws: ``Overdue`` after the limit, and records an issue.
    public func wait(
        atMost limit: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation,
        until holds: () -> Bool
    ) async throws {
        let deadline = loop.time.advanced(by: limit)
        while !holds() {
            let next = loop.createFuture(of: Void.self)
            changed = next
            let timer = loop.callAt(deadline) { if !next.isDone { try next.setException(Overdue()) } }
            defer { timer.cancel() }
            do { try await next.value } catch {
                Issue.record(error, "events so far: \(events)", sourceLocation: sourceLocation)
                throw error
            }
        }
    }

    /// Suspends until the connection is lost.
    public func waitUntilLost(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await wait(sourceLocation: sourceLocation) { isLost }
    }
}
