import Crypto
import EventLoop
import JOSE
import Raft
import Testing
import Tokens

@testable import API

@Suite("Status lists", .timeLimit(.minutes(5)))
struct StatusListTests {
    private struct Place {
        let number: Int64
        let index: Int
    }

    private func place(_ token: String) throws -> Place {
        let payload = try #require(Base64URL.decode(String(token.split(separator: ".")[1])))
        let list = try #require(try JSON(parsing: payload)["status"]?["status_list"])
        let uri = try #require(list["uri"]?.stringValue)
        let number = try #require(uri.split(separator: "/").last.flatMap { Int64($0) })
        return Place(number: number, index: Int(try #require(list["idx"]?.integerValue)))
    }

    /// The bits of a list, out of a zlib stream of stored blocks.
    private func bits(_ number: Int64, _ served: ServedMember) async throws -> [UInt8] {
        let answer = try await served.send("GET", "/statuslists/\(number)")
        try #require(answer.status == 200 && answer.fields["content-type"] == "application/statuslist+jwt", "\(answer)")
        let payload = try #require(Base64URL.decode(String(answer.text.split(separator: ".")[1])))
        let claims = try JSON(parsing: payload)
        #expect(claims["status_list"]?["bits"] == 1 && claims["ttl"] == 60)
        #expect(claims["sub"]?.stringValue?.hasSuffix("/statuslists/\(number)") == true)
        let stream = try #require(Base64URL.decode(claims["status_list"]?["lst"]?.stringValue ?? ""))
        #expect(stream.prefix(7) == [0x78, 0x01, 1, 0x00, 0x10, 0xFF, 0xEF], "one last block of 4,096 stored bytes")
        return Array(stream.dropFirst(7).dropLast(4))
    }

    private func isInvalid(_ token: String, _ served: ServedMember) async throws -> Bool {
        let place = try place(token)
        return try await bits(place.number, served)[place.index / 8] >> UInt8(place.index % 8) & 1 == 1
    }

    @Test("a named token has a place of its own, and the list tells when it is good no more: revoked, its subject, everything")
    func lifetimes() async throws {
        try await ServedMember.with { served async throws in
            var tokens: [String] = []
            for number in 0..<4 { tokens.append(try await served.mint("s\(number)", ["read"], ["name": "n"])) }
            #expect(Set(try tokens.map { try place($0).index }) == [0, 1, 2, 3])
            for token in tokens { #expect(try await isInvalid(token, served) == false) }
            #expect(try await bits(0, served).dropFirst().allSatisfy { $0 == 0xFF }, "places that nobody has are not good")
            try await served.revoke(tokens[0])
            _ = try await served.operate("POST", "/1.0/revocations", ["subject": "s1"])
            #expect(try await isInvalid(tokens[0], served))
            #expect(try await isInvalid(tokens[1], served))
            #expect(try await isInvalid(tokens[2], served) == false)
            let id = try #require(try await served.operate("GET", "/1.0/tokens").arrayValue?.first { $0["subject"] == "s2" }?["id"]?.stringValue)
            _ = try await served.operate("DELETE", "/1.0/tokens/\(id)")
            #expect(try await isInvalid(tokens[2], served), "deleted")
            _ = try await served.operate("POST", "/1.0/revocations", ["before": .integer(WallClock.nowSeconds())])
            #expect(try await isInvalid(tokens[3], served))
        }
    }

    @Test("a token that is bound to a certificate is good no more once that is revoked")
    func bound() async throws {
        try await ServedMember.with { served async throws in
            let fingerprint = String(repeating: "AB", count: 32)
            let token = try await served.mint("s", ["read"], ["name": "n", "certificate_fingerprint": .string(fingerprint)])
            #expect(try await isInvalid(token, served) == false)
            _ = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(fingerprint.lowercased())])
            #expect(try await isInvalid(token, served))
        }
    }

    @Test("the list is signed by a key of the key set, and is no token")
    func signature() async throws {
        try await ServedMember.with { served async throws in
            _ = try await served.mint("a", ["read"], ["name": "n"])
            let list = try await served.send("GET", "/statuslists/0").text
            let keys = try await served.send("GET", "/.well-known/jwks.json").json["keys"]?.arrayValue ?? []
            let jws = try JWSCompact(parsing: Array(list.utf8).span)
            let jwk = try #require(keys.first { $0["kid"]?.stringValue == jws.header.keyID })
            let key = try JWSVerificationKey(try JWK(jwk))
            let isValid = key.isValidSignature(jws.signature.span, for: Array(list.utf8.prefix(jws.signedByteCount)).span)
            #expect(isValid)
            let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(list)])
            #expect(verdict["valid"] == false && verdict["reason"] == "malformed", "typ statuslist+jwt")
            #expect(try await served.send("GET", "/1.0/keys", token: list).status == 403)
        }
    }

    @Test("a list is made once for a state, one at a time, and a new state makes a new one")
    func cache() {
        let cache = StatusListCache()
        func begin(_ number: Int64, _ index: UInt64, _ now: Int64 = 100) -> String {
            switch cache.begin(number, at: LogIndex(index), now: now, secondsMax: 60) {
            case .known(let token): token
            case .make: "make"
            case .busy: "busy"
            }
        }
        #expect(begin(0, 5) == "make" && begin(0, 5) == "busy" && begin(1, 5) == "busy")
        cache.end(0, at: LogIndex(5), now: 100, token: "list")
        #expect(begin(0, 5) == "list" && begin(0, 5, 159) == "list")
        #expect(begin(0, 6) == "make")
        cache.end(0, at: LogIndex(6), now: 100, token: nil)
        #expect(begin(0, 5, 160) == "make", "a copy would outlive its time")
        cache.end(0, at: LogIndex(5), now: 160, token: "newer")
        for number in 1...Int64(StatusListCache.listsMax) {
            #expect(begin(number, 5, 160) == "make")
            cache.end(number, at: LogIndex(5), now: 160, token: "n")
        }
        #expect(begin(0, 5, 160) == "make", "no more than so many are kept")
    }

    @Test("an unnamed token has no place, and lists that were never begun are not found")
    func absent() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"])
            let payload = try #require(Base64URL.decode(String(token.split(separator: ".")[1])))
            #expect(try JSON(parsing: payload)["status"] == nil)
            for number in ["1", "-1", "+0", "x", "99999999999999999999", ""] {
                #expect(try await served.send("GET", "/statuslists/\(number)").status == 404, "\(number)")
            }
        }
    }
}
