import JOSE
import Testing

extension ClusterTests {
    /// That the libraries sign what they are told, so that what a member says to their tokens is about the tokens.
    @Suite("Other people's libraries sign claims byte for byte")
    struct ForeignSignerTests {
        /// In no library's own order or spacing.
        static let oddClaims = "{ \"zeta\" : [1,\t{\"\u{e4}\":null}] ,\n \"sub\":\"bob\",\"exp\" :4102444800 , \"scope\":\"read\"  }\n"

        @Test("openssl verifies what each signs, and the claims are the text that was given", arguments: ForeignLibrary.allCases.filter(\.signs))
        func signs(library: ForeignLibrary) async throws {
            // ForeignVerifierTests names in its output those that are not there; a cancelled case leaves no line.
            guard await library.isThere else { try Test.cancel("no \(library): see cluster/test") }
            for algorithm in library.algorithms {
                let pair = try await ForeignKeyPair.of(algorithm)
                let token = try await library.sign(Self.oddClaims, key: pair.privateKey, algorithm: algorithm, keyID: "k1")
                let jws = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
                try #require(jws.count == 3, "\(algorithm): \(token)")
                let header = try JSON(parsing: try #require(Base64URL.decode(jws[0])))
                #expect(header["alg"]?.stringValue == algorithm && header["kid"] == "k1", "\(algorithm): \(header)")
                #expect(Base64URL.decode(jws[1]) == Array(Self.oddClaims.utf8), "\(algorithm)")
                let verified = try await pair.verify(token, algorithm: algorithm)
                #expect(verified.exitCode == 0 && verified.line == "bob", "\(algorithm): \(verified.transcript)")
                let forged = try await pair.verify("\(jws[0]).\(jws[1])x.\(jws[2])", algorithm: algorithm)
                #expect(forged.exitCode != 0, "\(algorithm)")
            }
        }
    }
}
