import Glibc
import Kernel
import TestSupport
import Testing
import Uring

/// One completion, with the number of its target.
struct Completion: Equatable {
    var tag: UInt64
    var result: Int32
    var flags: UInt32

    var hasMore: Bool { CompletionFlags(rawValue: flags).hasMore }
    var buffer: UInt16 { CompletionFlags(rawValue: flags).buffer }
}

/// A ring of the calling thread that records its completions.
///
/// Test bodies are synchronous, so they stay on one thread.
final class RingHarness {
    let ring: Ring
    private(set) var completions: [Completion] = []

    init(
        _ configuration: RingConfiguration = RingConfiguration(entries: 32, completionEntries: 128),
        isEnabled: Bool = true
    ) throws {
        ring = try Ring(configuration)
        if isEnabled { try ring.enable() }
    }

    /// Dispatches into `completions` without waiting.
    func reap() {
        ring.dispatch()
    }

    /// A target that adds its completions to `completions`, with a number that identifies it.
    func target(_ number: UInt64) -> CompletionTarget {
        NumberedTarget(number) { [unowned self] in
            completions.append($0)
            whenCompleted?($0)
        }
    }

    /// Called during dispatch, with each completion.
    var whenCompleted: ((Completion) -> Void)?

    /// Queues a no-op.
    func nop(_ number: UInt64) {
        _ = ring.nop(for: target(number))
    }

    /// The tag of the live operation whose target has this number.
    private func tag(of number: UInt64) -> UInt64? {
        var found: UInt64?
        ring.operations.forEachLive { target, tag, _, _ in
            if (target as? NumberedTarget)?.number == number { found = tag }
        }
        return found
    }

    /// Enters and dispatches until `count` completions have been recorded, and returns them.
    ///
    /// Fails after two seconds.
    @discardableResult
    func wait(for count: Int) throws -> [Completion] {
        let deadline = MonotonicClock.now() + 2_000_000_000
        while completions.count < count, MonotonicClock.now() < deadline {
            try ring.enter(.until(deadline))
            reap()
        }
        try #require(completions.count >= count, "only \(completions.count) of \(count) completions arrived")
        return completions
    }

    /// Removes and returns the oldest completion of one operation.
    func next(_ tag: UInt64) throws -> Completion {
        while true {
            if let index = completions.firstIndex(where: { $0.tag == tag }) { return completions.remove(at: index) }
            try wait(for: completions.count + 1)
        }
    }

    /// Cancels an operation and returns its last completion.
    @discardableResult
    func cancel(_ number: UInt64) throws -> Completion {
        if let tag = tag(of: number) { ring.cancel(tag) }
        while true {
            let completion = try next(number)
            if !completion.hasMore { return completion }
        }
    }
}

/// A target that a test identifies by a number.
final class NumberedTarget: CompletionTarget {
    let number: UInt64
    private let note: (Completion) -> Void

    init(_ number: UInt64, _ note: @escaping (Completion) -> Void) {
        self.number = number
        self.note = note
    }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        note(Completion(tag: number, result: result, flags: flags.rawValue))
    }
}

/// Two connected stream sockets, closed on deinit.
final class SocketPair {
    private(set) var left: Int32 = -1
    private(set) var right: Int32 = -1

    init(nonBlocking: Bool = false) throws {
        var pair: [Int32] = [-1, -1]
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | (nonBlocking ? SOCK_NONBLOCK.rawValue : 0)
        try #require(socketpair(AF_UNIX, Int32(type), 0, &pair) == 0)
        (left, right) = (pair[0], pair[1])
    }

    deinit {
        close(left)
        closeRight()
    }

    func closeRight() {
        if right >= 0 { close(right) }
        right = -1
    }

    /// Writes to the right socket, for the left one to receive.
    func write(_ bytes: [UInt8]) {
        #expect(Glibc.write(right, bytes, bytes.count) == bytes.count)
    }

    /// Reads what is available at the right socket.
    func read(atMost limit: Int = 65536) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(right, &bytes, limit, Int32(MSG_DONTWAIT))
        return Array(bytes.prefix(max(count, 0)))
    }
}

/// A listening TCP socket on the loopback network.
final class Listener {
    let descriptor: Int32
    private(set) var address = sockaddr_in()

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutableBytes(of: &address) { [descriptor] bytes in
            let generic = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
            return bind(descriptor, generic, length) == 0 && listen(descriptor, 64) == 0
                && getsockname(descriptor, generic, &length) == 0
        }
        try #require(isBound)
    }

    deinit { close(descriptor) }

    /// Connects a new blocking socket, which the caller closes.
    func connect() throws -> Int32 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isConnected = withUnsafeBytes(of: &address) { bytes in
            let generic = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
            return Glibc.connect(client, generic, socklen_t(bytes.count)) == 0
        }
        try #require(isConnected)
        return client
    }
}
