#include "shared/domain/attestation/x509.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::domain {
namespace {

using ports::Certificate;

// A name out of a peer's certificate, fit for one line of a log.
std::string quoted(const std::string& name) {
  constexpr std::size_t kMaxShown = 120;
  std::string shown = name.substr(0, kMaxShown);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\'') c = '?';
  }
  if (name.size() > kMaxShown) shown += "...";
  return "'" + shown + "'";
}

std::string day_of(WallTime time) {
  return to_iso8601_seconds(time).substr(0, 10);
}

Error refused(std::string reason) {
  return Error{Errc::certificate_refused, std::move(reason)};
}

bool same(ByteView a, ByteView b) {
  return std::ranges::equal(a, b);
}

// RFC 5280 section 4.2: a critical extension that is not understood refuses the certificate.
Result<void> check_extensions(const Certificate& certificate, const std::string& what) {
  if (certificate.has_unknown_critical_extension) {
    return refused(what + " has a critical extension that is not understood");
  }
  return {};
}

// What RFC 5280 section 6.1.4 (k) to (n) asks of a certificate that issued another, with
// `intermediates` certificates between it and the leaf, self-issued ones not counted.
Result<void> check_issuer(const Certificate& issuer, const std::string& role,
                          std::size_t intermediates, WallTime now, const X509Rules& rules) {
  const std::string what = role + " " + quoted(issuer.subject_text);
  if (auto valid = check_validity(issuer, what, now, rules); !valid) return valid;
  if (auto known = check_extensions(issuer, what); !known) return known;
  if (!issuer.is_ca) return refused(what + " is not a CA certificate");
  if (issuer.has_key_usage && !issuer.may_sign_certificates) {
    return refused(what + " may not sign certificates (key usage lacks keyCertSign)");
  }
  if (issuer.path_length && intermediates > *issuer.path_length) {
    return refused(what + " allows a path length of " + std::to_string(*issuer.path_length) +
                   ", and " + std::to_string(intermediates) + " intermediates follow it");
  }
  return {};
}

Result<void> check_leaf(const Certificate& leaf, LeafUse use, WallTime now,
                        const X509Rules& rules) {
  switch (use) {
    case LeafUse::signs_handshake:
      if (auto valid = check_validity(leaf, "leaf", now, rules); !valid) return valid;
      if (auto known = check_extensions(leaf, "leaf"); !known) return known;
      if (leaf.has_key_usage && !leaf.may_sign) {
        return refused("leaf may not sign (key usage lacks digitalSignature)");
      }
      return {};
    case LeafUse::unwraps_keys: {
      const std::string what = "the endorsement key's certificate";
      if (auto valid = check_validity(leaf, what, now, rules); !valid) return valid;
      return check_extensions(leaf, what);
    }
  }
  return {};
}

class PathBuilder {
 public:
  PathBuilder(std::span<const Certificate> chain, const AnchorsBySubject& anchors, WallTime now,
              const X509Rules& rules, ports::Crypto& crypto)
      : chain_(chain), anchors_(anchors), now_(now), rules_(rules), crypto_(crypto) {}

  // Breadth first, so that the first anchor found is the nearest. Every presented certificate is
  // entered once at most, which also ends loops.
  std::variant<Path, PathFailure> build() {
    std::vector<bool> entered(chain_.size(), false);
    std::deque<Node> pending{Node{0, 0, 0}};
    entered[0] = true;
    std::size_t last = 0;
    while (!pending.empty()) {
      const Node node = pending.front();
      pending.pop_front();
      last = node.certificate;
      if (auto end = end_at_anchors(node)) return std::move(*end);
      for (std::size_t i = 1; i < chain_.size(); ++i) {
        if (entered[i] || !same(chain_[i].subject, chain_[node.certificate].issuer)) continue;
        if (!signs(chain_[i], chain_[node.certificate])) continue;
        entered[i] = true;
        auto judged = check_issuer(chain_[i], "intermediate", node.counted, now_, rules_);
        if (!judged) {
          remember(judged.error());
          continue;
        }
        const bool is_self_issued = same(chain_[i].subject, chain_[i].issuer);
        pending.push_back(Node{i, node.depth + 1, node.counted + (is_self_issued ? 0U : 1U)});
      }
      if (signatures_checked_ > kMaxSignatureChecks) return too_many_signatures();
    }
    if (first_failure_) return PathFailure{*first_failure_, true};
    return PathFailure{
        refused("issuer " + quoted(chain_[last].issuer_text) + " is in no enrollment group"), true};
  }

 private:
  struct Node {
    std::size_t certificate;  // index into the chain
    std::size_t depth;        // presented certificates between it and the leaf, itself included
    std::size_t counted;      // of those, the ones that count for a path length
  };

  // Does this path end above `node`? nullopt: no anchor there.
  std::optional<std::variant<Path, PathFailure>> end_at_anchors(const Node& node) {
    const Certificate& certificate = chain_[node.certificate];
    auto found = anchors_(certificate.issuer);
    if (!found) return PathFailure{found.error(), false};
    Path path;
    path.intermediates = node.depth;
    std::optional<Error> refusal;
    for (Anchor& anchor : *found) {
      if (!same(anchor.certificate.subject, certificate.issuer)) continue;
      // A CA does not attest as a device of its own group.
      if (same(anchor.certificate.der, chain_[0].der)) continue;
      if (!signs(anchor.certificate, certificate)) continue;
      auto judged =
          check_issuer(anchor.certificate, "signing certificate", node.counted, now_, rules_);
      if (judged) {
        path.anchors.push_back(std::move(anchor));
      } else if (!refusal) {
        std::string reason = judged.error().reason;
        if (!anchor.group.empty()) reason += " (enrollment group " + anchor.group.str() + ")";
        refusal = Error{judged.error().code, std::move(reason)};
      }
    }
    if (signatures_checked_ > kMaxSignatureChecks) return too_many_signatures();
    if (!path.anchors.empty()) return path;
    if (refusal) return PathFailure{*refusal, false};
    return std::nullopt;
  }

  bool signs(const Certificate& issuer, const Certificate& certificate) {
    ++signatures_checked_;
    if (signatures_checked_ > kMaxSignatureChecks) return false;
    if (crypto_.is_signed_by(certificate, issuer)) return true;
    remember(refused("signature of " + quoted(certificate.subject_text) +
                     " does not verify with the key of " + quoted(issuer.subject_text)));
    return false;
  }

  void remember(const Error& failure) {
    if (!first_failure_) first_failure_ = failure;
  }

  static PathFailure too_many_signatures() {
    return PathFailure{refused("the chain takes more than " + std::to_string(kMaxSignatureChecks) +
                               " signature checks"),
                       false};
  }

  std::span<const Certificate> chain_;
  const AnchorsBySubject& anchors_;
  WallTime now_;
  const X509Rules& rules_;
  ports::Crypto& crypto_;
  std::size_t signatures_checked_ = 0;
  std::optional<Error> first_failure_;
};

}  // namespace

Result<void> check_validity(const Certificate& certificate, const std::string& what, WallTime now,
                            const X509Rules& rules) {
  if (now > certificate.not_after + rules.skew) {
    return refused(what + " expired " + day_of(certificate.not_after));
  }
  if (now < certificate.not_before - rules.skew) {
    return refused(what + " is not valid before " + day_of(certificate.not_before));
  }
  return {};
}

Result<void> check_common_name(const Certificate& leaf, const RegistrationId& registration_id) {
  if (!equals_ignoring_case(leaf.common_name, registration_id.str())) {
    return refused("registration ID does not match the certificate's CN " +
                   quoted(leaf.common_name));
  }
  return {};
}

bool is_enrolled_certificate(const Certificate& leaf, const X509Attestation& attestation) {
  if (attestation.kind != X509Attestation::Kind::client_certificates || leaf.der.empty()) {
    return false;
  }
  const bool is_primary = constant_time_equal(leaf.der, attestation.primary);
  const bool is_secondary = constant_time_equal(leaf.der, attestation.secondary);
  return is_primary || is_secondary;
}

std::variant<Path, PathFailure> build_path(std::span<const Certificate> chain,
                                           const AnchorsBySubject& anchors, WallTime now,
                                           const X509Rules& rules, ports::Crypto& crypto,
                                           LeafUse use) {
  if (chain.empty()) return PathFailure{refused("the device presented no certificate"), false};
  if (chain.size() > kMaxPresentedCertificates) {
    return PathFailure{
        refused("the device presented " + std::to_string(chain.size()) + " certificates; " +
                std::to_string(kMaxPresentedCertificates) + " are allowed"),
        false};
  }
  if (auto leaf = check_leaf(chain[0], use, now, rules); !leaf) {
    return PathFailure{leaf.error(), false};
  }
  return PathBuilder(chain, anchors, now, rules, crypto).build();
}

}  // namespace berth::domain
