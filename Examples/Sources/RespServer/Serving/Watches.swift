/// Which keys clients watch, so that their transactions fail if one of them changes.
final class Watches {
    private var peers: [DatabaseKey: [Int: any Peer]] = [:]

    var isEmpty: Bool { peers.isEmpty }

    func add(_ peer: any Peer, _ key: DatabaseKey) {
        peers[key, default: [:]][peer.id] = peer
    }

    func remove(_ peer: any Peer, _ keys: Set<DatabaseKey>) {
        for key in keys {
            peers[key]?[peer.id] = nil
            if peers[key]?.isEmpty == true { peers[key] = nil }
        }
    }

    func changed(_ key: DatabaseKey) {
        for peer in peers[key]?.values ?? [:].values { peer.watchedKeyChanged() }
    }

    func allChanged() {
        for peers in peers.values {
            for peer in peers.values { peer.watchedKeyChanged() }
        }
    }
}

/// A key and its database.
struct DatabaseKey: Hashable {
    let database: Int
    let key: [UInt8]
}
