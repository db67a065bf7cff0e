// The bytes of a record: they lie unsealed in nobody's hands but ours, yet a disk may give back
// anything, and a coordinator of another version too.
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

namespace {

// What was read is written in the same way ever after.
template <class T>
void check(ByteView body) {
  const auto record = sync::decode<T>(body);
  if (!record) {
    return;
  }
  const Bytes written = sync::encode(*record);
  const auto again = sync::decode<T>(written);
  fuzz::require(again && sync::encode(*again) == written);
}

template <class... T>
void check_one_of(std::size_t choice, ByteView body) {
  std::size_t index = 0;
  ((choice % sizeof...(T) == index++ ? check<T>(body) : void()), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  check_one_of<domain::IndividualEnrollment, domain::EnrollmentGroup, domain::LinkedHub,
               domain::HubCredential, domain::HubToken, domain::Registration,
               domain::TenantSettings, domain::AccessPolicy, domain::Gateway, domain::Permit,
               domain::SignedPermit, domain::RefusalStub, domain::RegistrationTombstone,
               domain::Intent, domain::OutboxEntry, domain::CleanupTask, domain::Cursor,
               domain::NodeIdentity, domain::QuarantinedOutcome, domain::AdmittedTpm>(choice,
                                                                                      input.rest());
  return 0;
}
