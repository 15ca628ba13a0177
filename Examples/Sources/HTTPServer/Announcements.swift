@preconcurrency import Glibc

/// Prints a line at once, also into a pipe.
func announce(_ line: String) {
    print(line)
    fflush(nil)
}

/// Prints a line where errors go.
func complain(_ line: String) {
    fputs("HTTPServer: \(line)\n", stderr)
}
