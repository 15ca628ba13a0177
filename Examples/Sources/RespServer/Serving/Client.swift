/// The connection of a client.
protocol ClientOutput: AnyObject {
    /// Sends bytes that are no reply to a command that runs.
    func send(_ bytes: ReplyBuffer)
    /// The client no longer waits: its further commands can run.
    func resume()
    func close()
    func tick()
    /// The connection's part of the line about the client.
    var summary: String { get }
}

/// One client, as seen by the commands.
final class Client: Peer {
    enum Silence {
        case none
        /// The next command has no reply.
        case next
        case all
    }

    let id: Int
    let service: Service
    unowned var output: (any ClientOutput)?
    /// Where the running command writes its reply.
    let reply: ReplyBuffer
    var database: Database
    /// The version of the protocol.
    var version = 2
    var name: [UInt8] = []
    var silence = Silence.none
    /// Set by `QUIT`: no further command is executed.
    var isQuitting = false
    /// Whether commands of this client are being executed; messages are then placed between the replies.
    var isRunning = false
    var isReplica = false

    let transaction = Transaction()
    private(set) var channels: Set<[UInt8]> = []
    private(set) var patterns: Set<[UInt8]> = []
    /// Channels and patterns.
    private(set) var subscriptionCount = 0
    private(set) var waiter: ListWaiters.Waiter?
    var isWaiting: Bool { waiter != nil }

    init(service: Service) {
        id = service.nextID()
        self.service = service
        reply = service.reply
        database = service.store.databases[0]
    }

    /// Call when the connection is established.
    func begin(_ output: any ClientOutput) {
        self.output = output
        service.add(self)
    }

    /// Call when the connection is lost.
    func end() {
        output = nil
        service.remove(self)
        unsubscribeAll()
        unwatch()
        if let waiter { service.listWaiters.remove(waiter) }
        waiter = nil
    }

    /// Restores the state of a new client.
    func reset() {
        unsubscribeAll()
        unwatch()
        transaction.end()
        database = service.store.databases[0]
        version = 2
        reply.version = 2
        name = []
        silence = .none
    }

    /// Call when a command has changed a key.
    @inline(__always)
    func changed(_ key: Bytes, _ kind: KeyspaceEvents, _ event: StaticString) {
        service.changed(key, database: database.index, kind, event)
    }

    // MARK: Subscriptions

    func subscribe(channel: Bytes) {
        if channels.insert(Array(channel)).inserted { service.pubSub.subscribe(self, channel: channel) }
        subscriptionCount = channels.count + patterns.count
    }

    func subscribe(pattern: Bytes) {
        if patterns.insert(Array(pattern)).inserted { service.pubSub.subscribe(self, pattern: pattern) }
        subscriptionCount = channels.count + patterns.count
    }

    func unsubscribe(channel: Bytes) {
        if channels.remove(Array(channel)) != nil { service.pubSub.unsubscribe(self, channel: channel) }
        subscriptionCount = channels.count + patterns.count
    }

    func unsubscribe(pattern: Bytes) {
        if patterns.remove(Array(pattern)) != nil { service.pubSub.unsubscribe(self, pattern: pattern) }
        subscriptionCount = channels.count + patterns.count
    }

    private func unsubscribeAll() {
        for channel in channels { channel.lend { unsubscribe(channel: $0) } }
        for pattern in patterns { pattern.lend { unsubscribe(pattern: $0) } }
    }

    // MARK: Watching

    func watch(_ key: Bytes) {
        let key = DatabaseKey(database: database.index, key: Array(key))
        transaction.watched.insert(key)
        service.watches.add(self, key)
        service.updateObserved()
    }

    func unwatch() {
        transaction.isStale = false
        if transaction.watched.isEmpty { return }
        service.watches.remove(self, transaction.watched)
        transaction.watched = []
        service.updateObserved()
    }

    func watchedKeyChanged() {
        transaction.isStale = true
    }

    // MARK: Waiting

    /// Suspends the client's commands until a list has an element.
    ///
    /// - Parameter deliver: Writes the reply: an element, or nil at the end of the time.
    func wait(
        for keys: [[UInt8]], takesLeft: Bool, seconds: Double,
        _ deliver: @escaping (ReplyBuffer, (key: [UInt8], element: [UInt8])?) -> Void
    ) {
        let keys = keys.map { DatabaseKey(database: database.index, key: $0) }
        let waiter = ListWaiters.Waiter(keys: keys, takesLeft: takesLeft) { [unowned self] found in
            self.waiter = nil
            if self.silence == .none { self.push { deliver($0, found) } }
            self.output?.resume()
        }
        self.waiter = waiter
        service.listWaiters.add(waiter, seconds: seconds)
    }

    // MARK: Peer

    func push(_ encode: (ReplyBuffer) -> Void) {
        if isRunning { return encode(reply) }
        let pushes = service.pushes
        pushes.version = version
        encode(pushes)
        output?.send(pushes)
        pushes.removeAll()
    }

    func kill() { output?.close() }
    func tick() { output?.tick() }

    var summary: String {
        let flags = isReplica ? "S" : subscriptionCount > 0 ? "P" : "N"
        let multi = transaction.isOpen ? transaction.commands.count : -1
        return "id=\(id) name=\(name.text) flags=\(flags) db=\(database.index) sub=\(channels.count) "
            + "psub=\(patterns.count) multi=\(multi) resp=\(version) \(output?.summary ?? "")"
    }
}
