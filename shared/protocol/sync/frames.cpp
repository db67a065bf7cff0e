#include "shared/protocol/sync/frames.hpp"

#include <array>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/protocol/sync/wire_fields.hpp"
#include "sync.pb.h"

namespace berth::sync {
namespace {

constexpr std::uint32_t kFrameFormat = 1;

// The overloads below would hide those of wire_fields.hpp.
using sync::put;
using sync::take;

template <class Repeated>
bool within(const Repeated& list, std::size_t most) {
  return static_cast<std::size_t>(list.size()) <= most;
}

void put(const RecordChange& from, wire::RecordChange& to) {
  to.set_table(number_of(from.table));
  to.set_id(from.id);
  to.set_version(from.version);
  if (from.body) to.set_body(text_of(*from.body));
}

bool take(const wire::RecordChange& from, RecordChange& to) {
  if (from.table() < number_of(store::Table::individual_enrollment) ||
      from.table() > number_of(store::Table::admitted_tpm) || from.id().empty()) {
    return false;
  }
  to.table = static_cast<store::Table>(from.table());
  to.id = from.id();
  to.version = from.version();
  if (from.has_body()) to.body = bytes_of(from.body());
  return true;
}

template <class Repeated>
bool take_changes(const Repeated& from, std::vector<RecordChange>& to) {
  if (!within(from, kMaxChangesPerFrame)) return false;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (const auto& change : from) {
    if (!take(change, to.emplace_back())) return false;
  }
  return true;
}

void put(const Hello& from, wire::Frame& frame) {
  auto& to = *frame.mutable_hello();
  to.set_protocol_version(from.protocol_version);
  to.set_gateway_id(from.gateway_id.str());
  to.set_outbox_incarnation(from.outbox_incarnation);
  to.set_last_sequence(from.last_sequence);
  put(from.now, *to.mutable_now());
  to.set_wall(unix_micros(from.wall));
  to.set_software(from.software);
  for (const auto& position : from.positions) {
    auto& out = *to.add_positions();
    out.set_tenant(position.tenant.str());
    out.set_incarnation(position.incarnation);
    out.set_scope_version(position.scope_version);
    out.set_sequence(position.sequence);
  }
}

bool take(const wire::Hello& from, Hello& to) {
  to.protocol_version = from.protocol_version();
  take_id(from.gateway_id(), to.gateway_id);
  to.outbox_incarnation = from.outbox_incarnation();
  to.last_sequence = from.last_sequence();
  take(from.now(), to.now);
  to.wall = from_unix_micros(from.wall());
  to.software = from.software();
  if (!within(from.positions(), kMaxTenantsPerGateway)) return false;
  for (const auto& position : from.positions()) {
    auto& in = to.positions.emplace_back();
    take_id(position.tenant(), in.tenant);
    in.incarnation = position.incarnation();
    in.scope_version = position.scope_version();
    in.sequence = position.sequence();
  }
  return true;
}

void put(const Welcome& from, wire::Frame& frame) {
  auto& to = *frame.mutable_welcome();
  to.set_protocol_version(from.protocol_version);
  to.set_coordinator_id(from.coordinator_id.str());
  to.set_wall(unix_micros(from.wall));
  for (const auto& tenant : from.tenants) to.add_tenants(tenant.str());
  to.set_outbox_watermark(from.outbox_watermark);
  to.set_outbox_rolled_back(from.outbox_rolled_back);
}

bool take(const wire::Welcome& from, Welcome& to) {
  to.protocol_version = from.protocol_version();
  take_id(from.coordinator_id(), to.coordinator_id);
  to.wall = from_unix_micros(from.wall());
  to.outbox_watermark = from.outbox_watermark();
  to.outbox_rolled_back = from.outbox_rolled_back();
  if (!within(from.tenants(), kMaxTenantsPerGateway)) return false;
  for (const auto& tenant : from.tenants()) to.tenants.emplace_back(tenant);
  return true;
}

void put(const Refused& from, wire::Frame& frame) {
  frame.mutable_refused()->set_code(std::string(name_of(from.code)));
  frame.mutable_refused()->set_reason(from.reason);
}

bool take(const wire::Refused& from, Refused& to) {
  to.code = errc_of(from.code());
  to.reason = from.reason();
  return true;
}

void put(const SnapshotBegin& from, wire::Frame& frame) {
  auto& to = *frame.mutable_snapshot_begin();
  to.set_tenant(from.tenant.str());
  to.set_number(from.number);
  to.set_incarnation(from.incarnation);
  to.set_scope_version(from.scope_version);
  to.set_digest_key(text_of(from.digest_key));
}

bool take(const wire::SnapshotBegin& from, SnapshotBegin& to) {
  take_id(from.tenant(), to.tenant);
  to.number = from.number();
  to.incarnation = from.incarnation();
  to.scope_version = from.scope_version();
  to.digest_key = secret_of(from.digest_key());
  return to.number != 0;
}

void put(const SnapshotRecords& from, wire::Frame& frame) {
  auto& to = *frame.mutable_snapshot_records();
  to.set_tenant(from.tenant.str());
  to.set_number(from.number);
  for (const auto& record : from.records) put(record, *to.add_records());
}

bool take(const wire::SnapshotRecords& from, SnapshotRecords& to) {
  take_id(from.tenant(), to.tenant);
  to.number = from.number();
  return take_changes(from.records(), to.records);
}

void put(const SnapshotEnd& from, wire::Frame& frame) {
  auto& to = *frame.mutable_snapshot_end();
  to.set_tenant(from.tenant.str());
  to.set_number(from.number);
  to.set_sequence(from.sequence);
}

bool take(const wire::SnapshotEnd& from, SnapshotEnd& to) {
  take_id(from.tenant(), to.tenant);
  to.number = from.number();
  to.sequence = from.sequence();
  return true;
}

void put(const Changes& from, wire::Frame& frame) {
  auto& to = *frame.mutable_changes();
  to.set_tenant(from.tenant.str());
  to.set_from(from.from);
  to.set_to(from.to);
  for (const auto& record : from.records) put(record, *to.add_records());
}

bool take(const wire::Changes& from, Changes& to) {
  take_id(from.tenant(), to.tenant);
  to.from = from.from();
  to.to = from.to();
  return to.from < to.to && take_changes(from.records(), to.records);
}

void put(const DigestCheck& from, wire::Frame& frame) {
  auto& to = *frame.mutable_digest_check();
  to.set_tenant(from.tenant.str());
  to.set_sequence(from.sequence);
  to.set_digest(text_of(from.digest));
}

bool take(const wire::DigestCheck& from, DigestCheck& to) {
  take_id(from.tenant(), to.tenant);
  to.sequence = from.sequence();
  to.digest = bytes_of(from.digest());
  return true;
}

void put(const ResyncRequest& from, wire::Frame& frame) {
  frame.mutable_resync_request()->set_tenant(from.tenant.str());
  frame.mutable_resync_request()->set_reason(from.reason);
}

bool take(const wire::ResyncRequest& from, ResyncRequest& to) {
  take_id(from.tenant(), to.tenant);
  to.reason = from.reason();
  return true;
}

void put(const PermitGrant& from, wire::Frame& frame) {
  auto& to = *frame.mutable_permit_grant();
  to.set_tenant(from.tenant.str());
  to.set_body(text_of(from.permit.body));
  to.set_signature(text_of(from.permit.signature));
}

bool take(const wire::PermitGrant& from, PermitGrant& to) {
  take_id(from.tenant(), to.tenant);
  to.permit.body = bytes_of(from.body());
  to.permit.signature = bytes_of(from.signature());
  return true;
}

void put(const HubTokens& from, wire::Frame& frame) {
  auto& to = *frame.mutable_hub_tokens();
  to.set_tenant(from.tenant.str());
  for (const auto& token : from.tokens) put(token, *to.add_tokens());
}

bool take(const wire::HubTokens& from, HubTokens& to) {
  take_id(from.tenant(), to.tenant);
  if (!within(from.tokens(), kMaxChangesPerFrame)) return false;
  for (const auto& token : from.tokens()) take(token, to.tokens.emplace_back());
  return true;
}

void put(const HeadRequest& from, wire::Frame& frame) {
  frame.mutable_head_request()->set_request_id(from.request_id);
  frame.mutable_head_request()->set_tenant(from.tenant.str());
}

bool take(const wire::HeadRequest& from, HeadRequest& to) {
  to.request_id = from.request_id();
  take_id(from.tenant(), to.tenant);
  return true;
}

void put(const HeadReply& from, wire::Frame& frame) {
  auto& to = *frame.mutable_head_reply();
  to.set_request_id(from.request_id);
  to.set_tenant(from.tenant.str());
  to.set_sequence(from.sequence);
}

bool take(const wire::HeadReply& from, HeadReply& to) {
  to.request_id = from.request_id();
  take_id(from.tenant(), to.tenant);
  to.sequence = from.sequence();
  return true;
}

void put(const LookBackRequest& from, wire::Frame& frame) {
  auto& to = *frame.mutable_look_back_request();
  to.set_request_id(from.request_id);
  to.set_tenant(from.tenant.str());
  to.set_registration_id(from.registration_id.str());
}

bool take(const wire::LookBackRequest& from, LookBackRequest& to) {
  to.request_id = from.request_id();
  take_id(from.tenant(), to.tenant);
  return take_id(from.registration_id(), to.registration_id);
}

void put(const LookBackReply& from, wire::Frame& frame) {
  auto& to = *frame.mutable_look_back_reply();
  to.set_request_id(from.request_id);
  to.set_tenant(from.tenant.str());
  put(from.registration, *to.mutable_registration());
}

bool take(const wire::LookBackReply& from, LookBackReply& to) {
  to.request_id = from.request_id();
  take_id(from.tenant(), to.tenant);
  return take(from.registration(), to.registration);
}

void put(const OutboxEntries& from, wire::Frame& frame) {
  auto& to = *frame.mutable_outbox_entries();
  to.set_incarnation(from.incarnation);
  for (const auto& entry : from.entries) put(entry, *to.add_entries());
}

bool take(const wire::OutboxEntries& from, OutboxEntries& to) {
  to.incarnation = from.incarnation();
  if (!within(from.entries(), kMaxEntriesPerFrame)) return false;
  for (const auto& entry : from.entries()) {
    if (!take(entry, to.entries.emplace_back())) return false;
  }
  return true;
}

void put(const OutboxAck& from, wire::Frame& frame) {
  auto& to = *frame.mutable_outbox_ack();
  to.set_incarnation(from.incarnation);
  to.set_through(from.through);
  for (const auto& taken : from.records) {
    auto& out = *to.add_records();
    out.set_tenant(taken.tenant.str());
    put(taken.registration, *out.mutable_registration());
  }
}

bool take(const wire::OutboxAck& from, OutboxAck& to) {
  to.incarnation = from.incarnation();
  to.through = from.through();
  if (!within(from.records(), kMaxEntriesPerFrame)) return false;
  for (const auto& taken : from.records()) {
    auto& in = to.records.emplace_back();
    take_id(taken.tenant(), in.tenant);
    if (!take(taken.registration(), in.registration)) return false;
  }
  return true;
}

void put(const CleanupRequest& from, wire::Frame& frame) {
  auto& to = *frame.mutable_cleanup_request();
  to.set_request_id(from.request_id);
  to.set_tenant(from.tenant.str());
  put(from.task, *to.mutable_task());
}

bool take(const wire::CleanupRequest& from, CleanupRequest& to) {
  to.request_id = from.request_id();
  take_id(from.tenant(), to.tenant);
  return take(from.task(), to.task);
}

void put(const CleanupReply& from, wire::Frame& frame) {
  frame.mutable_cleanup_reply()->set_request_id(from.request_id);
}

bool take(const wire::CleanupReply& from, CleanupReply& to) {
  to.request_id = from.request_id();
  return true;
}

void put(const CertificateRequest& from, wire::Frame& frame) {
  auto& to = *frame.mutable_certificate_request();
  to.set_request_id(from.request_id);
  to.set_purpose(number_of(from.purpose));
  to.set_csr(text_of(from.csr));
  for (const auto& name : from.names) to.add_names(name);
}

bool take(const wire::CertificateRequest& from, CertificateRequest& to) {
  to.request_id = from.request_id();
  to.csr = bytes_of(from.csr());
  if (!within(from.names(), kMaxNamesPerCertificate)) return false;
  to.names.assign(from.names().begin(), from.names().end());
  return take_enum(from.purpose(), CertificateRequest::Purpose::device_endpoint, to.purpose);
}

void put(const CertificateReply& from, wire::Frame& frame) {
  auto& to = *frame.mutable_certificate_reply();
  to.set_request_id(from.request_id);
  for (const auto& certificate : from.chain) to.add_chain(text_of(certificate));
  to.set_refusal(from.refusal);
}

bool take(const wire::CertificateReply& from, CertificateReply& to) {
  to.request_id = from.request_id();
  if (!within(from.chain(), kMaxNamesPerCertificate)) return false;
  for (const auto& certificate : from.chain()) to.chain.push_back(bytes_of(certificate));
  to.refusal = from.refusal();
  return true;
}

void put(const Ping& from, wire::Frame& frame) {
  frame.mutable_ping()->set_nonce(from.nonce);
  put(from.now, *frame.mutable_ping()->mutable_now());
}

bool take(const wire::Ping& from, Ping& to) {
  to.nonce = from.nonce();
  take(from.now(), to.now);
  return true;
}

void put(const WebhookRequest& from, wire::Frame& frame) {
  auto& to = *frame.mutable_webhook_request();
  to.set_request_id(from.request_id);
  to.set_tenant(from.tenant.str());
  put(from.enrollment, *to.mutable_enrollment());
  to.set_body(from.body);
}

bool take(const wire::WebhookRequest& from, WebhookRequest& to) {
  to.request_id = from.request_id();
  take_id(from.tenant(), to.tenant);
  take(from.enrollment(), to.enrollment);
  to.body = from.body();
  return to.body.size() <= kMaxWebhookBody;
}

void put(const WebhookReply& from, wire::Frame& frame) {
  auto& to = *frame.mutable_webhook_reply();
  to.set_request_id(from.request_id);
  to.set_status(from.status);
  to.set_body(from.body);
  to.set_reason(from.reason);
}

bool take(const wire::WebhookReply& from, WebhookReply& to) {
  to.request_id = from.request_id();
  to.status = from.status();
  to.body = from.body();
  to.reason = from.reason();
  return to.body.size() <= kMaxWebhookBody;
}

void put(const Pong& from, wire::Frame& frame) {
  frame.mutable_pong()->set_nonce(from.nonce);
}

bool take(const wire::Pong& from, Pong& to) {
  to.nonce = from.nonce();
  return true;
}

bool is_chain_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxChainName;
}

void put(const AuditSegments& from, wire::Frame& frame) {
  auto& to = *frame.mutable_audit_segments();
  to.set_chain(from.chain);
  for (const auto& segment : from.segments) {
    auto& out = *to.add_segments();
    out.set_number(segment.number);
    out.set_body(text_of(segment.body));
  }
}

bool take(const wire::AuditSegments& from, AuditSegments& to) {
  if (!is_chain_name(from.chain()) || !within(from.segments(), kMaxSegmentsPerFrame)) return false;
  to.chain = from.chain();
  for (const auto& segment : from.segments()) {
    to.segments.push_back({segment.number(), bytes_of(segment.body())});
  }
  return true;
}

void put(const AuditAck& from, wire::Frame& frame) {
  auto& to = *frame.mutable_audit_ack();
  to.set_chain(from.chain);
  to.set_through(from.through);
  to.set_diverged(from.diverged);
}

bool take(const wire::AuditAck& from, AuditAck& to) {
  if (!is_chain_name(from.chain())) return false;
  to.chain = from.chain();
  to.through = from.through();
  to.diverged = from.diverged();
  return true;
}

void put(const AuditSealed& from, wire::Frame& frame) {
  wire::AuditSealed& to = *frame.mutable_audit_sealed();
  to.set_seal(text_of(domain::encode_seal(from.seal)));
  if (from.countersigned) to.set_countersigned(text_of(domain::encode_seal(*from.countersigned)));
}

bool take_seal(std::string_view from, domain::AuditSeal& to) {
  auto seal = domain::decode_seal(as_bytes(from));
  if (!seal || !is_chain_name(seal->chain) || !is_chain_name(seal->signer)) return false;
  to = std::move(*seal);
  return true;
}

bool take(const wire::AuditSealed& from, AuditSealed& to) {
  if (!take_seal(from.seal(), to.seal)) return false;
  return from.countersigned().empty() ||
         take_seal(from.countersigned(), to.countersigned.emplace());
}

// Key material must not stay behind in freed memory.
void wipe_secrets(wire::Frame& frame) {
  if (frame.has_snapshot_begin()) wipe_text(frame.mutable_snapshot_begin()->mutable_digest_key());
  if (frame.has_hub_tokens()) {
    for (auto& token : *frame.mutable_hub_tokens()->mutable_tokens()) {
      wipe_text(token.mutable_authorization());
    }
  }
}

template <class Model, class Wire>
Result<Message> message_from(const Wire& from) {
  Model to;
  if (!take(from, to)) {
    return Error{Errc::malformed, "a message of the sync peer is outside its limits"};
  }
  return Message(std::move(to));
}

Result<Message> message_from(const wire::Frame& frame) {
  switch (frame.message_case()) {
    case wire::Frame::kHello: return message_from<Hello>(frame.hello());
    case wire::Frame::kWelcome: return message_from<Welcome>(frame.welcome());
    case wire::Frame::kRefused: return message_from<Refused>(frame.refused());
    case wire::Frame::kSnapshotBegin: return message_from<SnapshotBegin>(frame.snapshot_begin());
    case wire::Frame::kSnapshotRecords:
      return message_from<SnapshotRecords>(frame.snapshot_records());
    case wire::Frame::kSnapshotEnd: return message_from<SnapshotEnd>(frame.snapshot_end());
    case wire::Frame::kChanges: return message_from<Changes>(frame.changes());
    case wire::Frame::kDigestCheck: return message_from<DigestCheck>(frame.digest_check());
    case wire::Frame::kResyncRequest: return message_from<ResyncRequest>(frame.resync_request());
    case wire::Frame::kPermitGrant: return message_from<PermitGrant>(frame.permit_grant());
    case wire::Frame::kHubTokens: return message_from<HubTokens>(frame.hub_tokens());
    case wire::Frame::kHeadRequest: return message_from<HeadRequest>(frame.head_request());
    case wire::Frame::kHeadReply: return message_from<HeadReply>(frame.head_reply());
    case wire::Frame::kLookBackRequest:
      return message_from<LookBackRequest>(frame.look_back_request());
    case wire::Frame::kLookBackReply: return message_from<LookBackReply>(frame.look_back_reply());
    case wire::Frame::kOutboxEntries: return message_from<OutboxEntries>(frame.outbox_entries());
    case wire::Frame::kOutboxAck: return message_from<OutboxAck>(frame.outbox_ack());
    case wire::Frame::kCleanupRequest: return message_from<CleanupRequest>(frame.cleanup_request());
    case wire::Frame::kCleanupReply: return message_from<CleanupReply>(frame.cleanup_reply());
    case wire::Frame::kCertificateRequest:
      return message_from<CertificateRequest>(frame.certificate_request());
    case wire::Frame::kCertificateReply:
      return message_from<CertificateReply>(frame.certificate_reply());
    case wire::Frame::kWebhookRequest: return message_from<WebhookRequest>(frame.webhook_request());
    case wire::Frame::kWebhookReply: return message_from<WebhookReply>(frame.webhook_reply());
    case wire::Frame::kPing: return message_from<Ping>(frame.ping());
    case wire::Frame::kPong: return message_from<Pong>(frame.pong());
    case wire::Frame::kAuditSegments: return message_from<AuditSegments>(frame.audit_segments());
    case wire::Frame::kAuditAck: return message_from<AuditAck>(frame.audit_ack());
    case wire::Frame::kAuditSealed: return message_from<AuditSealed>(frame.audit_sealed());
    case wire::Frame::MESSAGE_NOT_SET:
      return Error{Errc::unsupported, "a frame of the sync peer holds no message that we know"};
  }
  return Error{Errc::unsupported, "a frame of the sync peer holds no message that we know"};
}

struct ChannelOf {
  Channel operator()(const SnapshotBegin&) const { return Channel::snapshot; }
  Channel operator()(const SnapshotRecords&) const { return Channel::snapshot; }
  Channel operator()(const SnapshotEnd&) const { return Channel::snapshot; }
  Channel operator()(const Changes&) const { return Channel::changes; }
  Channel operator()(const DigestCheck&) const { return Channel::changes; }
  Channel operator()(const OutboxEntries&) const { return Channel::outcomes; }
  Channel operator()(const OutboxAck&) const { return Channel::outcomes; }
  Channel operator()(const AuditSegments&) const { return Channel::outcomes; }
  Channel operator()(const AuditAck&) const { return Channel::outcomes; }
  Channel operator()(const AuditSealed&) const { return Channel::outcomes; }
  Channel operator()(const HeadRequest&) const { return Channel::requests; }
  Channel operator()(const HeadReply&) const { return Channel::requests; }
  Channel operator()(const LookBackRequest&) const { return Channel::requests; }
  Channel operator()(const LookBackReply&) const { return Channel::requests; }
  Channel operator()(const CleanupRequest&) const { return Channel::requests; }
  Channel operator()(const CleanupReply&) const { return Channel::requests; }
  Channel operator()(const CertificateRequest&) const { return Channel::requests; }
  Channel operator()(const CertificateReply&) const { return Channel::requests; }
  Channel operator()(const WebhookRequest&) const { return Channel::requests; }
  Channel operator()(const WebhookReply&) const { return Channel::requests; }
  Channel operator()(const Hello&) const { return Channel::control; }
  Channel operator()(const Welcome&) const { return Channel::control; }
  Channel operator()(const Refused&) const { return Channel::control; }
  Channel operator()(const ResyncRequest&) const { return Channel::control; }
  Channel operator()(const PermitGrant&) const { return Channel::control; }
  Channel operator()(const HubTokens&) const { return Channel::control; }
  Channel operator()(const Ping&) const { return Channel::control; }
  Channel operator()(const Pong&) const { return Channel::control; }
};

}  // namespace

Channel channel_of(const Message& message) {
  return std::visit(ChannelOf{}, message);
}

Bytes encode_frame(const Message& message) {
  wire::Frame frame;
  frame.set_format(kFrameFormat);
  frame.set_channel(number_of(channel_of(message)));
  std::visit([&frame](const auto& from) { put(from, frame); }, message);
  const std::size_t size = frame.ByteSizeLong();
  BERTH_ASSERT(size <= kMaxFrame);
  Bytes out(kLengthPrefix + size);
  for (std::size_t i = 0; i < kLengthPrefix; ++i) {
    out[i] = static_cast<std::uint8_t>(size >> (8 * (kLengthPrefix - 1 - i)));
  }
  frame.SerializeWithCachedSizesToArray(out.data() + kLengthPrefix);
  wipe_secrets(frame);
  return out;
}

void FrameReader::feed(ByteView bytes) {
  // What was read moves out only here, so that many small frames of one read cost one move.
  if (consumed_ > 0) {
    wipe(std::span(buffer_).first(consumed_));
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
    consumed_ = 0;
  }
  append(buffer_, bytes);
}

std::optional<Result<Message>> FrameReader::next() {
  const auto rest = ByteView(buffer_).subspan(consumed_);
  if (rest.size() < kLengthPrefix) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < kLengthPrefix; ++i) size = (size << 8U) | rest[i];
  if (size > kMaxFrame) {
    return Error{Errc::too_large, "the sync peer announces a frame of " + std::to_string(size) +
                                      " bytes; the most is " + std::to_string(kMaxFrame)};
  }
  if (rest.size() < kLengthPrefix + size) return std::nullopt;
  wire::Frame frame;
  const auto body = rest.subspan(kLengthPrefix, size);
  if (!frame.ParseFromArray(body.data(), static_cast<int>(size))) {
    return Error{Errc::malformed, "a frame of the sync peer does not parse"};
  }
  consumed_ += kLengthPrefix + size;
  if (frame.format() != kFrameFormat) {
    return Error{Errc::unsupported, "a frame of the sync peer has format version " +
                                        std::to_string(frame.format()) +
                                        ", which this program does not know"};
  }
  auto message = message_from(frame);
  wipe_secrets(frame);
  return message;
}

std::size_t frame_cost(const RecordChange& change) {
  // Tags and lengths, generously.
  constexpr std::size_t kOverhead = 32;
  return kOverhead + change.id.size() + (change.body ? change.body->size() : 0);
}

std::size_t frame_cost(const domain::OutboxEntry& entry) {
  return encode(entry).size() + 8;
}

std::size_t frame_cost(const AuditSegments::Segment& segment) {
  constexpr std::size_t kOverhead = 32;
  return kOverhead + segment.body.size();
}

}  // namespace berth::sync
