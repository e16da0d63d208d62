import Crypto
import EventLoop
import JOSE
import TLS

/// The clusters that this user's commands know by name, each pinned, and the key by which they know this user.
///
/// Files of mode 0600 in `$CREDENCE_CONFIG_DIR`, else `$XDG_CONFIG_HOME/credence`, else `~/.config/credence`:
/// `remotes.json`, `client.crt`, `client.key`.
struct RemoteStore {
    struct Entry: Equatable {
        var name: String
        /// `HOST:PORT`; asked in this order until one answers.
        var addresses: [String]
        /// SHA-256 of the certificate that its members show, lower hexadecimal.
        var fingerprint: String
        /// SHA-256 of the cluster's CA, by which a renewed certificate is recognised; nil when it was not told.
        var authority: String?
        /// A bearer token; nil when the user's key is trusted.
        var token: String?
    }

    static let entriesMax = 256
    static let fileBytesMax = 1 << 20

    let directory: String

    init() {
        if let directory = Terminal.environment("CREDENCE_CONFIG_DIR") {
            self.directory = directory
        } else if let base = Terminal.environment("XDG_CONFIG_HOME") {
            directory = base + "/credence"
        } else {
            directory = (Terminal.environment("HOME") ?? "") + "/.config/credence"
        }
    }

    private var path: String { directory + "/remotes.json" }
    private var certificatePath: String { directory + "/client.crt" }
    private var keyPath: String { directory + "/client.key" }

    // MARK: - Remotes

    /// By name.
    func entries() throws(CommandFailure) -> [Entry] {
        guard PrivateFile.exists(path) else { return [] }
        do {
            let json = try JSON(parsing: PrivateFile.read(path, bytesMax: Self.fileBytesMax))
            var reader = try JSONObjectReader(json)
            return try reader.array("remotes", max: Self.entriesMax).map { try Entry(json: $0) }.sorted { $0.name < $1.name }
        } catch {
            throw .refused("\(path) cannot be used: \(error); move it away, and add the remotes again")
        }
    }

    func entry(named name: String) throws(CommandFailure) -> Entry {
        guard let entry = try entries().first(where: { $0.name == name }) else {
            throw .usage("there is no remote \(Table.printable(name)); see `credence remote list`")
        }
        return entry
    }

    /// In the place of one with the same name.
    func put(_ entry: Entry) throws(CommandFailure) {
        let others = try entries().filter { $0.name != entry.name }
        guard others.count < Self.entriesMax else { throw .refused("there are \(Self.entriesMax) remotes already; remove one first") }
        try write(others + [entry])
    }

    func remove(_ name: String) throws(CommandFailure) {
        try write(try entries().filter { $0.name != name })
    }

    private func write(_ entries: [Entry]) throws(CommandFailure) {
        let json: JSON = .object(["remotes": .array(entries.sorted { $0.name < $1.name }.map(\.json))])
        try write(json.encoded(), to: path)
    }

    private func write(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
        do throws(FileError) {
            try PrivateFile.makeDirectory(directory)
            try PrivateFile.write(bytes, to: path)
        } catch {
            throw .refused("\(path) cannot be written: \(error)")
        }
    }

    // MARK: - The user's own key

    private static let years: Int64 = 10
    private static let backdatedSeconds: Int64 = 300

    /// Nil when none was ever made.
    func identity() throws(CommandFailure) -> TLSIdentity? {
        guard PrivateFile.exists(keyPath) else { return nil }
        return try ClientIdentity.read(certificate: certificatePath, key: keyPath)
    }

    /// Made when a remote first needs it. Key first: a certificate without its key would be of no use.
    func makeIdentity() throws(CommandFailure) -> TLSIdentity {
        if let identity = try identity() { return identity }
        let identity: TLSIdentity
        do throws(CryptoError) {
            let key = try PrivateKey.generate(.p256)
            let now = WallClock.nowSeconds()
            let name = Terminal.environment("USER").map { "\($0)@\(Terminal.hostName)" } ?? Terminal.hostName
            let template = CertificateTemplate(
                commonName: String(name.prefix(64)), notBeforeAt: now - Self.backdatedSeconds, notAfterAt: now + Self.years * 365 * 86_400,
                usages: [.clientAuth])
            identity = TLSIdentity(chain: [try Certificate.issue(template, publicKey: key.publicKey, issuer: nil, key: key)], key: key)
        } catch {
            throw .refused("no client key could be made: \(error)")
        }
        let key = identity.key.pkcs8().withSpan { bytes in PEM.encode(label: "PRIVATE KEY", bytes.indices.map { bytes[$0] }) }
        try write(Array(identity.chain[0].pem.utf8), to: certificatePath)
        try write(Array(key.utf8), to: keyPath)
        return identity
    }
}

extension RemoteStore.Entry {
    init(json: JSON) throws(JSONFieldError) {
        var reader = try JSONObjectReader(json)
        self.init(
            name: try reader.string("name"), addresses: try reader.strings("addresses", max: 64), fingerprint: try reader.string("fingerprint"),
            authority: try reader.optionalString("authority"), token: try reader.optionalString("token", max: 64 << 10))
        try reader.finish()
    }

    var json: JSON {
        var object: JSONObject = ["name": .string(name), "addresses": .strings(addresses), "fingerprint": .string(fingerprint)]
        object["authority"] = authority.map(JSON.string)
        object["token"] = token.map(JSON.string)
        return .object(object)
    }

    /// Never the token: lists are copied into tickets.
    var shown: JSON {
        .object([
            "name": .string(name), "addresses": .strings(addresses), "fingerprint": .string(fingerprint),
            "authentication": token == nil ? "certificate" : "token",
        ])
    }

    /// The pinned certificate, or a newer one of the pinned CA.
    func verification(at now: Int64) -> PeerVerification {
        let (fingerprint, authority) = (fingerprint, authority)
        return .custom { chain in
            if PeerVerification.leafFingerprint(fingerprint).accepts(chain) { return true }
            return authority.map { PeerVerification.authority(sha256Hex: $0, validAt: now).accepts(chain) } ?? false
        }
    }
}

/// A client certificate and its key, in PEM files.
enum ClientIdentity {
    private static let bytesMax = 64 << 10

    static func read(certificate: String, key: String) throws(CommandFailure) -> TLSIdentity {
        do {
            let chain = try PEM.decode(String(decoding: PrivateFile.read(certificate, bytesMax: bytesMax), as: UTF8.self))
                .filter { $0.label == "CERTIFICATE" }.map { try Certificate(der: $0.bytes) }
            let key = try PrivateKey(pem: String(decoding: PrivateFile.read(key, bytesMax: bytesMax), as: UTF8.self))
            guard let leaf = chain.first, leaf.subjectPublicKeyInfo == key.publicKey.spki else {
                throw CommandFailure.usage("\(certificate) is not the certificate of the key that was given with it")
            }
            return TLSIdentity(chain: chain, key: key)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .usage("\(certificate) and \(key) cannot be used: \(error)")
        }
    }
}
