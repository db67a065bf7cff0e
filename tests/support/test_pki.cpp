#include "tests/support/test_pki.hpp"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "shared/crypto/openssl/certificate_authority.hpp"

namespace berth::testing {

namespace {

template <class T>
T taken(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "test_pki: %s\n", result.error().reason.c_str());
    std::abort();
  }
  return std::move(*result);
}

PkiNode make(const PkiNode* issuer, const PkiRequest& request, bool is_ca) {
  const auto authority = crypto::make_certificate_authority();
  ports::KeyPair key = taken(authority->generate_p256());
  ports::CertificateRequest wanted;
  wanted.common_name = request.common_name;
  wanted.public_key = key.public_key;
  wanted.not_before = request.not_before;
  wanted.not_after = request.not_after;
  wanted.is_ca = is_ca;
  wanted.path_length = request.path_length;
  wanted.server_auth = !is_ca;
  wanted.client_auth = !is_ca;
  wanted.dns_names = request.dns_names;
  wanted.ip_addresses = request.ip_addresses;

  PkiNode node;
  if (issuer == nullptr) {
    node.certificate = taken(authority->issue(wanted, std::nullopt, key.private_key));
  } else {
    node.certificate = taken(authority->issue(wanted, issuer->certificate, issuer->private_key));
    node.above.push_back(issuer->certificate);
    node.above.insert(node.above.end(), issuer->above.begin(), issuer->above.end());
  }
  node.private_key = std::move(key.private_key);
  return node;
}

}  // namespace

std::vector<Bytes> PkiNode::chain(bool with_root) const {
  std::vector<Bytes> certificates{certificate};
  certificates.insert(certificates.end(), above.begin(), above.end());
  if (!with_root && certificates.size() > 1) certificates.pop_back();
  return certificates;
}

ports::TlsIdentity PkiNode::identity(bool with_root) const {
  return {chain(with_root), private_key};
}

PkiNode make_root(const PkiRequest& request) {
  return make(nullptr, request, true);
}

PkiNode make_intermediate(const PkiNode& issuer, const PkiRequest& request) {
  return make(&issuer, request, true);
}

PkiNode make_leaf(const PkiNode& issuer, const PkiRequest& request) {
  return make(&issuer, request, false);
}

PkiNode make_self_signed(const PkiRequest& request) {
  return make(nullptr, request, false);
}

}  // namespace berth::testing
