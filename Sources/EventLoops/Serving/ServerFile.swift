internal import Kernel

/// The file of a Unix server's socket, which the server removes when it closes.
///
/// The file is recognized by its device and inode: if another server has replaced it, that server's file stays.
struct ServerFile {
    private let path: [UInt8]
    private let identity: SocketFile.Identity
    private let system: any SocketSystem

    /// Remembers the file of a bound socket; nil if it has none, as with an abstract name.
    init?(of descriptor: Int32, _ system: any SocketSystem) {
        guard let path = try? system.localAddress(descriptor).socketFilePath,
            let status = try? system.fileStatus(path), status.isSocket
        else { return nil }
        self.path = path
        self.system = system
        identity = status.identity
    }

    /// Removes the file, unless it has been replaced or removed.
    func remove() {
        do throws(Errno) {
            if try system.fileStatus(path).identity == identity { try system.removeFile(path) }
        } catch {
            guard error != .noSuchFileOrDirectory else { return }
            Log.write(.error, "Unable to clean up listening UNIX socket \(Self.text(path)): \(error)")
        }
    }

    /// Removes the file of a socket that was not cleaned up, so that its path can be bound again.
    ///
    /// Like asyncio, this does not check whether a program listens there: such a program still listens, but no new
    /// connection reaches it. Files of other kinds and symbolic links stay.
    static func removeStale(_ path: [UInt8], _ system: any SocketSystem) {
        do throws(Errno) {
            if try system.fileStatus(path).isSocket { try system.removeFile(path) }
        } catch {
            guard error != .noSuchFileOrDirectory else { return }
            Log.write(.error, "Unable to check or remove stale UNIX socket \(text(path)): \(error)")
        }
    }

    private static func text(_ path: [UInt8]) -> String {
        String(decoding: path, as: UTF8.self)
    }
}
