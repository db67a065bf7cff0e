#include "shared/runtime/webhook_client.hpp"

#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/runtime/http_server.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/unit/shared/runtime/loopback.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::runtime;
using namespace berth::testing;

TEST_GROUP(WebhookClient) {
  Loop loop_;
  std::vector<http::Request> requests_;
  http::Response answer_;
  std::unique_ptr<TlsListener> listener_;

  void setup() override {
    answer_.status = 200;
    answer_.body = R"({"iotHubHostName":"a.test"})";
    auto session = [this](TlsStream& stream) {
      const HttpHandler handler = [this](http::Request request) -> Task<http::Response> {
        requests_.push_back(std::move(request));
        co_return answer_;
      };
      return serve_http(stream, {}, handler, [](int) { return http::Response{}; });
    };
    listener_ = TlsListener::bind(loop_.executor(), "127.0.0.1", 0, make_plain_context(), {},
                                  session, [](const std::string&, const std::string&) {})
                    .value();
    listener_->start();
  }
  void teardown() override {
    listener_->stop();
    loop_.drain();
  }
  std::string here() const {
    return "https://127.0.0.1:" + std::to_string(listener_->port());
  }
  Result<http::Response> post(const std::string& url, const std::string& body = "{}",
                              bool may_reach_loopback = true) {
    Reach::Rules rules;
    rules.loopback = may_reach_loopback;
    WebhookClient client(loop_.executor(), make_plain_context(), Reach(rules), 100, kPatience);
    return loop_.run(client.post(url, body));
  }
};

TEST(WebhookClient, PostsJsonToThePathAndQueryThatTheUrlNames) {
  const auto response = post(here() + "/api/pick?code=x#frag", R"({"a":1})");
  CHECK_TRUE(response.has_value());
  STRCMP_EQUAL(R"({"iotHubHostName":"a.test"})", response->body.c_str());
  LONGS_EQUAL(1, requests_.size());
  STRCMP_EQUAL("POST", requests_[0].method.c_str());
  STRCMP_EQUAL("/api/pick?code=x", requests_[0].target.c_str());
  STRCMP_EQUAL(R"({"a":1})", requests_[0].body.c_str());
  CHECK_TRUE(requests_[0].headers.get("Content-Type").starts_with("application/json"));
}

TEST(WebhookClient, FindsTheRootOfAUrlWithoutAPath) {
  CHECK_TRUE(post(here()).has_value());
  CHECK_TRUE(post(here() + "?code=x").has_value());
  STRCMP_EQUAL("/", requests_[0].target.c_str());
  STRCMP_EQUAL("/?code=x", requests_[1].target.c_str());
}

TEST(WebhookClient, TakesTheSchemeInAnyLetterCase) {
  const std::string rest = here().substr(std::string("https").size());
  CHECK_TRUE(post("HTTPS" + rest + "/api/pick?code=X").has_value());
  CHECK_TRUE(post("Https" + rest).has_value());
  LONGS_EQUAL(2, requests_.size());
  STRCMP_EQUAL("/api/pick?code=X", requests_[0].target.c_str());
  STRCMP_EQUAL("/", requests_[1].target.c_str());
}

TEST(WebhookClient, FollowsNoRedirect) {
  answer_.status = 302;
  answer_.headers.set("Location", here() + "/elsewhere");
  const auto response = post(here() + "/api");
  LONGS_EQUAL(302, response->status);
  LONGS_EQUAL(1, requests_.size());
}

TEST(WebhookClient, TakesNoMoreThanTheLimit) {
  answer_.body = std::string(100, ' ');
  CHECK_TRUE(post(here()).has_value());
  answer_.body = std::string(101, ' ');
  CHECK_TRUE(post(here()).error().code == Errc::too_large);
}

TEST(WebhookClient, GoesNowhereOutOfReach) {
  CHECK_TRUE(post(here(), "{}", false).error().code == Errc::forbidden);
  // A name is judged by where it leads.
  const std::string by_name = "https://localhost:" + std::to_string(listener_->port());
  CHECK_TRUE(post(by_name, "{}", false).error().code == Errc::forbidden);
  CHECK_TRUE(post("https://169.254.169.254/latest/meta-data").error().code == Errc::forbidden);
  CHECK_TRUE(post("https://[::ffff:169.254.169.254]/").error().code == Errc::forbidden);
  LONGS_EQUAL(0, requests_.size());
}

TEST(WebhookClient, SpeaksHttpsAlone) {
  CHECK_TRUE(post("http://127.0.0.1/").error().code == Errc::invalid);
  CHECK_TRUE(post("file:///etc/passwd").error().code == Errc::invalid);
}

TEST(WebhookClient, HoldsUpNoLoopOnceItIsClosed) {
  Reach::Rules rules;
  rules.loopback = true;
  WebhookClient client(loop_.executor(), make_plain_context(), Reach(rules), 100, kPatience);
  CHECK_TRUE(loop_.run(client.post(here(), "{}")).has_value());
  client.close();
  listener_->stop();
  // Else the kept connection's timer would run for half a minute.
  const auto start = std::chrono::steady_clock::now();
  loop_.drain();
  CHECK_TRUE(std::chrono::steady_clock::now() - start < 10s);
}
