import Foundation
import Testing

@Suite struct UnixEchoTests {
    @Test func client_getsItsTextBack_andTheFileIsRemoved() throws {
        let path = NSTemporaryDirectory() + "unix-echo-\(getpid())"
        let server = try Program("UnixEcho", "serve", path)
        _ = try server.line { $0.hasPrefix("listening on ") }
        for text in ["hello", "there and back"] {
            let (status, output, errors) = try Program("UnixEcho", path, text).end()
            #expect(status == 0 && errors.isEmpty)
            #expect(output == text + "\n")
            #expect(try server.line().contains("of user \(geteuid()) is connected"))
        }
        server.signal(SIGINT)
        #expect(try server.end().status == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
        let (status, output, errors) = try Program("UnixEcho", path, "hello").end()
        #expect(status == 1 && output.isEmpty)
        #expect(errors.contains(path) && errors.contains("No such file"))
    }
}
