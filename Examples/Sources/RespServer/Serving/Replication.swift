/// Sends every change to the replicas: the clients that have sent `SYNC`.
final class Replication {
    private var replicas: [Int: any Peer] = [:]
    /// The database of the last change.
    private var database = -1
    /// The commands to send instead of the running one.
    private var substitutes: [[[UInt8]]] = []
    /// The commands to send after the running one.
    private var additions: [[[UInt8]]] = []

    var hasReplicas: Bool { !replicas.isEmpty }

    func add(_ peer: any Peer) {
        replicas[peer.id] = peer
        // The new replica does not know the current database.
        database = -1
    }

    func remove(_ peer: any Peer) {
        replicas[peer.id] = nil
    }

    /// Sends this command instead of the running one, whose result depends on the time or on chance.
    func substitute(_ words: @autoclosure () -> [[UInt8]]) {
        if hasReplicas { substitutes.append(words()) }
    }

    /// Sends this command after the running one.
    func add(_ words: @autoclosure () -> [[UInt8]]) {
        if hasReplicas { additions.append(words()) }
    }

    /// Sends a change.
    func send(_ arguments: Arguments, database: Int) {
        guard hasReplicas else { return }
        if substitutes.isEmpty { substitutes = [(0..<arguments.count).map(arguments.copied)] }
        for words in substitutes + additions { send(words, database: database) }
        substitutes = []
        additions = []
    }

    func send(_ words: [[UInt8]], database: Int) {
        guard hasReplicas else { return }
        if database != self.database {
            self.database = database
            send(["SELECT", "\(database)"].map { Array($0.utf8) })
        }
        send(words)
    }

    /// Shows the replicas that the connection is alive.
    func ping() {
        if hasReplicas { send([Array("PING".utf8)]) }
    }

    private func send(_ words: [[UInt8]]) {
        for replica in replicas.values {
            replica.push { reply in
                reply.array(words.count)
                for word in words { reply.bulk(word) }
            }
        }
    }
}
