import Crypto
import EventLoop
import HTTP
import HTTPTypes
import TrustStore

/// One GET of one CRL, on a loop of its own: its bytes arrive in their own time, and neither requests nor heartbeats wait for them.
struct RevocationListFetch {
    /// For everything: name, connection, and all of the list.
    static let timeout: Duration = .seconds(30)

    let authority: AuthorityRecord

    /// Nothing of this cluster goes to the server but the question, and nothing of the answer is believed but what the
    /// authority signed.
    ///
    /// - Parameter now: Unix seconds, for the list's times.
    func run(at now: @Sendable () -> Int64) async throws(RevocationListFetchError) -> RevocationList {
        guard let url = authority.listURL.flatMap({ RevocationListURL($0) }) else { throw .noURL }
        guard let loop = try? EventLoop(name: "crl") else { throw .noThread }
        defer { loop.shutdown() }
        let response: ClientResponse
        do throws(HTTPClientError) {
            response = try await HTTPClient(loop: loop, bodyBytesMax: RevocationList.derBytesMax).send(
                ClientRequest(method: .get, target: url.target, fields: [.userAgent: "credence", .accept: "application/pkix-crl, */*"]),
                to: .clear(host: url.host, port: url.port), timeout: Self.timeout)
        } catch {
            throw .server(error)
        }
        guard response.status == .ok else { throw .status(response.status.code) }
        let (bytes, authority, time) = (response.body, authority, now())
        do {
            return try await loop.runBlocking { try RevocationList.checked(bytes, of: authority, at: time) }
        } catch let refusal as RevocationListRefusal {
            throw .refused(refusal)
        } catch {
            throw .noThread
        }
    }
}

/// What this member knows of its own attempts to fetch the CRL of one authority. Not replicated: another member has its own.
package struct RevocationListAttempt: Sendable, Equatable {
    /// Unix seconds of this member's clock.
    package var attemptedAt: Int64
    package var succeededAt: Int64?
    /// Of the last attempt; nil when it succeeded.
    package var error: String?
    /// In a row.
    package var failures = 0
    /// When the leader tries again, roughly; nil on a member that does not lead.
    package var nextAt: Int64?
}

/// The attempts of this member, by authority.
struct RevocationListBook {
    private(set) var attempts: [String: RevocationListAttempt] = [:]
    private(set) var underWay: Set<String> = []
    private(set) var doneCount: UInt64 = 0
    private(set) var failedCount: UInt64 = 0

    /// False when one is under way.
    mutating func begin(_ authority: String) -> Bool { underWay.insert(authority).inserted }

    mutating func end(_ authority: String, error: String?, at time: Int64) {
        underWay.remove(authority)
        var attempt = attempts[authority] ?? RevocationListAttempt(attemptedAt: time)
        attempt.attemptedAt = time
        attempt.error = error
        if error == nil {
            attempt.succeededAt = time
            attempt.failures = 0
            doneCount += 1
        } else {
            attempt.failures += 1
            failedCount += 1
        }
        attempts[authority] = attempt
    }

    mutating func next(_ authority: String, at time: Int64?) { attempts[authority]?.nextAt = time }

    /// Of one that leads no more.
    mutating func unschedule() {
        for authority in attempts.keys { attempts[authority]?.nextAt = nil }
    }

    mutating func keep(only authorities: Set<String>) { attempts = attempts.filter { authorities.contains($0.key) } }
}

/// Counted since the member's start.
package struct RevocationListCounts: Sendable, Equatable {
    package let done, failed: UInt64
}
