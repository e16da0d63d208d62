// libsodium for Swift: only what OpenSSL 3.0 does not have. No decisions here.
#ifndef CREDENCE_CSODIUM_SHIM_H
#define CREDENCE_CSODIUM_SHIM_H

#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>
#include <sodium/crypto_secretbox.h>

#endif
