import JOSE
import Testing

@Suite("Claims")
struct JWTClaimsTests {
    private func claims(_ text: String) throws -> JWTClaims { try JWTClaims(parsing: Array(text.utf8)) }

    @Test("the registered claims are read, others stay in the object")
    func reading() throws {
        let claims = try claims(
            #"{"iss":"i","sub":"s","aud":["a","b"],"exp":10,"nbf":9.9,"iat":1e1,"jti":"j","scope":"read x:y","Allow":["read"],"extra":{"a":1}}"#)
        #expect(claims.issuer == "i" && claims.subject == "s" && claims.tokenID == "j")
        #expect(claims.audiences == ["a", "b"])
        #expect(claims.expiresAt == 10 && claims.notBeforeAt == 9 && claims.issuedAt == 10)
        #expect(claims.scope == ["read", "x:y"] && claims.allow == ["read"])
        #expect(claims.object["extra"] == ["a": 1])
        #expect(claims.confirmation == nil)
        #expect(try self.claims(#"{"aud":"one"}"#).audiences == ["one"])
    }

    @Test("null counts as absent, and an empty scope names none")
    func absent() throws {
        let claims = try claims(#"{"iss":null,"exp":null,"aud":null,"cnf":null,"scope":""}"#)
        #expect(claims.issuer == nil && claims.expiresAt == nil && claims.audiences == nil && claims.confirmation == nil)
        #expect(claims.scope == [])
    }

    @Test("a time that is no number in range is refused, without a trap", arguments: ["exp", "nbf", "iat"])
    func times(name: String) throws {
        for wrong in ["\"1700000000\"", "1e300", "-1e300", "9007199254740993", "-9007199254740993", "9223372036854775807",
                      "99999999999999999999", "true", "[1]", "{}"] {
            #expect(throws: JWTClaimsError.self, "\(name) \(wrong)") { try claims("{\"\(name)\":\(wrong)}") }
        }
        for fine in ["0", "-1", "-1.5", "9007199254740992", "1e15", "5e-324"] {
            _ = try claims("{\"\(name)\":\(fine)}")
        }
    }

    @Test("claims of another type than theirs are refused", arguments: [
        #"{"iss":1}"#, #"{"sub":["a"]}"#, #"{"jti":5}"#, #"{"aud":5}"#, #"{"aud":["a",5]}"#, #"{"aud":{"a":1}}"#,
        #"{"scope":["read"]}"#, #"{"scope":" read"}"#, #"{"scope":"read  write"}"#, #"{"scope":"read\twrite"}"#, #"{"scope":"re\"ad"}"#,
        #"{"Allow":"read"}"#, #"{"Allow":["read write"]}"#, #"{"Allow":[""]}"#, #"{"Allow":[1]}"#,
        #"{"cnf":"x"}"#, #"{"cnf":{"x5t#S256":"AAAA"}}"#, #"{"cnf":{"x5t#S256":5}}"#,
        "[]", "null", "\"{}\"", "", "{", #"{"exp":1,"exp":2}"#,
    ])
    func wrongTypes(text: String) {
        #expect(throws: JWTClaimsError.self) { try claims(text) }
    }

    @Test("a confirmation that we cannot check is never mistaken for none")
    func confirmation() throws {
        let hash = Base64URL.encode(Array(repeating: 7, count: 32))
        #expect(try claims("{\"cnf\":{\"x5t#S256\":\"\(hash)\"}}").confirmation == .certificate(thumbprint: Array(repeating: 7, count: 32)))
        #expect(try claims(#"{"cnf":{"jkt":"abc"}}"#).confirmation == .unsupported)
        #expect(try claims("{\"cnf\":{\"x5t#S256\":\"\(hash)\",\"jkt\":\"abc\"}}").confirmation == .unsupported)
        #expect(try claims(#"{"cnf":{}}"#).confirmation == .unsupported)
    }
}
