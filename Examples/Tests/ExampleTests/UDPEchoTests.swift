import Foundation
import Testing

@Suite struct UDPEchoTests {
    @Test func client_getsItsDatagramsBack() throws {
        let server = try Program("UDPEchoServer", "0")
        let port = try server.port()
        let client = try Program("UDPEchoClient", "127.0.0.1", "\(port)", "hello", "", "w\u{F6}rld")
        let (status, output, errors) = try client.end()
        #expect(status == 0 && errors.isEmpty)
        #expect(output == "hello\n\nw\u{F6}rld\n")
        server.signal(SIGINT)
        let (serverStatus, _, serverErrors) = try server.end()
        #expect(serverStatus == 0 && serverErrors.isEmpty)
    }

    @Test func client_fails_whenNothingListens() throws {
        let server = try Program("UDPEchoServer", "0")
        let port = try server.port()
        server.signal(SIGINT)
        _ = try server.end()
        let (status, _, errors) = try Program("UDPEchoClient", "127.0.0.1", "\(port)", "hello").end()
        #expect(status == 1 && errors.contains("ECONNREFUSED"))
    }
}
