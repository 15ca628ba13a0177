internal import Glibc

/// The initial value of debug mode.
enum DebugFlag {
    /// Whether `PROACTOR_DEBUG` is set and not empty.
    ///
    /// asyncio: `PYTHONASYNCIODEBUG`.
    static var isSetInEnvironment: Bool {
        guard let value = getenv("PROACTOR_DEBUG") else { return false }
        return value[0] != 0
    }
}
