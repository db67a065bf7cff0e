#include "gateway/linux/certificate_keeper.hpp"

#include <algorithm>
#include <utility>

namespace berth::gateway {
namespace {

// The common name of the device endpoint's certificate; devices check the names in it.
constexpr const char* kDeviceEndpoint = "berth-device-endpoint";

constexpr int kTriesInALifetime = 30;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

}  // namespace

bool is_due(const Result<ports::Certificate>& certificate, WallTime now) {
  if (!certificate) return true;
  const auto lifetime = certificate->not_after - certificate->not_before;
  return now >= certificate->not_before + lifetime * 2 / 3;
}

std::chrono::seconds next_look(const Result<ports::Certificate>& certificate, WallTime now) {
  if (!certificate) return kLongestCertificatePause;
  const auto lifetime = certificate->not_after - certificate->not_before;
  const auto due = certificate->not_before + lifetime * 2 / 3;
  const auto pause = now < due ? due - now : lifetime / kTriesInALifetime;
  return std::clamp(std::chrono::ceil<std::chrono::seconds>(pause), kShortestCertificatePause,
                    kLongestCertificatePause);
}

CertificateKeeper::CertificateKeeper(Services services, std::vector<std::string> device_names,
                                     Renewed own, Renewed device)
    : services_(services),
      device_names_(std::move(device_names)),
      own_(std::move(own)),
      device_(std::move(device)) {}

std::chrono::seconds CertificateKeeper::check() {
  const WallTime now = services_.clock.wall();
  auto pause = kLongestCertificatePause;
  const auto own = load_node(services_.store, kIdentityId);
  if (own && own->has_value()) {
    const auto certificate = services_.crypto.parse_certificate((*own)->certificate);
    pause = std::min(pause, next_look(certificate, now));
    if (is_due(certificate, now)) renew_own();
  }
  if (device_names_.empty()) return pause;
  const auto device = load_node(services_.store, kDeviceCertificateId);
  // The names that the certificate was made for stand in the record's ID of the node.
  if (!device || !device->has_value() || (*device)->node_id != joined(device_names_)) {
    renew_device();
    return pause;
  }
  const auto certificate = services_.crypto.parse_certificate((*device)->certificate);
  if (is_due(certificate, now)) renew_device();
  return std::min(pause, next_look(certificate, now));
}

void CertificateKeeper::renew_own() {
  auto node = load_node(services_.store, kIdentityId);
  if (!node || !node->has_value()) return;
  auto csr = services_.x509.make_csr((*node)->node_id, (*node)->private_key);
  if (!csr) {
    services_.log.error("no certificate request", {{"reason", csr.error().reason}});
    return;
  }
  services_.link.request_certificate(
      sync::CertificateRequest::Purpose::gateway, std::move(*csr), {},
      [this, held = std::move(**node)](const sync::CertificateReply& reply) mutable {
        if (reply.chain.empty()) {
          services_.log.error("the coordinator did not renew this gateway's certificate",
                              {{"reason", reply.refusal}});
          return;
        }
        held.certificate = reply.chain.front();
        const auto saved = save_node(services_.store, kIdentityId, held);
        if (!saved) {
          services_.log.error("a certificate can't be kept", {{"reason", saved.error().reason}});
          return;
        }
        services_.log.info("this gateway's certificate was renewed");
        own_(held);
      });
}

Result<domain::NodeIdentity> CertificateKeeper::device_node() {
  auto pair = services_.x509.generate_p256();
  if (!pair) return pair.error();
  domain::NodeIdentity node;
  node.node_id = joined(device_names_);
  node.private_key = std::move(pair->private_key);
  return node;
}

void CertificateKeeper::renew_device() {
  auto node = device_node();
  if (!node) {
    services_.log.error("no key for the device endpoint", {{"reason", node.error().reason}});
    return;
  }
  auto csr = services_.x509.make_csr(kDeviceEndpoint, node->private_key);
  if (!csr) {
    services_.log.error("no certificate request", {{"reason", csr.error().reason}});
    return;
  }
  services_.link.request_certificate(
      sync::CertificateRequest::Purpose::device_endpoint, std::move(*csr), device_names_,
      [this, fresh = std::move(*node)](const sync::CertificateReply& reply) mutable {
        if (reply.chain.empty()) {
          services_.log.error("the coordinator gave no certificate for the device endpoint",
                              {{"reason", reply.refusal}});
          return;
        }
        fresh.certificate = reply.chain.front();
        if (reply.chain.size() > 1) fresh.ca_certificate = reply.chain.back();
        const auto saved = save_node(services_.store, kDeviceCertificateId, fresh);
        if (!saved) {
          services_.log.error("a certificate can't be kept", {{"reason", saved.error().reason}});
          return;
        }
        services_.log.info("the device endpoint has a new certificate",
                           {{"names", joined(device_names_)}});
        device_(fresh);
      });
}

}  // namespace berth::gateway
