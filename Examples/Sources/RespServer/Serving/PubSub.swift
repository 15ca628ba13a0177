/// The subscriptions of all clients.
final class PubSub {
    /// By the id of the client.
    typealias Subscribers = [Int: any Peer]

    private let channels = ByteTable<Subscribers>()
    private let patterns = ByteTable<Subscribers>()

    var patternCount: Int { patterns.count }

    /// The channels with subscribers whose name matches a pattern.
    func channels(matching pattern: Bytes?) -> [[UInt8]] {
        channels.keys.filter { name in pattern.map { pattern in name.lend { Glob.matches(pattern, $0) } } ?? true }
    }

    func subscriberCount(_ channel: Bytes) -> Int { channels[channel]?.count ?? 0 }

    func subscribe(_ peer: any Peer, channel: Bytes) { Self.add(peer, channel, to: channels) }
    func subscribe(_ peer: any Peer, pattern: Bytes) { Self.add(peer, pattern, to: patterns) }
    func unsubscribe(_ peer: any Peer, channel: Bytes) { Self.remove(peer, channel, from: channels) }
    func unsubscribe(_ peer: any Peer, pattern: Bytes) { Self.remove(peer, pattern, from: patterns) }

    /// Sends a message to the subscribers of a channel and of the patterns that match it.
    ///
    /// - Returns: How often it was sent.
    @discardableResult
    func publish(_ channel: Bytes, _ message: Bytes) -> Int {
        var count = 0
        for peer in channels[channel].map({ Array($0.values) }) ?? [] {
            peer.push { reply in
                reply.push(3)
                reply.bulk("message")
                reply.bulk(channel)
                reply.bulk(message)
            }
            count += 1
        }
        guard patterns.count > 0 else { return count }
        patterns.visit { pattern, peers in
            guard pattern.lend({ Glob.matches($0, channel) }) else { return }
            for peer in peers.values {
                peer.push { reply in
                    reply.push(4)
                    reply.bulk("pmessage")
                    reply.bulk(pattern)
                    reply.bulk(channel)
                    reply.bulk(message)
                }
                count += 1
            }
        }
        return count
    }

    private static func add(_ peer: any Peer, _ name: Bytes, to table: ByteTable<Subscribers>) {
        if let slot = table.slot(of: name) {
            table[slot: slot][peer.id] = peer
        } else {
            table.insert(Array(name), [peer.id: peer])
        }
    }

    private static func remove(_ peer: any Peer, _ name: Bytes, from table: ByteTable<Subscribers>) {
        guard let slot = table.slot(of: name) else { return }
        table[slot: slot][peer.id] = nil
        if table[slot: slot].isEmpty { table.remove(slot: slot) }
    }
}
