internal import Glibc
internal import Kernel

extension LoopCore {
    var currentResolver: any Resolver {
        resolver ?? SystemResolver(executor: defaultExecutor)
    }

    // MARK: Addresses

    /// The addresses on which to listen for `host`; numeric ones need no lookup.
    func listeningAddresses(host: String?, port: Int, family: AddressFamily) async throws -> [SocketAddress] {
        guard let host, !host.isEmpty else {
            try Self.checkPort(port, "createServer")
            switch family {
            case .ipv4: return [try .anyIPv4(port: port)]
            case .ipv6: return [try .anyIPv6(port: port)]
            default: return [try .anyIPv4(port: port), try .anyIPv6(port: port)]
            }
        }
        return try await addresses(host: host, port: port, family: family, flags: AI_PASSIVE, "createServer")
    }

    /// The stream addresses of a host, in the resolver's order; numeric ones need no lookup.
    func addresses(
        host: String, port: Int, family: AddressFamily, proto: Int32 = 0, flags: Int32 = 0, _ operation: String
    ) async throws -> [SocketAddress] {
        try Self.checkPort(port, operation)
        if let literal = try? SocketAddress(ipAddress: host, port: port) {
            guard family == .unspecified || family == literal.family else {
                throw EventLoopError.invalidArgument(
                    operation, "\(host) is not an address of the requested family")
            }
            return [literal]
        }
        return try await addressInfos(
            host: host, port: port, family: family, type: Socket.stream, proto: proto, flags: flags, operation
        ).map(\.address)
    }

    // MARK: Lookups

    /// Calls the resolver for addresses and checks its answer.
    func addressInfos(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32, _ operation: String
    ) async throws -> [AddressInfo] {
        try Self.checkPort(port, operation)
        let subject = "\(host ?? "*"):\(port)"
        let resolver = currentResolver
        let answers = try await ask(operation, subject, isName: true) {
            // The C library treats an empty name as no name, and truncates a name at a NUL.
            if let host, host.isEmpty || host.utf8.contains(0) {
                throw LookupError(code: EAI_NONAME, host: host, service: String(port))
            }
            return try await resolver.addresses(
                host: host, port: port, family: family, type: type, proto: proto, flags: flags)
        }
        let usable = answers.filter { $0.is(of: family, type) }
        guard usable.isEmpty else { return usable }
        let detail = answers.isEmpty ? "no address" : "only addresses of other families or kinds than requested"
        throw EventLoopError(
            .lookupFailed, operation, address: subject, detail: "The resolver returned \(detail)")
    }

    /// Calls the resolver for names.
    func names(
        of address: SocketAddress, flags: Int32, _ operation: String
    ) async throws -> (host: String, service: String) {
        let resolver = currentResolver
        return try await ask(operation, address.description, isName: false) {
            try await resolver.names(of: address, flags: flags)
        }
    }

    /// Runs a lookup and converts failures of the lookup itself to `.lookupFailed`.
    ///
    /// Rethrows `CancellationError`, and the errors of a closed loop or of an executor that was shut down.
    private func ask<Answer>(
        _ operation: String, _ subject: String, isName: Bool, _ question: () async throws -> Answer
    ) async throws -> Answer {
        let began = isDebug ? now : nil
        defer { if let began { reportSlowLookup(subject, since: began) } }
        do { return try await question() } catch {
            if error is CancellationError || Self.saysThatNobodyWasAsked(error) { throw error }
            let remedy = (error as? LookupError)?.remedy(wasName: isName)
            throw EventLoopError(.lookupFailed, operation, address: subject, detail: remedy ?? "", attempts: [error])
        }
    }

    private static func saysThatNobodyWasAsked(_ error: any Error) -> Bool {
        guard let code = (error as? EventLoopError)?.code else { return false }
        return code == .executorShutDown || code == .closed
    }

    private static func checkPort(_ port: Int, _ operation: String) throws(EventLoopError) {
        guard (0...65535).contains(port) else {
            throw .invalidArgument(operation, "port must be 0...65535, not \(port)")
        }
    }

    /// Logs a slow lookup in debug mode.
    ///
    /// asyncio: `_getaddrinfo_debug`.
    private func reportSlowLookup(_ subject: String, since began: LoopInstant) {
        let took = began.duration(to: now)
        guard took >= observation.slowness else { return }
        Log.write(.info, "Looking up \(subject) took \(took.secondsText)")
    }
}

extension AddressInfo {
    /// Whether the result has the requested family and type.
    fileprivate func `is`(of family: AddressFamily, _ type: Int32) -> Bool {
        let isOfFamily = family == .unspecified ? self.family == .ipv4 || self.family == .ipv6 : self.family == family
        return isOfFamily && (type == 0 || socketType == 0 || socketType == type)
    }
}
