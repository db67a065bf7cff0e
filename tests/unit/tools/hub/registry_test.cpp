#include "tools/hub/registry.hpp"

#include <CppUTest/TestHarness.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace berth::hub_server;
namespace bj = boost::json;

namespace {

bj::object object(const std::string& text) {
  return bj::parse(text).as_object();
}

}  // namespace

TEST_GROUP(Registry) {
  static constexpr std::size_t kMaxDevices = 150;

  testing::TemporaryFolder folder_;
  testing::FakeClock clock_;
  testing::FakeEntropy entropy_;
  std::unique_ptr<DeviceTable> table_ =
      std::move(DeviceTable::open(folder_.file("hub.db"))).value();
  Registry registry_{"hub-a", kMaxDevices, *table_, clock_, entropy_};

  bj::object create(const std::string& id, const std::string& identity = "{}") {
    return registry_.put(id, object(identity), std::nullopt).value();
  }
  bj::object bulk(const std::string& items) {
    return registry_.bulk(bj::parse(items).as_array()).value();
  }
  static bool successful(const bj::object& result) {
    return result.at("isSuccessful").as_bool();
  }
  static std::string first_error(const bj::object& result) {
    return std::string(result.at("errors").at(0).at("errorCode").as_string());
  }
  static std::optional<IfMatch> etag(const bj::object& of) {
    return IfMatch::parse("\"" + std::string(of.at("etag").as_string()) + "\"");
  }
  static std::optional<IfMatch> any() {
    return IfMatch::parse("\"*\"");
  }
  std::string desired(const std::string& id) {
    auto document = registry_.get_twin(id).value().at("properties").at("desired").as_object();
    document.erase("$metadata");
    return bj::serialize(document);
  }
};

TEST(Registry, CreatesAndGives) {
  const auto created = create("dev-1", R"({"deviceId":"dev-1","statusReason":"berth:1"})");
  CHECK_TRUE(created == registry_.get("dev-1").value());
  CHECK_TRUE(created.at("statusReason") == "berth:1");
}

TEST(Registry, RefusesToCreateWhatIsThere) {
  create("dev-1");
  CHECK_TRUE(registry_.put("dev-1", {}, std::nullopt).error().code == Errc::already_exists);
}

TEST(Registry, RefusesToReplaceWhatIsNotThere) {
  CHECK_TRUE(registry_.put("dev-1", {}, any()).error().code == Errc::not_found);
}

TEST(Registry, ReplacesByEtagAndChangesIt) {
  const auto created = create("dev-1");
  const auto replaced = registry_.put("dev-1", object(R"({"status":"disabled"})"), etag(created));
  CHECK_TRUE(replaced->at("status") == "disabled");
  CHECK_TRUE(replaced->at("etag") != created.at("etag"));
  CHECK_TRUE(registry_.put("dev-1", {}, etag(created)).error().code == Errc::version_mismatch);
  CHECK_TRUE(registry_.put("dev-1", {}, any()).has_value());
}

TEST(Registry, RefusesAnIdThatDiffersFromThePaths) {
  CHECK_TRUE(registry_.put("dev-1", object(R"({"deviceId":"dev-2"})"), std::nullopt).error().code ==
             Errc::invalid);
}

TEST(Registry, RefusesAnIdThatIsNone) {
  CHECK_TRUE(registry_.put("a b", {}, std::nullopt).error().code == Errc::invalid);
}

TEST(Registry, RemovesByEtagOrAny) {
  const auto first = create("dev-1");
  CHECK_TRUE(registry_.remove("dev-1", IfMatch::parse("other")).error().code ==
             Errc::version_mismatch);
  CHECK_TRUE(registry_.remove("dev-1", etag(first)).has_value());
  CHECK_TRUE(registry_.remove("dev-1", any()).error().code == Errc::not_found);
}

TEST(Registry, GivesANewDeviceOfTheSameNameAnotherEtag) {
  const auto first = create("dev-1");
  CHECK_TRUE(registry_.remove("dev-1", std::nullopt).has_value());
  CHECK_TRUE(registry_.remove("dev-1", etag(first)).error().code == Errc::not_found);
  CHECK_TRUE(create("dev-1").at("etag") != first.at("etag"));
}

TEST(Registry, TakesAsManyDevicesAsItsLimit) {
  for (std::size_t i = 0; i < kMaxDevices; ++i) create("dev-" + std::to_string(i));
  CHECK_TRUE(registry_.put("one-more", {}, std::nullopt).error().code == Errc::hub_full);
  CHECK_TRUE(registry_.put("dev-0", {}, any()).has_value());
}

TEST(Registry, CountsByStatus) {
  create("dev-1");
  create("dev-2", R"({"status":"disabled"})");
  STRCMP_EQUAL(R"({"totalDeviceCount":2,"enabledDeviceCount":1,"disabledDeviceCount":1})",
               bj::serialize(registry_.statistics().value()).c_str());
}

TEST(Registry, MergesATwin) {
  create("dev-1");
  CHECK_TRUE(
      registry_
          .patch_twin("dev-1",
                      object(R"({"tags":{"site":"a"},"properties":{"desired":{"x":{"y":1}}}})"),
                      any())
          .has_value());
  const auto twin = registry_.patch_twin(
      "dev-1", object(R"({"properties":{"desired":{"x":{"z":2},"$version":99}}})"), std::nullopt);
  CHECK_TRUE(twin->at("tags").at("site") == "a");
  STRCMP_EQUAL(R"({"x":{"y":1,"z":2},"$version":3})", desired("dev-1").c_str());
}

TEST(Registry, ReplacesATwin) {
  create("dev-1");
  CHECK_TRUE(registry_.patch_twin("dev-1", object(R"({"tags":{"a":1,"b":2}})"), any()).has_value());
  const auto twin = registry_.put_twin("dev-1", object(R"({"tags":{"c":3}})"), any());
  STRCMP_EQUAL(R"({"c":3})", bj::serialize(twin->at("tags")).c_str());
}

TEST(Registry, LeavesTheDesiredVersionWhenOnlyTagsChange) {
  create("dev-1");
  CHECK_TRUE(registry_.patch_twin("dev-1", object(R"({"tags":{"a":1}})"), any()).has_value());
  STRCMP_EQUAL(R"({"$version":1})", desired("dev-1").c_str());
}

TEST(Registry, ChangesATwinByItsEtag) {
  create("dev-1");
  const auto before = registry_.get_twin("dev-1").value();
  CHECK_TRUE(
      registry_.patch_twin("dev-1", object(R"({"tags":{"a":1}})"), etag(before)).has_value());
  CHECK_TRUE(
      registry_.patch_twin("dev-1", object(R"({"tags":{"a":2}})"), etag(before)).error().code ==
      Errc::version_mismatch);
}

TEST(Registry, KeepsTheIdentitysEtagWhenTheTwinChanges) {
  const auto created = create("dev-1");
  CHECK_TRUE(registry_.patch_twin("dev-1", object(R"({"tags":{"a":1}})"), any()).has_value());
  CHECK_TRUE(registry_.get("dev-1")->at("etag") == created.at("etag"));
}

TEST(Registry, CreatesDeviceAndTwinInOneBulkItem) {
  const auto result =
      bulk(R"([{"id":"dev-1","importMode":"create","statusReason":"berth:1","tags":{"site":"a"},)"
           R"("properties":{"desired":{"x":1}}}])");
  CHECK_TRUE(successful(result));
  LONGS_EQUAL(0, result.at("errors").as_array().size());
  CHECK_TRUE(registry_.get("dev-1")->at("statusReason") == "berth:1");
  STRCMP_EQUAL(R"({"x":1,"$version":2})", desired("dev-1").c_str());
}

TEST(Registry, NamesTheBulkItemThatFailsAndKeepsTheOthers) {
  create("dev-1");
  const auto result =
      bulk(R"([{"id":"dev-1","importMode":"create"},{"id":"dev-2","importMode":"create"}])");
  CHECK_FALSE(successful(result));
  STRCMP_EQUAL("DeviceAlreadyExists", first_error(result).c_str());
  CHECK_TRUE(registry_.get("dev-2").has_value());
}

TEST(Registry, DoesNothingWhenABulkRequestNamesADeviceTwice) {
  const auto result =
      bulk(R"([{"id":"dev-1","importMode":"create"},{"id":"dev-1","importMode":"create"}])");
  STRCMP_EQUAL("DeviceDefinedMultipleTimes", first_error(result).c_str());
  CHECK_FALSE(registry_.get("dev-1").has_value());
}

TEST(Registry, TakesAsManyBulkItemsAsItsLimitAndNoMore) {
  bj::array items;
  for (std::size_t i = 0; i < kMaxBulkItems; ++i) {
    items.push_back(bj::object{{"id", "dev-" + std::to_string(i)}, {"importMode", "create"}});
  }
  CHECK_TRUE(successful(registry_.bulk(items).value()));
  items.push_back(bj::object{{"id", "one-more"}, {"importMode", "create"}});
  CHECK_TRUE(registry_.bulk(items).error().code == Errc::invalid);
  CHECK_TRUE(registry_.bulk({}).error().code == Errc::invalid);
}

TEST(Registry, UpdatesInBulkByEtag) {
  const auto created = create("dev-1");
  const std::string etag_text(created.at("etag").as_string());
  CHECK_TRUE(successful(bulk(R"([{"id":"dev-1","importMode":"updateIfMatchETag","eTag":")" +
                             etag_text + R"(","status":"disabled"}])")));
  CHECK_TRUE(registry_.get("dev-1")->at("status") == "disabled");
  const auto again =
      bulk(R"([{"id":"dev-1","importMode":"updateIfMatchETag","eTag":")" + etag_text + R"("}])");
  STRCMP_EQUAL("PreconditionFailed", first_error(again).c_str());
  STRCMP_EQUAL("ArgumentInvalid",
               first_error(bulk(R"([{"id":"dev-1","importMode":"updateIfMatchETag"}])")).c_str());
}

TEST(Registry, KeepsTheTwinWhenABulkUpdateHasNone) {
  CHECK_TRUE(successful(bulk(R"([{"id":"dev-1","importMode":"create","tags":{"a":1}}])")));
  CHECK_TRUE(successful(bulk(R"([{"id":"dev-1","importMode":"update"}])")));
  STRCMP_EQUAL(R"({"a":1})", bj::serialize(registry_.get_twin("dev-1")->at("tags")).c_str());
}

TEST(Registry, CreatesOrUpdatesInBulk) {
  CHECK_TRUE(successful(bulk(R"([{"id":"dev-1","importMode":"createOrUpdate"}])")));
  CHECK_TRUE(
      successful(bulk(R"([{"id":"dev-1","importMode":"createOrUpdate","status":"disabled"}])")));
  CHECK_TRUE(registry_.get("dev-1")->at("status") == "disabled");
}

TEST(Registry, DeletesInBulk) {
  create("dev-1");
  CHECK_TRUE(successful(bulk(R"([{"id":"dev-1","importMode":"delete"}])")));
  STRCMP_EQUAL("DeviceNotFound",
               first_error(bulk(R"([{"id":"dev-1","importMode":"delete"}])")).c_str());
}

TEST(Registry, ChangesATwinInBulk) {
  create("dev-1");
  CHECK_TRUE(successful(bulk(R"([{"id":"dev-1","importMode":"updateTwin","tags":{"a":1}}])")));
  STRCMP_EQUAL(R"({"a":1})", bj::serialize(registry_.get_twin("dev-1")->at("tags")).c_str());
  STRCMP_EQUAL("PreconditionFailed",
               first_error(bulk(R"([{"id":"dev-1","importMode":"updateTwinIfMatchETag",)"
                                R"("twinETag":"AAAAAAAAAAE=","tags":{"a":2}}])"))
                   .c_str());
}

TEST(Registry, RefusesAModeThatIsNone) {
  STRCMP_EQUAL("ArgumentInvalid",
               first_error(bulk(R"([{"id":"dev-1","importMode":"x"}])")).c_str());
}

TEST(Registry, QueriesPageByPage) {
  for (const char* id : {"a", "b", "c"}) create(id);
  const auto first = registry_.query("SELECT * FROM devices", "", 2);
  LONGS_EQUAL(2, first->rows.size());
  CHECK_FALSE(first->continuation.empty());
  const auto second = registry_.query("select *\nfrom  devices ", first->continuation, 2);
  LONGS_EQUAL(1, second->rows.size());
  CHECK_TRUE(second->rows[0].at("deviceId") == "c");
  CHECK_TRUE(second->continuation.empty());
}

TEST(Registry, EndsAPageThatHoldsAll) {
  for (const char* id : {"a", "b"}) create(id);
  CHECK_TRUE(registry_.query("SELECT * FROM devices", "", 2)->continuation.empty());
}

TEST(Registry, QueriesOneDevice) {
  create("dev-1");
  LONGS_EQUAL(
      1, registry_.query("SELECT * FROM devices WHERE deviceId = 'dev-1'", "", 9)->rows.size());
  LONGS_EQUAL(0,
              registry_.query("SELECT * FROM devices WHERE deviceId='dev-2'", "", 9)->rows.size());
}

TEST(Registry, RefusesAQueryItDoesNotUnderstand) {
  for (const char* text :
       {"", "SELECT", "SELECT * FROM jobs", "SELECT * FROM devices WHERE tags.a=1",
        "SELECT * FROM devices WHERE deviceId='x' AND 1=1",
        "SELECT * FROM devices WHERE deviceId='x"}) {
    CHECK_TRUE(registry_.query(text, "", 9).error().code == Errc::invalid);
  }
  CHECK_TRUE(registry_.query("SELECT * FROM devices", "&", 9).error().code == Errc::invalid);
}
