package import Crypto

/// What one side presents: its certificate first, then those that lead to its authority, and the first one's key.
package struct TLSIdentity: Sendable {
    package let chain: [Certificate]
    package let key: PrivateKey

    package init(chain: [Certificate], key: PrivateKey) {
        self.chain = chain
        self.key = key
    }
}
