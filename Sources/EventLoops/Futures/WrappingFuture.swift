/// A future for an operation outside the loop, which is cancelled together with the future.
///
/// The operation is cancelled at once rather than by a done callback, because a closing loop drops done callbacks.
package final class WrappingFuture<Value>: Future<Value>, @unchecked Sendable {
    private let callOff: () -> Void

    init(core: LoopCore, _ callOff: @escaping () -> Void) {
        self.callOff = callOff
        super.init(core: core)
    }

    package override func cancel(message: String? = nil) -> Bool {
        guard super.cancel(message: message) else { return false }
        callOff()
        return true
    }
}
