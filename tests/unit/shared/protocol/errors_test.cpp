#include "shared/protocol/errors.hpp"

#include <cstdint>
#include <span>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::protocol;

namespace {

constexpr auto kLast = static_cast<std::uint8_t>(Errc::internal);

class CountingEntropy : public ports::Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0xF0;
};

}  // namespace

TEST_GROUP(Errors){};

TEST(Errors, EveryKindHasACodeThatNamesItsHttpStatus) {
  for (std::uint8_t value = 0; value <= kLast; ++value) {
    for (const CatalogueEntry* entry :
         {&device_error(static_cast<Errc>(value)), &service_error(static_cast<Errc>(value))}) {
      CHECK_TRUE(entry->error_code >= 400000 && entry->error_code < 600000);
      CHECK_EQUAL(entry->error_code / 1000, entry->http_status());
      CHECK_FALSE(entry->message.empty());
      CHECK_FALSE(entry->amqp_condition.empty());
    }
  }
}

TEST(Errors, DevicesGetTheCodesThatSdksKnow) {
  CHECK_EQUAL(401002, device_error(Errc::unauthorized).error_code);
  CHECK_TRUE(device_error(Errc::unauthorized).message == "Unauthorized");
  CHECK_EQUAL(401002, device_error(Errc::certificate_refused).error_code);
  CHECK_TRUE(device_error(Errc::certificate_refused).message == "Invalid certificate");
  CHECK_EQUAL(404201, device_error(Errc::not_found).error_code);
  CHECK_EQUAL(409203, device_error(Errc::conflict).error_code);
  CHECK_EQUAL(429001, device_error(Errc::throttled).error_code);
  CHECK_EQUAL(400207, device_error(Errc::allocation_failed).error_code);
  CHECK_EQUAL(400208, device_error(Errc::allocation_hub_missing).error_code);
  CHECK_EQUAL(400209, device_error(Errc::allocation_unauthorized).error_code);
  CHECK_EQUAL(403, device_error(Errc::disabled).http_status());
  CHECK_EQUAL(413, device_error(Errc::too_large).http_status());
}

TEST(Errors, ProtocolsRefuseByTheirStatus) {
  for (const int status : {400, 404, 405, 406, 408, 413, 415, 431, 500, 503}) {
    CHECK_EQUAL(status, status_error(status).http_status());
    CHECK_FALSE(status_error(status).message.empty());
    CHECK_FALSE(status_error(status).amqp_condition.empty());
  }
  CHECK_EQUAL(500, status_error(299).http_status());
}

TEST(Errors, AdminsGetTheCodesOfTheServiceApi) {
  CHECK_EQUAL(401002, service_error(Errc::unauthorized).error_code);
  CHECK_EQUAL(403, service_error(Errc::forbidden).http_status());
  CHECK_EQUAL(404201, service_error(Errc::not_found).error_code);
  CHECK_EQUAL(404204, service_error(Errc::group_not_found).error_code);
  CHECK_EQUAL(409201, service_error(Errc::already_exists).error_code);
  CHECK_EQUAL(412201, service_error(Errc::version_mismatch).error_code);
  CHECK_EQUAL(400201, service_error(Errc::invalid).error_code);
}

TEST(Errors, ADocumentSaysWhatTheCatalogueSays) {
  const WallTime now = from_unix_seconds(1767225600);
  const ErrorDocument document = device_error_document(Errc::unauthorized, "guid", now);
  CHECK_EQUAL(401002, document.error_code);
  CHECK_TRUE(document.tracking_id == "guid");
  CHECK_TRUE(document.message == "Unauthorized");
  CHECK_TRUE(document.timestamp == now);
}

TEST(Errors, AGuidIsLowerCaseAndOfVersion4) {
  CountingEntropy entropy;
  CHECK_TRUE(new_guid(entropy) == "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff");
}
