extension AbstractEventLoop {
    /// Calls `callback` in each turn of the loop in which a read of the descriptor would not block.
    ///
    /// A read does not block while something is unread: bytes, a connection, the end of the stream, or a pending error.
    /// The callback runs after everything that was scheduled before it. A second reader of the descriptor replaces the
    /// first, which then never runs again; a writer of the same descriptor is independent.
    ///
    /// Remove the reader before you close the descriptor. Until then the loop may hold the open file. If the descriptor
    /// was closed first and its number now refers to another file, adding a reader again watches that file; events of
    /// the old file are not delivered.
    ///
    /// - Parameters:
    ///   - descriptor: A pipe, socket, terminal, timer or anything else that the kernel can poll. It remains yours; it
    ///     should not block.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: Its errors go to the exception handler, and the reader stays.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number below zero; `.descriptorInUse` for a descriptor
    ///   used by the loop itself or by one of its transports or servers; `.system` with `EBADF` for one that is not
    ///   open and, with epoll, `EPERM` for a regular file, which the other loops report as always ready; `.closed`;
    ///   `.wrongThread`. If the kernel refuses a reader that replaces another, the descriptor is no longer watched; a
    ///   writer that is lost in this way is reported to the exception handler.
    /// - Cost: On a ring, an allocation and an operation for each turn in which the descriptor is ready; on a selector,
    ///   one system call now.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.add_reader`. Kernel: `IORING_OP_POLL_ADD`, `epoll_ctl(2)`.
    public func addReader(
        _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.addWatch("addReader", descriptor, .reading, at: core.place(file, line), callback)
    }

    /// Like ``addReader(_:file:line:_:)-(Int32,_,_,_)``, for an object that has a descriptor.
    ///
    /// - Parameters:
    ///   - object: A `Socket`, or a type of your own; the loop keeps only the number of its descriptor.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: Its errors go to the exception handler, and the reader stays.
    /// - Throws: Same as for a descriptor; in particular `.descriptorInUse` for the socket of an open transport or
    ///   server.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.add_reader`.
    public func addReader(
        _ object: some HasFileDescriptor, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try addReader(object.fileDescriptor, file: file, line: line, callback)
    }

    /// Stops watching a descriptor for reading: its reader does not run again, even if it is already scheduled.
    ///
    /// When this returns, the kernel no longer holds the file for the loop: the descriptor can be closed and its number
    /// reused.
    ///
    /// - Parameter descriptor: The descriptor.
    /// - Returns: Whether there was a reader; false on a closed loop.
    /// - Throws: ``EventLoopError`` with `.invalidArgument`, `.descriptorInUse` or `.wrongThread`, as for adding.
    /// - Cost: A system call.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.remove_reader`.
    @discardableResult
    public func removeReader(_ descriptor: Int32) throws(EventLoopError) -> Bool {
        try core.removeWatch("removeReader", descriptor, .reading)
    }

    /// Like ``removeReader(_:)-(Int32)``, for an object that has a descriptor.
    ///
    /// - Parameter object: A `Socket` that has not been closed, or a type of your own.
    /// - Returns: Whether there was a reader; false on a closed loop.
    /// - Throws: Same as for a descriptor.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.remove_reader`.
    @discardableResult
    public func removeReader(_ object: some HasFileDescriptor) throws(EventLoopError) -> Bool {
        try removeReader(object.fileDescriptor)
    }

    /// Calls `callback` in each turn of the loop in which a write to the descriptor would not block.
    ///
    /// A write does not block while the kernel has buffer space, or if the reading end was closed and an error is
    /// pending: remove the writer when there is nothing to write. In all other respects it works like
    /// ``addReader(_:file:line:_:)-(Int32,_,_,_)``.
    ///
    /// - Parameters:
    ///   - descriptor: The descriptor to write to. It remains yours; it should not block.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: Its errors go to the exception handler, and the writer stays.
    /// - Throws: Same as for a reader.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.add_writer`.
    public func addWriter(
        _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.addWatch("addWriter", descriptor, .writing, at: core.place(file, line), callback)
    }

    /// Like ``addWriter(_:file:line:_:)-(Int32,_,_,_)``, for an object that has a descriptor.
    ///
    /// - Parameters:
    ///   - object: A `Socket`, or a type of your own; the loop keeps only the number of its descriptor.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: Its errors go to the exception handler, and the writer stays.
    /// - Throws: Same as for a reader.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.add_writer`.
    public func addWriter(
        _ object: some HasFileDescriptor, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try addWriter(object.fileDescriptor, file: file, line: line, callback)
    }

    /// Stops watching a descriptor for writing: its writer does not run again, even if it is already scheduled.
    ///
    /// - Parameter descriptor: The descriptor.
    /// - Returns: Whether there was a writer; false on a closed loop.
    /// - Throws: Same as for a reader.
    /// - Cost: A system call.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.remove_writer`.
    @discardableResult
    public func removeWriter(_ descriptor: Int32) throws(EventLoopError) -> Bool {
        try core.removeWatch("removeWriter", descriptor, .writing)
    }

    /// Like ``removeWriter(_:)-(Int32)``, for an object that has a descriptor.
    ///
    /// - Parameter object: A `Socket` that has not been closed, or a type of your own.
    /// - Returns: Whether there was a writer; false on a closed loop.
    /// - Throws: Same as for a reader.
    /// - Thread: The loop's.
    ///
    /// asyncio: `loop.remove_writer`.
    @discardableResult
    public func removeWriter(_ object: some HasFileDescriptor) throws(EventLoopError) -> Bool {
        try removeWriter(object.fileDescriptor)
    }
}
