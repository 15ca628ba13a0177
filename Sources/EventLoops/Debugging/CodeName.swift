/// What user code is called in warnings: three words, of which none refers to anything that can go.
///
/// So it is made without an allocation, and another thread may read it whatever has become of the code: literals and
/// types stay, and a task is looked up by its number.
struct CodeName: Sendable {
    enum Kind: UInt64 {
        /// None of the user's code runs.
        case nothing
        /// Code that ran when the watchdog was set, and of which no more is known.
        case unknown
        case handle, timer
        /// A step of a task; the first word is the address of its job.
        case task
        case actor
        /// What makes the protocol objects of a server.
        case factory
        /// A method of a protocol object; the first word is the object's type, the second the method's name.
        case method
    }

    static let nothing = CodeName(kind: .nothing)

    var kind: Kind
    var first: UInt = 0
    var second: UInt = 0
}

extension CodeName {
    /// A callback, by the place where it was scheduled, if that is known.
    init(_ handle: Handle) {
        kind = handle is TimerHandle ? .timer : .handle
        // A literal of one character may have no memory; no file is called so.
        guard let place = handle.sourcePlace, place.file.hasPointerRepresentation else { return }
        first = UInt(bitPattern: place.file.utf8Start)
        second = place.line
    }

    init(_ job: UnownedJob) {
        kind = .task
        first = TaskAddress.of(job)
    }

    init(_ method: StaticString, of object: any BaseProtocol) {
        kind = .method
        first = UInt(bitPattern: ObjectIdentifier(type(of: object)))
        second = UInt(bitPattern: method.utf8Start)
    }

    /// The name for people.
    func text(_ labels: TaskLabels) -> String {
        switch kind {
        case .nothing: "nothing"
        case .unknown: "a callback"
        case .handle: "<Handle\(origin)>"
        case .timer: "<TimerHandle\(origin)>"
        case .task: labels[first]?.description ?? "a task"
        case .actor: "an actor"
        case .factory: "a protocol factory"
        case .method: "\(unsafeBitCast(first, to: Any.Type.self)).\(Self.literal(second))"
        }
    }

    private var origin: String {
        first == 0 ? "" : " created at \(Self.literal(first)):\(second)"
    }

    /// The literal at an address: it ends with a zero, and stays.
    private static func literal(_ address: UInt) -> String {
        UnsafePointer<CChar>(bitPattern: address).map { String(cString: $0) } ?? ""
    }
}
