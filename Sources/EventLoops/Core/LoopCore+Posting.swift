extension LoopCore {
    /// Posts a callback to the loop's thread, from any thread; nil if the loop refuses it.
    ///
    /// Apart from the inbox, this only reads the loop's memory: processors that write to the same memory contend, which
    /// costs a tenth of a microsecond each time.
    func post(at place: SourcePlace?, _ callback: @escaping @Sendable () throws -> Void) -> Handle? {
        if isClosed || queue.isInForkedChild { return nil }
        if queue.isTurning { return callSoon(at: place, callback) }
        return queue.post(at: place, callback)
    }

    /// Why a callback cannot be posted.
    func postRefusal(_ operation: String) -> EventLoopError {
        queue.isInForkedChild ? queue.refusal(operation) : .closed(operation)
    }
}
