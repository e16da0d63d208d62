package import Crypto
import JOSE
package import TrustStore

/// Why a CRL is not put into the log, whoever brought it.
package enum RevocationListRefusal: Error, Equatable, Sendable {
    case unfit(RevocationListError)
    /// Unix seconds.
    case thisUpdateAhead(Int64)
    case nextUpdatePassed(Int64)
    case tooManyEntries
    case authorityUnreadable
}

extension RevocationListRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unfit(let error): "\(error)"
        case .thisUpdateAhead(let time): "its thisUpdate, \(RFC3339.text(time)), is in the future"
        case .nextUpdatePassed(let time): "its nextUpdate, \(RFC3339.text(time)), has passed"
        case .tooManyEntries: "it has more than \(StateLimits.revokedSerialsMax) entries"
        case .authorityUnreadable: "the authority's certificate, as it is stored, cannot be read"
        }
    }
}

extension RevocationList {
    /// How far an authority's clock may run ahead.
    private static let aheadSecondsMax: Int64 = 300

    /// A list that may be put into the log. Takes as long as its length: not for a loop.
    ///
    /// - Parameters:
    ///   - bytes: DER or PEM.
    ///   - now: Unix seconds.
    package static func checked(_ bytes: [UInt8], of authority: AuthorityRecord, at now: Int64) throws(RevocationListRefusal) -> RevocationList {
        guard let issuer = try? Certificate(der: authority.certificate) else { throw .authorityUnreadable }
        let list: RevocationList
        do throws(RevocationListError) {
            list = try RevocationList(bytes, issuer: issuer)
        } catch {
            throw .unfit(error)
        }
        guard list.thisUpdateAt <= now + aheadSecondsMax else { throw .thisUpdateAhead(list.thisUpdateAt) }
        guard list.nextUpdateAt > now else { throw .nextUpdatePassed(list.nextUpdateAt) }
        guard list.serials.count <= StateLimits.revokedSerialsMax else { throw .tooManyEntries }
        return list
    }
}
