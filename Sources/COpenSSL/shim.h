// OpenSSL 3 for Swift: its headers, and functions for what Swift cannot import
// (macros with arguments, typed stacks, casts to NULL function pointers). No decisions here.
#ifndef CREDENCE_COPENSSL_SHIM_H
#define CREDENCE_COPENSSL_SHIM_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Error queue.

static inline int cossl_err_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int cossl_err_reason(unsigned long code) { return ERR_GET_REASON(code); }

// Typed stacks: sk_* are macros over casts.

static inline int cossl_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *cossl_names_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}
/// Takes ownership of `name` when it returns more than 0.
static inline int cossl_names_push(GENERAL_NAMES *names, GENERAL_NAME *name) {
    return sk_GENERAL_NAME_push(names, name);
}

static inline STACK_OF(X509_EXTENSION) *cossl_extensions_new(void) { return sk_X509_EXTENSION_new_null(); }
static inline void cossl_extensions_free(STACK_OF(X509_EXTENSION) *extensions) {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

static inline int cossl_certificates_count(const STACK_OF(X509) *chain) { return sk_X509_num(chain); }
static inline X509 *cossl_certificates_at(const STACK_OF(X509) *chain, int index) {
    return sk_X509_value(chain, index);
}
static inline STACK_OF(X509) *cossl_certificates_new(void) { return sk_X509_new_null(); }
/// Takes ownership of `certificate` when it returns more than 0.
static inline int cossl_certificates_push(STACK_OF(X509) *chain, X509 *certificate) {
    return sk_X509_push(chain, certificate);
}
static inline void cossl_certificates_free(STACK_OF(X509) *chain) { sk_X509_pop_free(chain, X509_free); }

static inline int cossl_revoked_count(const STACK_OF(X509_REVOKED) *entries) {
    return entries == NULL ? 0 : sk_X509_REVOKED_num(entries);
}
static inline X509_REVOKED *cossl_revoked_at(const STACK_OF(X509_REVOKED) *entries, int index) {
    return sk_X509_REVOKED_value(entries, index);
}

// Parameters of a signature algorithm: ASN1_ITEM_rptr is a macro, and the getters return by pointers to const.

/// The NID of the hash that the RSASSA-PSS parameters of a signature name; NID_undef when there are none that can be read.
static inline int cossl_pss_digest(const X509_ALGOR *signature) {
    const ASN1_OBJECT *object = NULL;
    const void *value = NULL;
    int type = V_ASN1_UNDEF;
    X509_ALGOR_get0(&object, &type, &value, signature);
    if (type != V_ASN1_SEQUENCE) return NID_undef;
    RSA_PSS_PARAMS *parameters = (RSA_PSS_PARAMS *)ASN1_item_unpack((const ASN1_STRING *)value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    if (parameters == NULL) return NID_undef;
    // RFC 4055 section 3.1: SHA-1 is what an absent field means.
    int digest = NID_sha1;
    if (parameters->hashAlgorithm != NULL) {
        X509_ALGOR_get0(&object, NULL, NULL, parameters->hashAlgorithm);
        digest = OBJ_obj2nid(object);
    }
    RSA_PSS_PARAMS_free(parameters);
    return digest;
}

static inline int cossl_names_of_authorities_count(const STACK_OF(X509_NAME) *names) {
    return names == NULL ? 0 : sk_X509_NAME_num(names);
}

// Parameters: their names are string literals whose address OpenSSL keeps.

static inline int cossl_mac_set_digest(EVP_MAC_CTX *context, char *digest) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()
    };
    return EVP_MAC_CTX_set_params(context, parameters);
}

/// Describes a public point. The parameters point at what is passed.
static inline void cossl_ec_point_parameters(OSSL_PARAM parameters[3], char *group, unsigned char *point, size_t count) {
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, count);
    parameters[2] = OSSL_PARAM_construct_end();
}
static inline int cossl_public_key_selection(void) { return EVP_PKEY_PUBLIC_KEY; }

// Memory BIOs.

static inline size_t cossl_bio_pending(BIO *bio) { return BIO_ctrl_pending(bio); }
static inline int cossl_bio_reset(BIO *bio) { return (int)BIO_reset(bio); }
/// Points `start` at the unread bytes and returns their number.
static inline long cossl_bio_contents(BIO *bio, unsigned char **start) {
    char *contents = NULL;
    long count = BIO_get_mem_data(bio, &contents);
    *start = (unsigned char *)contents;
    return count;
}

// Macros of the TLS interface.

static inline int cossl_ctx_set_tls13_only(SSL_CTX *ctx) {
    return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1
        && SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1;
}
static inline long cossl_ctx_set_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_mode(ctx, mode); }
static inline long cossl_ctx_disable_session_cache(SSL_CTX *ctx) {
    return SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}
static inline int cossl_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

#endif
