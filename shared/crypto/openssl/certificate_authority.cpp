#include "shared/crypto/openssl/certificate_authority.hpp"

#include <array>
#include <utility>

#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "shared/crypto/openssl/handle.hpp"
#include "shared/crypto/openssl/private_key.hpp"

namespace berth::crypto {

namespace {

using openssl::encoded;
using openssl::failure;
using openssl::Handle;
using openssl::Key;

using X509Handle = Handle<X509, X509_free>;
using RequestHandle = Handle<X509_REQ, X509_REQ_free>;
using NameHandle = Handle<X509_NAME, X509_NAME_free>;
using GeneralNames = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280 appendix A.1, ub-common-name
constexpr std::size_t kMaxDnsName = 253;
constexpr std::size_t kMaxAlternativeNames = 100;
constexpr std::size_t kMaxDer = 64 * 1024;
constexpr std::size_t kSerialSize = 16;

// RFC 5280 4.2.1.3: the bits of keyUsage.
constexpr int kDigitalSignature = 0;
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

Result<Key> read_public_key(ByteView der) {
  if (der.empty() || der.size() > openssl::kMaxKeyDer) {
    return Error{Errc::malformed, "not a public key: its size is out of bounds"};
  }
  const unsigned char* at = der.data();
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != der.data() + der.size()) {
    return failure(Errc::malformed, "not a DER SubjectPublicKeyInfo");
  }
  return key;
}

Result<X509Handle> read_certificate(ByteView der) {
  if (der.empty() || der.size() > kMaxDer) {
    return Error{Errc::malformed, "not a certificate: its size is out of bounds"};
  }
  const unsigned char* at = der.data();
  X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    return failure(Errc::malformed, "the issuer's certificate does not parse");
  }
  return certificate;
}

Result<Bytes> public_key_der(const EVP_PKEY& key) {
  Bytes der = encoded([&](unsigned char** out) { return i2d_PUBKEY(&key, out); });
  if (der.empty()) return failure(Errc::internal, "the public key cannot be written");
  return der;
}

Result<NameHandle> name_of(const std::string& common_name) {
  if (common_name.empty() || common_name.size() > kMaxCommonName) {
    return Error{Errc::invalid, "a common name has 1 to 64 characters"};
  }
  NameHandle name(X509_NAME_new());
  if (!name ||
      X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) != 1) {
    return failure(Errc::invalid, "the common name is not valid text");
  }
  return name;
}

bool set_time(ASN1_TIME* to, WallTime time) {
  return ASN1_TIME_set(to, static_cast<time_t>(unix_seconds(time))) != nullptr;
}

// Sixteen bytes whose first has bit 7 clear and bit 6 set: positive, and never shorter.
bool set_random_serial(X509* certificate) {
  std::array<std::uint8_t, kSerialSize> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x3F) | 0x40);
  const Handle<BIGNUM, BN_free> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool add_extension(X509* certificate, int nid, void* value, bool critical) {
  return value != nullptr &&
         X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_basic_constraints(X509* certificate, const ports::CertificateRequest& request) {
  const Handle<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(BASIC_CONSTRAINTS_new());
  if (!constraints) return false;
  constraints->ca = request.is_ca ? 0xFF : 0;
  if (request.path_length) {
    constraints->pathlen = ASN1_INTEGER_new();
    if (constraints->pathlen == nullptr ||
        ASN1_INTEGER_set_uint64(constraints->pathlen, *request.path_length) != 1) {
      return false;
    }
  }
  return add_extension(certificate, NID_basic_constraints, constraints.get(), true);
}

bool add_key_usage(X509* certificate, bool is_ca) {
  const Handle<ASN1_BIT_STRING, ASN1_BIT_STRING_free> bits(ASN1_BIT_STRING_new());
  if (!bits) return false;
  if (is_ca) {
    ASN1_BIT_STRING_set_bit(bits.get(), kKeyCertSign, 1);
    ASN1_BIT_STRING_set_bit(bits.get(), kCrlSign, 1);
  } else {
    ASN1_BIT_STRING_set_bit(bits.get(), kDigitalSignature, 1);
  }
  return add_extension(certificate, NID_key_usage, bits.get(), true);
}

bool add_extended_key_usage(X509* certificate, const ports::CertificateRequest& request) {
  if (!request.server_auth && !request.client_auth) return true;
  const Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(EXTENDED_KEY_USAGE_new());
  if (!usage) return false;
  if (request.server_auth) sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(NID_server_auth));
  if (request.client_auth) sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(NID_client_auth));
  return add_extension(certificate, NID_ext_key_usage, usage.get(), false);
}

bool add_general_name(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  if (value == nullptr) return false;
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (name == nullptr) {
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) <= 0) {
    GENERAL_NAME_free(name);
    return false;
  }
  return true;
}

bool is_dns_name(const std::string& name) {
  if (name.empty() || name.size() > kMaxDnsName) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    if (!letter && !digit && c != '-' && c != '.' && c != '_' && c != '*') return false;
  }
  return true;
}

Result<GeneralNames> alternative_names(const ports::CertificateRequest& request) {
  if (request.dns_names.size() + request.ip_addresses.size() > kMaxAlternativeNames) {
    return Error{Errc::too_large, "a certificate carries at most 100 alternative names"};
  }
  GeneralNames names(GENERAL_NAMES_new());
  if (!names) return failure(Errc::internal, "out of memory");
  for (const std::string& dns : request.dns_names) {
    if (!is_dns_name(dns)) return Error{Errc::invalid, "\"" + dns + "\" is not a DNS name"};
    ASN1_STRING* text = ASN1_IA5STRING_new();
    if (text != nullptr && ASN1_STRING_set(text, dns.data(), static_cast<int>(dns.size())) != 1) {
      ASN1_STRING_free(text);
      text = nullptr;
    }
    if (!add_general_name(names.get(), GEN_DNS, text)) {
      return failure(Errc::internal, "the alternative names cannot be written");
    }
  }
  for (const std::string& address : request.ip_addresses) {
    ASN1_OCTET_STRING* octets = a2i_IPADDRESS(address.c_str());
    if (octets == nullptr) {
      return failure(Errc::invalid, "\"" + address + "\" is not an IP address");
    }
    if (!add_general_name(names.get(), GEN_IPADD, octets)) {
      return failure(Errc::internal, "the alternative names cannot be written");
    }
  }
  return names;
}

// RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits. It names a key and protects nothing.
bool add_key_identifiers(X509* certificate, const X509* issuer) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size) != 1) return false;
  const Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> own(ASN1_OCTET_STRING_new());
  if (!own || ASN1_OCTET_STRING_set(own.get(), digest.data(), static_cast<int>(size)) != 1 ||
      !add_extension(certificate, NID_subject_key_identifier, own.get(), false)) {
    return false;
  }
  const ASN1_OCTET_STRING* issuer_id =
      issuer == nullptr ? own.get() : X509_get0_subject_key_id(const_cast<X509*>(issuer));
  if (issuer_id == nullptr) return true;  // an issuer that was made elsewhere may have none
  const Handle<AUTHORITY_KEYID, AUTHORITY_KEYID_free> authority(AUTHORITY_KEYID_new());
  if (!authority) return false;
  authority->keyid = ASN1_OCTET_STRING_dup(issuer_id);
  return authority->keyid != nullptr &&
         add_extension(certificate, NID_authority_key_identifier, authority.get(), false);
}

class OpensslCertificateAuthority final : public ports::CertificateAuthority {
 public:
  Result<ports::KeyPair> generate_p256() override {
    const Key key(EVP_EC_gen("P-256"));
    if (!key) return failure(Errc::internal, "no P-256 key could be made");
    Result<SecretBytes> private_key = openssl::to_pkcs8(*key);
    if (!private_key) return private_key.error();
    Result<Bytes> public_key = public_key_der(*key);
    if (!public_key) return public_key.error();
    return ports::KeyPair{std::move(*private_key), std::move(*public_key)};
  }

  Result<Bytes> public_key_of(const SecretBytes& private_key) override {
    const Result<Key> key = openssl::read_p256_pkcs8(private_key.reveal());
    if (!key) return key.error();
    return public_key_der(**key);
  }

  Result<Bytes> issue(const ports::CertificateRequest& request,
                      const std::optional<Bytes>& issuer_certificate,
                      const SecretBytes& issuer_key) override {
    if (request.not_after < request.not_before) {
      return Error{Errc::invalid, "the certificate would end before it begins"};
    }
    if (request.path_length && !request.is_ca) {
      return Error{Errc::invalid, "a path length is for CA certificates only"};
    }
    const Result<Key> signing_key = openssl::read_p256_pkcs8(issuer_key.reveal());
    if (!signing_key) return signing_key.error();
    const Result<Key> subject_key = read_public_key(request.public_key);
    if (!subject_key) return subject_key.error();
    const Result<NameHandle> subject = name_of(request.common_name);
    if (!subject) return subject.error();
    const Result<GeneralNames> names = alternative_names(request);
    if (!names) return names.error();

    X509Handle issuer;
    if (issuer_certificate) {
      Result<X509Handle> parsed = read_certificate(*issuer_certificate);
      if (!parsed) return parsed.error();
      issuer = std::move(*parsed);
      if (X509_check_private_key(issuer.get(), signing_key->get()) != 1) {
        return failure(Errc::invalid, "the key does not belong to the issuer's certificate");
      }
    } else if (EVP_PKEY_eq(subject_key->get(), signing_key->get()) != 1) {
      return failure(Errc::invalid, "a self-signed certificate is for the key that signs it");
    }

    const X509Handle made(X509_new());
    X509* certificate = made.get();
    const X509_NAME* issuer_name = issuer ? X509_get_subject_name(issuer.get()) : subject->get();
    const bool signed_well =
        certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_random_serial(certificate) && X509_set_subject_name(certificate, subject->get()) == 1 &&
        X509_set_issuer_name(certificate, issuer_name) == 1 &&
        set_time(X509_getm_notBefore(certificate), request.not_before) &&
        set_time(X509_getm_notAfter(certificate), request.not_after) &&
        X509_set_pubkey(certificate, subject_key->get()) == 1 &&
        add_basic_constraints(certificate, request) && add_key_usage(certificate, request.is_ca) &&
        add_extended_key_usage(certificate, request) &&
        (sk_GENERAL_NAME_num(names->get()) == 0 ||
         add_extension(certificate, NID_subject_alt_name, names->get(), false)) &&
        add_key_identifiers(certificate, issuer.get()) &&
        X509_sign(certificate, signing_key->get(), EVP_sha256()) > 0;
    if (!signed_well) return failure(Errc::internal, "the certificate could not be made");
    Bytes der = encoded([&](unsigned char** out) { return i2d_X509(certificate, out); });
    if (der.empty()) return failure(Errc::internal, "the certificate cannot be written");
    return der;
  }

  Result<Bytes> make_csr(const std::string& common_name, const SecretBytes& private_key) override {
    const Result<Key> key = openssl::read_p256_pkcs8(private_key.reveal());
    if (!key) return key.error();
    const Result<NameHandle> subject = name_of(common_name);
    if (!subject) return subject.error();
    const RequestHandle request(X509_REQ_new());
    if (!request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_subject_name(request.get(), subject->get()) != 1 ||
        X509_REQ_set_pubkey(request.get(), key->get()) != 1 ||
        X509_REQ_sign(request.get(), key->get(), EVP_sha256()) <= 0) {
      return failure(Errc::internal, "the certificate request could not be made");
    }
    Bytes der = encoded([&](unsigned char** out) { return i2d_X509_REQ(request.get(), out); });
    if (der.empty()) return failure(Errc::internal, "the certificate request cannot be written");
    return der;
  }

  Result<Csr> read_csr(ByteView der) override {
    if (der.empty() || der.size() > kMaxDer) {
      return Error{Errc::malformed, "not a certificate request: its size is out of bounds"};
    }
    const unsigned char* at = der.data();
    const RequestHandle request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    if (!request || at != der.data() + der.size()) {
      return failure(Errc::malformed, "not a PKCS#10 certificate request");
    }
    EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr) return failure(Errc::malformed, "the request's public key does not parse");
    if (!openssl::is_p256(*key)) {
      return failure(Errc::unsupported, "the request's key is not an ECDSA P-256 key");
    }
    if (X509_REQ_verify(request.get(), key) != 1) {
      return failure(Errc::invalid, "the request is not signed by its own key");
    }
    Result<std::string> name = common_name_of(X509_REQ_get_subject_name(request.get()));
    if (!name) return name.error();
    Result<Bytes> public_key = public_key_der(*key);
    if (!public_key) return public_key.error();
    return Csr{std::move(*name), std::move(*public_key)};
  }

 private:
  static Result<std::string> common_name_of(const X509_NAME* name) {
    const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (index < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, index) >= 0) {
      return Error{Errc::invalid, "the request's subject has not exactly one common name"};
    }
    unsigned char* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
    if (size < 0) return failure(Errc::malformed, "the request's common name is not valid text");
    std::string common_name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    if (common_name.empty() || common_name.size() > kMaxCommonName ||
        common_name.find('\0') != std::string::npos) {
      return Error{Errc::invalid, "the request's common name has not 1 to 64 characters"};
    }
    return common_name;
  }
};

}  // namespace

std::unique_ptr<ports::CertificateAuthority> make_certificate_authority() {
  return std::make_unique<OpensslCertificateAuthority>();
}

}  // namespace berth::crypto
