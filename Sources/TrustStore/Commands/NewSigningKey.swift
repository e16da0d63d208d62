import JOSE

package struct NewSigningKey: Sendable, Equatable {
    package enum Start: Sendable, Equatable {
        /// Signs from the entry that adds it on. For a founder: nobody else could miss the key.
        case active
        /// Published first; may be activated once this many seconds have passed.
        case pending(activateInSeconds: Int64?)
    }

    package var kid: String
    package var algorithm: SigningKeyAlgorithm
    /// SPKI; nil for an HMAC key, and only for one.
    package var publicKey: [UInt8]?
    package var sealedPrivateKey: [UInt8]
    package var start: Start

    package init(
        kid: String, algorithm: SigningKeyAlgorithm, publicKey: [UInt8]?, sealedPrivateKey: [UInt8], start: Start
    ) {
        self.kid = kid
        self.algorithm = algorithm
        self.publicKey = publicKey
        self.sealedPrivateKey = sealedPrivateKey
        self.start = start
    }

    func check() throws(CommandRefusal) {
        try Check.key(kid, "kid")
        if let publicKey { try Check.blob(publicKey, "public_key") }
        guard algorithm.hasPublicKey == (publicKey != nil) else {
            throw .invalid("public_key", algorithm.hasPublicKey ? "is required" : "must be absent for an HMAC key")
        }
        try Check.blob(sealedPrivateKey, "sealed_private_key")
        if case .pending(let seconds?) = start {
            try Check.range(seconds, 0...StateLimits.secondsMax, "activate_in_seconds")
        }
    }
}

extension NewSigningKey: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        let kid = try reader.string("kid")
        let algorithm: SigningKeyAlgorithm = try reader.choice("algorithm")
        let publicKey = try reader.optionalBytes("public_key")
        let sealedPrivateKey = try reader.bytes("sealed_private_key")
        let start: Start
        switch (try reader.bool("active"), try reader.optionalInteger("activate_in_seconds")) {
        case (true, nil): start = .active
        case (false, let seconds): start = .pending(activateInSeconds: seconds)
        case (true, _?): throw reader.error("activate_in_seconds", "must be absent for an active key")
        }
        self.init(
            kid: kid, algorithm: algorithm, publicKey: publicKey, sealedPrivateKey: sealedPrivateKey, start: start)
    }

    func write(to writer: inout RecordWriter) {
        writer.string("kid", kid)
        writer.string("algorithm", algorithm.rawValue)
        writer.bytes("public_key", publicKey)
        writer.bytes("sealed_private_key", sealedPrivateKey)
        writer.bool("active", start == .active)
        if case .pending(let seconds) = start { writer.integer("activate_in_seconds", seconds) }
    }
}
