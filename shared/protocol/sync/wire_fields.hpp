// How model types become fields of records.proto and come back; private to this folder. put() never
// fails. take() answers false for a value that no encoder writes: a number past an enumeration's
// last, an ID that does not parse.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "records.pb.h"
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/strong_id.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/tenant.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::sync {

// No body is near this; protobuf takes sizes as int.
inline constexpr std::size_t kMaxBodySize = 1024 * 1024;

inline std::string text_of(ByteView bytes) {
  return std::string(as_text(bytes));
}
inline Bytes bytes_of(const std::string& text) {
  return to_bytes(text);
}
inline std::string text_of(const SecretBytes& secret) {
  return text_of(secret.reveal());
}
inline SecretBytes secret_of(const std::string& text) {
  return SecretBytes(to_bytes(text));
}

// Overwrites what a message held of a secret.
inline void wipe_text(std::string* text) {
  wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
}

template <class E>
std::uint32_t number_of(E value) {
  return static_cast<std::uint32_t>(value);
}

template <class E>
bool take_enum(std::uint32_t number, E last, E& to) {
  if (number > static_cast<std::uint32_t>(last)) return false;
  to = static_cast<E>(number);
  return true;
}

template <class Tag>
bool take_id(const std::string& text, domain::FoldedId<Tag>& to) {
  auto id = domain::FoldedId<Tag>::parse(text);
  if (!id) return false;
  to = std::move(id).value();
  return true;
}

template <class Tag>
void take_id(const std::string& text, StrongId<Tag>& to) {
  to = StrongId<Tag>(text);
}

void put(const domain::Stamps& from, wire::Stamps& to);
void take(const wire::Stamps& from, domain::Stamps& to);
void put(const domain::InitialTwin& from, wire::InitialTwin& to);
void take(const wire::InitialTwin& from, domain::InitialTwin& to);
void put(const domain::EnrollmentRef& from, wire::EnrollmentRef& to);
void take(const wire::EnrollmentRef& from, domain::EnrollmentRef& to);
void put(const domain::DecisionTrace& from, wire::DecisionTrace& to);
bool take(const wire::DecisionTrace& from, domain::DecisionTrace& to);
void put(const domain::FailedAttempt& from, wire::FailedAttempt& to);
bool take(const wire::FailedAttempt& from, domain::FailedAttempt& to);
void put(const domain::Registration& from, wire::Registration& to);
bool take(const wire::Registration& from, domain::Registration& to);
void put(const domain::BootMoment& from, wire::BootMoment& to);
void take(const wire::BootMoment& from, domain::BootMoment& to);
void put(const domain::OutboxEntry& from, wire::OutboxEntry& to);
bool take(const wire::OutboxEntry& from, domain::OutboxEntry& to);

void put(const domain::HubToken& from, wire::HubToken& to);
void take(const wire::HubToken& from, domain::HubToken& to);
void put(const domain::CleanupTask& from, wire::CleanupTask& to);
bool take(const wire::CleanupTask& from, domain::CleanupTask& to);

// By name: the order of Errc is not a promise. A name that this program does not know says only
// that something failed.
Errc errc_of(const std::string& name);

Error unreadable(const char* what);
Error unknown_format(const char* what, std::uint32_t format);

template <class Message>
Bytes serialise(const Message& message) {
  Bytes out(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(out.data());
  return out;
}

// Parses a body and checks its format; Errc::corrupt or Errc::unsupported otherwise.
template <class Message>
Result<void> parse_body(ByteView body, const char* what, Message& to) {
  if (body.size() > kMaxBodySize ||
      !to.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return unreadable(what);
  }
  if (to.format() != kRecordFormat) return unknown_format(what, to.format());
  return {};
}

}  // namespace berth::sync
