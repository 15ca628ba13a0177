import EventLoops
import Glibc
import Kernel
import Synchronization

/// A resolver that answers from a table, and records its queries.
///
/// Its addresses may have any port, so that several listeners of a test can share one host name.
final class FakeResolver: Resolver {
    struct Question: Equatable {
        var host: String?
        var port: Int
        var family = AddressFamily.unspecified
        var type = Socket.stream
        var proto: Int32 = 0
        var flags: Int32 = 0
    }

    private let hosts: [String: Result<[AddressInfo], any Error>]
    private let asked = Mutex<[Question]>([])

    init(_ hosts: [String: Result<[AddressInfo], any Error>]) {
        self.hosts = hosts
    }

    convenience init(_ hosts: [String: [SocketAddress]]) {
        self.init(hosts.mapValues { .success($0.map { AddressInfo(address: $0, socketType: Socket.stream) }) })
    }

    var questions: [Question] {
        asked.withLock { $0 }
    }

    func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo] {
        let question = Question(host: host, port: port, family: family, type: type, proto: proto, flags: flags)
        asked.withLock { $0.append(question) }
        guard let answer = hosts[host ?? ""] else {
            throw LookupError(code: EAI_NONAME, host: host, service: String(port))
        }
        return try answer.get()
    }

    func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String) {
        guard let host = address.host, hosts[host] != nil else {
            throw LookupError(code: EAI_NONAME, host: address.host, service: nil)
        }
        return ("name-of-\(host)", "service")
    }
}
