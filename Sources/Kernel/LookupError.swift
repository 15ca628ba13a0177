import CLinux
import Glibc

/// A name that was not found, or an address without a name.
///
/// asyncio: `socket.gaierror`.
public struct LookupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why: a number of its own, for instance `EAI_NONAME`.
    public let code: Int32
    /// The kernel's error, where ``code`` is `EAI_SYSTEM`.
    public let errno: Errno?
    /// The host that was asked for.
    public let host: String?
    /// The service or port that was asked for.
    public let service: String?

    /// Makes an error, as for a resolver of your own.
    ///
    /// - Parameters:
    ///   - code: Why, one of `EAI_…`.
    ///   - errno: The kernel's error, where the code is `EAI_SYSTEM`.
    ///   - host: The host that was asked for.
    ///   - service: The service or port that was asked for.
    public init(code: Int32, errno: Errno? = nil, host: String?, service: String?) {
        self.code = code
        self.errno = errno
        self.host = host
        self.service = service
    }

    /// The code's name in C, such as "EAI_NONAME"; "EAI 4711" if it has none.
    public var name: String {
        Self.names[code] ?? "EAI \(code)"
    }

    /// A sentence about it, such as "Name or service not known".
    ///
    /// Source: `gai_strerror(3)`.
    public var message: String {
        errno.map(\.description) ?? gai_strerror(code).map { String(cString: $0) } ?? name
    }

    /// Name, message and what was asked, such as "EAI_NONAME (Name or service not known): nowhere.invalid, service 80".
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
