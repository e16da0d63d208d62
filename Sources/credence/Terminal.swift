import Crypto
import FoundationEssentials
internal import Glibc

/// What a command learns from the process around it and how it speaks to it: the one file here that
/// touches C. Everything is read once, at the start of a command, never inside a rule.
enum Terminal {
    // MARK: Output

    static func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// In place of what stood on the line before; an empty text clears it.
    static func errorInPlace(_ text: String) { write("\r\u{1B}[K" + text, to: STDERR_FILENO) }

    /// Bytes that cannot be written (a closed pipe) are lost: there is nobody left to tell.
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    /// At once: what libraries would do at the end of the process (OpenSSL frees what it holds) is not done, because threads
    /// of this one still run and use them.
    static func exit(_ status: ExitStatus) -> Never {
        fflush(nil)
        Glibc._exit(status.rawValue)
    }

    // MARK: Surroundings

    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    static var userID: UInt32 { geteuid() }

    /// CLOCK_MONOTONIC, as systemd counts.
    static var monotonicMicroseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) * 1_000_000 + UInt64(clamping: time.tv_nsec) / 1_000
    }

    static var workingDirectory: String { FileManager.default.currentDirectoryPath }

    static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return name.isEmpty ? "localhost" : name
    }

    static var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    static var outputStyle: TextStyle { TextStyle(isTerminal: isatty(STDOUT_FILENO) == 1, environment: environment) }

    static var errorStyle: TextStyle { TextStyle(isTerminal: isErrorTerminal, environment: environment) }

    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// All of standard input.
    static func readInput(bytesMax: Int) throws(CommandFailure) -> [UInt8] {
        var input: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .usage("standard input cannot be read") }
            if count == 0 { return input }
            input += chunk.prefix(count)
            guard input.count <= bytesMax else { throw .usage("standard input holds more than \(bytesMax) bytes") }
        }
    }

    /// What must be asked about needs somebody to answer, or `--yes`.
    static func requireConfirmable(yes: Bool) throws(CommandFailure) {
        guard yes || isInteractive else { throw .usage("this asks before it does anything, and there is no terminal; give --yes") }
    }

    /// Only the whole word means yes.
    static func ask(_ question: String) -> Bool { answer("\(question) yes/no: ") == "yes" }

    /// One line; nil at the end of input.
    static func answer(_ prompt: String) -> String? {
        write(prompt, to: STDERR_FILENO)
        return readLine(strippingNewline: true)
    }

    /// Asks on standard error and reads one line that is not shown; nil at the end of input.
    static func readSecret(prompt: String) -> SecretBytes? {
        var before = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            write("\n", to: STDERR_FILENO)
        }
        write(prompt, to: STDERR_FILENO)
        return readLine(strippingNewline: true).map { SecretBytes(Array($0.utf8)) }
    }

    /// Asks on standard error and reads one line; empty at the end of input.
    static func readAnswer(prompt: String) -> String {
        write(prompt, to: STDERR_FILENO)
        return readLine(strippingNewline: true) ?? ""
    }

    /// The user a file or folder belongs to; nil when there is none. Of a link, whom it leads to.
    static func owner(of path: String) -> UInt32? {
        var information = stat()
        guard unsafe stat(path, &information) == 0 else { return nil }
        return information.st_uid
    }

    /// As `sudo -u` takes it.
    static func userName(of id: UInt32) -> String {
        guard let entry = unsafe getpwuid(id), let name = unsafe entry.pointee.pw_name else { return "#\(id)" }
        return unsafe String(cString: name)
    }

    /// Asks whether to go on; returns only when the answer was yes. Without a terminal nobody can be asked.
    /// - Parameter unasked: the option that says yes beforehand.
    static func confirm(_ question: String, unasked: String = "--yes") throws(CommandFailure) {
        guard isInteractive else { throw .usage("\(question) Nobody can be asked here; say so with \(unasked)") }
        write("\(question) [y/N] ", to: STDERR_FILENO)
        let answer = readLine(strippingNewline: true)?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else { throw .refused("nothing was done") }
    }

    // MARK: Files too large to be held

    /// Nil when there is no such file.
    static func openForReading(_ path: String) -> Int32? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        return descriptor < 0 ? nil : descriptor
    }

    /// A new file for this user only; nil when there is one of that name, or none can be made.
    static func create(_ path: String) -> Int32? {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        return descriptor < 0 ? nil : descriptor
    }

    /// Up to `countMax` bytes, none at the end; nil when they cannot be read.
    static func read(_ descriptor: Int32, countMax: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: countMax)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            return count < 0 ? nil : Array(bytes.prefix(count))
        }
    }

    /// False when not all of it was written.
    static func writeWhole(_ text: String, to descriptor: Int32) -> Bool { writeWhole(Array(text.utf8), to: descriptor) }

    static func writeWhole(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }

    /// False when what was written is not on the disk.
    static func finish(_ descriptor: Int32) -> Bool {
        let isSynced = fsync(descriptor) == 0
        return close(descriptor) == 0 && isSynced
    }

    /// Gives a finished file its name, which is on the disk when this returns. False when it could not be given.
    ///
    /// - Parameter replacing: another file may have the name.
    static func name(_ path: String, as other: String, replacing: Bool) -> Bool {
        if replacing {
            guard unsafe rename(path, other) == 0 else { return false }
        } else {
            // Unlike a rename, never takes the name from another file that has it by now.
            guard unsafe link(path, other) == 0 else { return false }
            unsafe unlink(path)
        }
        let directory = other.lastIndex(of: "/").map { $0 == other.startIndex ? "/" : String(other[..<$0]) } ?? "."
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        return finish(descriptor)
    }

    static func remove(_ path: String) { unsafe unlink(path) }

    // MARK: Files that hold secrets until they are whole

    private static let fleetingMax = 16
    /// C strings, which a signal handler may read at any moment. Safe to share: a place is written once, in one store of a
    /// pointer, by the one task of a command that removes files on signals, and is never freed; the handler only reads.
    private nonisolated(unsafe) static let fleeting: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = {
        let places = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: fleetingMax)
        unsafe places.initialize(repeating: nil, count: fleetingMax)
        return unsafe places
    }()

    /// A file, or a folder that is empty by then, that goes when a signal ends the command. To be called before it is made, in
    /// the order in which they are to go. A name that is gone by then does no harm, so none is ever taken back: give names that
    /// nobody else can have.
    static func removeOnSignal(_ paths: [String]) {
        for path in paths {
            for place in 0..<fleetingMax where unsafe fleeting[place] == nil {
                unsafe fleeting[place] = strdup(path)
                break
            }
        }
        for number in [SIGHUP, SIGINT, SIGTERM] {
            let former = signal(number, removeFleeting)
            let wasIgnored = unsafe unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
            // Started under nohup, for one.
            if wasIgnored { _ = signal(number, SIG_IGN) }
        }
    }

    /// Only what POSIX allows in a signal handler (`signal-safety(7)`); then the signal does what it would have done.
    private static let removeFleeting: @convention(c) (Int32) -> Void = { number in
        for place in 0..<Terminal.fleetingMax {
            guard let path = unsafe Terminal.fleeting[place] else { break }
            if unsafe unlink(path) != 0 { unsafe rmdir(path) }
        }
        _ = signal(number, SIG_DFL)
        raise(number)
    }

    /// A new folder for this user only. False when there is something of that name, or none can be made.
    static func makeFolder(_ path: String) -> Bool { unsafe mkdir(path, 0o700) == 0 }

    static func removeFolder(_ path: String) { unsafe rmdir(path) }

    static func dismiss(_ descriptor: Int32) { close(descriptor) }
}
