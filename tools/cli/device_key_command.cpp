#include <optional>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"

namespace berth::cli {
namespace {

// Which of its two keys a group's new devices are to have: after a roll it may be the secondary.
Result<std::string> key_member(ServiceClient& client, const std::string& group) {
  const auto roll = client.call("GET", path_of("/berth/v1/enrollmentGroups", group, "keyRoll"));
  if (!roll) return roll.error();
  const boost::json::object* status = roll->body.if_object();
  if (status == nullptr)
    return Error{Errc::malformed, "the coordinator's answer has no such shape"};
  const auto slot = json::find_string(*status, "slotForDevices");
  if (!slot) return slot.error();
  return slot->value_or("primary") + "Key";
}

Result<std::string> group_key(const Login& login, const std::string& group) {
  auto client = ServiceClient::open(login);
  if (!client) return client.error();
  const auto member = key_member(*client, group);
  if (!member) return member.error();
  const auto reply =
      client->call("POST", path_of("/enrollmentGroups", group, "attestationmechanism"));
  if (!reply) return reply.error();
  const boost::json::object* mechanism = reply->body.if_object();
  if (mechanism != nullptr) {
    const auto keys = json::find_object(*mechanism, "symmetricKey");
    if (keys && *keys != nullptr) {
      auto key = json::find_string(**keys, *member);
      if (key && *key) return std::move(**key);
    }
  }
  return Error{Errc::invalid, "group " + group + " does not attest by symmetric key"};
}

}  // namespace

Result<Output> compute_device_key(const Login& login, const DeviceKeyOptions& o) {
  std::string text = o.key;
  if (text.empty()) {
    if (o.group.empty()) {
      return Error{Errc::invalid, "name the group, or give its key with --key"};
    }
    auto fetched = group_key(login, o.group);
    if (!fetched) return fetched.error();
    text = std::move(*fetched);
  }
  auto key = from_base64(text);
  if (!key || key->empty()) return Error{Errc::invalid, "the group's key is not base64"};
  const auto crypto = crypto::make_wolfssl_crypto();
  const SecretBytes derived =
      domain::derive_device_key(SecretBytes(std::move(*key)), o.registration_id, *crypto);
  return Output{boost::json::string(to_base64(derived.reveal())), {}, {}};
}

}  // namespace berth::cli
