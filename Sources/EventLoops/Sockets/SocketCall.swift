internal import Kernel

/// The calls in one direction of a socket, which take turns.
protocol SocketTurns: AnyObject {
    /// Serves a call if it is its turn, or once it is.
    func enter(_ call: SocketCall)
    /// Ends a call early.
    func cancel(_ call: SocketCall)
    /// Keeps a received item for the call that is served next.
    func giveBack(_ item: ReceivedItem)
}

/// A task's call of an operation on a socket.
///
/// It waits for its turn, and then runs the driver's operation. The object is used again for later calls.
final class SocketCall: AwaitedOperation, @unchecked Sendable {
    let kind: SocketOperationKind
    let descriptor: Int32
    /// Owned by the socket, which outlives its calls.
    private unowned(unsafe) let turns: any SocketTurns
    private(set) var operation: any SocketOperation
    private(set) var wait: OperationWait
    /// Whether a task is using the object.
    var isTaken = false
    /// The array that the operation fills; empty if the memory is the caller's.
    private var array: [UInt8] = []
    /// The copied result for a task on another thread, until the loop's thread fetches it.
    private var saved: ReceivedItem?

    init(_ kind: SocketOperationKind, _ descriptor: Int32, _ turns: any SocketTurns, _ operation: any SocketOperation) {
        self.kind = kind
        self.descriptor = descriptor
        self.turns = turns
        self.operation = operation
        wait = operation.wait
    }

    /// Whether the call runs another operation than it was made for.
    private(set) var isReplaced = false

    /// Continues with another operation on the same memory and address, after the first one has ended.
    func replaceOperation(_ new: any SocketOperation) {
        isReplaced = true
        new.bytes = operation.bytes
        new.address = operation.address
        new.passed.outgoing = operation.passed.outgoing
        operation = new
        wait = new.wait
    }

    // MARK: Memory

    /// The size of the largest array that is allocated: the kernel buffers less for a socket.
    private static let mostBytes = 64 << 20

    /// Makes an array for up to `count` bytes, which the operation fills.
    func allocate(_ count: Int) {
        let count = min(count, Self.mostBytes)
        var array = [UInt8](unsafeUninitializedCapacity: count) { $1 = count }
        // The elements lie in one heap object that only this object references.
        operation.bytes = array.withUnsafeMutableBytes { $0 }
        self.array = array
    }

    /// Uses memory of the caller, which stays valid until the operation is over.
    func lend(_ bytes: UnsafeMutableRawBufferPointer) {
        operation.bytes = bytes
    }

    /// Returns the array, shortened to the first `count` bytes.
    func takeArray(_ count: Int) -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &array)
        taken.removeLast(taken.count - count)
        return taken
    }

    /// Drops the array of a call that has failed.
    func dropArray() {
        if !array.isEmpty { array = [] }
    }

    // MARK: AwaitedOperation

    func start() {
        turns.enter(self)
    }

    func requestCancel() {
        turns.cancel(self)
    }

    func abandon(_ result: Int) {
        guard let item = saved ?? item(result) else { return }
        saved = nil
        turns.giveBack(item)
    }

    /// Keeps an error for the next call: the kernel reports the loss of a connection once.
    func abandonFailure() {
        // The kernel repeats an error that is not about a connection.
        guard kind.isReceiving, let failure = wait.takeFailure(), failure != .notConnected else { return }
        turns.giveBack(.failure(failure))
    }

    func saveResult(_ result: Int) {
        saved = item(result)
    }

    /// What the operation took from the socket; nil if nothing can be lost.
    private func item(_ result: Int) -> ReceivedItem? {
        switch kind {
        case .receive, .receiveFrom:
            let bytes = Array(operation.bytes.prefix(result))
            return .bytes(bytes[...], from: operation.address)
        case .accept:
            return .connection(Socket(takingOwnershipOf: Int32(truncatingIfNeeded: result)), from: operation.address)
        case .receiveDescriptors:
            let bytes = Array(operation.bytes.prefix(result))
            let passed = PassedDescriptors()
            passed.store(operation.passed.takeArrival())
            return .message(bytes[...], passed)
        case .send, .sendTo, .sendDescriptors, .connect: return nil
        }
    }
}
