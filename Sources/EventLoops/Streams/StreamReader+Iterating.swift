internal import Glibc

/// How ``forEachChunk(_:)`` and ``forEachLine(_:)`` work: while the task waits, arriving bytes are passed to the body
/// directly. Bytes that cannot be passed at once are stored in the reader, and the task passes them.
extension StreamReader {
    func iterate(_ iteration: StreamIteration) async throws {
        try begin(iteration)
        defer { finish() }
        while true {
            passWaiting(to: iteration)
            if iteration.isOver { break }
            if isWriterFull, !hasEnded || !incoming.isEmpty {
                pause()
                try await drained.waitOrThrow(iteration.operation)
                continue
            }
            if try isAtEnd { break }
            try prepareToWait("\(iteration.operation)")
            // The body may have thrown before the task was cancelled.
            do { try await arrived.waitOrThrow(iteration.operation) } catch { throw iteration.failure ?? error }
            if iteration.isOver { break }
        }
        if let failure = iteration.failure { throw failure }
    }

    private func begin(_ iteration: StreamIteration) throws {
        try core.checkTask("\(iteration.operation)")
        guard self.iteration == nil, arrived.isEmpty else { throw inUse("\(iteration.operation)") }
        try Task.checkCancellation()
        self.iteration = .passRetained(iteration)
    }

    private func finish() {
        // A task that has continued on another thread must not touch the reader there.
        core.queue.performOnLoop { [self] in
            iteration?.release()
            iteration = nil
            resumeIfPossible()
        }
    }

    // MARK: Bytes that have just arrived

    /// Passes bytes from the receive buffer to the body.
    ///
    /// Called only while the iteration's task waits for bytes: the reader then stores nothing, or only the beginning of
    /// a line.
    @inline(__always)
    func pass(_ bytes: RawSpan, to iteration: Unmanaged<StreamIteration>) {
        iteration._withUnsafeGuaranteedRef { iteration in
            if iteration.takesLines { return passLines(of: bytes.withUnsafeBytes { $0 }, to: iteration) }
            let step = iteration.lend(bytes)
            if !step.continues { stop(step, bytes.withUnsafeBytes { $0 }) }
        }
    }

    @inline(never)
    private func stop(_ step: StreamStep, _ bytes: UnsafeRawBufferPointer) {
        keep(bytes.dropFirst(step.consumed(lent: bytes.count)))
    }

    /// Keeps bytes that cannot be passed now, and resumes the task.
    private func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
        store(UnsafeRawBufferPointer(rebasing: bytes))
        arrived.resumeAll()
    }

    private func passLines(of bytes: UnsafeRawBufferPointer, to iteration: StreamIteration) {
        var rest = bytes[...]
        // The body may have cancelled the task, which then no longer waits here.
        while !iteration.isOver, !isWriterFull, !arrived.isEmpty {
            guard let length = Self.lineLength(in: rest) else {
                store(UnsafeRawBufferPointer(rebasing: rest))
                if incoming.count <= limit { return }
                rest = rest[rest.endIndex...]
                dropLine(incoming.count, of: incoming.count, iteration)
                break
            }
            if incoming.isEmpty, length <= limit {
                let line = UnsafeRawBufferPointer(rebasing: rest.prefix(length))
                let step = iteration.lend(line.bytes)
                rest = rest.dropFirst(step.consumed(lent: length, terminator: 1))
            } else {
                // The line began in an earlier delivery.
                store(UnsafeRawBufferPointer(rebasing: rest.prefix(length + 1)))
                rest = rest.dropFirst(length + 1)
                passFirstLine(incoming.count - 1, terminator: 1, to: iteration)
            }
        }
        keep(rest)
    }

    private static func lineLength(in bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard !bytes.isEmpty, let start = bytes.base.baseAddress.map({ $0 + bytes.startIndex }) else { return nil }
        return memchr(start, 0x0A, bytes.count).map { UnsafeRawPointer($0) - start }
    }

    // MARK: Bytes that wait in the reader

    /// Passes as many stored bytes as possible.
    private func passWaiting(to iteration: StreamIteration) {
        while !incoming.isEmpty, !iteration.isOver, !isWriterFull {
            guard iteration.takesLines else {
                let run = incoming.first
                consume(iteration.lend(run.bytes).consumed(lent: run.count))
                continue
            }
            if let length = search(for: Self.newline).firstIndex(in: incoming) {
                passFirstLine(length, terminator: 1, to: iteration)
            } else if incoming.count > limit {
                dropLine(incoming.count, of: incoming.count, iteration)
            } else if hasEnded, exception == nil {
                passFirstLine(incoming.count, terminator: 0, to: iteration)
            } else {
                return
            }
        }
    }

    private func passFirstLine(_ length: Int, terminator: Int, to iteration: StreamIteration) {
        guard length <= limit else { return dropLine(length, of: length + terminator, iteration) }
        let step = iteration.lend(iteration.firstRun(of: length, in: incoming).bytes)
        consume(step.consumed(lent: length, terminator: terminator))
    }

    /// Drops the part of a line that has arrived, because the line is too long.
    private func dropLine(_ length: Int, of count: Int, _ iteration: StreamIteration) {
        consume(count)
        iteration.fail(LimitOverrunError(consumed: length, limit: limit))
    }
}
