internal import JOSE
internal import TrustStore

extension ExplainerWalk {
    /// In seconds this is the year 5138: whoever writes more meant milliseconds.
    private static let secondsPlausibleMax: Int64 = 100_000_000_000

    /// - Parameter validity: of the certificate that signed, if one did.
    mutating func checkTimes(_ claims: JWTClaims, certificate validity: ClosedRange<Int64>? = nil) {
        let leeway = view.state.settings.nbfLeewaySeconds
        var detail = "now \(Self.instant(now))"
        if let notBeforeAt = claims.notBeforeAt { detail += ", nbf \(Self.instant(notBeforeAt)) (leeway \(leeway) s)" }
        if let expiresAt = claims.expiresAt { detail += ", exp \(Self.instant(expiresAt))" }
        if let validity {
            detail += ", certificate valid from \(Self.instant(validity.lowerBound)) to \(Self.instant(validity.upperBound))"
            guard validity.contains(now) else {
                let hint = now < validity.lowerBound ? "the certificate is not valid yet" : "renew the certificate and trust the new one"
                return fail(.times, .certificateExpired, detail, hint: hint)
            }
        }
        if explanation.isForImportedKeys, claims.expiresAt == nil { detail += ", no exp: good until it is revoked or its key is removed" }
        let units = millisecondsHint(claims)
        if let expiresAt = claims.expiresAt, TokenRules.isExpired(expiresAt, at: now) {
            fail(.times, .expired, "\(detail): expired \(now - expiresAt) s ago", hint: units ?? slowClockHint(expiresAt))
        } else if let notBeforeAt = claims.notBeforeAt, TokenRules.isEarly(notBeforeAt, at: now, in: view) {
            let ahead = notBeforeAt - now
            fail(
                .times, .notYetValid, "\(detail): valid in \(ahead - leeway) s",
                hint: units ?? "unless the token is meant for later, the clock that made it is \(ahead) s ahead of this member's")
        } else {
            pass(.times, detail, hint: units)
        }
    }

    private func millisecondsHint(_ claims: JWTClaims) -> String? {
        let named = [("exp", claims.expiresAt), ("nbf", claims.notBeforeAt), ("iat", claims.issuedAt)]
        let wrong = named.filter { ($0.1 ?? 0) > Self.secondsPlausibleMax }.map(\.0)
        guard !wrong.isEmpty else { return nil }
        return "\(wrong.joined(separator: ", ")) looks like milliseconds; JWT times are seconds since 1970"
    }

    private func slowClockHint(_ expiresAt: Int64) -> String? {
        guard !TokenRules.isExpired(expiresAt, at: wallClock) else { return nil }
        return "this member's clock is behind the cluster's by about \(now + TokenClock.stampToleranceSeconds - wallClock) s: set it"
    }

    /// Seconds since 1970 with the UTC calendar date, for reading.
    static func instant(_ seconds: Int64) -> String {
        guard (0...RFC3339.secondsMax).contains(seconds) else { return String(seconds) }
        return "\(seconds) (\(RFC3339.text(seconds)))"
    }
}
