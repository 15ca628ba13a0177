import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

/// The upcall in which a test forks.
///
/// After each of these the loop continues with the connection, or with others.
enum ForkingUpcall: String, CaseIterable, Codable, CustomTestStringConvertible, Sendable {
    /// `lentData` is `dataReceived` before it has read its bytes, which the child must be able to read.
    case factory, connectionMade, lentData, dataReceived, resumeWriting, eofReceived, connectionLost
    case getBuffer, bufferUpdated
    case reader, timer

    var testDescription: String { rawValue }

    var isBuffered: Bool { self == .getBuffer || self == .bufferUpdated }
}

extension Conformance {
    /// A child that is forked in a callback and returns from it gets an error, and its parent is not affected.
    @Suite struct ForkingUpcalls {
        @Test(arguments: LoopKind.allCases, ForkingUpcall.allCases)
        func forkedChild_getsAnError_andDoesNotAffectItsParent(_ kind: LoopKind, _ upcall: ForkingUpcall) async {
            await #expect(processExitsWith: .success) { [kind, upcall] in
                let loop = try kind.make()
                nonisolated(unsafe) let fork = ForkOnce(upcall)
                nonisolated(unsafe) var outcome: Outcome?
                do {
                    outcome = try loop.runUntilComplete { try await converse(loop, fork) }
                    try loop.close()
                } catch let error as EventLoopError where fork.isChild {
                    _exit(fork.upcallsInTheChild > 0 ? 3 : error.code == .forkedChild ? 0 : 1)
                }
                if fork.isChild { _exit(2) }
                #expect(fork.status == 0, "the child's end: signal \(fork.status & 127), exit \(fork.status >> 8)")
                #expect(outcome == expectedOutcome)
            }
        }
    }
}

/// What the parent and its peers saw.
private struct Outcome: Equatable {
    var sentToTheLoop: [UInt8]
    var sentByTheLoop: Int
    var endOfIt: [UInt8]
    var answerToAnother: [UInt8]
}

private let bulk = 4 << 20

/// A greeting, the echo of two messages, bytes that fill the connection, and bytes that are written after it has become
/// writable again.
private let expectedOutcome = Outcome(
    sentToTheLoop: [1, 2, 3, 4], sentByTheLoop: 1 + 4 + bulk + 1, endOfIt: [3, 4, 0, 9], answerToAnother: [100, 7])

/// Forks at the first call for its upcall, and waits until the child has ended, so that it has done any harm to its
/// parent that it can do.
private final class ForkOnce {
    let upcall: ForkingUpcall
    private(set) var status: Int32 = -1
    private var child: Int32 = -1
    private(set) var upcallsInTheChild = 0

    init(_ upcall: ForkingUpcall) {
        self.upcall = upcall
    }

    var isChild: Bool { child == 0 }

    func at(_ place: ForkingUpcall) {
        if isChild { upcallsInTheChild += 1 }
        guard place == upcall, child < 0 else { return }
        child = forkProcess()
        // Ends a child that waits for something that only its parent receives, so that the test fails.
        if child == 0 { alarm(20) } else { waitpid(child, &status, 0) }
    }
}

/// Echoes, and forks in one of its upcalls.
private final class ForkingEcho: StreamProtocol {
    private let fork: ForkOnce
    private(set) var received: [UInt8] = []
    private(set) var isLost = false
    private(set) var hasResumed = false
    private(set) var transport: (any StreamTransport)?

    init(_ fork: ForkOnce) {
        self.fork = fork
    }

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        transport.write([100])
        fork.at(.connectionMade)
    }

    func dataReceived(_ data: RawSpan) {
        fork.at(.lentData)
        data.withUnsafeBytes { received += $0 }
        transport?.write(data)
        // The same upcall: the child must not count it a second time.
        if fork.upcall != .lentData { fork.at(.dataReceived) }
    }

    func resumeWriting() {
        guard !hasResumed else { return }
        hasResumed = true
        transport?.write([9])
        fork.at(.resumeWriting)
    }

    func eofReceived() -> EOFDisposition {
        fork.at(.eofReceived)
        return .close
    }

    func connectionLost(_ error: (any Error)?) {
        isLost = true
        fork.at(.connectionLost)
    }
}

/// As above, with memory of its own.
private final class ForkingBufferedEcho: BufferedProtocol {
    private let fork: ForkOnce
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
    private(set) var received: [UInt8] = []
    private(set) var isLost = false
    private(set) var hasResumed = false
    private(set) var transport: (any StreamTransport)?

    init(_ fork: ForkOnce) {
        self.fork = fork
    }

    deinit {
        memory.deallocate()
    }

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        transport.write([100])
    }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
        fork.at(.getBuffer)
        return memory
    }

    func bufferUpdated(_ count: Int) {
        received += memory[..<count]
        transport?.write(Array(memory[..<count]))
        fork.at(.bufferUpdated)
    }

    func resumeWriting() {
        guard !hasResumed else { return }
        hasResumed = true
        transport?.write([9])
    }

    func connectionLost(_ error: (any Error)?) {
        isLost = true
    }
}

/// What both kinds of protocol have seen.
private protocol Echo: AnyObject {
    var received: [UInt8] { get }
    var isLost: Bool { get }
    var hasResumed: Bool { get }
    var transport: (any StreamTransport)? { get }
}

extension ForkingEcho: Echo {}
extension ForkingBufferedEcho: Echo {}

/// A server with two connections, one of which goes through every upcall.
private func converse(_ loop: any AbstractEventLoop, _ fork: ForkOnce) async throws -> Outcome {
    var made: [any Echo] = []
    let server: Server
    // The backlog holds both connections before the first is accepted.
    if fork.upcall.isBuffered {
        server = try await loop.createServer(host: "127.0.0.1", port: 0, startServing: false) {
            let echo = ForkingBufferedEcho(fork)
            made.append(echo)
            return echo
        }
    } else {
        server = try await loop.createServer(host: "127.0.0.1", port: 0, startServing: false) {
            let echo = ForkingEcho(fork)
            made.append(echo)
            fork.at(.factory)
            return echo
        }
    }
    try server.startServing()
    let peer = try RawPeer.connect(server.port)
    let other = try RawPeer.connect(server.port)
    try await loop.eventually("two connections") { made.count == 2 && made.allSatisfy { $0.transport != nil } }
    try forkElsewhere(loop, fork)
    try other.send([7])
    try peer.send([1, 2])
    try await loop.eventually("the first message") { made[0].received.count == 2 }
    try peer.send([3, 4])
    try await loop.eventually("the second message") { made[0].received.count == 4 }
    made[0].transport?.write([UInt8](repeating: 0, count: bulk))
    let sent = Task { [count = 1 + 4 + bulk + 1] in try await onThread { try peer.receive(count) } }
    try await loop.eventually("space again") { made[0].hasResumed }
    let bytes = try await sent.value
    try await loop.eventually("the other's message") { made[1].received == [7] }
    try peer.finishSending()
    let end = try await onThread { try peer.receiveAll() }
    try await loop.eventually("the end") { made[0].isLost }
    let answer = try await onThread { try other.receive(2) }
    peer.close()
    other.close()
    server.close()
    server.abortClients()
    try await server.waitClosed()
    return Outcome(
        sentToTheLoop: made[0].received, sentByTheLoop: bytes.count + end.count,
        endOfIt: [bytes[3], bytes[4], bytes[5], bytes[bytes.count - 1]], answerToAnother: answer)
}

/// Forks in a callback that does not belong to a protocol.
private func forkElsewhere(_ loop: any AbstractEventLoop, _ fork: ForkOnce) throws {
    let pipe = try Pipe()
    pipe.write(1)
    try loop.addReader(pipe.readEnd) {
        // Reads after the fork: otherwise the child would take the byte.
        fork.at(.reader)
        if !fork.isChild { #expect(pipe.read(1) == 1) }
        try loop.removeReader(pipe.readEnd)
    }
    loop.callLater(.zero) { fork.at(.timer) }
}
