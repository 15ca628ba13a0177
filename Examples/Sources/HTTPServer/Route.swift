/// The resources that there are.
enum Route {
    case hello
    case echo
    case stats

    /// The resource that a request's target names; nil if there is none.
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
    /// Of `http://host/path`, which a server has to understand too (RFC 9112, 3.2.2), the part from the path on. The C
    /// parser has seen to it that nothing else comes this far.
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
