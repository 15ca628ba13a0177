package import Kernel

/// Connects a socket to the first of several addresses that accepts it.
package struct Connector: Sendable {
    private let core: LoopCore
    /// The addresses to which this end may be bound; nil to let the kernel choose.
    package var localAddresses: [SocketAddress]?

    package init(core: LoopCore) {
        self.core = core
    }

    /// Tries the addresses one after the other.
    ///
    /// asyncio: `create_connection` without `happy_eyeballs_delay`.
    package func connectInOrder(_ addresses: [SocketAddress]) async throws -> Outcome {
        var errors: [any Error] = []
        for address in addresses {
            do { return .connected(try await connect(to: address), address) } catch {
                if error is CancellationError { throw error }
                errors.append(error)
            }
        }
        return .failed(errors)
    }

    /// Tries the next address after a delay, or at once if the previous one failed; the first connection to succeed
    /// wins.
    ///
    /// Source: RFC 8305. asyncio: `staggered_race`.
    package func connectStaggered(_ addresses: [SocketAddress], delay: Duration) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Event.self) { group in
            var errors: [(Int, any Error)] = []
            var begun = 0
            func beginNext() {
                guard begun < addresses.count else { return }
                let number = begun
                begun += 1
                // The attempt runs on the loop, whatever executor the calling task prefers.
                group.addTask(executorPreference: core.taskExecutor) { await attempt(number, addresses[number]) }
                if begun < addresses.count {
                    group.addTask(executorPreference: core.taskExecutor) { await pause(number, delay) }
                }
            }
            beginNext()
            while let event = try await group.next() {
                switch event {
                case .connected(let descriptor, let address):
                    group.cancelAll()
                    await closeLosers(&group)
                    return .connected(descriptor, address)
                case .failed(let number, let error):
                    errors.append((number, error))
                    if errors.count == addresses.count { group.cancelAll() } else if number == begun - 1 { beginNext() }
                case .pauseOver(let number):
                    if number == begun - 1 { beginNext() }
                }
            }
            if Task.isCancelled { throw CancellationError() }
            return .failed(errors.sorted { $0.0 < $1.0 }.map(\.1))
        }
    }

    package enum Outcome: Sendable {
        /// The socket, and the address that it is connected to.
        case connected(Int32, SocketAddress)
        /// One error per address, in order.
        case failed([any Error])
    }

    private enum Event: Sendable {
        case connected(Int32, SocketAddress)
        case failed(Int, any Error)
        case pauseOver(Int)
    }

    private func attempt(_ number: Int, _ address: SocketAddress) async -> Event {
        do { return .connected(try await connect(to: address), address) } catch { return .failed(number, error) }
    }

    private func pause(_ number: Int, _ delay: Duration) async -> Event {
        let over = WaitList(queue: core.queue)
        let timer = core.callAt(core.now.advanced(by: delay)) { over.resumeAll() }
        // The task may have continued on another thread.
        if await over.wait() != .happened { core.queue.performOnLoop { timer.cancel() } }
        return .pauseOver(number)
    }

    private func closeLosers(_ group: inout ThrowingTaskGroup<Event, any Error>) async {
        while let event = try? await group.next() {
            if case .connected(let descriptor, _) = event { core.close(descriptor) }
        }
    }

    private func connect(to address: SocketAddress) async throws -> Int32 {
        try Task.checkCancellation()
        try core.checkTask("connect")
        let descriptor: Int32
        do { descriptor = try core.sockets.open(address.family, type: Socket.stream) } catch {
            throw EventLoopError(system: error, "socket", address: address)
        }
        do {
            try bindLocally(descriptor, address.family)
            // If the user closed a watched descriptor without removing its watch, this socket may have the same number.
            core.descriptors.endWatch(descriptor)
            try await core.connect(descriptor, to: address)
            if address.family != .unix { core.sockets.setNoDelay(descriptor) }
            return descriptor
        } catch {
            core.close(descriptor)
            guard let errno = error as? Errno else { throw error }
            throw EventLoopError(system: errno, "connect", address: address)
        }
    }

    private func bindLocally(_ descriptor: Int32, _ family: AddressFamily) throws(EventLoopError) {
        guard let localAddresses else { return }
        var last: EventLoopError?
        for local in localAddresses where local.family == family {
            do { return try core.sockets.bind(descriptor, to: local) } catch {
                last = EventLoopError(system: error, "bind", address: local)
            }
        }
        throw last
            ?? .invalidArgument("createConnection", "localAddress has no address of the remote address's family")
    }
}
