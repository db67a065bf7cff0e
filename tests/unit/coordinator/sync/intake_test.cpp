#include "coordinator/sync/intake.hpp"

#include <CppUTest/TestHarness.h>

#include "coordinator/sync/scope.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;
using coordinator::Contact;
using coordinator::Intake;
using store::Table;

TEST_GROUP(Intake) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  Intake intake{coordinator.store, clock};
  domain::LinkedHub hub = coordinator.link_hub("hub-a.example");
  domain::LinkedHub other_hub = coordinator.link_hub("hub-b.example");
  domain::IndividualEnrollment enrollment = coordinator.enroll("Press-1");
  domain::Gateway first = coordinator.create_gateway("hall-1", "ulm").gateway.record;
  domain::Gateway second = coordinator.create_gateway("hall-2", "graz").gateway.record;
  std::uint64_t sequence = 0;

  Contact contact() {
    return {{"boot-1", std::chrono::seconds{1000}}, clock.wall()};
  }
  domain::OutboxEntry assigned(const domain::LinkedHub& to,
                               std::chrono::seconds before_contact = std::chrono::seconds{0}) {
    domain::OutboxEntry entry;
    entry.sequence = ++sequence;
    entry.id_scope = coordinator.tenant;
    auto& registration = entry.registration;
    registration.registration_id = enrollment.registration_id;
    registration.status = domain::RegistrationStatus::assigned;
    registration.substatus = domain::RegistrationSubstatus::initial_assignment;
    registration.hub_id = to.hub_id;
    registration.assigned_hub = to.host_name;
    registration.device_id = domain::DeviceId("Press-1");
    registration.enrollment = {false, "Press-1", 1};
    registration.arrival = clock.wall() - before_contact;
    entry.arrival_moment = {"boot-1", std::chrono::seconds{1000} - before_contact};
    return entry;
  }
  domain::OutboxEntry attempt(const std::string& reason, WallTime at) {
    auto entry = assigned(hub);
    entry.kind = domain::OutboxEntry::Kind::failed_attempt;
    entry.registration = {};
    entry.registration.registration_id = enrollment.registration_id;
    entry.registration.enrollment = {false, "Press-1", 1};
    entry.registration.last_attempt = domain::FailedAttempt{at, 401002, "Unauthorized", reason};
    return entry;
  }
  Intake::Outcome take(const domain::Gateway& gateway, std::vector<domain::OutboxEntry> entries,
                       std::optional<Contact> previous = std::nullopt) {
    return must(intake.take(gateway, contact(), previous, {"outbox-1", std::move(entries)}));
  }
  std::optional<domain::Registration> stands() {
    const auto found = must(
        coordinator.catalog->registrations.find(coordinator.tenant, enrollment.registration_id));
    if (!found) return std::nullopt;
    return found->record;
  }
  std::size_t quarantined() {
    return must(coordinator.catalog->registrations.quarantined("", 100)).records.size();
  }
  std::size_t cleanups() {
    return must(coordinator.store.list(coordinator.tenant, Table::cleanup, "", 10)).records.size();
  }
};

TEST(Intake, KeepsWhichKeyTheDeviceUsedLastWhereverItRegistered) {
  auto entry = assigned(hub);
  entry.registration.credential_id = "p1-17";
  take(first, {entry});
  STRCMP_EQUAL("p1-17", stands()->credential_id.c_str());
  // Nothing but the key is another, and another gateway says so.
  clock.advance(std::chrono::seconds{1});
  auto again = assigned(hub);
  again.registration.credential_id = "s2-17";
  take(second, {again});
  STRCMP_EQUAL("s2-17", stands()->credential_id.c_str());
  const domain::EnrollmentRef own{false, "Press-1", 1};
  auto& registrations = coordinator.catalog->registrations;
  LONGS_EQUAL(1, must(registrations.count_using(coordinator.tenant, own, "s2-17")));
  LONGS_EQUAL(0, must(registrations.count_using(coordinator.tenant, own, "p1-17")));
  // What a gateway was late to tell does not take the device back.
  auto late = assigned(hub, std::chrono::seconds{30});
  late.registration.credential_id = "p1-17";
  take(first, {late});
  STRCMP_EQUAL("s2-17", stands()->credential_id.c_str());
}

TEST(Intake, TakesAnAssignmentAndTellsWhatStands) {
  const auto outcome = take(first, {assigned(hub)});
  LONGS_EQUAL(1, outcome.taken.size());
  CHECK_TRUE(outcome.taken[0].quarantine_reason.empty());
  CHECK_TRUE(outcome.taken[0].registration->body.has_value());
  CHECK_TRUE(outcome.changed == std::vector{coordinator.tenant});
  CHECK_TRUE(stands()->gateway_id == first.gateway_id);
  CHECK_TRUE(stands()->created == clock.wall());
  // From here on the gateway hears of it.
  CHECK_TRUE(must(coordinator.store.read(coordinator.tenant, Table::registration_interest,
                                         coordinator::interest_id(first.gateway_id, "press-1")))
                 .has_value());
}

TEST(Intake, TellsWhetherTheDeviceHasAnotherPlace) {
  const auto is_placed = [this](const domain::Gateway& gateway, const domain::OutboxEntry& entry) {
    return take(gateway, {entry}).taken[0].is_placed;
  };
  CHECK_TRUE(is_placed(first, assigned(hub)));
  clock.advance(std::chrono::seconds{1});
  CHECK_FALSE(is_placed(first, assigned(hub)));
  clock.advance(std::chrono::seconds{1});
  CHECK_FALSE(is_placed(first, attempt("no", clock.wall())));
  CHECK_TRUE(is_placed(first, assigned(other_hub)));
  clock.advance(std::chrono::seconds{1});
  CHECK_FALSE(is_placed(second, assigned(other_hub)));
  // The older side of two, and what is put into quarantine.
  CHECK_FALSE(is_placed(first, assigned(hub, std::chrono::seconds{60})));
  auto unknown = assigned(hub);
  unknown.registration.enrollment = {false, "Press-9", 1};
  CHECK_FALSE(is_placed(first, unknown));
}

TEST(Intake, TakesEverythingOnce) {
  const auto entry = assigned(hub);
  take(first, {entry});
  const auto head = must(coordinator.store.head(coordinator.tenant));
  const auto again = take(first, {entry});
  UNSIGNED_LONGLONGS_EQUAL(head, must(coordinator.store.head(coordinator.tenant)));
  LONGS_EQUAL(1, again.taken.size());
  CHECK_TRUE(again.taken[0].registration->body.has_value());
  UNSIGNED_LONGLONGS_EQUAL(entry.sequence,
                           must(intake.watermark(first.gateway_id, "outbox-1"))->sequence);
}

TEST(Intake, TakesInAnAssignmentThatIsMissingWhateverItsNumber) {
  auto other = coordinator.enroll("Press-2");
  take(first, {assigned(hub)});
  // A rolled-back gateway gives a number once more.
  auto entry = assigned(hub);
  entry.sequence = 1;
  entry.registration.registration_id = other.registration_id;
  entry.registration.enrollment.id = other.registration_id.str();
  const auto mark = must(intake.watermark(first.gateway_id, "outbox-1"))->sequence;
  take(first, {entry});
  const auto found = [&] {
    return must(coordinator.catalog->registrations.find(coordinator.tenant, other.registration_id));
  };
  CHECK_TRUE(found().has_value());
  UNSIGNED_LONGLONGS_EQUAL(mark, must(intake.watermark(first.gateway_id, "outbox-1"))->sequence);
  // What an admin deleted is not missing.
  must(coordinator.catalog->registrations.erase(coordinator.tenant, other.registration_id,
                                                found()->version));
  take(first, {entry});
  CHECK_FALSE(found().has_value());
}

TEST(Intake, LetsADeletionStandOnlyAgainstATimeThatAContactVouchesFor) {
  take(first, {assigned(hub)});
  clock.advance(std::chrono::seconds{100});
  const auto found =
      must(coordinator.catalog->registrations.find(coordinator.tenant, enrollment.registration_id));
  must(coordinator.catalog->registrations.erase(coordinator.tenant, enrollment.registration_id,
                                                found->version));
  const WallTime deleted = clock.wall();
  clock.advance(std::chrono::seconds{100});
  take(first, {assigned(hub, std::chrono::seconds{150})});
  CHECK_FALSE(stands().has_value());
  // The same time, by the clock of a boot that never reached us.
  auto entry = assigned(hub, std::chrono::seconds{150});
  entry.arrival_moment.boot_id = "boot-9";
  take(first, {entry});
  CHECK_TRUE(stands().has_value());
  CHECK_TRUE(stands()->arrival == deleted);
  CHECK_TRUE(stands()->arrival_clamped);
}

TEST(Intake, WritesNothingIfItCannotWriteAll) {
  coordinator.store.fail_next(Errc::io);
  CHECK_FALSE(
      intake.take(first, contact(), std::nullopt, {"outbox-1", {assigned(hub)}}).has_value());
  CHECK_FALSE(stands().has_value());
  CHECK_FALSE(must(intake.watermark(first.gateway_id, "outbox-1")).has_value());
}

TEST(Intake, LetsTheNewerAssignmentStandWhateverComesFirst) {
  take(second, {assigned(other_hub, std::chrono::seconds{10})});
  take(first, {assigned(hub, std::chrono::seconds{60})});
  STRCMP_EQUAL("hub-b.example", stands()->assigned_hub.c_str());
  STRCMP_EQUAL("hub-a.example", stands()->superseded->assigned_hub.c_str());
  LONGS_EQUAL(1, cleanups());

  take(first, {assigned(hub, std::chrono::seconds{5})});
  STRCMP_EQUAL("hub-a.example", stands()->assigned_hub.c_str());
  STRCMP_EQUAL("hub-b.example", stands()->superseded->assigned_hub.c_str());
}

TEST(Intake, MovesNothingWhenBothChoseTheSameHub) {
  take(first, {assigned(hub, std::chrono::seconds{60})});
  take(second, {assigned(hub, std::chrono::seconds{10})});
  CHECK_TRUE(stands()->gateway_id == second.gateway_id);
  LONGS_EQUAL(0, cleanups());
}

TEST(Intake, CleansUpWhatAGatewayMayNotHaveKnownWhenItMovedTheDevice) {
  take(first, {assigned(hub, std::chrono::seconds{60})});
  auto moved = assigned(other_hub);
  moved.registration.substatus = domain::RegistrationSubstatus::device_data_migrated;
  take(second, {moved});
  STRCMP_EQUAL("hub-b.example", stands()->assigned_hub.c_str());
  CHECK_FALSE(stands()->superseded.has_value());
  LONGS_EQUAL(1, cleanups());
}

TEST(Intake, GoesByTheOutboxesOrderWithinOneGateway) {
  take(first, {assigned(hub)});
  const WallTime before = stands()->arrival;
  // Of a boot that nobody can vouch for, whose clock was set back.
  auto later = assigned(other_hub);
  later.arrival_moment = {"boot-0", std::chrono::seconds{1}};
  later.registration.arrival = clock.wall() - std::chrono::hours{5};
  take(first, {later});
  STRCMP_EQUAL("hub-b.example", stands()->assigned_hub.c_str());
  CHECK_TRUE(stands()->arrival == before);
  CHECK_TRUE(stands()->arrival_clamped);
}

TEST(Intake, TimesArrivalsByTheContactWithTheSameBoot) {
  auto entry = assigned(hub, std::chrono::seconds{30});
  entry.registration.arrival = clock.wall() + std::chrono::days{300};
  take(first, {entry});
  CHECK_TRUE(stands()->arrival == clock.wall() - std::chrono::seconds{30});
  CHECK_FALSE(stands()->arrival_clamped);
}

TEST(Intake, TimesArrivalsOfAnEarlierBootByTheContactBefore) {
  auto entry = assigned(hub);
  entry.arrival_moment = {"boot-0", std::chrono::seconds{70}};
  entry.registration.arrival = clock.wall() + std::chrono::days{300};
  const WallTime before = clock.wall() - std::chrono::hours{5};
  take(first, {entry}, Contact{{"boot-0", std::chrono::seconds{50}}, before});
  CHECK_TRUE(stands()->arrival == before + std::chrono::seconds{20});
}

TEST(Intake, ClampsAStampFromTheFuture) {
  auto entry = assigned(hub);
  entry.arrival_moment = {"boot-9", std::chrono::seconds{1}};
  entry.registration.arrival = clock.wall() + coordinator::kMaxSkew;
  take(first, {entry});
  CHECK_FALSE(stands()->arrival_clamped);
  entry.sequence = ++sequence;
  entry.registration.arrival += std::chrono::microseconds{1};
  take(second, {entry});
  // Beyond belief, so it counts as now, and the other stands.
  CHECK_TRUE(stands()->gateway_id == first.gateway_id);
  CHECK_TRUE(stands()->superseded->arrival == clock.wall());
}

TEST(Intake, DoesNotBringBackWhatAnAdminDeleted) {
  take(first, {assigned(hub, std::chrono::seconds{30})});
  must(coordinator.catalog->registrations.erase(coordinator.tenant, enrollment.registration_id, 1));
  const auto outcome = take(second, {assigned(hub, std::chrono::seconds{10})});
  CHECK_FALSE(stands().has_value());
  // The gateway is told that nothing stands.
  CHECK_TRUE(outcome.taken[0].registration.has_value());
  CHECK_FALSE(outcome.taken[0].registration->body.has_value());

  clock.advance(std::chrono::seconds{1});
  take(second, {assigned(hub)});
  CHECK_TRUE(stands().has_value());
}

TEST(Intake, RecordsAFailedAttemptBesideTheAssignment) {
  take(first, {assigned(hub)});
  take(first, {attempt("wrong key", clock.wall())});
  STRCMP_EQUAL("hub-a.example", stands()->assigned_hub.c_str());
  CHECK_TRUE(stands()->status == domain::RegistrationStatus::assigned);
  STRCMP_EQUAL("wrong key", stands()->last_attempt->reason.c_str());
  // An older one does not hide it.
  take(second, {attempt("older", clock.wall() - std::chrono::seconds{1})});
  STRCMP_EQUAL("wrong key", stands()->last_attempt->reason.c_str());
}

TEST(Intake, GoesOnTellingAGatewayOfARegistrationThatARefusalToldItOf) {
  take(first, {assigned(hub)});
  const auto told = take(second, {attempt("wrong key", clock.wall())});
  CHECK_TRUE(told.taken[0].registration->body.has_value());
  CHECK_TRUE(must(coordinator.store.read(coordinator.tenant, Table::registration_interest,
                                         coordinator::interest_id(second.gateway_id, "press-1")))
                 .has_value());
}

TEST(Intake, KeepsAFailedAttemptWithoutAssignmentApart) {
  const auto outcome = take(first, {attempt("wrong key", clock.wall())});
  CHECK_FALSE(stands().has_value());
  CHECK_FALSE(outcome.taken[0].registration.has_value());
  CHECK_TRUE(
      must(coordinator.store.read(coordinator.tenant, Table::last_attempt, "press-1")).has_value());
}

TEST(Intake, DoesNotKeepAttemptsThatNoEnrollmentAnswersFor) {
  auto unknown = attempt("unknown", clock.wall());
  unknown.registration.enrollment = {};
  const auto outcome = take(first, {unknown});
  CHECK_TRUE(outcome.taken[0].quarantine_reason.empty());
  CHECK_FALSE(
      must(coordinator.store.read(coordinator.tenant, Table::last_attempt, "press-1")).has_value());
}

TEST(Intake, QuarantinesWhatAGatewayMayNotSay) {
  auto of_another_tenant = assigned(hub);
  of_another_tenant.id_scope = domain::IdScope("0ne99999999");
  auto of_no_enrollment = assigned(hub);
  of_no_enrollment.registration.enrollment.id = "nobody";
  auto of_no_group = assigned(hub);
  of_no_group.registration.enrollment = {true, "no-group", 1};
  auto to_no_hub = assigned(hub);
  to_no_hub.registration.hub_id = domain::HubId("no-hub");
  const auto outcome =
      take(first, {of_another_tenant, of_no_enrollment, of_no_group, to_no_hub, assigned(hub)});
  LONGS_EQUAL(5, outcome.taken.size());
  for (std::size_t i = 0; i < 4; ++i) CHECK_FALSE(outcome.taken[i].quarantine_reason.empty());
  // The rest is not held up.
  CHECK_TRUE(stands().has_value());
  LONGS_EQUAL(4, quarantined());
  // Sent again, they stay as they are, and nobody is told to forget anything.
  const auto again = take(first, {of_another_tenant, of_no_enrollment});
  LONGS_EQUAL(4, quarantined());
  CHECK_FALSE(again.taken[0].registration.has_value());
}

TEST(Intake, QuarantinesWhatIsNotForTheGatewaysSite) {
  coordinator.enroll("Press-1", {domain::SiteId("ulm")});
  take(second, {assigned(hub)});
  LONGS_EQUAL(1, quarantined());
  take(first, {assigned(hub)});
  CHECK_TRUE(stands().has_value());
}

TEST(Intake, BoundsHowManyAssignmentsAGatewayMaySupersede) {
  // The two take the device from each other in turns, both as often as they may.
  take(first, {assigned(hub)});
  for (std::size_t i = 0; i < coordinator::kMaxSupersededPerHour; ++i) {
    clock.advance(std::chrono::milliseconds{1});
    take(second, {assigned(hub)});
    clock.advance(std::chrono::milliseconds{1});
    take(first, {assigned(hub)});
  }
  LONGS_EQUAL(0, quarantined());
  clock.advance(std::chrono::milliseconds{1});
  take(second, {assigned(hub)});
  LONGS_EQUAL(1, quarantined());
  CHECK_TRUE(stands()->gateway_id == first.gateway_id);
  // An hour later it may again.
  clock.advance(std::chrono::hours{1});
  take(second, {assigned(hub)});
  LONGS_EQUAL(1, quarantined());
  CHECK_TRUE(stands()->gateway_id == second.gateway_id);
}

TEST(Intake, AppliesEntriesOfOneBatchInOrder) {
  const auto outcome = take(first, {attempt("first try", clock.wall()), assigned(hub),
                                    attempt("later try", clock.wall() + std::chrono::seconds{1})});
  LONGS_EQUAL(3, outcome.taken.size());
  STRCMP_EQUAL("hub-a.example", stands()->assigned_hub.c_str());
  STRCMP_EQUAL("later try", stands()->last_attempt->reason.c_str());
}

TEST(Intake, KnowsAnotherIncarnationOfAGateway) {
  CHECK_FALSE(must(intake.knows_another(first.gateway_id, "outbox-1")));
  must(intake.remember(first.gateway_id, "outbox-1", contact()));
  CHECK_FALSE(must(intake.knows_another(first.gateway_id, "outbox-1")));
  CHECK_TRUE(must(intake.knows_another(first.gateway_id, "outbox-2")));
  CHECK_FALSE(must(intake.knows_another(second.gateway_id, "outbox-1")));
}

TEST(Intake, FindsTheRefusedDevicesOfAGroupUntilTheyAreAssigned) {
  domain::EnrollmentGroup group;
  group.group_id = must(domain::EnrollmentGroupId::parse("line"));
  must(coordinator.catalog->enrollments.put(coordinator.tenant, group, 0));
  auto refusal = attempt("the group is disabled", clock.wall());
  refusal.registration.enrollment = {true, "Line", 1};
  take(first, {refusal});
  const auto states = [this] {
    return must(coordinator.catalog->registrations.states_of_group(
                    coordinator.tenant, *domain::EnrollmentGroupId::parse("line"), "", 100))
        .records;
  };
  LONGS_EQUAL(1, states().size());
  CHECK_TRUE(states().front().record.registration_id == enrollment.registration_id);
  CHECK_TRUE(states().front().record.status == domain::RegistrationStatus::failed);

  auto entry = assigned(hub);
  entry.registration.enrollment = {true, "line", 1};
  take(first, {entry});
  LONGS_EQUAL(1, states().size());
  CHECK_TRUE(states().front().record.status == domain::RegistrationStatus::assigned);
  CHECK_FALSE(
      must(coordinator.store.read(coordinator.tenant, Table::last_attempt, "press-1")).has_value());
  UNSIGNED_LONGLONGS_EQUAL(
      1, must(coordinator.catalog->registrations.count_in(coordinator.tenant, "HUB-A.example")));
}
