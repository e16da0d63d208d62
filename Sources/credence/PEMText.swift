/// PEM as commands print it.
enum PEMText {
    /// The terminal adds the newline that ends a file.
    static func withoutNewlineAtEnd(_ pem: String) -> String {
        pem.hasSuffix("\n") ? String(pem.dropLast()) : pem
    }
}
