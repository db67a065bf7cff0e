#include "gateway/core/audit/decision_notes.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::gateway;

namespace {

std::string field(const domain::AuditNote& note, const std::string& name) {
  for (const auto& one : note.fields) {
    if (one.name == name) return one.value;
  }
  return {};
}

OperationRef operation() {
  return {domain::IdScope("0ne00000001"), domain::RegistrationId::parse("Press-17").value(), 1,
          "2f6b8e0c"};
}

JournalOutcome outcome(domain::RegistrationSubstatus substatus) {
  JournalOutcome entry;
  entry.operation = operation();
  entry.entry.tracking_id = "2f6b8e0c";
  entry.entry.registration.registration_id = entry.operation.registration_id;
  entry.entry.registration.assigned_hub = "hub-a.test";
  entry.entry.registration.substatus = substatus;
  return entry;
}

}  // namespace

TEST_GROUP(DecisionNotes){};

TEST(DecisionNotes, SayWhatWasAcceptedAndNoSecretOfIt) {
  JournalIntent entry;
  entry.operation = operation();
  entry.intent.registration_id = entry.operation.registration_id;
  entry.intent.enrollment = {true, "line-7", 3};
  entry.intent.host_name = "hub-a.test";
  entry.intent.is_new_device = true;
  entry.intent.api.tracking_id = "2f6b8e0c";
  entry.intent.credential = domain::SymmetricKeyCredential{
      SecretBytes::copy_of(as_bytes("topsecret1")), SecretBytes::copy_of(as_bytes("topsecret2"))};
  entry.intent.twin.tags = R"({"pin":"topsecret3"})";
  const domain::AuditNote note = note_of(entry);
  STRCMP_EQUAL("accepted", note.kind.c_str());
  STRCMP_EQUAL("0ne00000001", note.tenant.str().c_str());
  STRCMP_EQUAL("Press-17", field(note, "registrationId").c_str());
  STRCMP_EQUAL("line-7", field(note, "enrollmentGroup").c_str());
  STRCMP_EQUAL("hub-a.test", field(note, "hub").c_str());
  STRCMP_EQUAL("new", field(note, "device").c_str());
  STRCMP_EQUAL("2f6b8e0c", field(note, "trackingId").c_str());
  for (const auto& one : note.fields) CHECK(one.value.find("topsecret") == std::string::npos);
}

TEST(DecisionNotes, TellAnAssignmentFromAMove) {
  using Substatus = domain::RegistrationSubstatus;
  JournalOutcome entry = outcome(Substatus::initial_assignment);
  STRCMP_EQUAL("assigned", note_of(entry).kind.c_str());
  // An attempt at another hub, cleaned up after a first assignment.
  domain::CleanupTask task;
  task.hub_id = domain::HubId("hub-1");
  entry.cleanup.push_back(task);
  STRCMP_EQUAL("assigned", note_of(entry).kind.c_str());
  entry = outcome(Substatus::device_data_migrated);
  STRCMP_EQUAL("assigned", note_of(entry).kind.c_str());
  entry.cleanup.push_back(task);
  const domain::AuditNote moved = note_of(entry);
  STRCMP_EQUAL("moved", moved.kind.c_str());
  STRCMP_EQUAL("hub-1", field(moved, "leaves0").c_str());
}

TEST(DecisionNotes, SayWhyItCameToNothing) {
  JournalOutcome entry = outcome(domain::RegistrationSubstatus::none);
  entry.entry.kind = domain::OutboxEntry::Kind::failed_attempt;
  entry.entry.registration.last_attempt = domain::FailedAttempt{{}, 400209, "told", "hub is full"};
  const domain::AuditNote note = note_of(entry);
  STRCMP_EQUAL("failed", note.kind.c_str());
  STRCMP_EQUAL("400209", field(note, "errorCode").c_str());
  STRCMP_EQUAL("hub is full", field(note, "reason").c_str());
  STRCMP_EQUAL("2f6b8e0c", field(note, "trackingId").c_str());
}

TEST(DecisionNotes, SayWhoWasRefusedAndWhy) {
  const domain::AuditNote note = note_of(
      Refused{7, domain::IdScope("0ne00000001"), "press-17", "192.0.2.17",
              domain::DeviceProtocol::coap, "2f6b8e0c", Error{Errc::disabled, "it is disabled"}});
  STRCMP_EQUAL("refused", note.kind.c_str());
  STRCMP_EQUAL("disabled", field(note, "reasonCode").c_str());
  STRCMP_EQUAL("it is disabled", field(note, "reason").c_str());
  STRCMP_EQUAL("192.0.2.17", field(note, "source").c_str());
  STRCMP_EQUAL("coap", field(note, "protocol").c_str());
}

TEST(DecisionNotes, SayWhatWasDoneToAnIdentityThatIsLeftBehind) {
  domain::CleanupTask task;
  task.hub_id = domain::HubId("hub-1");
  task.device_id = domain::DeviceId("press-17");
  task.registration_id = domain::RegistrationId::parse("press-17").value();
  const domain::AuditNote note = note_of(domain::IdScope("0ne00000001"), task, "removed");
  STRCMP_EQUAL("cleaned_up", note.kind.c_str());
  STRCMP_EQUAL("removed", field(note, "step").c_str());
  STRCMP_EQUAL("hub-1", field(note, "hubId").c_str());
}
