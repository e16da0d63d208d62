internal import Glibc

/// Raises this process's limit on open files to the most its user may have, and returns it: each
/// connection takes one, and the usual default of 1,024 is meant for programs that use select(2).
@discardableResult
package func raiseOpenFileLimit() -> UInt64 {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    let status = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
    return UInt64(status == 0 ? raised.rlim_cur : limit.rlim_cur)
}
