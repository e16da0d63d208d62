internal import JOSE
internal import TrustStore

/// Goes through a token as the verifier does, but to the end, and says what it found at each step.
/// Claims of a token whose signature did not hold are still looked at, because the mistake often
/// shows there; the verdict is that of the first step that failed.
package enum TokenExplainer {
    package static func explain(
        _ token: [UInt8], in view: TokenView, now: Int64, expecting expectation: Expectation = Expectation()
    ) -> Explanation {
        var walk = ExplainerWalk(token: token, view: view, wallClock: now, expectation: expectation)
        walk.run()
        // A certificate's token is read before its key is known; it is shown in the order of all others.
        let order = Explanation.Check.allCases
        walk.explanation.steps.sort { first, second in
            order.firstIndex(of: first.check) ?? 0 < order.firstIndex(of: second.check) ?? 0
        }
        return walk.explanation
    }
}

/// One explanation under way.
struct ExplainerWalk {
    let token: [UInt8]
    let view: TokenView
    let wallClock: Int64
    let expectation: Expectation
    var explanation = Explanation()

    /// The time that decides, as for the verifier.
    var now: Int64 {
        TokenClock.now(wallClock: wallClock, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
    }

    mutating func run() {
        guard checkSize(), let jws = checkForm(), let header = checkHeader(jws) else { return skipRest() }
        let algorithm = checkAlgorithm(header)
        if let algorithm, isMeantForCertificate(jws, header, algorithm) { return runForCertificate(jws, algorithm) }
        explanation.isForImportedKeys = TokenView.isForImportedKeys(header)
        var importedKeyID: String?
        if explanation.isForImportedKeys {
            importedKeyID = checkImportedKey(jws)
        } else if let key = algorithm.flatMap({ checkKey(header, $0, jws) }) {
            checkSignature(jws, key.verification, keyOf: "this kid")
        }
        guard let claims = checkClaims(jws) else { return skipRest() }
        checkIssuer(claims)
        checkTimes(claims)
        if explanation.isForImportedKeys {
            let subject = importedKeyID.map(VerifiedToken.importedSubject)
            checkRevocation(claims, VerifiedToken.importedTokenID(token.span), "hash of the token", subject: subject)
        } else {
            checkRevocation(claims, claims.tokenID, "jti", subject: claims.subject)
        }
        checkBinding(claims)
        checkAudience(claims, explanation.isForImportedKeys ? .imported : .cluster)
        checkScope((try? VerifiedToken.scopes(of: claims)) ?? ScopeSet([]), explanation.isForImportedKeys ? nil : claims)
    }

    mutating func pass(_ check: Explanation.Check, _ detail: String, hint: String? = nil) {
        add(check, .pass, detail, hint)
    }

    mutating func fail(_ check: Explanation.Check, _ reason: RejectionReason, _ detail: String, hint: String? = nil) {
        add(check, .fail, detail, hint)
        if explanation.reason == nil { explanation.reason = reason }
    }

    mutating func skip(_ check: Explanation.Check, _ detail: String) {
        add(check, .skipped, detail, nil)
    }

    private mutating func add(
        _ check: Explanation.Check, _ outcome: Explanation.Outcome, _ detail: String, _ hint: String?
    ) {
        explanation.steps.append(Explanation.Step(check: check, outcome: outcome, detail: detail, hint: hint))
    }

    mutating func skipRest() {
        // Freshness is the member's to add.
        for check in Explanation.Check.allCases where check != .freshness && !explanation.steps.contains(where: { $0.check == check }) {
            skip(check, "not reached")
        }
    }
}

// MARK: - The bytes and the header

extension ExplainerWalk {
    private mutating func checkSize() -> Bool {
        guard token.count <= JWSCompact.bytesMax else {
            fail(.size, .malformed, "\(token.count) bytes, more than \(JWSCompact.bytesMax)")
            return false
        }
        pass(.size, "\(token.count) bytes of at most \(JWSCompact.bytesMax)")
        return true
    }

    private mutating func checkForm() -> DecodedSegments? {
        do {
            let decoded = try DecodedSegments(token)
            pass(.form, "three segments of unpadded base64url")
            return decoded
        } catch {
            fail(.form, .malformed, error.description, hint: PastedText(token).hint(in: view, wallClock, expectation))
            return nil
        }
    }

    private mutating func checkHeader(_ jws: DecodedSegments) -> JOSEHeader? {
        do {
            let header = try JOSEHeader(parsing: jws.header)
            try TokenRules.checkType(header)
            pass(.header, "alg \(QuotedText.quoted(header.algorithmName)), kid \(Self.shown(header.keyID)), typ \(Self.shown(header.type))")
            return header
        } catch let error as JWSError {
            fail(.header, .malformed, error.description)
        } catch {
            fail(.header, .malformed, "typ is not that of a token (JWT or at+jwt)")
        }
        return nil
    }

    private mutating func checkAlgorithm(_ header: JOSEHeader) -> JWSAlgorithm? {
        let name = header.algorithmName
        guard let algorithm = header.algorithm else {
            let supported = JWSAlgorithm.allCases.map(\.rawValue)
            let hint: String? =
                if name.lowercased() == "none" {
                    "a token without a signature is never accepted"
                } else {
                    supported.first { $0.lowercased() == name.lowercased() }.map { "names are case-sensitive: write \($0)" }
                }
            fail(.algorithm, .unsupportedAlgorithm, "\(QuotedText.quoted(name)) is none of \(supported.joined(separator: ", "))", hint: hint)
            skip(.key, "the algorithm is not supported")
            skip(.signature, "the algorithm is not supported")
            return nil
        }
        pass(.algorithm, algorithm.rawValue)
        return algorithm
    }

    static func shown(_ text: String?) -> String {
        text.map(QuotedText.quoted) ?? "absent"
    }
}

/// The segments before anything is understood. The signature is kept from the explanation's texts.
struct DecodedSegments {
    let header, payload, signature: [UInt8]
    let signedByteCount: Int

    init(_ token: [UInt8]) throws(JWSError) {
        let segments = try JWSSegments(token.span)
        header = try segments.decoded(.header, of: token.span)
        payload = try segments.decoded(.payload, of: token.span)
        signature = try segments.decoded(.signature, of: token.span)
        guard !payload.isEmpty else { throw .emptySegment(.payload) }
        signedByteCount = segments.payload.upperBound
    }
}
