extension AbstractEventLoop {
    /// Calls `callback` in each turn of the loop in which a read of the descriptor would not block.
    ///
    /// That is as long as there is something unread: bytes, a connection, the end, or an error to be fetched. The call
    /// waits for its turn behind what was scheduled before. A second reader replaces the first, which does not run any
    /// more; a writer of the same descriptor is another matter.
    ///
    /// Remove the reader before you close the descriptor. Until then the loop may hold on to the open file, and the
    /// number may come to stand for another one.
    ///
    /// - Parameters:
    ///   - descriptor: Of a pipe, socket, terminal, timer or whatever else the kernel can poll. It remains yours; it
    ///     should not block.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler, and the reader stays.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number below zero; `.invalidState` for a descriptor that
    ///   a transport or server of the loop uses; `.system` with `EBADF` for one that is not open and, with epoll,
    ///   `EPERM` for a regular file, which is always ready elsewhere; `.closed`; `.wrongThread`.
    /// - Cost: An allocation and an operation a turn on a ring; on a selector a system call now and none later.
    ///   asyncio: `add_reader`. Kernel: `IORING_OP_POLL_ADD`, `epoll_ctl(2)`.
    public func addReader(
        _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.addWatch("addReader", descriptor, .reading, at: core.place(file, line), callback)
    }

    /// As ``addReader(_:file:line:_:)-(Int32,_,_,_)``, for what has a descriptor.
    ///
    /// - Parameters:
    ///   - object: A `Socket`, or a type of your own; the loop keeps only its descriptor's number.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler, and the reader stays.
    /// - Throws: The same; for the socket of an open transport or server `.invalidState`. asyncio: `add_reader`.
    public func addReader(
        _ object: some HasFileDescriptor, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try addReader(object.fileDescriptor, file: file, line: line, callback)
    }

    /// Watches a descriptor for reading no more: its reader does not run again, even if it waits for its turn already.
    ///
    /// Once this has returned the kernel has nothing of it, and the descriptor may be closed and its number used again.
    ///
    /// - Parameter descriptor: The descriptor.
    /// - Returns: Whether there was a reader; false on a closed loop.
    /// - Throws: ``EventLoopError`` with `.invalidArgument`, `.invalidState` or `.wrongThread`, as for adding.
    /// - Cost: A system call. asyncio: `remove_reader`.
    @discardableResult
    public func removeReader(_ descriptor: Int32) throws(EventLoopError) -> Bool {
        try core.removeWatch("removeReader", descriptor, .reading)
    }

    /// As ``removeReader(_:)-(Int32)``, for what has a descriptor.
    ///
    /// - Parameter object: A `Socket`, not yet closed, or a type of your own.
    /// - Returns: Whether there was a reader; false on a closed loop.
    /// - Throws: The same. asyncio: `remove_reader`.
    @discardableResult
    public func removeReader(_ object: some HasFileDescriptor) throws(EventLoopError) -> Bool {
        try removeReader(object.fileDescriptor)
    }

    /// Calls `callback` in each turn of the loop in which a write to the descriptor would not block.
    ///
    /// That is as long as there is room, or an error to be fetched because nobody reads any more: remove the writer
    /// when there is nothing to write. All else is as for ``addReader(_:file:line:_:)-(Int32,_,_,_)``.
    ///
    /// - Parameters:
    ///   - descriptor: What is to be written to. It remains yours; it should not block.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler, and the writer stays.
    /// - Throws: As for a reader. asyncio: `add_writer`.
    public func addWriter(
        _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.addWatch("addWriter", descriptor, .writing, at: core.place(file, line), callback)
    }

    /// As ``addWriter(_:file:line:_:)-(Int32,_,_,_)``, for what has a descriptor.
    ///
    /// - Parameters:
    ///   - object: A `Socket`, or a type of your own; the loop keeps only its descriptor's number.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler, and the writer stays.
    /// - Throws: As for a reader. asyncio: `add_writer`.
    public func addWriter(
        _ object: some HasFileDescriptor, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try addWriter(object.fileDescriptor, file: file, line: line, callback)
    }

    /// Watches a descriptor for writing no more: its writer does not run again, even if it waits for its turn already.
    ///
    /// - Parameter descriptor: The descriptor.
    /// - Returns: Whether there was a writer; false on a closed loop.
    /// - Throws: As for a reader.
    /// - Cost: A system call. asyncio: `remove_writer`.
    @discardableResult
    public func removeWriter(_ descriptor: Int32) throws(EventLoopError) -> Bool {
        try core.removeWatch("removeWriter", descriptor, .writing)
    }

    /// As ``removeWriter(_:)-(Int32)``, for what has a descriptor.
    ///
    /// - Parameter object: A `Socket`, not yet closed, or a type of your own.
    /// - Returns: Whether there was a writer; false on a closed loop.
    /// - Throws: As for a reader. asyncio: `remove_writer`.
    @discardableResult
    public func removeWriter(_ object: some HasFileDescriptor) throws(EventLoopError) -> Bool {
        try removeWriter(object.fileDescriptor)
    }
}
