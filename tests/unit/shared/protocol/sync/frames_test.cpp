#include "shared/protocol/sync/frames.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/unit/shared/protocol/sync/sample_records.hpp"

using namespace berth;
using namespace berth::testing;
using namespace berth::sync;

namespace {

const domain::IdScope kTenant("0ne00000001");

RecordChange record() {
  return {store::Table::linked_hub, "hub-1", 7, encode(linked_hub())};
}
RecordChange removal() {
  return {store::Table::registration, "press-17", 0, std::nullopt};
}

// One message of each kind, with every field set.
domain::AuditSeal audit_seal() {
  domain::AuditSeal seal;
  seal.chain = "gw-1";
  seal.position.sequence = 12;
  seal.position.hash.fill(3);
  seal.position.time = at(6);
  seal.signer = "coordinator-1";
  seal.signed_at = at(7);
  seal.signature = Bytes{0x30};
  seal.certificate = Bytes{0x31};
  return seal;
}

std::vector<Message> every_message() {
  const domain::BootMoment moment{"boot-1", std::chrono::microseconds{5}};
  Hello hello;
  hello.gateway_id = domain::GatewayId("gw-1");
  hello.outbox_incarnation = "outbox-1";
  hello.last_sequence = 9;
  hello.now = moment;
  hello.wall = at(1700000000);
  hello.software = "test";
  hello.positions = {{kTenant, "store-1", 2, 99}};
  Welcome welcome;
  welcome.coordinator_id = domain::CoordinatorId("c-1");
  welcome.wall = at(1700000000);
  welcome.tenants = {kTenant};
  welcome.outbox_watermark = 8;
  welcome.outbox_rolled_back = true;
  return {hello,
          welcome,
          Refused{Errc::disabled, "gateway is disabled"},
          SnapshotBegin{kTenant, 3, "store-1", 2, secret("digest key")},
          SnapshotRecords{kTenant, 3, {record(), removal()}},
          SnapshotEnd{kTenant, 3, 99},
          Changes{kTenant, 99, 101, {record(), removal()}},
          DigestCheck{kTenant, 101, Bytes(32, 7)},
          ResyncRequest{kTenant, "digest"},
          PermitGrant{kTenant, {encode(permit()), Bytes{0x30}}},
          HubTokens{kTenant, {{domain::HubId("hub-1"), secret("SharedAccessSignature"), at(5)}}},
          HeadRequest{1, kTenant},
          HeadReply{1, kTenant, 101},
          LookBackRequest{2, kTenant, registration_id()},
          LookBackReply{2, kTenant, removal()},
          OutboxEntries{"outbox-1", {outbox_entry()}},
          OutboxAck{"outbox-1", 9, {{kTenant, removal()}}},
          CleanupRequest{3, kTenant, cleanup_task()},
          CleanupReply{3},
          CertificateRequest{
              4, CertificateRequest::Purpose::device_endpoint, Bytes{0x30}, {"gw.local"}},
          CertificateReply{4, {Bytes{1}, Bytes{2}}, "no"},
          WebhookRequest{6, kTenant, {true, "grp-1", 3}, R"({"linkedHubs":[]})"},
          WebhookReply{6, 200, R"({"iotHubHostName":"a"})", "none"},
          Ping{5, moment},
          Pong{5},
          AuditSegments{"gw-1", {{7, Bytes{1, 2}}, {8, Bytes{3}}}},
          AuditAck{"gw-1", 8, true},
          AuditSealed{audit_seal(), audit_seal()}};
}

Bytes with_length(std::size_t size, ByteView body) {
  Bytes frame = {static_cast<std::uint8_t>(size >> 24U), static_cast<std::uint8_t>(size >> 16U),
                 static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)};
  append(frame, body);
  return frame;
}

}  // namespace

TEST_GROUP(Frames){};

TEST(Frames, CarryEveryMessageUnchanged) {
  const auto messages = every_message();
  LONGS_EQUAL(std::variant_size_v<Message>, messages.size());
  FrameReader reader;
  for (std::size_t kind = 0; kind < messages.size(); ++kind) {
    LONGS_EQUAL(kind, messages[kind].index());
    const Bytes frame = encode_frame(messages[kind]);
    reader.feed(frame);
    auto read = reader.next();
    CHECK_TRUE(read.has_value());
    CHECK_TRUE(read->has_value());
    LONGS_EQUAL(kind, (*read)->index());
    CHECK_TRUE(encode_frame(**read) == frame);
    CHECK_FALSE(reader.next().has_value());
  }
}

TEST(Frames, KeepARemovalApartFromAnEmptyBody) {
  FrameReader reader;
  RecordChange empty = removal();
  empty.body = Bytes{};
  reader.feed(encode_frame(Changes{kTenant, 1, 2, {removal(), empty}}));
  const auto read = reader.next();
  const auto& changes = std::get<Changes>(read->value());
  CHECK_FALSE(changes.records[0].body.has_value());
  CHECK_TRUE(changes.records[1].body.has_value());
}

TEST(Frames, AreReadFromAnyCutOfTheStream) {
  Bytes stream;
  for (const auto& message : every_message()) append(stream, encode_frame(message));
  for (const std::size_t step : {1U, 3U, 7U, 1000U}) {
    FrameReader reader;
    std::size_t count = 0;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      reader.feed(ByteView(stream).subspan(at, std::min(step, stream.size() - at)));
      while (auto read = reader.next()) {
        CHECK_TRUE(read->has_value());
        ++count;
      }
    }
    LONGS_EQUAL(std::variant_size_v<Message>, count);
  }
}

TEST(Frames, MayBeAsLongAsTheLimitButNoLonger) {
  // A message of which `extra` bytes of text make the frame exactly as long as the limit.
  const auto length_with = [](std::size_t text) {
    return encode_frame(ResyncRequest{kTenant, std::string(text, 'x')}).size() - kLengthPrefix;
  };
  const std::size_t overhead = length_with(kMaxFrame - 100) - (kMaxFrame - 100);
  const Bytes longest =
      encode_frame(ResyncRequest{kTenant, std::string(kMaxFrame - overhead, 'x')});
  LONGS_EQUAL(kMaxFrame + kLengthPrefix, longest.size());
  FrameReader reader;
  reader.feed(longest);
  CHECK_TRUE(reader.next()->has_value());

  FrameReader refusing;
  refusing.feed(with_length(kMaxFrame + 1, {}));
  const auto refused = refusing.next();
  CHECK_TRUE(refused.has_value());
  CHECK_TRUE(refused->error().code == Errc::too_large);
}

TEST(Frames, OfAnotherFormatAreRefused) {
  FrameReader reader;
  reader.feed(with_length(2, Bytes{0x08, 0x02}));
  CHECK_TRUE(reader.next()->error().code == Errc::unsupported);
}

TEST(Frames, WithoutAMessageThatWeKnowAreRefused) {
  FrameReader reader;
  reader.feed(with_length(2, Bytes{0x08, 0x01}));
  CHECK_TRUE(reader.next()->error().code == Errc::unsupported);
}

TEST(Frames, CarryEveryTableThatIsSynchronisedAndNoOther) {
  const auto read = [](store::Table table) {
    FrameReader reader;
    RecordChange change = removal();
    change.table = table;
    reader.feed(encode_frame(Changes{kTenant, 1, 2, {change}}));
    return reader.next()->has_value();
  };
  for (int table = 1; table <= static_cast<int>(store::Table::admitted_tpm); ++table) {
    CHECK_TRUE(read(static_cast<store::Table>(table)));
  }
  CHECK_FALSE(read(static_cast<store::Table>(0)));
  CHECK_FALSE(read(static_cast<store::Table>(9)));
  CHECK_FALSE(read(store::Table::hub_credential));
}

TEST(Frames, RefuseMoreEntriesThanAFrameMayCount) {
  OutboxEntries full{"outbox-1", std::vector(kMaxEntriesPerFrame, outbox_entry())};
  FrameReader reader;
  reader.feed(encode_frame(full));
  CHECK_TRUE(reader.next()->has_value());
  full.entries.push_back(outbox_entry());
  reader.feed(encode_frame(full));
  CHECK_TRUE(reader.next()->error().code == Errc::malformed);
}

TEST(Frames, SurviveAnyBytes) {
  FakeEntropy entropy(7);
  std::size_t refused = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto messages = every_message();
    Bytes frame = encode_frame(messages[static_cast<std::size_t>(round) % messages.size()]);
    const Bytes noise = entropy.bytes(8);
    for (int i = 0; i < 4; ++i) {
      const auto at = static_cast<std::size_t>(noise[static_cast<std::size_t>(2 * i)]) * 3;
      if (at < frame.size()) frame[at] = noise[static_cast<std::size_t>(2 * i + 1)];
    }
    FrameReader reader;
    reader.feed(frame);
    while (auto read = reader.next()) {
      if (*read) continue;
      ++refused;
      break;
    }
  }
  CHECK_TRUE(refused > 0);
}

TEST(Frames, TravelOnTheirChannels) {
  CHECK_TRUE(channel_of(Ping{}) == Channel::control);
  CHECK_TRUE(channel_of(Changes{}) == Channel::changes);
  CHECK_TRUE(channel_of(SnapshotRecords{}) == Channel::snapshot);
  CHECK_TRUE(channel_of(OutboxEntries{}) == Channel::outcomes);
  CHECK_TRUE(channel_of(LookBackRequest{}) == Channel::requests);
}

TEST(Frames, CostNoMoreThanWasCounted) {
  std::vector<RecordChange> records(50, record());
  std::size_t counted = 100;
  for (const auto& each : records) counted += frame_cost(each);
  CHECK_TRUE(encode_frame(Changes{kTenant, 1, 2, records}).size() <= counted);
}

TEST(Frames, CarryAsManySegmentsAsAllowedAndNoMore) {
  AuditSegments segments{"gw-1", {}};
  for (std::size_t i = 0; i < kMaxSegmentsPerFrame; ++i) segments.segments.push_back({i, Bytes{1}});
  FrameReader reader;
  reader.feed(encode_frame(segments));
  CHECK_TRUE(reader.next()->has_value());
  segments.segments.push_back({99, Bytes{1}});
  reader.feed(encode_frame(segments));
  CHECK_FALSE(reader.next()->has_value());
}

TEST(Frames, NameNoChainLongerThanAllowed) {
  FrameReader reader;
  reader.feed(encode_frame(AuditAck{std::string(kMaxChainName, 'c'), 1, false}));
  CHECK_TRUE(reader.next()->has_value());
  reader.feed(encode_frame(AuditAck{std::string(kMaxChainName + 1, 'c'), 1, false}));
  CHECK_FALSE(reader.next()->has_value());
}

TEST(Frames, CountASegmentForNoLessThanItTakes) {
  const AuditSegments::Segment segment{~0ULL, Bytes(1000, 1)};
  const std::size_t alone = encode_frame(AuditSegments{"gw-1", {segment}}).size();
  const std::size_t two = encode_frame(AuditSegments{"gw-1", {segment, segment}}).size();
  CHECK_TRUE(two - alone <= frame_cost(segment));
}
