/// Sends every change to the clients that have asked for a copy with `SYNC`.
final class Replication {
    private var replicas: [Int: any Peer] = [:]
    /// The database of the last change.
    private var database = -1
    /// What is sent instead of the command that runs.
    private var substitutes: [[[UInt8]]] = []
    /// What is sent after the command that runs.
    private var additions: [[[UInt8]]] = []

    var hasReplicas: Bool { !replicas.isEmpty }

    func add(_ peer: any Peer) {
        replicas[peer.id] = peer
        // The new one has to be told the database.
        database = -1
    }

    func remove(_ peer: any Peer) {
        replicas[peer.id] = nil
    }

    /// Sends this, after a command whose result depends on the time or on chance.
    func substitute(_ words: @autoclosure () -> [[UInt8]]) {
        if hasReplicas { substitutes.append(words()) }
    }

    /// Sends this, too, after the command that runs.
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

    /// Tells the replicas that the connection is alive.
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
