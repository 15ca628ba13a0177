// A web server on callbacks, with what a public server needs: limits, timeouts, back-pressure, an orderly shutdown.
//
//     HTTPServer --port 8080 --backend auto
//     curl -i http://127.0.0.1:8080/stats
//     kill -USR1 $(pidof HTTPServer)        prints the state of the loop to standard error
//
// Options: the command line. Service: what connections share. Connection: one client. RequestParser: bytes to requests.
// Route, Response, ResponseBuffer: requests to bytes. Stats: the figures of /stats.
import Glibc
import Proactor

/// Serves until a signal arrives, then lets the requests in flight finish.
func serve(_ loop: any AbstractEventLoop, _ options: Options) async throws {
    let service = Service(loop: loop, options: options)
    let server = try await loop.createServer(host: options.host, port: options.port, backlog: 4096) {
        Connection(service: service)
    }
    service.begin()
    announce("backend: \(loop.backend) (\(loop.capabilities.reason))")
    for socket in server.sockets {
        announce("listening on \(socket.localAddress!) (\(loop.backend))")
    }

    let interruption = loop.createFuture(of: String.self)
    for (signal, name) in [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")] {
        try loop.addSignalHandler(signal) {
            // A second signal ends the server at once.
            if interruption.isDone { server.abortClients() } else { try interruption.setResult(name) }
        }
    }
    try loop.addSignalHandler(SIGUSR1) { complain(loop.dump()) }
    let name = try await interruption.value

    server.close()
    service.stop()
    let deadline = loop.callLater(.seconds(options.stopTimeout)) { server.abortClients() }
    try await server.waitClosed()
    deadline.cancel()
    service.end()
    announce("stopped by \(name) after \(service.stats.requests) requests on \(service.stats.connections) connections")
}

let options = Options(CommandLine.arguments)

do {
    let makeLoop = { try options.backend.map(newEventLoop(backend:)) ?? newEventLoop() }
    try run(loopFactory: makeLoop) { loop in try await serve(loop, options) }
} catch {
    complain("\(error)")
    exit(1)
}
