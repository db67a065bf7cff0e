#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/unit/shared/protocol/sync/sample_records.hpp"

using namespace berth;
using namespace berth::testing;

namespace {

template <class T>
T round_trip(const T& record) {
  const Bytes body = sync::encode(record);
  auto decoded = sync::decode<T>(body);
  CHECK_TRUE(decoded.has_value());
  CHECK_TRUE(sync::encode(*decoded) == body);
  return std::move(decoded).value();
}

}  // namespace

TEST_GROUP(JournalCodec){};

TEST(JournalCodec, KeepsEveryFieldOfAnIntent) {
  const auto before = intent();
  const auto after = round_trip(before);
  CHECK_TRUE(before.registration_id == after.registration_id);
  CHECK_TRUE(before.arrival == after.arrival);
  CHECK_TRUE(before.arrival_moment == after.arrival_moment);
  CHECK_TRUE(before.enrollment == after.enrollment);
  UNSIGNED_LONGLONGS_EQUAL(42, after.permit_serial);
  CHECK_TRUE(after.is_new_device);
  CHECK_TRUE(before.attestation == after.attestation);
  CHECK_TRUE(before.hub_id == after.hub_id);
  CHECK_TRUE(before.host_name == after.host_name);
  CHECK_TRUE(before.device_id == after.device_id);
  const auto& key = std::get<domain::SymmetricKeyCredential>(after.credential);
  CHECK_TRUE(key.primary == secret("k1"));
  CHECK_TRUE(key.secondary == secret("k2"));
  CHECK_TRUE(before.twin == after.twin);
  CHECK_TRUE(after.replace_twin);
  CHECK_TRUE(after.iot_edge == false);
  CHECK_TRUE(before.substatus == after.substatus);
  CHECK_TRUE(before.previous->hub_id == after.previous->hub_id);
  CHECK_TRUE(before.previous->host_name == after.previous->host_name);
  CHECK_TRUE(before.previous->device_id == after.previous->device_id);
  CHECK_TRUE(before.previous->hub_etag == after.previous->hub_etag);
  CHECK_TRUE(after.migrate_twin);
  CHECK_TRUE(before.payload == after.payload);
  LONGS_EQUAL(2, after.attempts.size());
  CHECK_TRUE(after.attempts[0].hub_id == domain::HubId("hub-2"));
  CHECK_TRUE(after.attempts[0].host_name == "hub-b.example");
  CHECK_TRUE(after.attempts[0].at == at(1700000011));
  CHECK_TRUE(after.attempts[0].failure == Errc::hub_full);
  CHECK_TRUE(after.attempts[0].reason == "full");
  CHECK_FALSE(after.attempts[1].failure.has_value());
  CHECK_TRUE(after.api.protocol == domain::DeviceProtocol::coap);
  CHECK_TRUE(after.api.api_version == "2021-06-01");
  CHECK_TRUE(after.api.operation_id == "4.abc");
  CHECK_TRUE(after.api.payload == before.api.payload);
  CHECK_TRUE(after.api.tracking_id == "2f6b8e0c");
}

TEST(JournalCodec, KeepsWhichKeyTheDeviceSignedWith) {
  for (const bool secondary : {false, true}) {
    auto record = intent();
    record.credential = domain::SymmetricKeyCredential{secret("k1"), secret("k2"), secondary};
    const auto after = round_trip(record);
    CHECK_EQUAL(secondary,
                std::get<domain::SymmetricKeyCredential>(after.credential).signed_with_secondary);
  }
}

TEST(JournalCodec, KeepsTheNameOfTheKeyOverARestart) {
  auto record = intent();
  record.credential_id = "s2-17";
  STRCMP_EQUAL("s2-17", round_trip(record).credential_id.c_str());
}

TEST(JournalCodec, KeepsAThumbprintCredential) {
  auto record = intent();
  record.credential = domain::ThumbprintCredential{std::string(64, 'A'), "press-7"};
  const auto after = round_trip(record);
  STRCMP_EQUAL("press-7",
               std::get<domain::ThumbprintCredential>(after.credential).common_name.c_str());
  CHECK_TRUE(std::get<domain::ThumbprintCredential>(after.credential).sha256 ==
             std::string(64, 'A'));
}

TEST(JournalCodec, KeepsEveryFieldOfAnOutboxEntry) {
  const auto before = outbox_entry();
  const auto after = round_trip(before);
  CHECK_TRUE(before.sequence == after.sequence);
  CHECK_TRUE(before.id_scope == after.id_scope);
  CHECK_TRUE(before.kind == after.kind);
  CHECK_TRUE(sync::encode(before.registration) == sync::encode(after.registration));
  CHECK_TRUE(before.arrival_moment == after.arrival_moment);
  UNSIGNED_LONGLONGS_EQUAL(42, after.permit_serial);
  CHECK_TRUE(after.tracking_id == "2f6b8e0c");
  CHECK_TRUE(after.protocol == domain::DeviceProtocol::amqp_ws);
}

TEST(JournalCodec, KeepsEveryFieldOfACleanupTask) {
  const auto before = cleanup_task();
  const auto after = round_trip(before);
  CHECK_TRUE(before.hub_id == after.hub_id);
  CHECK_TRUE(before.device_id == after.device_id);
  CHECK_TRUE(before.registration_id == after.registration_id);
  CHECK_TRUE(before.hub_etag == after.hub_etag);
  CHECK_TRUE(before.not_before == after.not_before);
  CHECK_TRUE(before.phase == after.phase);
}

TEST(JournalCodec, KeepsEveryFieldOfACursor) {
  const auto before = cursor();
  const auto after = round_trip(before);
  CHECK_TRUE(before.incarnation == after.incarnation);
  UNSIGNED_LONGLONGS_EQUAL(4, after.scope_version);
  UNSIGNED_LONGLONGS_EQUAL(99, after.sequence);
  CHECK_TRUE(before.digest == after.digest);
  CHECK_TRUE(before.digest_key == after.digest_key);
  UNSIGNED_LONGLONGS_EQUAL(3, after.snapshot_in_progress);
}

TEST(JournalCodec, KeepsTheSmallRecords) {
  const auto identity = round_trip(domain::OutboxIdentity{"abc", 7});
  CHECK_TRUE(identity.incarnation == "abc");
  UNSIGNED_LONGLONGS_EQUAL(7, identity.epoch);

  const auto count = round_trip(domain::NewDeviceCount{42, 17});
  UNSIGNED_LONGLONGS_EQUAL(42, count.permit_serial);
  UNSIGNED_LONGLONGS_EQUAL(17, count.count);

  CHECK_TRUE(round_trip(domain::TimeMark{at(5)}).high_water == at(5));

  const auto attempt =
      round_trip(domain::LastAttempt{registration_id(), failed_attempt(), {true, "line", 7}});
  CHECK_TRUE(attempt.registration_id == registration_id());
  CHECK_TRUE(attempt.attempt.reason == failed_attempt().reason);
  CHECK_TRUE(attempt.attempt.message == failed_attempt().message);
  CHECK_TRUE(attempt.attempt.at == failed_attempt().at);
  LONGS_EQUAL(401002, attempt.attempt.error_code);
  CHECK_TRUE(attempt.enrollment == (domain::EnrollmentRef{true, "line", 7}));
}

TEST(JournalCodec, KeepsWhatTheCoordinatorRemembers) {
  const auto node = round_trip(domain::NodeIdentity{"c-1", secret("key"), Bytes{1}, Bytes{2}});
  CHECK_TRUE(node.node_id == "c-1");
  CHECK_TRUE(node.private_key == secret("key"));
  CHECK_TRUE(node.certificate == Bytes{1});
  CHECK_TRUE(node.ca_certificate == Bytes{2});

  UNSIGNED_LONGLONGS_EQUAL(17, round_trip(domain::SerialReservation{17}).through);
  CHECK_TRUE(round_trip(domain::DefaultTenant{domain::IdScope("0ne00000001")}).id_scope ==
             domain::IdScope("0ne00000001"));

  const auto watermark = round_trip(domain::OutboxWatermark{
      domain::GatewayId("gw-1"), "inc", 12, {"boot-1", std::chrono::microseconds{5}}, at(9)});
  CHECK_TRUE(watermark.gateway_id == domain::GatewayId("gw-1"));
  CHECK_TRUE(watermark.incarnation == "inc");
  UNSIGNED_LONGLONGS_EQUAL(12, watermark.sequence);
  CHECK_TRUE(watermark.contact_moment.boot_id == "boot-1");
  CHECK_TRUE(watermark.contact_moment.since_boot == std::chrono::microseconds{5});
  CHECK_TRUE(watermark.contact == at(9));

  const auto quarantined = round_trip(domain::QuarantinedOutcome{
      domain::GatewayId("gw-1"), "inc", outbox_entry(), at(9), "unknown tenant"});
  CHECK_TRUE(quarantined.gateway_id == domain::GatewayId("gw-1"));
  CHECK_TRUE(quarantined.incarnation == "inc");
  CHECK_TRUE(sync::encode(quarantined.entry) == sync::encode(outbox_entry()));
  CHECK_TRUE(quarantined.received == at(9));
  CHECK_TRUE(quarantined.reason == "unknown tenant");
}

// A change here is a change of the format: journals would no longer be replayed.
TEST(JournalCodec, WritesTheseBytesForACursor) {
  STRCMP_EQUAL(
      "0801121030313233343536373839616263646566180420632a20d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
      "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d13220646967657374206b6579206f662033322062797465732c20"
      "6f7220736f2069743803",
      to_hex(sync::encode(cursor())).c_str());
}

TEST(JournalCodec, WritesTheseBytesForAnIntent) {
  STRCMP_EQUAL(
      "0801120850726573732d31371887addbc5c1c48203220c0a06626f6f742d3110c0c4072a0c1208507265"
      "73732d31371803302a380140014a056875622d31520d6875622d612e6578616d706c655a094465766963"
      "652d3137620a0a080a026b3112026b326a1f0a0c7b226c696e65223a2237227d120f7b22696e74657276"
      "616c223a33307d700178008001028a01210a056875622d30120d6875622d302e6578616d706c651a0364"
      "2d302204424242429001019a01077b2270223a317da2012f0a056875622d32120d6875622d622e657861"
      "6d706c6518c7b198c6c1c4820322086875625f66756c6c2a0466756c6ca2011f0a056875622d31120d68"
      "75622d612e6578616d706c651887b6d5c6c1c48203aa012e0805120a323032312d30362d30311a05342e"
      "616263220d7b226d6f64656c223a2270227d2a083266366238653063",
      to_hex(sync::encode(intent())).c_str());
}
