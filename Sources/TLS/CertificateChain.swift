internal import COpenSSL
internal import Crypto

enum CertificateChain {
    /// Certificates read of one chain; OpenSSL refuses certificate messages above 100 KiB before.
    static let countMax = 16

    /// The leaf, then the rest in the order sent (which may begin with the leaf again). nil if one cannot be read or they are too many.
    static func read(leaf: OpaquePointer, sent: OpaquePointer?) -> [Certificate]? {
        guard let first = try? unsafe Certificate(sharing: leaf) else { return nil }
        var chain = [first]
        guard let sent = unsafe sent else { return chain }
        let count = unsafe cossl_certificates_count(sent)
        for index in 0..<max(0, count) {
            guard chain.count < countMax, let next = unsafe cossl_certificates_at(sent, index),
                let certificate = try? unsafe Certificate(sharing: next)
            else { return nil }
            if index == 0, certificate == first { continue }
            chain.append(certificate)
        }
        return chain
    }
}
