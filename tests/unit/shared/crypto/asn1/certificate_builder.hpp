// A certificate put together by hand, so that a test can break one part of it. Its signature is
// nonsense: readers do not verify.
#pragma once

#include <string_view>

#include "shared/crypto/asn1/der_reader.hpp"
#include "tests/unit/shared/crypto/asn1/der_writer.hpp"

namespace berth::testing {

namespace tag = crypto::asn1::tag;
using namespace std::string_view_literals;

inline Bytes extension(std::string_view oid, bool critical, const Bytes& value) {
  Bytes parts = der(tag::kObjectIdentifier, oid);
  if (critical) append(parts, der(tag::kBoolean, Bytes{0xFF}));
  append(parts, der(tag::kOctetString, value));
  return der(tag::kSequence, parts);
}

struct CertificateBuilder {
  Bytes version = der(tag::constructed(0), der(tag::kInteger, Bytes{2}));
  Bytes serial = der(tag::kInteger, Bytes{1});
  Bytes inner_algorithm = ecdsa_with_sha256();
  Bytes issuer = der(tag::kSequence, Bytes{});
  Bytes validity =
      der(tag::kSequence,
          joined({der(tag::kUtcTime, "200101000000Z"sv), der(tag::kUtcTime, "491231235959Z"sv)}));
  Bytes subject = der(tag::kSequence, Bytes{});
  Bytes public_key = der(tag::kSequence,
                         joined({der(tag::kSequence, der(tag::kObjectIdentifier, "\x2B\x65\x70"sv)),
                                 der(tag::kBitString, Bytes(33))}));
  Bytes after_public_key;
  Bytes extensions;  // the elements of the list
  Bytes outer_algorithm = ecdsa_with_sha256();
  Bytes signature = der(tag::kBitString, Bytes(9));

  static Bytes ecdsa_with_sha256() {
    return der(tag::kSequence, der(tag::kObjectIdentifier, "\x2A\x86\x48\xCE\x3D\x04\x03\x02"sv));
  }

  [[nodiscard]] Bytes build() const {
    Bytes body = joined({version, serial, inner_algorithm, issuer, validity, subject, public_key,
                         after_public_key});
    if (!extensions.empty()) {
      append(body, der(tag::constructed(3), der(tag::kSequence, extensions)));
    }
    return der(tag::kSequence, joined({der(tag::kSequence, body), outer_algorithm, signature}));
  }
};

}  // namespace berth::testing
