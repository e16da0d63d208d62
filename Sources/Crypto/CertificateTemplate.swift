/// What a certificate to be issued says, besides its key and issuer.
package struct CertificateTemplate: Sendable {
    package enum Usage: Hashable, Sendable { case serverAuth, clientAuth }

    package var commonName: String
    /// 16 bytes, best random: a positive number that is unique per issuer.
    package var serial: [UInt8]
    /// Unix seconds; both ends belong to the validity period.
    package var notBeforeAt, notAfterAt: Int64
    package var dnsNames: [String]
    /// IPv4 or IPv6 in text.
    package var ipAddresses: [String]
    package var uriNames: [String]
    /// May issue leaves, and only leaves.
    package var isAuthority: Bool
    package var usages: Set<Usage>

    package init(
        commonName: String, serial: [UInt8] = SecureRandom.bytes(16), notBeforeAt: Int64, notAfterAt: Int64,
        dnsNames: [String] = [], ipAddresses: [String] = [], uriNames: [String] = [],
        isAuthority: Bool = false, usages: Set<Usage> = []
    ) {
        self.commonName = commonName
        self.serial = serial
        self.notBeforeAt = notBeforeAt
        self.notAfterAt = notAfterAt
        self.dnsNames = dnsNames
        self.ipAddresses = ipAddresses
        self.uriNames = uriNames
        self.isAuthority = isAuthority
        self.usages = usages
    }
}
