import Cluster
import Crypto
import EventLoop
import FoundationEssentials
import HTTP
import HTTPTypes
import JOSE
import TLS
import Testing
import Tokens
import TrustStore

@testable import API

/// The whole server in this process, over real sockets.
@Suite("The server", .serialized, .timeLimit(.minutes(5)))
struct CredenceServerTests {
    /// Starts a server on free ports with a client beside it, and stops both whatever `body` does.
    private func withServer(_ body: (CredenceServer, ServerClient) async throws -> Void) async throws {
        let directory = "/tmp/credence-api-test-\(Hex.encode(SecureRandom.bytes(8)))"
        defer { TemporaryDirectory.remove(directory) }
        let options = ServerOptions(
            member: ServedMember.options(directory), listen: "127.0.0.1:0", loopbackPort: nil, requestLoops: 2, ownUserID: 1)
        let log = RecordedLog()
        var adminToken: String?
        let server = try await CredenceServer.start(options, logger: log.logger) { adminToken = $0.adminToken }
        let client = ServerClient(
            loop: try EventLoop(name: "client"), port: try #require(server.address.port), token: try #require(adminToken),
            socket: ServerOptions.socketPath(dataDirectory: directory))
        do {
            try await body(server, client)
        } catch {
            await server.stop()
            client.loop.shutdown()
            throw error
        }
        await server.stop()
        client.loop.shutdown()
    }

    @Test("over TLS with the cluster certificate pinned, and over the Unix socket")
    func serves() async throws {
        try await withServer { server, client async throws in
            let pin = try #require(server.member.serverTLS.fingerprint)
            let pinned = try await client.get("/1.0", over: client.tls(.leafFingerprint(pin)))
            #expect(pinned["auth"] == "trusted")
            let state = server.member.view.tokens.state
            let authority = try Certificate(der: try #require(state.cluster?.caCertificate))
            let byAuthority = try await client.get("/1.0", over: client.tls(.custom { $0.first?.isIssued(by: authority) == true }))
            #expect(byAuthority["auth"] == "trusted")
            #expect(try await client.get("/1.0", over: .unix(path: client.socket))["auth"] == "trusted")
        }
    }

    @Test("a wrong pin sends nothing")
    func wrongPin() async throws {
        try await withServer { _, client async throws in
            let wrong = try client.tls(.leafFingerprint(String(repeating: "0", count: 64)))
            await #expect(throws: HTTPClientError.self) { try await client.get("/1.0", over: wrong) }
        }
    }

    @Test("a port that somebody listens on founds nothing")
    func takenPort() async throws {
        try await withServer { server, client async throws in
            let directory = "/tmp/credence-api-test-\(Hex.encode(SecureRandom.bytes(8)))"
            defer { TemporaryDirectory.remove(directory) }
            let options = ServerOptions(
                member: ServedMember.options(directory), listen: "\(server.address)", loopbackPort: nil, requestLoops: 1,
                ownUserID: 1)
            let error = await #expect(throws: ServerError.self) {
                _ = try await CredenceServer.start(options, logger: RecordedLog().logger) { _ in }
            }
            #expect(error.map { "\($0)" }?.contains("in use") == true)
            #expect(!FileManager.default.fileExists(atPath: directory))
        }
    }

    @Test(
        "an address that is none, and a socket path that is too long, are refused before anything is made",
        arguments: ["nonsense", "127.0.0.1", "127.0.0.1:99999", ":::1"])
    func badAddress(text: String) async throws {
        let directory = "/tmp/credence-api-test-\(Hex.encode(SecureRandom.bytes(8)))"
        for (listen, path) in [(text, directory), ("127.0.0.1:0", directory + String(repeating: "x", count: 80))] {
            let options = ServerOptions(
                member: ServedMember.options(path), listen: listen, loopbackPort: nil, requestLoops: 1, ownUserID: 1)
            await #expect(throws: ServerError.self) {
                _ = try await CredenceServer.start(options, logger: RecordedLog().logger) { _ in }
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}

struct ServerClient: Sendable {
    let loop: EventLoop
    let port: UInt16
    let token: String
    let socket: String

    func tls(_ verification: PeerVerification) throws -> HTTPEndpoint {
        .tls(
            host: "127.0.0.1", port: port, try TLSContext.client(identity: nil, alpn: ["http/1.1"], verification: verification),
            serverName: nil)
    }

    func get(_ target: String, over endpoint: HTTPEndpoint) async throws -> JSON {
        var fields = HTTPFields()
        fields[.authorization] = "Bearer \(token)"
        let request = ClientRequest(method: .get, target: target, fields: fields)
        // The first answer may come before the member is the leader of itself and vouches for the token.
        for _ in 0..<1000 {
            let response = try await HTTPClient(loop: loop).send(request, to: endpoint, timeout: .seconds(10))
            let metadata = try JSON(parsing: response.body)["metadata"] ?? .null
            if metadata["auth"] != "untrusted" { return metadata }
        }
        return .null
    }
}
