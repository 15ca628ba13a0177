/// The purpose of an operation, as described by its target.
package struct OperationPurpose {
    package let name: OperationName
    package let descriptor: Int32
    package let owner: String

    package init(_ name: OperationName, _ descriptor: Int32, owner: String) {
        self.name = name
        self.descriptor = descriptor
        self.owner = owner
    }
}

/// The names of operations, which are the same on every kind of loop.
package enum OperationName: String {
    case accept, connect, receive, send
    case receiveFrom = "receive from"
    case sendTo = "send to"
    case watchForReading = "watch for reading"
    case watchForWriting = "watch for writing"
    case wakeUp = "wake-up"
}
