import Foundation
import Testing

/// Our servers and clients with those of others.
@Suite struct InteroperabilityTests {
    // MARK: curl

    @Test(.enabled(if: Tool.exists("curl"), "curl is not installed"))
    func curl_usesOneConnection_andEveryForm() throws {
        let program = try Program("HTTPServer", "--port", "0")
        let base = "http://127.0.0.1:\(try program.port())"
        let body = try TemporaryFile(Tool.noise(700_000))
        let answer = try TemporaryFile([])
        let script = """
            set -e
            curl -sS --fail -o /dev/null -w '%{http_code} %{num_connects}\\n' \(base)/ --next -sS -I -o /dev/null \
                -w '%{http_code} %{num_connects}\\n' \(base)/stats
            curl -sS --fail --data-binary @\(body.path) \(base)/echo >\(answer.path)
            cmp \(body.path) \(answer.path) && echo sized
            curl -sS --fail -H 'Transfer-Encoding: chunked' --data-binary @\(body.path) \(base)/echo >\(answer.path)
            cmp \(body.path) \(answer.path) && echo chunked
            curl -sS --http1.0 \(base)/
            curl -sS -o /dev/null -w '%{http_code}\\n' -X DELETE \(base)/echo
            """
        let expected = "200 1\n200 0\nsized\nchunked\nHello, world!\n405\n"
        #expect(try Tool.run("sh", "-c", script) == expected)
    }

    // MARK: socat

    @Test(.enabled(if: Tool.exists("socat"), "socat is not installed"), arguments: ["protocols", "streams"])
    func socat_getsEverything_afterItHasClosedItsHalf(_ style: String) throws {
        let program = try Program("EchoServer", "--port", "0", "--style", style)
        let bytes = try TemporaryFile(Tool.noise(3_000_000))
        let script = """
            socat -t 30 - TCP:127.0.0.1:\(try program.port()) <\(bytes.path) | cmp - \(bytes.path) && echo same
            """
        #expect(try Tool.run("sh", "-c", script) == "same\n")
    }

    // MARK: Python's asyncio

    @Test(.enabled(if: Tool.exists("python3"), "python3 is not installed"), arguments: ["protocols", "streams"])
    func asyncioClients_getWhatTheySend_andTheEnd(_ style: String) throws {
        let program = try Program("EchoServer", "--port", "0", "--style", style)
        let port = try program.port()
        let script = """
            import asyncio, random

            async def client(seed, size):
                data = random.Random(seed).randbytes(size)
                reader, writer = await asyncio.open_connection("127.0.0.1", \(port))

                async def send():
                    for start in range(0, size, 70_001):
                        writer.write(data[start:start + 70_001])
                        await writer.drain()
                    writer.write_eof()

                sending = asyncio.create_task(send())
                received = await reader.read()
                await sending
                writer.close()
                await writer.wait_closed()
                return received == data

            async def aborted():
                reader, writer = await asyncio.open_connection("127.0.0.1", \(port))
                writer.write(b"x" * 1_000_000)
                await reader.read(1)
                writer.transport.abort()

            async def main():
                await asyncio.gather(*(aborted() for _ in range(8)))
                sizes = [1, 1000, 100_000, 4_000_000]
                print(await asyncio.gather(*(client(seed, size) for seed, size in enumerate(sizes))))

            asyncio.run(main())
            """
        #expect(try Tool.run("python3", "-c", script) == "[True, True, True, True]\n")
        program.signal(SIGINT)
        let (status, _, errors) = try program.end()
        #expect(status == 0)
        // The library may log echoes that it dropped because their client had aborted the connection.
        #expect(errors.split(separator: "\n").allSatisfy { $0.hasPrefix("proactor: ") && $0.hasSuffix("were dropped") })
    }

    @Test(.enabled(if: Tool.exists("python3"), "python3 is not installed"))
    func asyncioServer_getsOurHalfClose_andItsAnswerArrives() throws {
        let script = """
            import asyncio

            async def answer(reader, writer):
                received = await reader.read()
                writer.write(b"%d bytes\\n" % len(received))
                writer.write(received.upper())
                await writer.drain()
                writer.close()

            async def main():
                server = await asyncio.start_server(answer, "127.0.0.1", 0)
                print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
                await server.serve_forever()

            asyncio.run(main())
            """
        let server = try Program(command: "python3", ["-c", script])
        let client = try Program("TCPEchoClient", "\(try server.port())", "there", "and back")
        let (status, output, errors) = try client.end()
        #expect(status == 0)
        #expect(output == "15 bytes\nTHERE\nAND BACK\n")
        #expect(errors.isEmpty)
    }

    @Test(.enabled(if: Tool.exists("python3"), "python3 is not installed"))
    func asyncioServer_thatResets_isAnErrorOfOurClient() throws {
        let script = """
            import asyncio, socket, struct

            class Reset(asyncio.Protocol):
                def connection_made(self, transport):
                    self.transport = transport

                def data_received(self, data):
                    linger = struct.pack("ii", 1, 0)
                    self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.transport.abort()

            async def main():
                server = await asyncio.get_running_loop().create_server(Reset, "127.0.0.1", 0)
                print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
                await server.serve_forever()

            asyncio.run(main())
            """
        let server = try Program(command: "python3", ["-c", script])
        let (status, output, errors) = try Program("TCPEchoClient", "\(try server.port())", "hello").end()
        #expect(status == 1)
        #expect(output.isEmpty)
        #expect(errors.hasPrefix("TCPEchoClient: ") && errors.contains("reset"), "\(errors)")
    }
}

/// Programs of the system.
enum Tool {
    static func exists(_ name: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
    }

    /// Runs a program, which has to end well.
    ///
    /// - Returns: Its output.
    static func run(_ command: String, _ arguments: String...) throws -> String {
        let (status, output, errors) = try Program(command: command, arguments).end()
        guard status == 0 else { throw Failure("\(command) ended with \(status): \(output)\(errors)") }
        return output
    }

    /// Bytes without a pattern, the same for every call.
    static func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }
}

/// A file that is deleted with its object.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8]) throws {
        path = NSTemporaryDirectory() + "proactor-\(UUID().uuidString)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    deinit {
        unlink(path)
    }
}
