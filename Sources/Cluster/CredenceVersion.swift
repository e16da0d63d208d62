/// The version of this binary, shown by `cluster status`, `GET /1.0` and `credence --version`.
package enum CredenceVersion {
    package static let text = "0.1.0"
}
