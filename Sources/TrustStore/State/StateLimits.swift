/// The bound of everything the replicated state can be made to hold. Every member must use the
/// same numbers: they decide what is refused, so changing one is a change of command version.
package enum StateLimits {
    /// As many as a member could record in a lifetime of clusters.
    package static let statusIndexesMax: Int64 = 1 << 48
    package static let featureLevelMax: Int64 = 1_000_000
    /// For how many entries a request is remembered, and how old a proposal may be when it is applied.
    package static let requestWindowEntries: UInt64 = 65_536

    package static let membersMax = 1_024
    /// Those remembered as removed; beyond it the oldest are forgotten.
    package static let removedMembersMax = 1_024
    /// Of one member, renewed and not expired: one, unless the CA changes again and again.
    package static let formerCertificatesMax = 8
    package static let joinTokensMax = 1_024
    package static let signingKeysMax = 256
    /// A token that names no key is tried with each of them.
    package static let importedKeysMax = 16
    package static let namedTokensMax = 100_000
    package static let certificatesMax = 100_000
    package static let addTokensMax = 1_024
    /// Projects that one certificate is restricted to.
    package static let projectsMax = 256
    package static let projectBytesMax = 128
    package static let revocationsMax = 10_000_000
    /// Of subjects, keys and certificates.
    package static let broadRevocationsMax = 100_000

    /// Certificates that the cluster's CA issued and that have not expired.
    package static let issuedCertificatesMax = 100_000
    /// The cluster's own CRL, which is one entry of the log: some 5,200 revoked certificates, and in base64 as much as
    /// an entry holds.
    package static let clusterListBytesMax = 192_512
    package static let authoritiesMax = 64
    /// Serial numbers in one revocation list, and in all of them together, those on their way included.
    package static let revokedSerialsMax = 2_000_000
    package static let revokedSerialsTotalMax = 6_000_000
    /// Packed serial numbers in one entry of the log, which in base64 stay well below its bound.
    package static let revokedSerialsBytesMax = 98_304
    /// Entries that one list comes in.
    package static let revokedSerialsChunksMax = 1_024

    /// A certificate, a public key or a sealed key.
    package static let blobBytesMax = 8_192
    /// Certificates in the chain shown to clients.
    package static let chainCountMax = 4
    package static let addressesMax = 16
    package static let scopesMax = 64
    package static let foundingKeysMax = 4

    /// A `jti` or a `kid`.
    package static let tokenIDBytesMax = 256
    package static let scopeBytesMax = 128
    /// Names, subjects, issuers, reasons, callers: text that people read.
    package static let textBytesMax = 1_024
    /// Ten years; longer is a mistake in the unit.
    package static let secondsMax: Int64 = 315_360_000
    /// The last millisecond of the year 9999.
    package static let timeMillisecondsMax: Int64 = 253_402_300_799_999
}
