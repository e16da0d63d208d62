import JOSE
import Testing
import Tokens

@Suite("Rules about claims")
struct ClaimRuleTests {
    private func check(
        _ claims: [String: JSON?], _ expected: RejectionReason?, now: Int64 = World.now, _ expectation: Expectation = Expectation(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let world = try World(.hs256)
        let token = try world.token(claims: claims)
        let view = try world.view()
        #expect(verdict(token, view, now: now, expectation).reason == expected, sourceLocation: sourceLocation)
        let explained = TokenExplainer.explain(token, in: view, now: now, expecting: expectation)
        #expect(explained.reason == expected, "explained", sourceLocation: sourceLocation)
    }

    @Test("a token is good from nbf less the leeway up to and including exp")
    func times() throws {
        let now = World.now
        try check(["exp": .integer(now)], nil)
        try check(["exp": .integer(now - 1)], .expired)
        try check(["exp": .double(Double(now) + 0.9)], nil)
        try check(["exp": .double(Double(now) - 0.1)], .expired)
        try check(["nbf": .integer(now + 5)], nil)
        try check(["nbf": .integer(now + 6)], .notYetValid)
        try check(["nbf": nil], nil)
        try check(["nbf": .some(.null)], nil)
        try check(["exp": .integer(now - 1), "nbf": .integer(now + 100)], .expired)
    }

    @Test("hostile times are refused without a trap")
    func hostileTimes() throws {
        for name in ["exp", "nbf", "iat"] {
            for value in ["1800000600", .double(1e300), .double(-1e300), .integer(.max), .integer(.min), true, [1], [:],
                          .integer((1 << 53) + 1)] as [JSON] {
                try check([name: value], .malformed)
            }
        }
        try check(["exp": -1], .expired)
        try check(["exp": .double(-1.5)], .expired)
        try check(["exp": .integer(-(1 << 53))], .expired)
        try check(["nbf": .integer(-(1 << 53))], nil)
        try check(["nbf": .integer(1 << 53)], .notYetValid)
        try check(["exp": .integer(1 << 53)], nil)
        try check(["exp": .integer(1 << 53)], .expired, now: .max)
        try check(["exp": 0], .notYetValid, now: -5)
        try check(["nbf": .integer(-(1 << 53)), "exp": 0], nil, now: .min / 2)
    }

    @Test("a cluster's token without its end, its name or its subject is refused", arguments: ["exp", "jti", "sub"])
    func missing(name: String) throws {
        try check([name: nil], .missingClaim)
        try check([name: .some(.null)], .missingClaim)
        if name != "exp" { try check([name: ""], .missingClaim) }
    }

    @Test("the issuer is compared byte for byte")
    func issuer() throws {
        for wrong in ["", "https://credence.test:8443/", "https://CREDENCE.test:8443", "https://credence.test", "https://credence.test:8443\0"] {
            try check(["iss": .string(wrong)], .issuerMismatch)
        }
        try check(["iss": nil], .issuerMismatch)
        try check(["iss": 5], .malformed)
    }

    @Test("an audience asked for must be named; one not asked for does not matter")
    func audience() throws {
        let asked = Expectation(audience: "billing")
        try check(["aud": "billing"], nil, asked)
        try check(["aud": ["x", "billing"]], nil, asked)
        try check(["aud": ["x"]], .audienceMismatch, asked)
        try check(["aud": []], .audienceMismatch, asked)
        try check([:], .audienceMismatch, asked)
        try check(["aud": "Billing"], .audienceMismatch, asked)
        try check(["aud": "billing "], .audienceMismatch, asked)
        try check(["aud": "x"], nil)
        // U+212B and U+00C5 are the same to Unicode, and different audiences.
        try check(["aud": "\u{212B}"], .audienceMismatch, Expectation(audience: "\u{C5}"))
        var forUs = Expectation()
        forUs.audience = .namedIfAny("us")
        try check([:], nil, forUs)
        try check(["aud": "us"], nil, forUs)
        try check(["aud": "x"], .audienceMismatch, forUs)
        try check(["aud": []], .audienceMismatch, forUs)
    }

    @Test("ordered scopes include those below, custom ones only themselves")
    func scopes() throws {
        func check(_ has: [String], _ asked: String, _ permitted: Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
            try self.check(
                ["scope": .string(has.joined(separator: " ")), "Allow": .strings(has)], permitted ? nil : .insufficientScope,
                Expectation(scope: asked), sourceLocation: sourceLocation)
        }
        let ladder = ["read", "write", "sign", "admin"]
        for (rank, has) in ladder.enumerated() {
            for (wanted, asked) in ladder.enumerated() { try check([has], asked, wanted <= rank) }
        }
        try check(["admin"], "deploy", false)
        try check(["admin"], "Admin", false)
        try check(["deploy"], "deploy", true)
        try check(["deploy"], "read", false)
        try check(["deploy"], "deploy:prod", false)
        try check(["deploy:prod"], "deploy", false)
        try check(["write", "deploy"], "read deploy", true)
        try check(["write"], "read deploy", false)
        try check([], "read", false)
        for notAList in ["", " ", "read ", " read", "read  write", "read\twrite", "re\"ad"] { try check(["admin", "read"], notAList, false) }
    }

    @Test("scope and Allow must say the same where both are there; either will do alone")
    func twoDialects() throws {
        let admin = Expectation(scope: "admin")
        try check(["scope": "admin", "Allow": ["read"]], .malformed, admin)
        try check(["scope": "read", "Allow": ["read", "admin"]], .malformed, admin)
        try check(["scope": "", "Allow": ["admin"]], .malformed, admin)
        try check(["scope": "admin", "Allow": []], .malformed, admin)
        try check(["scope": "admin read", "Allow": ["read", "admin"]], nil, admin)
        try check(["scope": nil, "Allow": ["admin"]], nil, admin)
        try check(["scope": "admin", "Allow": nil], nil, admin)
        try check(["scope": nil, "Allow": nil], .insufficientScope, admin)
        try check(["scope": ["admin"]], .malformed, admin)
        try check(["Allow": "admin"], .malformed, admin)
    }

    @Test("a bound token is good only with its certificate")
    func binding() throws {
        let mine = String(repeating: "ab", count: 32)
        let theirs = String(repeating: "cd", count: 32)
        let bound: JSON = ["x5t#S256": .string(Base64URL.encode(Array(repeating: 0xAB, count: 32)))]
        try check(["cnf": bound], .certificateBindingMismatch)
        try check(["cnf": bound], .certificateBindingMismatch, Expectation(clientCertificateThumbprint: theirs))
        try check(["cnf": bound], .certificateBindingMismatch, Expectation(clientCertificateThumbprint: ""))
        try check(["cnf": bound], nil, Expectation(clientCertificateThumbprint: mine))
        try check([:], nil, Expectation(clientCertificateThumbprint: theirs))
        try check(["cnf": ["jkt": "abc"]], .certificateBindingMismatch, Expectation(clientCertificateThumbprint: mine))
        try check(["cnf": ["x5t#S256": bound["x5t#S256"] ?? .null, "jkt": "abc"]], .certificateBindingMismatch, Expectation(clientCertificateThumbprint: mine))
        try check(["cnf": [:]], .certificateBindingMismatch, Expectation(clientCertificateThumbprint: mine))
        try check(["cnf": "x"], .malformed)
        try check(["cnf": ["x5t#S256": "AAAA"]], .malformed)
    }

    @Test("what may be told to strangers is what they could have computed, or what is no matter of the token")
    func disclosure() {
        let told = RejectionReason.allCases.filter(\.isDisclosable)
        #expect(Set(told) == [.malformed, .expired, .notYetValid, .unsupportedAlgorithm, .memberStale])
        #expect(RejectionReason.tokenRevoked.disclosed == "invalid_token")
        #expect(RejectionReason.expired.disclosed == "expired")
        #expect(RejectionReason.allCases.count == 20)
    }
}
