internal import Kernel

extension Server: TransportTracker, LoopServer {
    package func attach(_ transport: any BaseTransport) {
        members[ObjectIdentifier(transport)] = transport
    }

    package func detach(_ transport: any BaseTransport) {
        guard members.removeValue(forKey: ObjectIdentifier(transport)) != nil else { return }
        totals.lost += 1
        serveHeld()
        updateAccepting()
        endIfDone()
    }

    package func loopClosed() {
        stopListening()
        members = [:]
        finishClosing()
    }
}

extension Server: AcceptTarget {
    /// Serves a connection, or holds it while the server is at its limit.
    ///
    /// - Parameter descriptor: The connected socket, which this server owns from now on.
    package func accepted(_ descriptor: Int32) {
        guard state == .serving || state == .draining else { return core.close(descriptor) }
        if let router, router.passesOn(descriptor) { return }
        if demand != nil || !held.admitsOne(beside: members.count) {
            held.append(descriptor)
            demand?.changed.resumeAll()
        } else {
            serve(descriptor)
        }
        updateAccepting()
    }

    /// Stops accepting at the limit, and accepts again below it.
    private func updateAccepting() {
        guard state == .serving else { return }
        let hasSpace = held.hasSpace(beside: members.count)
        for listener in listeners { if hasSpace { listener.release() } else { listener.hold() } }
    }

    /// Serves held connections after another has ended.
    private func serveHeld() {
        guard held.count > 0, !core.queue.isInForkedChild else { return }
        if let demand { return demand.changed.resumeAll() }
        while held.admitsOne(beside: members.count), let descriptor = held.popFirst() { serve(descriptor) }
    }

    private func serve(_ descriptor: Int32) {
        guard let makeProtocol else { return core.close(descriptor) }
        let `protocol` = core.upcall(ActivityName(kind: .factory)) { makeProtocol() }
        if core.queue.isInForkedChild { return }
        // The factory may have closed the server.
        guard state != .closed else { return core.close(descriptor) }
        begin(descriptor, `protocol`)
    }

    /// Takes the oldest held connection for the consumer of the sequence; nil if there is none, at the limit, or if the
    /// connection could not be set up.
    func takeHeld(_ makeProtocol: () -> any BaseProtocol) -> (any StreamTransport)? {
        guard held.admitsOne(beside: members.count), let descriptor = held.popFirst() else { return nil }
        defer { updateAccepting() }
        return begin(descriptor, makeProtocol())
    }

    @discardableResult
    private func begin(_ descriptor: Int32, _ protocol: any BaseProtocol) -> (any StreamTransport)? {
        do {
            let transport = try SocketTransport(
                core: core, descriptor: descriptor, protocol: `protocol`, tracker: self,
                passesDescriptors: passesDescriptors)
            core.note(.debug, "\(self) got a new connection: \(transport)")
            try transport.begin()
            if isDraining { notifyOfDrain(transport) }
            return transport
        } catch {
            core.close(descriptor)
            var context = ExceptionContext(
                message: "Error on transport creation for incoming connection", error: error)
            context.protocol = `protocol`
            core.exceptions.report(context)
            return nil
        }
    }

    /// Notifies the protocol object of a connection that the server drains.
    func notifyOfDrain(_ transport: any BaseTransport) {
        guard !core.queue.isInForkedChild, !transport.isClosing else { return }
        guard let connection = transport.protocol as? any ConnectionProtocol else { return }
        core.upcall(ActivityName("serverIsDraining", of: connection)) { connection.serverIsDraining() }
    }
}
