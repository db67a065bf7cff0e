// What gateway and coordinator say to each other, as model types, and the frames that carry it
// (docs/formats/sync.md). A frame is four bytes of length, the most significant first, and one
// message with the number of the channel that it travels on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/audit/seal.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/store/table.hpp"

namespace berth::sync {

// The ALPN name, and the version of the messages below.
inline constexpr const char* kAlpn = "berth-sync/1";
inline constexpr std::uint32_t kProtocolVersion = 1;
// Longest frame, without its four bytes of length.
inline constexpr std::size_t kMaxFrame = 1024 * 1024;
inline constexpr std::size_t kLengthPrefix = 4;
// What one message may count, checked on both sides.
inline constexpr std::size_t kMaxTenantsPerGateway = 256;
inline constexpr std::size_t kMaxChangesPerFrame = 1000;
inline constexpr std::size_t kMaxEntriesPerFrame = 64;
inline constexpr std::size_t kMaxNamesPerCertificate = 32;
inline constexpr std::size_t kMaxWebhookBody = 256 * 1024;  // bytes, either way
inline constexpr std::size_t kMaxSegmentsPerFrame = 64;
inline constexpr std::size_t kMaxChainName = 128;
// A sender of records begins another frame beyond this, so that the largest record still fits.
inline constexpr std::size_t kFrameBudget = 512 * 1024;

// Bulk and urgent messages travel apart, so that each can be given credits of its own.
enum class Channel : std::uint8_t { control, changes, snapshot, outcomes, requests };

// Where a gateway's copy of one tenant stands.
struct Position {
  domain::IdScope tenant;
  std::string incarnation;  // of the coordinator's store; empty: no usable copy
  std::uint64_t scope_version = 0;
  std::uint64_t sequence = 0;
};

// The upper half of an outbox sequence counts the gateway's starts.
inline constexpr unsigned kOutboxEpochShift = 32;
[[nodiscard]] constexpr std::uint64_t outbox_epoch(std::uint64_t sequence) {
  return sequence >> kOutboxEpochShift;
}

// The gateway's first message.
struct Hello {
  std::uint32_t protocol_version = kProtocolVersion;
  domain::GatewayId gateway_id;  // as in its certificate
  std::string outbox_incarnation;
  std::uint64_t last_sequence = 0;  // the last that its outbox gave
  domain::BootMoment now;
  WallTime wall{};
  std::string software;
  std::vector<Position> positions;
};

// The coordinator's first.
struct Welcome {
  std::uint32_t protocol_version = kProtocolVersion;
  domain::CoordinatorId coordinator_id;
  WallTime wall{};
  std::vector<domain::IdScope> tenants;  // that the gateway serves; it forgets all others
  // The last sequence of this outbox incarnation that was taken in. One past the gateway's own last
  // means that its disk was rolled back.
  std::uint64_t outbox_watermark = 0;
  // The same, where the numbers alone do not show it: those of this epoch came from another boot.
  bool outbox_rolled_back = false;
};

// Ends the session; said before closing.
struct Refused {
  Errc code = Errc::forbidden;
  std::string reason;
};

// One record as it shall be in the gateway's copy. No body: it is not there any more, or not in
// scope.
struct RecordChange {
  store::Table table{};
  std::string id;
  std::uint64_t version = 0;
  std::optional<Bytes> body;
};

// A snapshot replaces the copy of a tenant. Its records may come in many frames, each record any
// number of times: the last one counts. It is consistent at SnapshotEnd.
struct SnapshotBegin {
  domain::IdScope tenant;
  std::uint64_t number = 0;  // of the snapshot, never 0
  std::string incarnation;
  std::uint64_t scope_version = 0;
  SecretBytes digest_key;
};
struct SnapshotRecords {
  domain::IdScope tenant;
  std::uint64_t number = 0;
  std::vector<RecordChange> records;
};
struct SnapshotEnd {
  domain::IdScope tenant;
  std::uint64_t number = 0;
  std::uint64_t sequence = 0;
};

// All that happened to records in scope in (from, to].
struct Changes {
  domain::IdScope tenant;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::vector<RecordChange> records;
};

// Said at quiet points: what a copy at `sequence` must hash to.
struct DigestCheck {
  domain::IdScope tenant;
  std::uint64_t sequence = 0;
  Bytes digest;
};

// The gateway's copy is of no use: another snapshot, please.
struct ResyncRequest {
  domain::IdScope tenant;
  std::string reason;
};

struct PermitGrant {
  domain::IdScope tenant;
  domain::SignedPermit permit;
};
struct HubTokens {
  domain::IdScope tenant;
  std::vector<domain::HubToken> tokens;
};

// The fence (design 3.3): once the gateway's copy has reached `sequence`, it holds all that was
// committed before the request.
struct HeadRequest {
  std::uint64_t request_id = 0;
  domain::IdScope tenant;
};
struct HeadReply {
  std::uint64_t request_id = 0;
  domain::IdScope tenant;
  std::uint64_t sequence = 0;
};

// What became of one registration (design 3.4). From here on the gateway receives its changes.
struct LookBackRequest {
  std::uint64_t request_id = 0;
  domain::IdScope tenant;
  domain::RegistrationId registration_id;
};
struct LookBackReply {
  std::uint64_t request_id = 0;
  domain::IdScope tenant;
  RecordChange registration;
};

// Outcomes, in the order of their sequences (design 3.8).
struct OutboxEntries {
  std::string incarnation;
  std::vector<domain::OutboxEntry> entries;
};
// All entries up to `through` are the coordinator's now. The records are what it made of their
// registrations; an entry that could not be applied has none.
struct OutboxAck {
  struct Taken {
    domain::IdScope tenant;
    RecordChange registration;
  };
  std::string incarnation;
  std::uint64_t through = 0;
  std::vector<Taken> records;
};

// Please remove this from a hub (design 3.7). The reply says that it is in the gateway's journal.
struct CleanupRequest {
  std::uint64_t request_id = 0;
  domain::IdScope tenant;
  domain::CleanupTask task;
};
struct CleanupReply {
  std::uint64_t request_id = 0;
};

// A certificate from the coordinator's CA: the gateway's own, renewed, or one for its device
// endpoint with the names it is reached by.
struct CertificateRequest {
  enum class Purpose : std::uint8_t { gateway, device_endpoint };
  std::uint64_t request_id = 0;
  Purpose purpose = Purpose::gateway;
  Bytes csr;                       // PKCS#10, DER
  std::vector<std::string> names;  // device_endpoint: DNS names and IP addresses
};
struct CertificateReply {
  std::uint64_t request_id = 0;
  std::vector<Bytes> chain;  // DER, leaf first; empty if refused
  std::string refusal;
};

// Custom allocation, where the gateway does not reach the webhook itself (design 3.5). The
// coordinator calls what its own record of the enrollment names, never an address that a gateway
// gives.
struct WebhookRequest {
  std::uint64_t request_id = 0;
  domain::IdScope tenant;
  domain::EnrollmentRef enrollment;
  std::string body;
};
struct WebhookReply {
  std::uint64_t request_id = 0;
  std::uint32_t status = 0;  // the HTTP status; 0: the webhook was not called, or did not answer
  std::string body;
  std::string reason;  // with status 0
};

struct Ping {
  std::uint64_t nonce = 0;
  domain::BootMoment now;
};
struct Pong {
  std::uint64_t nonce = 0;
};

// A part of the gateway's audit log, to be kept at the coordinator (docs/formats/audit.md).
struct AuditSegments {
  struct Segment {
    std::uint64_t number = 0;
    Bytes body;  // domain::encode_segment
  };
  std::string chain;
  std::vector<Segment> segments;
};
// All segments up to `through` are the coordinator's now.
struct AuditAck {
  std::string chain;
  std::uint64_t through = 0;
  // The next one is not what follows here: this gateway's log was rolled back, and it begins
  // another.
  bool diverged = false;
};
// A seal over one's own log, or the countersignature under the other's.
struct AuditSealed {
  domain::AuditSeal seal;
  // With a countersignature: the seal that it stands under, so that its signer knows its own word
  // again, even where a back-up has made it forget.
  std::optional<domain::AuditSeal> countersigned = std::nullopt;
};

using Message =
    std::variant<Hello, Welcome, Refused, SnapshotBegin, SnapshotRecords, SnapshotEnd, Changes,
                 DigestCheck, ResyncRequest, PermitGrant, HubTokens, HeadRequest, HeadReply,
                 LookBackRequest, LookBackReply, OutboxEntries, OutboxAck, CleanupRequest,
                 CleanupReply, CertificateRequest, CertificateReply, WebhookRequest, WebhookReply,
                 Ping, Pong, AuditSegments, AuditAck, AuditSealed>;

// The channel that a message travels on.
[[nodiscard]] Channel channel_of(const Message& message);

// A whole frame. Messages are built within the limits above; one that does not fit a frame is a bug
// of the caller.
[[nodiscard]] Bytes encode_frame(const Message& message);

// Bytes in, messages out. Holds at most one frame and what was fed beyond it.
class FrameReader {
 public:
  void feed(ByteView bytes);
  // nullopt: more bytes are needed. After an error (Errc::too_large, Errc::malformed,
  // Errc::unsupported) the stream is of no use any more.
  [[nodiscard]] std::optional<Result<Message>> next();

 private:
  Bytes buffer_;
  std::size_t consumed_ = 0;
};

// How many bytes something adds to a frame, for keeping within kFrameBudget.
[[nodiscard]] std::size_t frame_cost(const RecordChange& change);
[[nodiscard]] std::size_t frame_cost(const domain::OutboxEntry& entry);
[[nodiscard]] std::size_t frame_cost(const AuditSegments::Segment& segment);

}  // namespace berth::sync
