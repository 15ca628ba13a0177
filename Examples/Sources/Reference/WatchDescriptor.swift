import Glibc
import Proactor

/// "Watch a file descriptor for read events": the loop reports that data can be read, and the callback reads it.
func watchDescriptor() throws {
    let (reader, writer) = try Socket.pair()
    let loop = try newEventLoop()

    try loop.addReader(reader) {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(reader.fileDescriptor, &bytes, bytes.count)
        print("Received:", String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
        // Done: stop watching the descriptor.
        try loop.removeReader(reader)
        loop.stop()
    }
    // Simulates the arrival of data from the network.
    loop.callSoon { write(writer.fileDescriptor, "abc", 3) }

    try loop.runForever()
    reader.close()
    writer.close()
    try loop.close()
}
