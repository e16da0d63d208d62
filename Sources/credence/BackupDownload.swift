import Cluster
import Crypto
import Synchronization

/// A backup on its way into a file: beside it under another name until all of it is there, on the disk, and has been checked.
final class BackupDownload: Sendable {
    /// More than the lines in front of the state.
    private static let beginningBytesMax = 128 << 10

    private struct Progressing {
        var byteCount: UInt64 = 0
        /// Until the whole length is known from it.
        var beginning: [UInt8] = []
        var progress: Progress?
        var hasFailed = false
        var isOpen = true
    }

    let path: String
    private let partPath: String
    private let descriptor: Int32
    private let state = Mutex(Progressing())

    init(to path: String) throws(CommandFailure) {
        self.path = path
        partPath = "\(path).part-\(Hex.encode(SecureRandom.bytes(6)))"
        // The data key may be in it in clear.
        Terminal.removeOnSignal([partPath])
        guard let descriptor = Terminal.create(partPath) else {
            throw .refused("\(partPath) cannot be made; its folder must be there and writable")
        }
        self.descriptor = descriptor
    }

    /// False when the disk did not take it.
    func receive(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard Terminal.writeWhole(bytes, to: descriptor) else {
                state.hasFailed = true
                return false
            }
            state.byteCount += UInt64(bytes.count)
            if state.progress == nil, state.beginning.count < Self.beginningBytesMax {
                state.beginning += bytes
                if let total = Backup.expectedByteCount(beginning: state.beginning) {
                    state.progress = Progress("saved", of: Int(clamping: total))
                    state.beginning = []
                }
            }
            state.progress?.show(Int(clamping: state.byteCount))
            return true
        }
    }

    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// - Parameter replacing: a file that has the name already.
    func finish(replacing: Bool) throws(CommandFailure) -> Backup {
        state.withLock { $0.progress?.end() }
        let isOnDisk = state.withLock { state in
            state.isOpen = false
            return Terminal.finish(descriptor)
        }
        guard isOnDisk else { throw .refused("\(partPath) could not be written") }
        let backup: Backup
        do throws(BackupFault) { backup = try Backup.check(partPath) } catch { throw .refused("what arrived is no whole backup: \(error)") }
        guard Terminal.name(partPath, as: path, replacing: replacing) else {
            throw .refused("\(path) could not be named; it may exist by now, and then --force replaces it")
        }
        return backup
    }

    /// Leaves nothing behind.
    func abandon() {
        state.withLock { state in
            state.progress?.end()
            if state.isOpen { Terminal.dismiss(descriptor) }
            state.isOpen = false
        }
        Terminal.remove(partPath)
    }
}
