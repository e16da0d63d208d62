import Foundation
import JWTKit

/// What a token of Credence says, judged by its times as Credence does.
struct Claims: JWTPayload {
    let iss: IssuerClaim
    let sub: SubjectClaim
    let iat: IssuedAtClaim
    let nbf: NotBeforeClaim
    let exp: ExpirationClaim
    let jti: IDClaim
    let scope: String

    func verify(using key: some JWTAlgorithm) throws {
        try exp.verifyNotExpired()
        try nbf.verifyNotBefore()
    }
}
