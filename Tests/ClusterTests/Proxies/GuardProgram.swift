import FoundationEssentials

/// The foreign programs of these tests: whether they are there, and how they are run.
enum GuardProgram {
    /// Where Debian has programs that serve, besides what is in PATH.
    private static let folders = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"]

    static func path(_ program: String) -> String? {
        folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static var hasApacheModule: Bool {
        path("apache2") != nil && FileManager.default.fileExists(atPath: "/usr/lib/apache2/modules/mod_auth_openidc.so")
    }

    static let isRoot: Bool = Files.text("/proc/self/status").contains("\nUid:\t0\t")

    /// Without any rights, as the examples promise: as nobody, when these tests run as root. `folder` is all that it may write to.
    static func start(_ program: String, _ arguments: [String], folder: String, log: String) async throws -> Server {
        let environment = ["XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder]
        guard let path = path(program) else { throw TestFailure("there is no \(program)") }
        guard isRoot else { return try await Server.start(arguments, log: log, binary: path, environment: environment) }
        let asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", path]
        return try await Server.start(asNobody + arguments, log: log, binary: "setpriv", environment: environment)
    }

    /// A folder that such a program may write to.
    static func makeFolder() async throws -> String {
        let folder = "/tmp/credence-guard-\(UInt32.random(in: .min ... .max))"
        try Files.makeDirectory(folder)
        if isRoot { _ = try await Command.run("chown", ["65534:65534", folder]) }
        return folder
    }
}
