import Proactor

/// The state that all clients share: the data, the reply buffers, and the observers of changes.
final class Service {
    let store = Store()
    let pubSub = PubSub()
    let watches = Watches()
    let replication = Replication()
    let listWaiters: ListWaiters
    /// The replies of the client whose commands run.
    let reply = ReplyBuffer()
    /// What is sent to other clients.
    let pushes = ReplyBuffer()
    let began: LoopInstant
    let loop: any AbstractEventLoop

    var settings = Settings() { didSet { updateObserved() } }
    /// Whether the ticks remove expired keys; tests turn that off.
    var removesExpired = true
    var commands = 0
    var connections = 0
    /// Counts the changes of keys.
    private(set) var changes = 0
    private(set) var peers: [Int: any Peer] = [:]
    private var lastID = 0
    /// Whether anything observes changes of keys.
    private var isObserved = false
    private var ticker: TimerHandle?

    init(loop: any AbstractEventLoop) {
        self.loop = loop
        began = loop.time
        listWaiters = ListWaiters(loop: loop)
        store.state.observer = self
        tick()
    }

    private func tick() {
        ticker = loop.callLater(.milliseconds(1000 / StoreState.ticksPerSecond)) { [unowned self] in
            store.tick(removesExpired: removesExpired)
            for peer in peers.values { peer.tick() }
            if Int(store.state.ticks) % (settings.replicaPingPeriod * StoreState.ticksPerSecond) == 0 {
                replication.ping()
            }
            tick()
        }
    }

    /// Call when the last connection is closed.
    func end() {
        ticker?.cancel()
    }

    // MARK: Clients

    func nextID() -> Int {
        lastID += 1
        return lastID
    }

    func add(_ peer: any Peer) {
        connections += 1
        peers[peer.id] = peer
    }

    func remove(_ peer: any Peer) {
        peers[peer.id] = nil
        replication.remove(peer)
    }

    // MARK: Changes

    /// Call when a command has changed a key.
    @inline(__always)
    func changed(_ key: Bytes, database: Int, _ kind: KeyspaceEvents, _ event: StaticString) {
        changes += 1
        if isObserved { notify(key, database: database, kind, event) }
    }

    /// Call when a command has removed all keys.
    func allChanged() {
        changes += 1
        watches.allChanged()
    }

    func updateObserved() {
        isObserved = !settings.events.isEmpty || !watches.isEmpty
    }

    @inline(never)
    private func notify(_ key: Bytes, database: Int, _ kind: KeyspaceEvents, _ event: StaticString) {
        if !watches.isEmpty { watches.changed(DatabaseKey(database: database, key: Array(key))) }
        publish(key, database: database, kind, event)
    }

    private func publish(_ key: Bytes, database: Int, _ kind: KeyspaceEvents, _ event: StaticString) {
        guard settings.events.contains(kind) else { return }
        let event = Array("\(event)".utf8)
        if settings.events.contains(.byKey) {
            let channel = Array("__keyspace@\(database)__:".utf8) + key
            channel.lend { channel in _ = event.lend { pubSub.publish(channel, $0) } }
        }
        if settings.events.contains(.byEvent) {
            let channel = Array("__keyevent@\(database)__:".utf8) + event
            _ = channel.lend { pubSub.publish($0, key) }
        }
    }

    // MARK: Memory

    /// Removes keys if more memory is in use than is allowed.
    ///
    /// - Returns: Whether there is memory for more.
    func makeSpace() -> Bool {
        if settings.maxMemory == 0 || Memory.used <= settings.maxMemory { return true }
        return settings.policy == .allkeysLRU && store.evict(downTo: settings.maxMemory)
    }
}

extension Service: StoreObserver {
    func keyAdded(_ key: Bytes, database: Int) {
        if isObserved { publish(key, database: database, .new, "new") }
    }

    func keyRemoved(_ key: [UInt8], database: Int, _ reason: Removal) {
        key.lend { key in
            switch reason {
            case .expired: notify(key, database: database, .expired, "expired")
            case .evicted: notify(key, database: database, .evicted, "evicted")
            }
        }
        replication.send([Array("DEL".utf8), key], database: database)
    }
}
