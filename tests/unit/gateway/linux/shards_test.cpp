#include "gateway/linux/shards.hpp"

#include <future>

#include <CppUTest/TestHarness.h>
#include <boost/asio/co_spawn.hpp>

#include "gateway/linux/device_endpoint.hpp"
#include "gateway/linux/prober.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/json/device_json.hpp"
#include "shared/json/dynamic_security_json.hpp"
#include "shared/json/hub_json.hpp"
#include "shared/protocol/mqtt/codec.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/tls_stream.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/unit/gateway/linux/fake_log.hpp"
#include "tests/unit/gateway/linux/plain_tls.hpp"

using namespace berth;
using namespace berth::testing;
using namespace berth::gateway;

namespace {

const domain::IdScope kTenant("0ne00000001");

// A link that is up and answers nothing; a test waits until it was asked.
class SilentCoordinator final : public CoordinatorQuestions {
 public:
  bool linked(const domain::IdScope&) const override { return true; }
  void fence(const domain::IdScope&, std::function<void()>) override { asked_.set_value(); }
  void look_back(const domain::IdScope&, const domain::RegistrationId&,
                 std::function<void()>) override {}
  void await_question() { asked_.get_future().wait(); }

 private:
  std::promise<void> asked_;
};

// A token that nothing here can verify: who shows it is asked about at the coordinator.
SecretBytes token_of(const std::string& device) {
  return SecretBytes::copy_of(as_bytes(
      "SharedAccessSignature sr=" + kTenant.str() + "%2Fregistrations%2F" + device +
      "&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&se=9999999999&skn=registration"));
}

RegisterRequest request(const std::string& device) {
  RegisterRequest request;
  request.token = 77;
  request.claim.id_scope = kTenant.str();
  request.claim.registration_id = device;
  request.claim.sas_token = token_of(device);
  return request;
}

class NoWebhooks final : public WebhookCalls {
 public:
  void ask(const AskAllocation&, Done done) override {
    done(Error{Errc::unavailable, "there is none here"});
  }
};

}  // namespace

TEST_GROUP(Shards) {
  MemoryStore store_;
  FakeClock clock_;  // stands still: no deadline passes while a test waits
  FakeEntropy entropy_;
  FakeCrypto crypto_;
  FakeLog log_;
  PlainTls tls_;
  Loop main_loop_;
  HubTraffic traffic_{main_loop_.executor(), clock_};
  json::IotHubBodyCodec hub_json_;
  json::DynamicSecurityJson broker_json_;
  json::DpsBodyCodec body_json_;
  runtime::Metrics metrics_;
  KnownAbsent known_absent_;
  std::atomic<std::uint64_t> generation_{1};
  SilentCoordinator coordinator_;
  NoWebhooks webhooks_;
  Prober prober_{[] { return std::vector<domain::LinkedHub>(); }};
  std::unique_ptr<TrustedTime> time_;
  std::unique_ptr<PermitBook> permits_;
  std::unique_ptr<OutboxNumbers> numbers_;
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Shards> shards_;

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
    CHECK(store_.create_tenant(kTenant).has_value());
    time_ = std::make_unique<TrustedTime>(clock_, WallTime{});
    permits_ = std::make_unique<PermitBook>(store_, *time_);
    numbers_ = std::make_unique<OutboxNumbers>(OutboxNumbers::open(store_, entropy_).value());
    writer_ = std::make_unique<StoreWriter>(store_);
    journal_ = std::make_unique<Journal>(*writer_, *permits_, *numbers_,
                                         [](const domain::IdScope&, std::uint64_t) {});
    shards_ = std::make_unique<Shards>(2, EngineSettings{}, services());
    CHECK(shards_->start(store_).has_value());
  }
  Shard::Services services() {
    return {store_,    generation_,  known_absent_,
            *permits_, prober_,      coordinator_,
            webhooks_, *journal_,    domain::CoordinatorId("c"),
            {},        crypto_,      tls_,
            clock_,    entropy_,     traffic_,
            hub_json_, broker_json_, log_,
            metrics_};
  }
  // As after the gateway was stopped, and is started again.
  Result<void> start_again() {
    shards_->stop();
    shards_ = std::make_unique<Shards>(2, EngineSettings{}, services());
    return shards_->start(store_);
  }
  void write_intent(const std::string& device, Bytes body) {
    store::Change change;
    change.table = store::Table::intent;
    change.id = device;
    change.body = std::move(body);
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(std::move(change));
    CHECK(store::commit_one(store_, std::move(set)).has_value());
  }
  void teardown() override {
    shards_->stop();
    writer_.reset();
  }

  // A device that this shard owns.
  std::string device_of(std::size_t shard) {
    for (int i = 0;; ++i) {
      const std::string device = "press-" + std::to_string(i);
      if (&shards_->owner(request(device)) == shards_->all()[shard].get()) return device;
    }
  }
  // Submits from the first shard's thread, as its listener does.
  std::future<Reply> submit(RegisterRequest asked) {
    auto promise = std::make_shared<std::promise<Reply>>();
    auto answer = promise->get_future();
    boost::asio::co_spawn(shards_->all()[0]->executor(), ask(shards_->owner(asked), asked),
                          [promise](const std::exception_ptr&, Reply reply) {
                            promise->set_value(std::move(reply));
                          });
    return answer;
  }
  static runtime::Task<Reply> ask(Shard & owner, RegisterRequest asked) {
    co_return co_await owner.submit(std::move(asked));
  }
  static Errc refusal_of(const Reply& reply) {
    return std::get<Refusal>(reply.content).code;
  }
};

TEST(Shards, ADeviceHasOneOwnerInAnySpelling) {
  const std::string device = device_of(1);
  auto shouted = request(device);
  shouted.claim.registration_id[0] = 'P';
  CHECK(&shards_->owner(shouted) == &shards_->owner(request(device)));
  shouted.claim.id_scope = "0NE00000001";
  CHECK(&shards_->owner(shouted) == &shards_->owner(request(device)));
}

TEST(Shards, AnswersAcrossThreadsWithTheRequestsOwnToken) {
  for (const std::size_t shard : {0U, 1U}) {
    auto asked = request(device_of(shard));
    asked.claim.id_scope = "0ne0000000F";
    const Reply reply = submit(asked).get();
    LONGS_EQUAL(77, reply.token);
    CHECK(refusal_of(reply) == Errc::unauthorized);
  }
}

TEST(Shards, RefusesWhatWaitsOnItsOwnThreadWhenItStops) {
  auto answer = submit(request(device_of(0)));
  coordinator_.await_question();
  shards_->stop();
  CHECK(refusal_of(answer.get()) == Errc::unavailable);
}

TEST(Shards, RefusesWhatWaitsOnAnotherThreadWhenItStops) {
  auto answer = submit(request(device_of(1)));
  coordinator_.await_question();
  shards_->stop();
  const Reply reply = answer.get();
  LONGS_EQUAL(77, reply.token);
  CHECK(refusal_of(reply) == Errc::unavailable);
}

TEST(Shards, AnIntentThatCannotBeReadStopsNobody) {
  domain::Intent intent;
  intent.registration_id = domain::RegistrationId::parse("press-2").value();
  write_intent("press-1", to_bytes("what is this"));
  write_intent("press-2", sync::encode(intent));
  CHECK(start_again().has_value());
  LONGS_EQUAL(1, log_.count("an accepted registration can't be read in the journal"));
  auto asked = request("press-3");
  asked.claim.id_scope = "0ne0000000F";
  CHECK(refusal_of(submit(asked).get()) == Errc::unauthorized);
}

TEST(Shards, StopsTwice) {
  shards_->stop();
  shards_->stop();
}

TEST(Shards, ServesDevicesAtOnePortOnAllThreads) {
  const DeviceEndpoint::Services services{*shards_, body_json_, crypto_, clock_, entropy_, log_};
  DeviceEndpoint::Settings settings;
  settings.addresses = {"127.0.0.1"};
  settings.https_port = 0;
  settings.mqtt_port = 0;
  settings.amqp_port = 0;
  auto endpoint = DeviceEndpoint::bind(settings, services, runtime::make_plain_context()).value();
  endpoint->start();
  Loop loop;
  {
    http::Request http;
    http.method = "PUT";
    http.target = "/0ne0000000F/registrations/press-1/register?api-version=2021-10-01";
    http.headers.set("Content-Type", "application/json");
    http.body = R"({"registrationId":"press-1"})";
    runtime::HttpClient client(loop.executor(), runtime::make_plain_context());
    const auto response =
        loop.run(client.send("https://127.0.0.1:" + std::to_string(endpoint->https_port()), http,
                             std::chrono::seconds{30}));
    LONGS_EQUAL(401, response->status);
  }
  endpoint->stop();
  shards_->stop();
  endpoint.reset();
}

TEST(Shards, EndsAConnectionWhoseRequestWaitsForAnotherThread) {
  const DeviceEndpoint::Services services{*shards_, body_json_, crypto_, clock_, entropy_, log_};
  DeviceEndpoint::Settings settings;
  settings.addresses = {"127.0.0.1"};
  settings.https_port = 0;
  settings.mqtt_port = 0;
  settings.amqp_port = 0;
  auto endpoint = DeviceEndpoint::bind(settings, services, runtime::make_plain_context()).value();
  endpoint->start();
  Loop loop;
  auto stream =
      loop.run(runtime::connect_tls(loop.executor(), "127.0.0.1", endpoint->mqtt_port(),
                                    runtime::make_plain_context(), std::chrono::seconds{30}))
          .value();
  // The listener that took the connection is on either thread; the device is another's in half of
  // the runs and this one's in the others.
  mqtt::Connect connect;
  connect.client_id = "press-1";
  connect.username = kTenant.str() + "/registrations/press-1/api-version=2019-03-31";
  connect.password = token_of("press-1");
  mqtt::Publish publish;
  publish.topic = "$dps/registrations/PUT/iotdps-register/?$rid=1";
  publish.payload = R"({"registrationId":"press-1"})";
  Bytes sent = mqtt::encode(connect);
  append(sent, mqtt::encode(publish));
  CHECK(loop.run(stream->write_all(sent, std::chrono::seconds{30})).has_value());
  coordinator_.await_question();
  endpoint->stop();
  shards_->stop();
  endpoint.reset();
}
