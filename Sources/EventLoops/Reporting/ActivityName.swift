/// A name for user code in warnings: three machine words that never refer to memory that can be freed.
///
/// It is made without an allocation, and can be read on another thread at any time: literals and types are permanent,
/// and a task is looked up by its address.
struct ActivityName: Sendable {
    enum Kind: UInt64 {
        /// No user code is running.
        case nothing
        /// Code that was running when the watchdog was set; nothing else is known about it.
        case unknown
        case handle, timer
        /// A step of a task; the first word is the address of its job.
        case task
        case actor
        /// The factory of a server's protocol objects.
        case factory
        /// A method of a protocol object; the first word is the object's type, the second the method's name.
        case method
    }

    static let nothing = ActivityName(kind: .nothing)

    var kind: Kind
    var first: UInt = 0
    var second: UInt = 0
}

extension ActivityName {
    /// Names a callback by the place where it was scheduled, if that is known.
    init(_ handle: Handle) {
        kind = handle is TimerHandle ? .timer : .handle
        // A one-character literal may have no memory, but no file has such a name.
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

    /// The name as text.
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

    /// The literal at an address; literals are permanent and end with a NUL.
    private static func literal(_ address: UInt) -> String {
        UnsafePointer<CChar>(bitPattern: address).map { String(cString: $0) } ?? ""
    }
}
