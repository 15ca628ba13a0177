/// The resources of this server.
enum Route {
    case hello
    case echo
    case stats

    /// The resource with this target; nil if there is none.
    init?(target: RawSpan) {
        let route: Route? = target.withUnsafeBytes { target in
            let path = Self.path(of: target)
            if path.elementsEqual("/".utf8) { return .hello }
            if path.elementsEqual("/echo".utf8) { return .echo }
            if path.elementsEqual("/stats".utf8) { return .stats }
            return nil
        }
        guard let route else { return nil }
        self = route
    }

    /// The target without its query.
    ///
    /// A server must also accept `http://host/path` (RFC 9112, 3.2.2); the part before the path is dropped. The C
    /// parser has refused all other forms.
    private static func path(of target: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        let slash = UInt8(ascii: "/")
        var path = target[...]
        if path.first != slash {
            guard let scheme = path.firstIndex(of: slash) else { return path }
            path = path[scheme...].dropFirst(2)
            path = path[(path.firstIndex(of: slash) ?? path.endIndex)...]
        }
        return path[..<(path.firstIndex(of: UInt8(ascii: "?")) ?? path.endIndex)]
    }
}
