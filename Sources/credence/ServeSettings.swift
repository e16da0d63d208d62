import API
import Cluster
import Crypto
import EventLoop
import HTTP
import JOSE
import Logging
import TrustStore

/// The options of `serve` after flags, environment and file have been asked, in that order.
struct ServeSettings {
    let data: String
    let name: String
    let listen: String
    let advertise: [String]
    /// It was said, and is not a guess from the host's name.
    let isAdvertiseGiven: Bool
    let loopbackPort: UInt16?
    let requestLoops: Int
    let encryptsKeystore: Bool
    let passphraseFile: String?
    let logFormat: LogFormat
    let logLevel: Logger.Level
    let logKeptEntries: Int?
    let scrubSeconds: Int?
    let reserveMebibytes: Int?
    let auditRetention: AuditRetention

    init(_ flags: Serve) throws(CommandFailure) {
        let sources = try OptionSources(file: flags.config)
        data = DataDirectory.choose(try sources.value("data", flags.data))
        name = try sources.value("name", flags.name) ?? String(Terminal.hostName.prefix { $0 != "." })
        listen = try sources.value("listen", flags.listen) ?? "[::]:8443"
        let advertised =
            flags.advertise.isEmpty
            ? try sources.value("advertise", nil).map { $0.split(separator: ",").map(String.init) } ?? [] : flags.advertise
        advertise = try Self.advertised(advertised, listen: listen)
        isAdvertiseGiven = !advertised.isEmpty
        loopbackPort = try Self.port(try sources.value("listen-loopback", flags.listenLoopback))
        requestLoops = try Self.loops(try sources.value("request-loops", flags.requestLoops))
        switch try sources.value("encrypt-keystore", flags.encryptKeystore) {
        case nil, "true": encryptsKeystore = true
        case "false": encryptsKeystore = false
        default: throw .usage("--encrypt-keystore must be true or false")
        }
        passphraseFile = try sources.value("keystore-passphrase-file", flags.keystorePassphraseFile)
        guard let format = LogFormat(rawValue: try sources.value("log-format", flags.logFormat) ?? "text") else {
            throw .usage("--log-format must be text or json")
        }
        logFormat = format
        guard let level = Logger.Level(rawValue: try sources.value("log-level", flags.logLevel) ?? "info") else {
            throw .usage("--log-level must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        logLevel = level
        logKeptEntries = try Self.number(
            "log-keep", of: "entries", in: MemberOptions.logKeptEntriesRange, try sources.value("log-keep", flags.logKeep))
        scrubSeconds = try Self.number(
            "scrub-every", of: "seconds", in: MemberOptions.scrubSecondsRange, try sources.value("scrub-every", flags.scrubEvery))
        reserveMebibytes = try Self.number(
            "disk-reserve", of: "MiB", in: MemberOptions.reserveMebibytesRange, try sources.value("disk-reserve", flags.diskReserve))
        auditRetention = try Self.retention(try sources.value("audit-keep", flags.auditKeep))
    }

    static func retention(_ text: String?) throws(CommandFailure) -> AuditRetention {
        guard let text, text != "all" else { return .everything }
        let (entries, days) = (MemberOptions.auditEntriesRange, MemberOptions.auditDaysRange)
        if text.hasSuffix("d"), let number = Int(text.dropLast()), days.contains(number) { return .seconds(Int64(number) * 86_400) }
        if let number = Int(text), entries.contains(number) { return .entries(UInt64(number)) }
        throw .usage(
            "--audit-keep must be all, a number of entries from 1 to \(entries.upperBound), or of days from 1d to \(days.upperBound)d")
    }

    static func number(
        _ option: String, of unit: String, in range: ClosedRange<Int>, _ text: String?
    ) throws(CommandFailure) -> Int? {
        guard let text else { return nil }
        guard let count = Int(text), range.contains(count) else {
            throw .usage("--\(option) must be a number of \(unit) from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    /// A wildcard address says where to listen and nothing about where to be found: the host's name does.
    static func advertised(_ given: [String], listen: String) throws(CommandFailure) -> [String] {
        if !given.isEmpty { return given }
        let target: HostPort
        do throws(EventLoopError) {
            target = try HostPort(parsing: listen)
        } catch {
            throw .usage("--listen \(listen): write HOST:PORT, for example 0.0.0.0:8443 or [::]:8443")
        }
        guard target.port > 0 else { throw .usage("--listen with port 0 needs --advertise") }
        let isWildcard = ["0.0.0.0", "::"].contains(target.host)
        return ["\(HostPort(host: isWildcard ? Terminal.hostName : target.host, port: target.port))"]
    }

    /// Loopback only, so a port and never an address: this listener speaks clear text.
    static func port(_ text: String?) throws(CommandFailure) -> UInt16? {
        guard let text else { return nil }
        guard let port = UInt16(text), port > 0 else {
            throw .usage("--listen-loopback takes a port from 1 to 65535; it always listens on 127.0.0.1 and ::1")
        }
        return port
    }

    /// More threads than this only take memory, and a typing error should not start a thousand.
    static let requestLoopsMax = 256

    static func loops(_ text: String?) throws(CommandFailure) -> Int {
        guard let text else { return min(Terminal.coreCount, requestLoopsMax) }
        guard let count = Int(text), (1...requestLoopsMax).contains(count) else {
            throw .usage("--request-loops must be a whole number from 1 to \(requestLoopsMax)")
        }
        return count
    }

    func logger(_ level: SharedLogLevel) -> Logger {
        let format = logFormat
        return Logger(label: "credence") { _ in LineLogHandler(format: format, logLevel: level) }
    }

    /// The options that differ and that only a start takes up.
    func restartNeeded(from former: ServeSettings) -> [String] {
        let pairs: [(String, Bool)] = [
            ("data", data == former.data), ("listen", listen == former.listen), ("advertise", advertise == former.advertise),
            ("listen-loopback", loopbackPort == former.loopbackPort), ("request-loops", requestLoops == former.requestLoops),
            ("encrypt-keystore", encryptsKeystore == former.encryptsKeystore), ("keystore-passphrase-file", passphraseFile == former.passphraseFile),
            ("log-format", logFormat == former.logFormat), ("log-keep", logKeptEntries == former.logKeptEntries),
            ("scrub-every", scrubSeconds == former.scrubSeconds), ("disk-reserve", reserveMebibytes == former.reserveMebibytes),
            ("audit-keep", auditRetention == former.auditRetention),
        ]
        return pairs.filter { !$0.1 }.map(\.0)
    }

    func serverOptions(join: String?, saveToken: String?) throws(CommandFailure) -> ServerOptions {
        var member = MemberOptions(
            dataDirectory: data, name: name, advertise: advertise,
            joinToken: try join.map { (text) throws(CommandFailure) in try TokenArgument.read(text) },
            encryptsKeystore: encryptsKeystore,
            passphrase: encryptsKeystore ? try Passphrase.find(file: passphraseFile) : nil, saveToken: saveToken)
        member.announcesAddresses = isAdvertiseGiven
        if let logKeptEntries { member.logKeptEntries = logKeptEntries }
        if let scrubSeconds { member.scrubPeriod = .seconds(scrubSeconds) }
        if let reserveMebibytes { member.reserveBytesMax = UInt64(reserveMebibytes) << 20 }
        member.auditRetention = auditRetention
        return ServerOptions(
            member: member, listen: listen, loopbackPort: loopbackPort, requestLoops: requestLoops,
            ownUserID: Terminal.userID)
    }
}

/// Flag, then environment, then file.
struct OptionSources {
    private let path: String
    private let file: JSONObject

    private let environment: (String) -> String?

    static let names = [
        "data", "name", "listen", "advertise", "listen-loopback", "encrypt-keystore", "keystore-passphrase-file",
        "request-loops", "log-format", "log-level", "log-keep", "scrub-every", "disk-reserve", "audit-keep",
    ]

    init(
        file path: String?, environment: @escaping (String) -> String? = Terminal.environment
    ) throws(CommandFailure) {
        self.path = path ?? ""
        self.environment = environment
        guard let path else {
            file = [:]
            return
        }
        file = try SettingsFile.read(path)
        if let unknown = file.names.first(where: { !Self.names.contains($0) }) {
            throw .usage("--config \(path): unknown option \"\(Table.printable(unknown))\"; known are \(Self.names.joined(separator: ", "))")
        }
    }

    static func variable(_ name: String) -> String {
        "CREDENCE_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    func value(_ name: String, _ flag: String?) throws(CommandFailure) -> String? {
        if let flag { return flag }
        if let value = environment(Self.variable(name)) { return value }
        switch file[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .bool(let flag): return String(flag)
        case .array(let elements): return elements.compactMap(\.stringValue).joined(separator: ",")
        case .double, .object: throw .usage("--config \(path): \"\(name)\" must be text")
        }
    }
}
