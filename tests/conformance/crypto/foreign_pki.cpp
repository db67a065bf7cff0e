// For the one key that EVP does not let be made: halves that do not belong together.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/conformance/crypto/foreign_pki.hpp"

#include <cstdio>
#include <cstdlib>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "shared/crypto/openssl/handle.hpp"
#include "shared/crypto/openssl/private_key.hpp"

namespace berth::testing {

namespace {

using crypto::openssl::encoded;
using crypto::openssl::Handle;
using crypto::openssl::Key;

using X509Handle = Handle<X509, X509_free>;

void must(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "foreign_pki: %s failed\n", what);
  std::abort();
}

Key generate(ForeignKey kind) {
  switch (kind) {
    case ForeignKey::rsa2048: return Key(EVP_RSA_gen(2048U));
    case ForeignKey::rsa1024: return Key(EVP_RSA_gen(1024U));
    case ForeignKey::p256: return Key(EVP_EC_gen("P-256"));
    case ForeignKey::p384: return Key(EVP_EC_gen("P-384"));
    case ForeignKey::p521: return Key(EVP_EC_gen("P-521"));
  }
  return nullptr;
}

const EVP_MD* digest(ForeignHash hash) {
  switch (hash) {
    case ForeignHash::sha1: return EVP_sha1();
    case ForeignHash::sha256: return EVP_sha256();
    case ForeignHash::sha384: return EVP_sha384();
    case ForeignHash::sha512: return EVP_sha512();
  }
  return nullptr;
}

void set_name(X509_NAME* name, const char* common_name) {
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                                  0) == 1,
       "the name");
}

X509Handle unsigned_certificate(const char* common_name, EVP_PKEY* key) {
  X509Handle certificate(X509_new());
  must(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), 7) == 1 &&
           ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), "20200101000000Z") == 1 &&
           ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "20491231235959Z") == 1 &&
           X509_set_pubkey(certificate.get(), key) == 1,
       "the certificate");
  set_name(X509_get_subject_name(certificate.get()), common_name);
  return certificate;
}

void add_extension(X509* certificate, int nid, const char* value) {
  const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "an extension");
}

void add_unknown_critical_extension(X509* certificate) {
  const Handle<ASN1_OBJECT, ASN1_OBJECT_free> id(OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1));
  const Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
  must(ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>("\x05\x00"), 2) ==
           1,
       "an extension's value");
  const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, id.get(), 1, value.get()));
  must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "an extension");
}

void sign(X509* certificate, EVP_PKEY* key, ForeignHash hash, ForeignPadding padding) {
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  must(EVP_DigestSignInit(context.get(), &options, digest(hash), nullptr, key) == 1, "signing");
  if (padding == ForeignPadding::pss) {
    must(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1,
         "PSS");
  }
  must(X509_sign_ctx(certificate, context.get()) > 0, "signing");
}

ForeignNode finished(X509* certificate, const EVP_PKEY& key) {
  ForeignNode node;
  node.certificate = encoded([&](unsigned char** out) { return i2d_X509(certificate, out); });
  Result<SecretBytes> private_key = crypto::openssl::to_pkcs8(key);
  must(private_key.has_value() && !node.certificate.empty(), "writing");
  node.private_key = std::move(*private_key);
  return node;
}

X509Handle parsed(ByteView der) {
  const unsigned char* at = der.data();
  X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  must(certificate != nullptr, "reading a certificate");
  return certificate;
}

}  // namespace

ForeignNode make_foreign_ca(ForeignKey kind) {
  const Key key = generate(kind);
  must(key != nullptr, "a key");
  const X509Handle certificate = unsigned_certificate("Foreign CA", key.get());
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1,
       "the issuer");
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:3");
  add_extension(certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(certificate.get(), key.get(), ForeignHash::sha256, ForeignPadding::pkcs1);
  return finished(certificate.get(), *key);
}

ForeignNode make_foreign_leaf(const ForeignNode& issuer, ForeignKey kind, const ForeignLeaf& leaf) {
  const Key key = generate(kind);
  must(key != nullptr, "a key");
  const X509Handle certificate = unsigned_certificate("foreign-leaf", key.get());
  const X509Handle issuer_certificate = parsed(issuer.certificate);
  must(
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer_certificate.get())) == 1,
      "the issuer");
  if (leaf.unknown_critical_extension) add_unknown_critical_extension(certificate.get());
  const Result<Key> issuer_key = crypto::openssl::read_pkcs8(issuer.private_key.reveal());
  must(issuer_key.has_value(), "reading a key");
  sign(certificate.get(), issuer_key->get(), leaf.hash, leaf.padding);
  return finished(certificate.get(), *key);
}

SecretBytes make_mismatched_key(ByteView certificate) {
  const X509Handle holder = parsed(certificate);
  const EC_KEY* rightful = EVP_PKEY_get0_EC_KEY(X509_get0_pubkey(holder.get()));
  const Key other(EVP_EC_gen("P-256"));
  const Handle<EC_KEY, EC_KEY_free> forged(EC_KEY_dup(EVP_PKEY_get0_EC_KEY(other.get())));
  must(forged != nullptr &&
           EC_KEY_set_public_key(forged.get(), EC_KEY_get0_public_key(rightful)) == 1,
       "a forged key");
  const Key wrapped(EVP_PKEY_new());
  must(EVP_PKEY_set1_EC_KEY(wrapped.get(), forged.get()) == 1, "a forged key");
  Result<SecretBytes> key = crypto::openssl::to_pkcs8(*wrapped);
  must(key.has_value(), "a forged key");
  return std::move(*key);
}

}  // namespace berth::testing
