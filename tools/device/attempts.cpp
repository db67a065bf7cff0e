#include "tools/device/attempts.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include <boost/json.hpp>

#include "shared/base/encoding.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/domain/attestation/tpm_registration_id.hpp"
#include "tools/device/tpm.hpp"

namespace berth::device {
namespace {

namespace json = boost::json;

Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error{Errc::io, path + " can't be read"};
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// A port that this installation has; one that it does not serve stays as it is.
void read_port(const json::object& device, std::string_view name, std::uint16_t& port) {
  if (const json::value* value = device.if_contains(name)) {
    port = value->to_number<std::uint16_t>();
  }
}

}  // namespace

Result<void> read_dev_file(RegisterOptions& options) {
  const auto text = read_file(options.dev_file);
  if (!text) return text.error();
  try {
    const json::value dev = json::parse(*text);
    const json::object& device = dev.at("device").as_object();
    options.host = device.at("host").as_string().c_str();
    read_port(device, "https", options.https_port);
    read_port(device, "mqtt", options.mqtt_port);
    read_port(device, "amqp", options.amqp_port);
    read_port(device, "coaps", options.coaps_port);
    options.ca_file = device.at("caFile").as_string().c_str();
    options.id_scope = dev.at("idScope").as_string().c_str();
  } catch (const std::exception& error) {
    return Error{Errc::malformed, options.dev_file + ": " + error.what()};
  }
  return {};
}

Result<ports::TlsIdentity> issue_identity(ports::CertificateAuthority& authority,
                                          const ports::TlsIdentity& issuer,
                                          const std::string& common_name, WallTime now) {
  auto pair = authority.generate_p256();
  if (!pair) return pair.error();
  ports::CertificateRequest request;
  request.common_name = common_name;
  request.public_key = pair->public_key;
  request.not_before = now - std::chrono::hours{1};
  request.not_after = now + std::chrono::hours{24};
  request.client_auth = true;
  auto leaf = authority.issue(request, issuer.chain.front(), issuer.private_key);
  if (!leaf) return leaf.error();
  ports::TlsIdentity identity{{std::move(*leaf)}, std::move(pair->private_key)};
  identity.chain.insert(identity.chain.end(), issuer.chain.begin(), issuer.chain.end());
  return identity;
}

Result<Attempts> Attempts::make(const RegisterOptions& options, const Services& services) {
  Attempts attempts(options, services);
  attempts.endpoint_.host = options.host;
  attempts.endpoint_.https_port = options.https_port;
  attempts.endpoint_.mqtt_port = options.mqtt_port;
  attempts.endpoint_.amqp_port = options.amqp_port;
  attempts.endpoint_.coaps_port = options.coaps_port;
  attempts.endpoint_.id_scope = options.id_scope;
  auto trusted = crypto::read_certificate_file(options.ca_file);
  if (!trusted) return trusted.error();
  attempts.endpoint_.trusted = std::move(*trusted);
  const auto read = attempts.read_identity();
  if (!read) return read.error();
  return attempts;
}

Result<void> Attempts::read_identity() {
  if (!options_->key.empty() || !options_->group_key.empty()) {
    auto key = from_base64(options_->key.empty() ? options_->group_key : options_->key);
    if (!key) return Error{Errc::malformed, "a key is base64"};
    key_ = SecretBytes(std::move(*key));
  }
  if (!options_->certificate_file.empty()) {
    auto own = crypto::read_identity_files(options_->certificate_file, options_->key_file);
    if (!own) return own.error();
    own_ = std::move(*own);
  }
  if (!options_->issuer_file.empty()) {
    auto issuer = crypto::read_identity_files(options_->issuer_file, options_->issuer_key_file);
    if (!issuer) return issuer.error();
    issuer_ = std::move(*issuer);
  }
  if (!options_->tcti.empty()) {
    auto tpm = Tpm::open(options_->tcti);
    if (!tpm) return tpm.error();
    tpm_ = std::move(*tpm);
    if (options_->shows_certificate && tpm_->endorsement_certificate().empty()) {
      return Error{Errc::not_found, "the TPM holds no certificate of its endorsement key"};
    }
    tpm_registration_id_ = domain::tpm_registration_id(tpm_->endorsement_key(), services_.crypto);
  }
  return {};
}

Result<Attempt> Attempts::operator()(std::size_t index) {
  Attempt attempt;
  attempt.endpoint = endpoint_;
  attempt.identity.registration_id =
      options_->registration_id + (options_->count > 1 ? std::to_string(index) : "");
  attempt.identity.payload = options_->payload;
  attempt.identity.group_id = options_->group_id;
  attempt.identity.is_secondary_key = options_->is_secondary_key;
  attempt.timeout = std::chrono::seconds{options_->timeout_seconds};
  attempt.unix_now = unix_seconds(clock_.wall());
  attempt.api_version = options_->api_version;
  attempt.force = options_->force;
  attempt.wants_hub_token = options_->wants_hub_token;
  if (tpm_ != nullptr) {
    attempt.identity.tpm = tpm_;
    attempt.identity.shows_certificate = options_->shows_certificate;
    if (options_->registration_id.empty()) attempt.identity.registration_id = tpm_registration_id_;
  } else if (!options_->group_key.empty()) {
    attempt.identity.symmetric_key =
        domain::derive_device_key(key_, attempt.identity.registration_id, services_.crypto);
  } else if (!options_->key.empty()) {
    attempt.identity.symmetric_key = key_;
  } else if (!own_.chain.empty()) {
    attempt.identity.certificate = own_;
  } else {
    auto issued = issue_identity(services_.authority, issuer_, attempt.identity.registration_id,
                                 clock_.wall());
    if (!issued) return issued.error();
    attempt.identity.certificate = std::move(*issued);
  }
  // Devices that show the same certificate, or none, share one context.
  const bool is_shared = issuer_.chain.empty();
  if (!is_shared || context_ == nullptr) {
    ports::TlsClientSettings settings;
    settings.trusted = endpoint_.trusted;
    settings.identity = attempt.identity.certificate;
    auto context = services_.tls.client(settings);
    if (!context) return context.error();
    context_ = std::move(*context);
  }
  attempt.tls = context_;
  return attempt;
}

}  // namespace berth::device
