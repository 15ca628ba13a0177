/// A future that stands for something outside of the loop, which is called off with it.
///
/// At once and not by a done callback: those are dropped when the loop closes.
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
