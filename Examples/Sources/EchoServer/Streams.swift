import Proactor

/// Streams: each connection has a task that reads and writes.
func echoStreams(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    while try await reader.withNextBytes({ writer.write($0) }) != nil {
        try await writer.drain()
    }
}

/// Chunks: as short as streams and as fast as protocols, because the task waits once for the whole connection.
func echoChunks(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    try await reader.forEachChunk { writer.write($0) }
}

/// Lines: like chunks, for protocols of lines.
func echoLines(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    try await reader.forEachLine { line in
        writer.write(line)
        writer.write("\n".utf8Span.span.bytes)
    }
}
