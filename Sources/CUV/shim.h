// libuv as Swift sees it. Only macros, variadic functions and declarations that the Swift
// importer cannot reach belong here; no decisions.
#ifndef CREDENCE_CUV_SHIM_H
#define CREDENCE_CUV_SHIM_H

#include <pthread.h>
#include <sys/types.h>
#include <uv.h>

// glibc hides these two unless _GNU_SOURCE is defined before its first header, which a module map
// cannot do: `struct ucred` of unix(7), and pthread_setname_np(3).
struct credence_ucred {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};
int pthread_setname_np(pthread_t thread, const char *name);

#endif
