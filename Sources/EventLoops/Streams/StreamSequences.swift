extension StreamReader {
    /// The received bytes, in pieces as they arrive, until the end of the stream.
    ///
    /// While the body of the `for` loop is slow, the reader applies back-pressure.
    public var chunks: Chunks {
        Chunks(reader: self)
    }

    /// The stream's lines as bytes; each ends in a newline, except perhaps the last.
    ///
    ///     for try await line in reader.lines {
    ///         let text = String(decoding: line, as: UTF8.self)   // with its "\n"
    ///     }
    ///
    /// asyncio: `async for line in reader`.
    public var lines: Lines {
        Lines(reader: self)
    }

    /// A stream as a sequence of pieces.
    public struct Chunks: AsyncSequence, Sendable {
        fileprivate let reader: StreamReader

        /// An iterator that removes the pieces from the stream.
        public struct AsyncIterator: AsyncIteratorProtocol {
            fileprivate let reader: StreamReader

            /// The next piece, of at least one byte; nil at the end of the stream, and after
            /// ``AbstractEventLoop/shutdownAsyncGenerators()`` has finished all sequences.
            ///
            /// - Throws: Same as ``StreamReader/read(_:)``.
            public func next() async throws -> [UInt8]? {
                try await reader.nextChunk()
            }
        }

        /// Makes an iterator; all iterators take from the same stream.
        public func makeAsyncIterator() -> AsyncIterator {
            reader.core.sequenceBegins()
            return AsyncIterator(reader: reader)
        }
    }

    /// A stream as a sequence of lines.
    public struct Lines: AsyncSequence, Sendable {
        fileprivate let reader: StreamReader

        /// An iterator that removes the lines from the stream.
        public struct AsyncIterator: AsyncIteratorProtocol {
            fileprivate let reader: StreamReader

            /// The next line, with its newline if it has one; nil at the end of the stream, and after
            /// ``AbstractEventLoop/shutdownAsyncGenerators()`` has finished all sequences.
            ///
            /// - Throws: Same as ``StreamReader/readLine()``.
            public func next() async throws -> [UInt8]? {
                try await reader.nextLine()
            }
        }

        /// Makes an iterator; all iterators take from the same stream.
        public func makeAsyncIterator() -> AsyncIterator {
            reader.core.sequenceBegins()
            return AsyncIterator(reader: reader)
        }
    }
}
