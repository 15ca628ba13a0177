import CLinux
import Glibc

/// A failed lookup of a host name or of an address.
///
/// asyncio: `socket.gaierror`.
public struct LookupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason, for instance `EAI_NONAME`.
    public let code: Int32
    /// The kernel's error if ``code`` is `EAI_SYSTEM`.
    public let errno: Errno?
    /// The host that was looked up.
    public let host: String?
    /// The service or port that was looked up.
    public let service: String?

    /// Makes an error, for use by a custom resolver.
    ///
    /// - Parameters:
    ///   - code: The reason, one of `EAI_…`.
    ///   - errno: The kernel's error if the code is `EAI_SYSTEM`.
    ///   - host: The host that was looked up.
    ///   - service: The service or port that was looked up.
    public init(code: Int32, errno: Errno? = nil, host: String?, service: String?) {
        self.code = code
        self.errno = errno
        self.host = host
        self.service = service
    }

    /// The name of the code in C, such as "EAI_NONAME"; "EAI 4711" if it has none.
    public var name: String {
        Self.names[code] ?? "EAI \(code)"
    }

    /// The C library's message, such as "Name or service not known".
    ///
    /// Source: `gai_strerror(3)`.
    public var message: String {
        errno.map(\.description) ?? gai_strerror(code).map { String(cString: $0) } ?? name
    }

    /// The name, the message and the query, such as "EAI_NONAME (Name or service not known): nowhere.invalid, service
    /// 80".
    public var description: String {
        let asked = [host, service.map { "service \($0)" }].compactMap { $0 }.joined(separator: ", ")
        return "\(name) (\(message))\(asked.isEmpty ? "" : ": \(asked)")"
    }

    private static let names: [Int32: String] = [
        EAI_BADFLAGS: "EAI_BADFLAGS", EAI_NONAME: "EAI_NONAME", EAI_AGAIN: "EAI_AGAIN", EAI_FAIL: "EAI_FAIL",
        EAI_FAMILY: "EAI_FAMILY", EAI_SOCKTYPE: "EAI_SOCKTYPE", EAI_SERVICE: "EAI_SERVICE", EAI_MEMORY: "EAI_MEMORY",
        EAI_SYSTEM: "EAI_SYSTEM", EAI_OVERFLOW: "EAI_OVERFLOW", CL_EAI_NODATA: "EAI_NODATA",
        CL_EAI_ADDRFAMILY: "EAI_ADDRFAMILY",
    ]
}
