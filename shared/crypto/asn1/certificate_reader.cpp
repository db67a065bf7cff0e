#include "shared/crypto/asn1/certificate_reader.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/crypto/asn1/der_reader.hpp"
#include "shared/crypto/asn1/distinguished_name.hpp"

namespace berth::crypto::asn1 {

namespace {

using namespace std::string_view_literals;

namespace oid {
constexpr auto kRsaEncryption = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv;
constexpr auto kMgf1 = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08"sv;
constexpr auto kRsaPss = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A"sv;
constexpr auto kSha256WithRsa = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B"sv;
constexpr auto kSha384WithRsa = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C"sv;
constexpr auto kSha512WithRsa = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D"sv;
constexpr auto kEcdsaWithSha256 = "\x2A\x86\x48\xCE\x3D\x04\x03\x02"sv;
constexpr auto kEcdsaWithSha384 = "\x2A\x86\x48\xCE\x3D\x04\x03\x03"sv;
constexpr auto kEcdsaWithSha512 = "\x2A\x86\x48\xCE\x3D\x04\x03\x04"sv;
constexpr auto kSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;
constexpr auto kSha384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"sv;
constexpr auto kSha512 = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv;
constexpr auto kEcPublicKey = "\x2A\x86\x48\xCE\x3D\x02\x01"sv;
constexpr auto kP256 = "\x2A\x86\x48\xCE\x3D\x03\x01\x07"sv;
constexpr auto kP384 = "\x2B\x81\x04\x00\x22"sv;
constexpr auto kP521 = "\x2B\x81\x04\x00\x23"sv;
constexpr auto kSubjectKeyIdentifier = "\x55\x1D\x0E"sv;
constexpr auto kKeyUsage = "\x55\x1D\x0F"sv;
constexpr auto kSubjectAltName = "\x55\x1D\x11"sv;
constexpr auto kBasicConstraints = "\x55\x1D\x13"sv;
constexpr auto kAuthorityKeyIdentifier = "\x55\x1D\x23"sv;
constexpr auto kExtendedKeyUsage = "\x55\x1D\x25"sv;
}  // namespace oid

Error malformed(std::string_view what) {
  return {Errc::malformed, "not a certificate: " + std::string(what)};
}

// The three parts of every certificate (RFC 5280 4.1).
struct Outer {
  Element to_be_signed;
  Element algorithm;
  ByteView signature;
};

std::optional<Outer> read_outer(ByteView der) {
  if (der.size() > kMaxCertificate) return std::nullopt;
  const std::optional<Element> certificate = only_element(der, tag::kSequence);
  if (!certificate) return std::nullopt;
  DerReader parts(certificate->content);
  const std::optional<Element> to_be_signed = parts.next(tag::kSequence);
  if (!to_be_signed) return std::nullopt;
  const std::optional<Element> algorithm = parts.next(tag::kSequence);
  if (!algorithm) return std::nullopt;
  const std::optional<Element> bits = parts.next(tag::kBitString);
  if (!bits || !parts.at_end()) return std::nullopt;
  const std::optional<ByteView> signature = whole_bits(bits->content);
  if (!signature) return std::nullopt;
  return Outer{*to_be_signed, *algorithm, *signature};
}

std::optional<int> digits(ByteView text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// RFC 5280 4.1.2.5: seconds are there, the zone is Z, no fractions.
std::optional<WallTime> read_time(const Element& time) {
  std::size_t year_digits = 0;
  if (time.tag == tag::kUtcTime) {
    year_digits = 2;
  } else if (time.tag == tag::kGeneralizedTime) {
    year_digits = 4;
  } else {
    return std::nullopt;
  }
  const ByteView text = time.content;
  if (text.size() != year_digits + 11 || text.back() != 'Z') return std::nullopt;
  std::optional<int> year = digits(text, 0, year_digits);
  if (!year) return std::nullopt;
  if (year_digits == 2) *year += *year >= 50 ? 1900 : 2000;
  std::array<int, 5> parts{};  // month, day, hour, minute, second
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::optional<int> part = digits(text, year_digits + 2 * i, 2);
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(parts[0])),
                                         std::chrono::day(static_cast<unsigned>(parts[1]))};
  if (!date.ok() || parts[2] > 23 || parts[3] > 59 || parts[4] > 59) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{parts[2]} +
         std::chrono::minutes{parts[3]} + std::chrono::seconds{parts[4]};
}

bool read_basic_constraints(ByteView value, ports::Certificate& certificate) {
  const std::optional<Element> sequence = only_element(value, tag::kSequence);
  if (!sequence) return false;
  DerReader parts(sequence->content);
  if (parts.next_is(tag::kBoolean)) {
    const std::optional<Element> encoded = parts.next();
    if (!encoded) return false;
    const std::optional<bool> is_ca = boolean(encoded->content);
    if (!is_ca) return false;
    certificate.is_ca = *is_ca;
  }
  if (parts.next_is(tag::kInteger)) {
    const std::optional<Element> encoded = parts.next();
    if (!encoded) return false;
    certificate.path_length = small_integer(encoded->content);
    if (!certificate.path_length) return false;
  }
  return parts.at_end();
}

bool read_key_usage(ByteView value, ports::Certificate& certificate) {
  const std::optional<Element> bits = only_element(value, tag::kBitString);
  if (!bits || bits->content.empty() || bits->content[0] > 7) return false;
  const ByteView usage = bits->content.subspan(1);
  if (usage.empty() && bits->content[0] != 0) return false;
  certificate.has_key_usage = true;
  if (!usage.empty()) {
    // RFC 5280 4.2.1.3: digitalSignature is bit 0, keyEncipherment bit 2, keyCertSign bit 5,
    // counted from the left.
    certificate.may_sign = (usage[0] & 0x80) != 0;
    certificate.may_encipher_keys = (usage[0] & 0x20) != 0;
    certificate.may_sign_certificates = (usage[0] & 0x04) != 0;
  }
  return true;
}

// RFC 5280 4.2.1.12: one OID at least.
bool read_extended_key_usage(ByteView value, ports::Certificate& certificate) {
  const std::optional<Element> sequence = only_element(value, tag::kSequence);
  if (!sequence || sequence->content.empty()) return false;
  DerReader purposes(sequence->content);
  while (!purposes.at_end()) {
    const std::optional<Element> purpose = purposes.next(tag::kObjectIdentifier);
    if (!purpose || certificate.extended_key_usages.size() == kMaxExtendedKeyUsages) return false;
    certificate.extended_key_usages.push_back(to_bytes(purpose->content));
  }
  return true;
}

// RFC 5280 4.2.1.6: of all the kinds of names, the directoryName, which holds a Name.
bool read_alternative_names(ByteView value, ports::Certificate& certificate) {
  constexpr std::uint8_t kDirectoryName = tag::constructed(4);
  const std::optional<Element> sequence = only_element(value, tag::kSequence);
  if (!sequence) return false;
  DerReader names(sequence->content);
  while (!names.at_end()) {
    const std::optional<Element> name = names.next();
    if (!name) return false;
    if (name->tag != kDirectoryName) continue;
    std::optional<NameText> read = read_name(name->content);
    if (!read) return false;
    std::vector<ports::NameAttribute>& all = certificate.alternative_name_attributes;
    if (all.size() + read->attributes.size() > kMaxNameAttributes) return false;
    std::move(read->attributes.begin(), read->attributes.end(), std::back_inserter(all));
  }
  return true;
}

// Whether an extension that is marked critical is one that somebody here or in the domain looks
// at. Name constraints, policies and the like are not: a chain that depends on them is refused.
bool is_understood(std::string_view id) {
  return id == oid::kBasicConstraints || id == oid::kKeyUsage || id == oid::kExtendedKeyUsage ||
         id == oid::kSubjectAltName || id == oid::kSubjectKeyIdentifier ||
         id == oid::kAuthorityKeyIdentifier;
}

// An error sentence, or empty.
std::string_view read_extensions(ByteView content, ports::Certificate& certificate) {
  const std::optional<Element> sequence = only_element(content, tag::kSequence);
  if (!sequence || sequence->content.empty()) return "its extensions are not a list";
  std::array<std::string_view, kMaxExtensions> seen;
  std::size_t count = 0;
  DerReader extensions(sequence->content);
  while (!extensions.at_end()) {
    if (count == kMaxExtensions) return "it has too many extensions";
    const std::optional<Element> extension = extensions.next(tag::kSequence);
    if (!extension) return "an extension does not parse";
    DerReader parts(extension->content);
    const std::optional<Element> id = parts.next(tag::kObjectIdentifier);
    if (!id || id->content.empty()) return "an extension does not parse";
    bool critical = false;
    if (parts.next_is(tag::kBoolean)) {
      const std::optional<Element> encoded = parts.next();
      const std::optional<bool> flag = encoded ? boolean(encoded->content) : std::nullopt;
      if (!flag) return "an extension does not parse";
      critical = *flag;
    }
    const std::optional<Element> value = parts.next(tag::kOctetString);
    if (!value || !parts.at_end()) return "an extension does not parse";

    const std::string_view name = as_text(id->content);
    for (std::size_t i = 0; i < count; ++i) {
      if (seen[i] == name) return "it has an extension twice";  // RFC 5280 4.2
    }
    seen[count++] = name;
    if (name == oid::kBasicConstraints && !read_basic_constraints(value->content, certificate)) {
      return "its basic constraints do not parse";
    }
    if (name == oid::kKeyUsage && !read_key_usage(value->content, certificate)) {
      return "its key usage does not parse";
    }
    if (name == oid::kExtendedKeyUsage && !read_extended_key_usage(value->content, certificate)) {
      return "its extended key usage does not parse";
    }
    if (name == oid::kSubjectAltName && !read_alternative_names(value->content, certificate)) {
      return "its alternative names do not parse";
    }
    if (critical && !is_understood(name)) certificate.has_unknown_critical_extension = true;
  }
  return {};
}

bool is_public_key(ByteView spki) {
  const std::optional<Element> sequence = only_element(spki, tag::kSequence);
  if (!sequence) return false;
  DerReader parts(sequence->content);
  const std::optional<Element> algorithm = parts.next(tag::kSequence);
  if (!algorithm || !DerReader(algorithm->content).next(tag::kObjectIdentifier)) return false;
  const std::optional<Element> bits = parts.next(tag::kBitString);
  return bits && !bits->content.empty() && bits->content[0] <= 7 && parts.at_end();
}

std::optional<Hash> hash_of(std::string_view id) {
  if (id == oid::kSha256) return Hash::sha256;
  if (id == oid::kSha384) return Hash::sha384;
  if (id == oid::kSha512) return Hash::sha512;
  return std::nullopt;
}

// An AlgorithmIdentifier's OID; `parameters` gets what follows it.
std::optional<std::string_view> read_algorithm(ByteView content, ByteView& parameters) {
  DerReader parts(content);
  const std::optional<Element> id = parts.next(tag::kObjectIdentifier);
  if (!id) return std::nullopt;
  parameters = content.subspan(id->whole.size());
  return as_text(id->content);
}

// RFC 4055 2.1 and 3.3: absent or NULL.
bool is_null_or_absent(ByteView parameters) {
  if (parameters.empty()) return true;
  const std::optional<Element> null = only_element(parameters, tag::kNull);
  return null && null->content.empty();
}

// A hash in an AlgorithmIdentifier SEQUENCE.
std::optional<Hash> read_hash(ByteView der) {
  const std::optional<Element> sequence = only_element(der, tag::kSequence);
  if (!sequence) return std::nullopt;
  ByteView parameters;
  const std::optional<std::string_view> id = read_algorithm(sequence->content, parameters);
  if (!id || !is_null_or_absent(parameters)) return std::nullopt;
  return hash_of(*id);
}

// RFC 4055 3.1. Every default is SHA-1's, so hash and mask must be given; the mask generation
// uses the same hash, as every profile in use demands.
bool read_pss_parameters(ByteView der, SignedParts& parts) {
  constexpr std::uint32_t kMaxSaltLength = 512;
  const std::optional<Element> sequence = only_element(der, tag::kSequence);
  if (!sequence) return false;
  DerReader fields(sequence->content);
  const std::optional<Element> hash_field = fields.next(tag::constructed(0));
  if (!hash_field) return false;
  const std::optional<Hash> hash = read_hash(hash_field->content);
  if (!hash) return false;
  const std::optional<Element> mask_field = fields.next(tag::constructed(1));
  if (!mask_field) return false;
  const std::optional<Element> mask = only_element(mask_field->content, tag::kSequence);
  if (!mask) return false;
  ByteView mask_parameters;
  const std::optional<std::string_view> mask_id = read_algorithm(mask->content, mask_parameters);
  if (!mask_id || *mask_id != oid::kMgf1 || read_hash(mask_parameters) != hash) return false;
  parts.hash = *hash;
  parts.salt_length = 20;
  if (fields.next_is(tag::constructed(2))) {
    const std::optional<Element> field = fields.next();
    const std::optional<Element> number =
        field ? only_element(field->content, tag::kInteger) : std::nullopt;
    const std::optional<std::uint32_t> salt =
        number ? small_integer(number->content) : std::nullopt;
    if (!salt || *salt > kMaxSaltLength) return false;
    parts.salt_length = *salt;
  }
  if (fields.next_is(tag::constructed(3))) {
    const std::optional<Element> field = fields.next();
    const std::optional<Element> number =
        field ? only_element(field->content, tag::kInteger) : std::nullopt;
    if (!number || small_integer(number->content) != 1U) return false;
  }
  return fields.at_end();
}

bool read_signature_algorithm(ByteView content, SignedParts& parts) {
  ByteView parameters;
  const std::optional<std::string_view> id = read_algorithm(content, parameters);
  if (!id) return false;
  if (*id == oid::kRsaPss) {
    parts.scheme = Scheme::rsa_pss;
    return read_pss_parameters(parameters, parts);
  }
  struct Simple {
    std::string_view id;
    Scheme scheme;
    Hash hash;
  };
  constexpr std::array kSimple = {
      Simple{oid::kEcdsaWithSha256, Scheme::ecdsa, Hash::sha256},
      Simple{oid::kEcdsaWithSha384, Scheme::ecdsa, Hash::sha384},
      Simple{oid::kEcdsaWithSha512, Scheme::ecdsa, Hash::sha512},
      Simple{oid::kSha256WithRsa, Scheme::rsa_pkcs1, Hash::sha256},
      Simple{oid::kSha384WithRsa, Scheme::rsa_pkcs1, Hash::sha384},
      Simple{oid::kSha512WithRsa, Scheme::rsa_pkcs1, Hash::sha512},
  };
  for (const Simple& known : kSimple) {
    if (known.id != *id) continue;
    parts.scheme = known.scheme;
    parts.hash = known.hash;
    return is_null_or_absent(parameters);
  }
  return false;
}

// RFC 8017 A.1.1: modulus and exponent, positive.
bool is_rsa_key_in_bounds(ByteView key) {
  const std::optional<Element> sequence = only_element(key, tag::kSequence);
  if (!sequence) return false;
  DerReader numbers(sequence->content);
  const std::optional<Element> modulus = numbers.next(tag::kInteger);
  const std::optional<Element> exponent = modulus ? numbers.next(tag::kInteger) : std::nullopt;
  if (!exponent || !numbers.at_end() || !small_integer(exponent->content)) return false;
  ByteView digits = modulus->content;
  if (digits.size() < 2 || digits[0] != 0 || (digits[1] & 0x80) == 0) {
    // Its length in bits is no multiple of eight. Nobody makes such keys.
    return false;
  }
  digits = digits.subspan(1);
  return digits.size() * 8 >= kMinRsaBits && digits.size() * 8 <= kMaxRsaBits;
}

}  // namespace

Result<ports::Certificate> read_certificate(ByteView der) {
  if (der.size() > kMaxCertificate) return malformed("it is larger than 32 KiB");
  const std::optional<Outer> outer = read_outer(der);
  if (!outer) return malformed("its outer structure does not parse");
  DerReader fields(outer->to_be_signed.content);

  ports::Certificate certificate;
  certificate.version = 1;
  if (fields.next_is(tag::constructed(0))) {
    const std::optional<Element> field = fields.next();
    const std::optional<Element> number =
        field ? only_element(field->content, tag::kInteger) : std::nullopt;
    const std::optional<std::uint32_t> version =
        number ? small_integer(number->content) : std::nullopt;
    if (!version || *version > 2) return malformed("its version is unknown");
    certificate.version = static_cast<int>(*version) + 1;
  }
  const std::optional<Element> serial = fields.next(tag::kInteger);
  if (!serial || serial->content.empty() || serial->content.size() > kMaxSerial) {
    return malformed("its serial number does not parse");
  }
  const bool padded = serial->content.size() > 1 && serial->content[0] == 0;
  certificate.serial = to_bytes(padded ? serial->content.subspan(1) : serial->content);

  // RFC 5280 4.1.1.2: the algorithm named inside is the one named outside.
  const std::optional<Element> algorithm = fields.next(tag::kSequence);
  if (!algorithm || as_text(algorithm->whole) != as_text(outer->algorithm.whole)) {
    return malformed("its two signature algorithms differ");
  }

  const std::optional<Element> issuer = fields.next(tag::kSequence);
  if (!issuer) return malformed("its issuer does not parse");
  const std::optional<Element> validity = fields.next(tag::kSequence);
  if (!validity) return malformed("its validity does not parse");
  DerReader dates(validity->content);
  const std::optional<Element> begin = dates.next();
  const std::optional<Element> end = begin ? dates.next() : std::nullopt;
  if (!end || !dates.at_end()) return malformed("its validity does not parse");
  const std::optional<WallTime> not_before = read_time(*begin);
  const std::optional<WallTime> not_after = read_time(*end);
  if (!not_before || !not_after) return malformed("its validity does not parse");
  certificate.not_before = *not_before;
  certificate.not_after = *not_after;

  const std::optional<Element> subject = fields.next(tag::kSequence);
  if (!subject) return malformed("its subject does not parse");
  std::optional<NameText> issuer_text = read_name(issuer->whole);
  if (!issuer_text) return malformed("its issuer does not parse");
  std::optional<NameText> subject_text = read_name(subject->whole);
  if (!subject_text) return malformed("its subject does not parse");
  certificate.issuer = to_bytes(issuer->whole);
  certificate.issuer_text = std::move(issuer_text->text);
  certificate.subject = to_bytes(subject->whole);
  certificate.subject_text = std::move(subject_text->text);
  certificate.common_name = std::move(subject_text->common_name);

  const std::optional<Element> public_key = fields.next(tag::kSequence);
  if (!public_key || !is_public_key(public_key->whole)) {
    return malformed("its public key does not parse");
  }
  certificate.public_key = to_bytes(public_key->whole);

  // The unique identifiers of version 2 say nothing that we use.
  for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
    if (fields.next_is(tag::primitive(n)) && (certificate.version < 2 || !fields.next())) {
      return malformed("its unique identifiers do not parse");
    }
  }
  if (fields.next_is(tag::constructed(3))) {
    const std::optional<Element> extensions = fields.next();
    if (!extensions || certificate.version != 3) {
      return malformed("its extensions do not parse");
    }
    const std::string_view problem = read_extensions(extensions->content, certificate);
    if (!problem.empty()) return malformed(problem);
  }
  if (!fields.at_end()) return malformed("something follows its last field");

  certificate.der = to_bytes(der);
  return certificate;
}

std::optional<SignedParts> read_signed_parts(ByteView der) {
  const std::optional<Outer> outer = read_outer(der);
  if (!outer) return std::nullopt;
  SignedParts parts;
  parts.to_be_signed = outer->to_be_signed.whole;
  parts.signature = outer->signature;
  if (!read_signature_algorithm(outer->algorithm.content, parts)) return std::nullopt;
  return parts;
}

std::optional<PublicKey> read_public_key(ByteView spki) {
  constexpr std::uint8_t kUncompressed = 0x04;
  const std::optional<Element> sequence = only_element(spki, tag::kSequence);
  if (!sequence) return std::nullopt;
  DerReader parts(sequence->content);
  const std::optional<Element> algorithm = parts.next(tag::kSequence);
  const std::optional<Element> bits = algorithm ? parts.next(tag::kBitString) : std::nullopt;
  if (!bits || !parts.at_end()) return std::nullopt;
  const std::optional<ByteView> key = whole_bits(bits->content);
  if (!key) return std::nullopt;
  ByteView parameters;
  const std::optional<std::string_view> id = read_algorithm(algorithm->content, parameters);
  if (!id) return std::nullopt;
  if (*id == oid::kRsaEncryption) {
    if (!is_null_or_absent(parameters) || !is_rsa_key_in_bounds(*key)) return std::nullopt;
    return PublicKey{KeyKind::rsa, *key};
  }
  if (*id != oid::kEcPublicKey) return std::nullopt;
  const std::optional<Element> curve = only_element(parameters, tag::kObjectIdentifier);
  if (!curve) return std::nullopt;
  struct Curve {
    std::string_view id;
    KeyKind kind;
    std::size_t point_size;
  };
  constexpr std::array kCurves = {
      Curve{oid::kP256, KeyKind::p256, 65},
      Curve{oid::kP384, KeyKind::p384, 97},
      Curve{oid::kP521, KeyKind::p521, 133},
  };
  for (const Curve& known : kCurves) {
    if (known.id != as_text(curve->content)) continue;
    if (key->size() != known.point_size || (*key)[0] != kUncompressed) return std::nullopt;
    return PublicKey{known.kind, *key};
  }
  return std::nullopt;
}

}  // namespace berth::crypto::asn1
