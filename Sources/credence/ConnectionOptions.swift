import API
import ArgumentParser
import Crypto
import EventLoop
import HTTP
import TLS

/// Which member a command talks to, and as whom.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help:
            "The member: https://HOST:PORT or HOST:PORT, or unix:PATH. Default: $CREDENCE_ADDRESS, else that of $CREDENCE_API_INFO, else the Unix socket of --data.")
    var address: String?

    @Option(help: "A bearer token. Default: $CREDENCE_TOKEN, else that of $CREDENCE_API_INFO with its address.")
    var token: String?

    @Option(help: "SHA-256 of the cluster certificate, hexadecimal. Default: $CREDENCE_FINGERPRINT.")
    var fingerprint: String?

    @Option(help: "PEM file of the CA that must have signed the cluster certificate, instead of --fingerprint.", completion: .file())
    var ca: String?

    @Option(name: .customLong("remote"), help: "A cluster of `credence remote list`. Default: $CREDENCE_REMOTE.")
    var remoteName: String?

    @Option(name: .customLong("cert"), help: "PEM file of a client certificate that the cluster trusts; with --key.", completion: .file())
    var clientCertificate: String?

    @Option(name: .customLong("key"), help: "PEM file of its private key.", completion: .file())
    var clientKey: String?

    @Option(help: "The data directory whose Unix socket is used. Default: $CREDENCE_DATA, else /var/lib/credence for root.")
    var data: String?

    @Option(help: "table, json, yaml or csv.")
    var format: OutputFormat = .table
}

extension ConnectionOptions {
    func remote() throws(CommandFailure) -> Remote {
        if let name = try chosenRemote() { return try remote(named: name) }
        let destination = try destination()
        let token = token ?? Terminal.environment("CREDENCE_TOKEN") ?? destination.token
        return Remote(name: destination.address, endpoint: try endpoint(destination.address), token: token)
    }

    /// What the command line says beats what the environment says; of two that say different things on one of them, none.
    private func chosenRemote() throws(CommandFailure) -> String? {
        if let remoteName {
            guard address == nil, data == nil, fingerprint == nil, ca == nil else {
                throw .usage("--remote stands for an address and whom to expect there; leave out --address, --data, --fingerprint and --ca")
            }
            return remoteName
        }
        guard address == nil, data == nil, Terminal.environment("CREDENCE_ADDRESS") == nil,
            let name = Terminal.environment("CREDENCE_REMOTE") else { return nil }
        guard fingerprint == nil, ca == nil else {
            throw .usage("CREDENCE_REMOTE says whom to expect already; unset it, or leave out --fingerprint and --ca")
        }
        return name
    }

    private func remote(named name: String) throws(CommandFailure) -> Remote {
        let store = RemoteStore()
        let entry = try store.entry(named: name)
        let own = try identity()
        let token = token ?? entry.token
        let identity = own == nil && token == nil ? try store.identity() : own
        var endpoints: [HTTPEndpoint] = []
        for address in entry.addresses {
            endpoints.append(try RemoteEndpoint.of(address, identity, entry.verification(at: WallClock.nowSeconds())))
        }
        guard let first = endpoints.first else { throw .refused("the remote \(name) has no address; add it again") }
        return Remote(name: name, endpoint: first, others: Array(endpoints.dropFirst()), token: token)
    }

    private func identity() throws(CommandFailure) -> TLSIdentity? {
        switch (clientCertificate, clientKey) {
        case (nil, nil): nil
        case (let certificate?, let key?): try ClientIdentity.read(certificate: certificate, key: key)
        default: throw .usage("--cert and --key go together")
        }
    }

    func destination() throws(CommandFailure) -> Destination {
        let address = address ?? Terminal.environment("CREDENCE_ADDRESS")
        let info = address == nil && data == nil ? try APIInfo.fromEnvironment() : nil
        return Destination(address: address, data: data, info: info) {
            ServerOptions.socketPath(dataDirectory: DataDirectory.choose($0))
        }
    }

    private func endpoint(_ text: String) throws(CommandFailure) -> HTTPEndpoint {
        if text.hasPrefix("unix:") { return .unix(path: String(text.dropFirst(5))) }
        if text.hasPrefix("/") { return .unix(path: text) }
        return try RemoteEndpoint.of(text, try identity(), try pin(text))
    }

    static func hostPort(_ text: String) -> String {
        var rest = text.hasPrefix("https://") ? text.dropFirst("https://".count) : text[...]
        if rest.hasSuffix("/") { rest.removeLast() }
        return String(rest)
    }

    /// No pin, no connection: a token sent to whoever answers is a token given away.
    private func pin(_ address: String) throws(CommandFailure) -> PeerVerification {
        if let ca { return try authority(ca, address) }
        guard let text = fingerprint ?? Terminal.environment("CREDENCE_FINGERPRINT") else {
            throw .usage(
                "to talk to \(address) the cluster certificate must be known: give --fingerprint SHA256 (a member logs "
                    + "it when it starts) or --ca FILE")
        }
        guard let pinned = Self.normalizedFingerprint(text) else {
            throw .usage("--fingerprint must be the SHA-256 of the certificate's DER, 64 hexadecimal digits")
        }
        return .leafFingerprint(pinned)
    }

    /// As `openssl x509 -fingerprint -sha256` writes it, or as we do.
    static func normalizedFingerprint(_ text: String) -> String? {
        let digits = text.lowercased().filter { $0 != ":" }
        return Hex.decode(digits)?.count == 32 ? digits : nil
    }

    /// The name that certificates of the cluster's own CA have beside the addresses of its members.
    private static let clusterName = "credence"

    /// An authority may have issued certificates for others' servers too: the certificate must be for the host that was
    /// asked for, or for a cluster.
    private func authority(_ path: String, _ address: String) throws(CommandFailure) -> PeerVerification {
        let host = (try? HostPort(parsing: Self.hostPort(address)))?.host ?? ""
        do {
            let pem = String(decoding: try PrivateFile.read(path, bytesMax: 1 << 20), as: UTF8.self)
            let authority = try Certificate(pem: pem)
            let now = WallClock.nowSeconds()
            return .custom { chain in
                guard let leaf = chain.first else { return false }
                return leaf.isIssued(by: authority) && leaf.mayServe && leaf.isValid(at: now) && authority.isValid(at: now)
                    && (leaf.names(host: host) || leaf.names(host: Self.clusterName))
            }
        } catch {
            throw .usage("--ca \(path): \(error)")
        }
    }
}

/// Where a member keeps its data when nobody says.
enum DataDirectory {
    static func choose(_ flag: String?) -> String {
        flag ?? Terminal.environment("CREDENCE_DATA") ?? standard
    }

    /// The XDG base directory specification names `~/.local/state` when the variable is not set.
    static var standard: String {
        if Terminal.userID == 0 { return "/var/lib/credence" }
        if let state = Terminal.environment("XDG_STATE_HOME") { return state + "/credence" }
        return (Terminal.environment("HOME") ?? "") + "/.local/state/credence"
    }
}
