// A broker's control channel on loopback, without TLS: lets clients in, and answers each command
// with success, or with what a test wants. A suite that uses it lists berth_shared_runtime and
// boost_json.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "shared/protocol/hub/dynamic_security.hpp"
#include "shared/protocol/mqtt/codec.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/support/loop.hpp"

namespace berth::testing {

class BrokerServer {
 public:
  explicit BrokerServer(Loop& loop) {
    listener_ = runtime::TlsListener::bind(
                    loop.executor(), "127.0.0.1", 0, runtime::make_plain_context(), {},
                    [this](runtime::TlsStream& stream) { return serve(stream); },
                    [](const std::string&, const std::string&) {})
                    .value();
    listener_->start();
  }
  void stop() { listener_->stop(); }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] std::string url() const { return "mqtts://127.0.0.1:" + std::to_string(port()); }

  // What a command is answered with, beside its name and correlation.
  std::function<boost::json::object(const boost::json::object& command)> answer =
      [](const boost::json::object&) { return boost::json::object{}; };
  mqtt::ConnectCode code = mqtt::ConnectCode::accepted;
  bool is_silent = false;  // takes commands and says nothing
  bool hangs_up = false;   // at the first command
  std::vector<mqtt::Connect> connects;
  std::vector<boost::json::object> commands;

 private:
  runtime::Task<void> serve(runtime::TlsStream& stream) {
    mqtt::Decoder decoder;
    for (;;) {
      std::array<std::uint8_t, 4096> chunk{};
      const auto count = co_await stream.read_some(chunk, kLoopPatience);
      if (!count || *count == 0) co_return;
      decoder.feed(ByteView(chunk.data(), *count));
      Bytes out;
      while (auto packet = decoder.next()) {
        if (!*packet || !take(**packet, out)) co_return;
      }
      const auto sent = co_await stream.write_all(out, kLoopPatience);
      if (!sent) co_return;
    }
  }

  // False: hangs up.
  bool take(const mqtt::Packet& packet, Bytes& out) {
    if (const auto* connect = std::get_if<mqtt::Connect>(&packet)) {
      connects.push_back(*connect);
      append(out, mqtt::encode(mqtt::Connack{false, code}));
    } else if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&packet)) {
      append(out, mqtt::encode(mqtt::Suback{subscribe->packet_id, {0}}));
    } else if (const auto* publish = std::get_if<mqtt::Publish>(&packet)) {
      append(out, mqtt::encode(mqtt::Puback{publish->packet_id}));
      if (publish->topic != hub::dynsec::kCommandTopic || is_silent) return true;
      if (hangs_up) return false;
      append(out, mqtt::encode(mqtt::Publish{hub::dynsec::kAnswerTopic, answer_to(publish->payload),
                                             0, false, false, 0}));
    }
    return true;
  }

  std::string answer_to(const std::string& payload) {
    boost::json::array responses;
    const boost::json::value request = boost::json::parse(payload);
    for (const auto& value : request.at("commands").as_array()) {
      const boost::json::object& command = value.as_object();
      commands.push_back(command);
      boost::json::object response = answer(command);
      response["command"] = command.at("command");
      response["correlationData"] = command.at("correlationData");
      responses.push_back(std::move(response));
    }
    return boost::json::serialize(boost::json::object{{"responses", std::move(responses)}});
  }

  std::unique_ptr<runtime::TlsListener> listener_;
};

}  // namespace berth::testing
