import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct UnixStreams {
        /// STREAM-023.
        @Test(arguments: LoopKind.allCases)
        func streams_workOverUnixSockets(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let server = try await loop.startUnixServer(path: path) { reader, writer in
                    for try await line in reader.lines {
                        writer.write(line + [10])
                        try await writer.drain()
                    }
                }
                let (reader, writer) = try await loop.openUnixConnection(path: path)
                writer.write("hello\n")
                #expect(try await text(reader.readLine()) == "hello\n")
                writer.close()
                try await writer.waitClosed()
                try await server.closeAndWait()
                #expect(directory.names.isEmpty)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func streams_takeSockets(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let listener = try Socket.unix()
                let address = try SocketAddress(unixPath: directory.file("s"))
                try listener.bind(to: address)
                let server = try await loop.startUnixServer(socket: listener) { reader, writer in
                    writer.write(try await reader.readExactly(3))
                }
                let client = try Socket.unix()
                try client.connect(to: address)
                let (reader, writer) = try await loop.openUnixConnection(socket: client)
                writer.write([1, 2, 3])
                #expect(try await reader.read() == [1, 2, 3])
                writer.close()
                try await server.closeAndWait()
                #expect(directory.names.isEmpty)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func limit_mustBePositive(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                await expectLoopErrorLater(.invalidArgument) {
                    try await loop.openUnixConnection(path: path, limit: 0)
                }
                await expectLoopErrorLater(.invalidArgument) {
                    try await loop.startUnixServer(path: path, limit: 0) { _, _ in }
                }
                #expect(directory.names.isEmpty)
            }
        }
    }
}
