import Crypto
import Foundation
import JOSE

/// Tokens of every kind that a cluster knows, good and spoilt, and questions about them.
struct TokenPool {
    private var texts: [(token: String, story: String)] = []
    private let audiences = ["api", "backend"]

    private static let algorithms = ["ES256", "EdDSA", "RS256", "ES384", "HS256"]
    private static let mintedPerAlgorithm = 60
    private static let signedPerClient = 120

    init(_ fleet: Fleet, _ random: inout Randomness) throws {
        for algorithm in Self.algorithms.dropFirst() { try Self.require(fleet.client(0).call("POST", "/1.0/keys", ["algorithm": .string(algorithm)], seconds: 30)) }
        try Self.awaitActiveKeys(fleet)
        for algorithm in Self.algorithms {
            for number in 0..<Self.mintedPerAlgorithm { try mint(fleet, algorithm, number, &random) }
        }
        let clients = try ["trusted", "restricted", "metrics", "removed", "revoked", "stranger"].map { try TokenPoolClient($0, fleet) }
        for client in clients {
            for _ in 0..<Self.signedPerClient { texts.append((try client.token(&random), "signed by \(client.name)")) }
        }
        try revokeSome(fleet, &random)
    }

    private static func require(_ reply: Reply?) throws {
        guard let reply, (200..<300).contains(reply.status) else { throw ChaosError(description: "refused: \(reply?.error ?? "no answer")") }
    }

    private static func awaitActiveKeys(_ fleet: Fleet) throws {
        let deadline = Clock.now() + 60_000_000_000
        while Clock.now() < deadline {
            let keys = fleet.client(0).call("GET", "/1.0/keys", seconds: 5)?.metadata.arrayValue ?? []
            if keys.count(where: { $0["state"] == "active" }) == algorithms.count { return }
            Clock.pause(seconds: 0.1)
        }
        throw ChaosError(description: "the new keys did not become active")
    }

    private mutating func mint(_ fleet: Fleet, _ algorithm: String, _ number: Int, _ random: inout Randomness) throws {
        var body: JSONObject = [
            "subject": .string("subject-\(random.below(20))"), "algorithm": .string(algorithm),
            "scopes": .strings([["read"], ["write", "backup"], ["admin"], []][random.below(4)]),
            // Some end while the questions are asked.
            "expires_in": .integer([3, 10, 20, 3_600][random.below(4)]),
        ]
        if random.below(3) == 0 { body["audience"] = .string(audiences[random.below(2)]) }
        if random.below(8) == 0 {
            body["not_before"] = .integer(Int64(Date().timeIntervalSince1970) + 30)
            body["expires_in"] = 3_600
        }
        if random.below(10) == 0 { body["certificate_fingerprint"] = .string(String(repeating: "ab", count: 32)) }
        let reply = fleet.client(random.below(fleet.names.count)).call("POST", "/1.0/tokens", .object(body), seconds: 30)
        guard let token = reply?.metadata["token"]?.stringValue else { throw ChaosError(description: "nothing minted: \(reply?.error ?? "")") }
        texts.append((token, "minted \(algorithm) \(number)"))
    }

    private func revokeSome(_ fleet: Fleet, _ random: inout Randomness) throws {
        let client = fleet.client(1)
        for _ in 0..<40 {
            let token = texts[random.below(Self.algorithms.count * Self.mintedPerAlgorithm)].token
            _ = client.call("POST", "/1.0/revocations", ["token": .string(token)], seconds: 10)
        }
        try Self.require(client.call("POST", "/1.0/revocations", ["subject": "subject-3", "reason": "left"], seconds: 10))
        let keys = client.call("GET", "/1.0/keys", seconds: 5)?.metadata.arrayValue ?? []
        if let kid = keys.first(where: { $0["algorithm"] == "ES384" })?["id"]?.stringValue {
            try Self.require(client.call("POST", "/1.0/keys/\(kid)/retire", ["retire_in": 0], seconds: 10))
        }
    }

    // MARK: Questions

    func question(_ random: inout Randomness) -> TokenQuestion {
        let (token, story) = texts[random.below(texts.count)]
        let (spoilt, how) = spoil(token, &random)
        var question = TokenQuestion(token: spoilt, story: "\(story), \(how)")
        if random.below(3) == 0 { question.scope = ["read", "write", "admin", "backup", "read backup", "  "][random.below(6)] }
        if random.below(4) == 0 { question.audience = audiences[random.below(2)] }
        return question
    }

    private func spoil(_ token: String, _ random: inout Randomness) -> (String, String) {
        var bytes = Array(token.utf8)
        let segments = token.split(separator: ".").map(String.init)
        switch random.below(12) {
        case 0:
            bytes[random.below(bytes.count)] = UInt8(33 + random.below(94))
            return (String(decoding: bytes, as: UTF8.self), "a byte changed")
        case 1: return (String(decoding: bytes.prefix(random.below(bytes.count)), as: UTF8.self), "cut")
        case 2:
            let other = texts[random.below(texts.count)].token.split(separator: ".")
            return ("\(segments[0]).\(other[1]).\(segments[2])", "another's payload")
        case 3:
            let header = [#"{"alg":"none"}"#, #"{"alg":"HS256","kid":"x"}"#, #"{"alg":"ES256","kid":"../k"}"#, #"{"alg":"ES256","alg":"none"}"#, "{}"][random.below(5)]
            return ("\(Base64URL.encode(Array(header.utf8))).\(segments[1]).\(segments[2])", "another header")
        case 4: return (token + "=", "padded")
        case 5: return ("Bearer " + token, "with a word")
        default: return (token, "as it is")
        }
    }
}

/// A client with a certificate, in one of the relations to the cluster that there are.
private struct TokenPoolClient {
    let name: String
    private let fingerprint: String
    private let key: JWSSigningKey

    init(_ name: String, _ fleet: Fleet) throws {
        self.name = name
        let base = "\(fleet.directory)/\(name)"
        try Shell.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(base).key -out \(base).crt -days 2 -subj /CN=\(name)")
        let pem = try String(contentsOfFile: "\(base).crt", encoding: .utf8)
        fingerprint = try Certificate(pem: pem).fingerprint
        let blocks = try PEM.decode(try String(contentsOfFile: "\(base).key", encoding: .utf8))
        key = try JWSSigningKey(.es256, secret: SecretBytes(blocks[0].bytes))
        guard name != "stranger" else { return }
        let body: JSON = [
            "certificate": .string(pem), "type": name == "metrics" ? "metrics" : "client", "restricted": .bool(name == "restricted"),
        ]
        guard fleet.client(2).call("POST", "/1.0/certificates", body, seconds: 10)?.status == 201 else {
            throw ChaosError(description: "the certificate \(name) was not trusted")
        }
        if name == "removed" { _ = fleet.client(0).call("DELETE", "/1.0/certificates/\(fingerprint)", seconds: 10) }
        if name == "revoked" { _ = fleet.client(0).call("POST", "/1.0/revocations", ["certificate": .string(fingerprint)], seconds: 10) }
    }

    /// Some good, some with claims that are not.
    func token(_ random: inout Randomness) throws -> String {
        let now = Int64(Date().timeIntervalSince1970)
        var claims: JSONObject = ["sub": .string(fingerprint), "exp": .integer(now + 3_600)]
        let changes: [(String, JSON)] = [
            ("exp", .integer(now - 5)), ("exp", "soon"), ("exp", .double(1e300)), ("exp", .integer(now + 15)), ("nbf", .integer(now + 600)), ("iss", "elsewhere"),
            ("iss", ""), ("sub", .string(fingerprint.uppercased())), ("sub", .string(String(fingerprint.prefix(20)))), ("scope", "read"), ("aud", ["api"]), ("jti", 5),
        ]
        if random.below(2) == 0 {
            let (name, value) = changes[random.below(changes.count)]
            claims[name] = value
        }
        let algorithm = random.below(20) == 0 ? "RS256" : "ES256"
        let signed = Base64URL.encode(Array(#"{"alg":"\#(algorithm)"}"#.utf8)) + "." + Base64URL.encode(JSON.object(claims).encoded())
        return signed + "." + Base64URL.encode(try key.sign(Array(signed.utf8).span))
    }
}
