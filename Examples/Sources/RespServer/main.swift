// A server of data structures in memory that speaks the protocol of redis (RESP, versions 2 and 3).
//
//     RespServer --port 6379 --backend auto
//     redis-cli SET greeting hello
//     make redis-suite                      runs redis's own tests against it
//
// In the order in which to read it:
//   Wire       bytes to commands and replies to bytes: CommandReader, ReplyBuffer
//   Store      what keys hold: ByteTable, Value, Database
//   Serving    what clients share (Service, PubSub), one client (Client), and finding its commands (Dispatcher)
//   Commands   a file per family: each command is a name, a number of words and a function
//   Connection the callbacks of one connection
import Glibc
import Proactor

/// Serves until a signal arrives, then lets the clients finish for a moment.
func serve(_ loop: any AbstractEventLoop, _ options: Options) async throws {
    let service = Service(loop: loop)
    let dispatcher = Dispatcher(service: service, table: makeCommandTable())
    let server = try await loop.createServer(host: options.host, port: options.port, backlog: 4096) {
        Connection(service: service, dispatcher: dispatcher)
    }
    for socket in server.sockets {
        announce("listening on \(socket.localAddress!) (\(loop.backend))")
    }

    let interruption = loop.createFuture(of: Void.self)
    for signal in [SIGINT, SIGTERM] {
        try loop.addSignalHandler(signal) {
            if !interruption.isDone { try interruption.setResult(()) }
        }
    }
    try await interruption.value
    try await server.close(deadline: .seconds(5))
    service.end()
}

let options = Options(CommandLine.arguments)

do {
    let makeLoop = { try options.backend.map(newEventLoop(backend:)) ?? newEventLoop() }
    try run(loopFactory: makeLoop) { loop in try await serve(loop, options) }
} catch {
    complain("\(error)")
    exit(1)
}
