import EventLoop
import Glibc
import Testing

@Suite("A private file")
struct PrivateFileTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/file"
    }

    @Test("is written whole with mode 0600 and read back, leaving nothing else behind", arguments: [0, 1, 200_000])
    func roundTrip(count: Int) throws {
        try PrivateFile.write(pattern(count), to: path)
        #expect(mode(of: path) == 0o600)
        #expect(try PrivateFile.read(path, bytesMax: count, requiringPrivacy: true) == pattern(count))
        #expect(directory.entries == ["file"])
    }

    @Test("replaces one with a looser mode, while who has the old one open still reads all of it")
    func replace() throws {
        try PrivateFile.write(pattern(10_000), to: path, mode: 0o644)
        let old = unsafe open(path, O_RDONLY)
        defer { _ = close(old) }
        try PrivateFile.write([7], to: path)
        #expect(mode(of: path) == 0o600)
        #expect(try PrivateFile.read(path, bytesMax: 1) == [7])
        var bytes = [UInt8](repeating: 0, count: 20_000)
        #expect(unsafe read(old, &bytes, bytes.count) == 10_000)
    }

    @Test("a write that fails leaves the old content and no temporary file")
    func failedWrite() throws {
        #expect(unsafe mkdir(path, 0o700) == 0)
        #expect(throws: FileError.self) { try PrivateFile.write([1], to: path) }
        #expect(directory.entries == ["file"])
        _ = unsafe rmdir(path)
    }

    @Test("larger than its reader accepts is refused", arguments: [0, 1, 70_000])
    func readBound(bytesMax: Int) throws {
        try PrivateFile.write(pattern(bytesMax), to: path)
        #expect(try PrivateFile.read(path, bytesMax: bytesMax).count == bytesMax)
        try PrivateFile.write(pattern(bytesMax + 1), to: path)
        #expect(throws: FileError.tooLarge(path: path, bytesMax: bytesMax)) { try PrivateFile.read(path, bytesMax: bytesMax) }
    }

    @Test("with a secret is refused when anybody else may use it", arguments: [0o640, 0o604, 0o620, 0o601] as [UInt32])
    func privacy(loose: UInt32) throws {
        try PrivateFile.write([1], to: path, mode: loose)
        #expect(throws: FileError.tooOpen(path: path, mode: loose)) {
            try PrivateFile.read(path, bytesMax: 1, requiringPrivacy: true)
        }
        #expect(try PrivateFile.read(path, bytesMax: 1) == [1])
    }

    @Test("is never written through a link that somebody put there")
    func links() throws {
        let target = directory.path + "/target"
        try PrivateFile.write([1], to: target)
        #expect(unsafe symlink(target, path) == 0)
        try PrivateFile.write([2], to: path)
        #expect(try PrivateFile.read(target, bytesMax: 1) == [1])
        #expect(try PrivateFile.read(path, bytesMax: 1) == [2])
    }

    @Test("a FIFO or directory in its place is refused without waiting for a writer")
    func notAFile() throws {
        #expect(unsafe mkfifo(path, 0o600) == 0)
        #expect(throws: FileError.notAFile(path: path)) { try PrivateFile.read(path, bytesMax: 1) }
        #expect(throws: FileError.notAFile(path: directory.path)) { try PrivateFile.read(directory.path, bytesMax: 1) }
    }

    @Test("that is missing is named; removing it is fine")
    func missing() throws {
        #expect(throws: FileError.notFound(path: path)) { try PrivateFile.read(path, bytesMax: 1) }
        #expect(!PrivateFile.exists(path))
        try PrivateFile.remove(path)
        try PrivateFile.write([1], to: path)
        #expect(PrivateFile.exists(path))
        try PrivateFile.remove(path)
        #expect(directory.entries.isEmpty)
    }

    @Test("its directory is made with those above it, private; a file in the way is an error")
    func directories() throws {
        let deep = directory.path + "/a/b"
        try PrivateFile.makeDirectory(deep)
        try PrivateFile.makeDirectory(deep)
        #expect(mode(of: deep) == 0o700)
        #expect(mode(of: directory.path + "/a") == 0o700)
        try PrivateFile.write([1], to: path)
        #expect(throws: FileError.self) { try PrivateFile.makeDirectory(path) }
        _ = unsafe rmdir(deep)
        _ = unsafe rmdir(directory.path + "/a")
    }
}

@Suite("A process lock")
struct ProcessLockTests {
    @Test("is held by one, whose process it names, until released or dropped")
    func exclusive() throws {
        let directory = try TemporaryDirectory()
        let held = ProcessLockError.held(process: getpid(), path: directory.path + "/lock")
        let first = try ProcessLock.acquire(directory: directory.path)
        let error = #expect(throws: held) { _ = try ProcessLock.acquire(directory: directory.path) }
        #expect("\(try #require(error))".contains("process \(getpid())"))
        first.release()
        var second: ProcessLock? = try ProcessLock.acquire(directory: directory.path)
        first.release()
        #expect(throws: held) { _ = try ProcessLock.acquire(directory: directory.path) }
        #expect(second != nil)
        second = nil
        _ = try ProcessLock.acquire(directory: directory.path)
    }

    @Test("the file of a process that has gone locks nobody out, whatever it holds")
    func leftover() throws {
        let directory = try TemporaryDirectory()
        try PrivateFile.write(pattern(1000), to: directory.path + "/lock")
        let lock = try ProcessLock.acquire(directory: directory.path)
        #expect(try PrivateFile.read(directory.path + "/lock", bytesMax: 16) == Array("\(getpid())\n".utf8))
        lock.release()
    }

    @Test("needs its directory")
    func missingDirectory() {
        #expect(throws: ProcessLockError.file(.notFound(path: "/nowhere/at all/lock"))) {
            _ = try ProcessLock.acquire(directory: "/nowhere/at all")
        }
    }
}

@Suite("The limit on open files")
struct OpenFileLimitTests {
    @Test("is raised to the most this user may have")
    func raised() {
        let result = raiseOpenFileLimit()
        var limit = rlimit()
        #expect(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(UInt64(limit.rlim_cur) == UInt64(limit.rlim_max))
        #expect(result == UInt64(limit.rlim_max))
    }
}
