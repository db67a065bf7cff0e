#include "shared/runtime/broker_client.hpp"

#include <chrono>
#include <optional>

#include <CppUTest/TestHarness.h>

#include "shared/json/dynamic_security_json.hpp"
#include "shared/runtime/task_group.hpp"
#include "tests/support/broker_server.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::testing;
using namespace std::chrono_literals;

TEST_GROUP(BrokerClient) {
  Loop loop_;
  FakeEntropy entropy_;
  json::DynamicSecurityJson json_;
  std::unique_ptr<BrokerServer> server_ = std::make_unique<BrokerServer>(loop_);
  std::unique_ptr<runtime::BrokerClient> client_;
  std::vector<Result<hub::dynsec::Answer>> answers_;

  void setup() override {
    client_ = std::make_unique<runtime::BrokerClient>(
        loop_.executor(), runtime::make_plain_context(),
        runtime::BrokerAccount{"127.0.0.1", server_->port(), "gateway", SecretBytes({'p', 'w'}),
                               "berth-gateway"},
        entropy_, json_);
  }
  void teardown() override {
    client_.reset();
    server_->stop();
    loop_.drain();
  }

  static hub::dynsec::Request asking(const std::string& name, std::size_t count = 1) {
    hub::dynsec::Request request;
    for (std::size_t i = 0; i < count; ++i) {
      hub::dynsec::Command command;
      command.name = name;
      request.commands.push_back(command);
    }
    return request;
  }
  Result<hub::dynsec::Answer> ask(const std::string& name,
                                  std::chrono::milliseconds timeout = 30s) {
    return loop_.run(client_->ask(asking(name), timeout));
  }
  runtime::Task<void> keep(std::string name) {
    answers_.push_back(co_await client_->ask(asking(name), 30s));
  }
};

TEST(BrokerClient, AsksAndGetsTheAnswer) {
  server_->answer = [](const boost::json::object&) {
    return boost::json::object{{"error", "Client not found"}};
  };
  const auto answer = ask("dev-1");
  CHECK_TRUE(answer.has_value());
  STRCMP_EQUAL("Client not found", answer->replies.front().error.c_str());
  STRCMP_EQUAL("dev-1", server_->commands.front().at("username").as_string().c_str());
}

TEST(BrokerClient, LogsInAsItself) {
  CHECK_TRUE(ask("dev-1").has_value());
  STRCMP_EQUAL("gateway", server_->connects.front().username->c_str());
  CHECK_TRUE(*server_->connects.front().password == SecretBytes({'p', 'w'}));
  CHECK_TRUE(server_->connects.front().client_id.starts_with("berth-gateway-"));
}

TEST(BrokerClient, KeepsItsConnection) {
  CHECK_TRUE(ask("dev-1").has_value());
  CHECK_TRUE(ask("dev-2").has_value());
  LONGS_EQUAL(1, server_->connects.size());
}

TEST(BrokerClient, ManyWhoAskAtOnceShareOneConnection) {
  runtime::TaskGroup group(loop_.executor(), 10, [](const std::string&) {});
  for (int i = 0; i < 10; ++i) CHECK_TRUE(group.spawn(keep("dev-" + std::to_string(i))));
  loop_.run(group.drained());
  LONGS_EQUAL(10, answers_.size());
  for (const auto& answer : answers_) CHECK_TRUE(answer.has_value());
  LONGS_EQUAL(1, server_->connects.size());
}

TEST(BrokerClient, ConnectsAnewAfterTheBrokerHungUp) {
  server_->hangs_up = true;
  CHECK_TRUE(ask("dev-1").error().code == Errc::unavailable);
  server_->hangs_up = false;
  CHECK_TRUE(ask("dev-2").has_value());
  LONGS_EQUAL(2, server_->connects.size());
  CHECK_FALSE(server_->connects[0].client_id == server_->connects[1].client_id);
}

TEST(BrokerClient, ABrokerThatIsNotThereIsUnavailable) {
  server_->stop();
  loop_.drain();
  CHECK_TRUE(ask("dev-1").error().code == Errc::unavailable);
}

TEST(BrokerClient, AWrongPasswordIsOursToMend) {
  server_->code = mqtt::ConnectCode::not_authorized;
  CHECK_TRUE(ask("dev-1").error().code == Errc::hub_unauthorized);
}

TEST(BrokerClient, AnAnswerThatDoesNotComeIsTimedOut) {
  server_->is_silent = true;
  CHECK_TRUE(ask("dev-1", 20ms).error().code == Errc::timed_out);
  server_->is_silent = false;
  CHECK_TRUE(ask("dev-2").has_value());
}

TEST(BrokerClient, WhoWaitsIsToldWhenTheClientGoes) {
  server_->is_silent = true;
  runtime::TaskGroup group(loop_.executor(), 1, [](const std::string&) {});
  CHECK_TRUE(group.spawn(keep("dev-1")));
  while (server_->connects.empty()) loop_.io().run_one();
  for (int i = 0; i < 20; ++i) loop_.io().poll();
  client_.reset();
  loop_.run(group.drained());
  CHECK_TRUE(answers_.front().error().code == Errc::unavailable);
}
