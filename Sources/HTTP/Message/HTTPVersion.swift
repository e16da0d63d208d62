/// The two versions a message may name. HTTP/1.0 is answered because reverse proxies still speak it to their
/// upstreams by default (nginx `auth_request`); its connections always close after one answer.
package enum HTTPVersion: Sendable, Equatable {
    case http10
    case http11
}
