import EventLoops
import Glibc
import Kernel
import ProactorLoop
import Synchronization
import Testing

/// What became of code that runs in a task which is not the loop's own: the loop neither knows nor cancels it.
final class Outcome: Sendable, CustomStringConvertible {
    private let result = Mutex<Result<Void, any Error>?>(nil)

    /// Begins the code in an unstructured task that prefers the loop's thread.
    func note(_ body: @escaping @Sendable () async throws -> Void, on loop: () -> ProactorEventLoop) {
        Task(executorPreference: loop().taskExecutor) {
            do {
                try await body()
                self.result.withLock { $0 = .success(()) }
            } catch { self.result.withLock { $0 = .failure(error) } }
        }
    }

    /// The error, after a while; nil if there is none.
    func wait(sourceLocation: SourceLocation = #_sourceLocation) -> (any Error)? {
        let deadline = MonotonicClock.now() + 10_000_000_000
        while MonotonicClock.now() < deadline {
            if let result = result.withLock({ $0 }) {
                if case .failure(let error) = result { return error }
                return nil
            }
            usleep(1_000)
        }
        Issue.record("the task never ended", sourceLocation: sourceLocation)
        return nil
    }

    var description: String {
        result.withLock { $0.map { "\($0)" } ?? "not ended" }
    }
}

/// A plain listening socket of the loopback network.
final class Listening: Sendable {
    let socket: Socket
    let address: SocketAddress

    init(backlog: Int = 100) throws {
        socket = try Socket(family: .ipv4)
        try socket.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try socket.listen(backlog: backlog)
        address = try socket.localAddress
    }

    var port: Int {
        address.port ?? 0
    }

    /// Both ends of a connection.
    func pair() throws -> (Socket, Socket) {
        let client = try Socket(family: .ipv4)
        do { try client.connect(to: address) } catch let error where error == .nowInProgress {}
        return (try socket.accept().socket, client)
    }
}

/// Something that has happened on another thread.
final class Flag: Sendable {
    private let isRaised = Atomic(false)

    func raise() {
        isRaised.store(true, ordering: .releasing)
    }

    /// Waits for it, blocking the thread; records an issue if it does not come.
    func wait(sourceLocation: SourceLocation = #_sourceLocation) {
        let deadline = MonotonicClock.now() + 20_000_000_000
        while !isRaised.load(ordering: .acquiring) {
            if MonotonicClock.now() > deadline {
                Issue.record("it never happened", sourceLocation: sourceLocation)
                return
            }
            usleep(200)
        }
    }
}
