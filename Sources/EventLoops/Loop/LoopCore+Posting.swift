extension LoopCore {
    /// Hands a callback over to the loop's thread, from any thread; nil if the loop takes none.
    ///
    /// But for the inbox it only reads what it touches of the loop: processors that write to the same memory wait for
    /// each other, a tenth of a microsecond each time.
    func post(at place: SourcePlace?, _ callback: @escaping @Sendable () throws -> Void) -> Handle? {
        if isClosed || queue.isInForkedChild { return nil }
        if queue.isTurning { return callSoon(at: place, callback) }
        return queue.post(at: place, callback)
    }

    /// Why nothing can be handed over.
    func postRefusal(_ operation: String) -> EventLoopError {
        queue.isInForkedChild ? queue.refusal(operation) : .closed(operation)
    }
}
