// Azure IoT Hub's registry over REST (service API section 5). An operation is a small machine: one
// enum of steps, one request per step; what the hub answers chooses the next step or the outcome.
#include <string_view>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/protocol/hub/body.hpp"
#include "shared/protocol/hub/connector.hpp"

namespace berth::hub {
namespace {

constexpr std::string_view kApiVersion = "?api-version=2021-04-12";
// How often an operation starts over because the identity changed between its read and its write.
constexpr int kMaxRounds = 3;
// Longest piece of a hub's words that goes into a reason.
constexpr std::size_t kMaxShown = 64;

constexpr int kDeviceAlreadyExists = 409001;
constexpr int kTooManyDevices = 413002;
constexpr std::string_view kTooManyDevicesName = "TooManyDevices";
constexpr std::string_view kDeviceNotFoundName = "DeviceNotFound";

std::string devices_target() {
  return "/devices" + std::string(kApiVersion);
}

std::string device_target(const domain::DeviceId& device) {
  return "/devices/" + percent_encode(device.str()) + std::string(kApiVersion);
}

std::string twin_target(const domain::DeviceId& device) {
  return "/twins/" + percent_encode(device.str()) + std::string(kApiVersion);
}

http::Request request_to(std::string method, std::string target) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers.set("Accept", "application/json");
  return request;
}

http::Request request_with_body(std::string method, std::string target, std::string body) {
  http::Request request = request_to(std::move(method), std::move(target));
  request.headers.set("Content-Type", "application/json; charset=utf-8");
  request.body = std::move(body);
  return request;
}

std::string quoted_etag(const std::string& etag) {
  return "\"" + etag + "\"";
}

// What a hub says of itself, fit for one line of a log.
std::string shown(std::string_view text) {
  std::string line(text.substr(0, kMaxShown));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  }
  return line;
}

// The name that an IoT Hub gives its refusals, in a header or in the body's "ErrorCode:Name;…"
// (service API 5.3). Empty: whoever answers is none, or does not say.
std::string_view named_by_hub(const http::Response& response) {
  const std::string_view name = response.headers.get("iothub-errorcode");
  if (!name.empty()) return name;
  constexpr std::string_view kLead = "ErrorCode:";
  const std::string_view body = response.body;
  const std::size_t at = body.find(kLead);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = body.substr(at + kLead.size());
  return rest.substr(0, rest.find_first_of(";\"\\ "));
}

std::string described(const http::Response& response) {
  std::string text = "the hub answered " + std::to_string(response.status);
  const std::string_view name = named_by_hub(response);
  if (!name.empty()) text += " " + shown(name);
  return text;
}

// What a refusal means (service API 5.3). `is_the_hubs`: an IoT Hub said it, not something in
// between, so that a no is definite.
Errc kind_of(int status, bool is_the_hubs) {
  switch (status) {
    case 401: return Errc::hub_unauthorized;
    case 408: return Errc::timed_out;
    case 429: return Errc::throttled;
    // No registry answers at that address: wrong for the link, not for the device.
    case 404:
    case 405: return Errc::unavailable;
    // 403001 IotHubSuspended, 403002 IotHubQuotaExceeded, 413002 TooManyDevices.
    case 403: return is_the_hubs ? Errc::hub_full : Errc::hub_unauthorized;
    default: break;
  }
  const bool is_definite = status >= 400 && status < 500 && is_the_hubs;
  return is_definite ? Errc::hub_refused : Errc::unavailable;
}

// Of the request that creates the device: after a definite no, nothing of it is in the hub.
Error refusal_to_create(const http::Response& response) {
  const std::string_view name = named_by_hub(response);
  if (name == kTooManyDevicesName) return Error{Errc::hub_full, described(response)};
  return Error{kind_of(response.status, !name.empty()), described(response)};
}

// Of any other request. No no is definite here: the identity may stand in the hub.
Error failure_of(const http::Response& response) {
  const Errc kind = kind_of(response.status, !named_by_hub(response).empty());
  const bool is_known_to_pass =
      kind == Errc::hub_unauthorized || kind == Errc::timed_out || kind == Errc::throttled;
  return Error{is_known_to_pass ? kind : Errc::unavailable, described(response)};
}

// A 404 of something in between says nothing about the device.
bool is_absent(const http::Response& response) {
  return response.status == 404 && named_by_hub(response) == kDeviceNotFoundName;
}

Error changed_meanwhile() {
  return Error{Errc::unavailable, "the identity changed whenever it was about to be written"};
}

// A body that we cannot read leaves open what the hub did: to be repeated.
Error unreadable(const Error& error) {
  return Error{Errc::unavailable, "the hub's answer cannot be read: " + error.reason};
}

bool is_success(const http::Response& response) {
  return response.status >= 200 && response.status < 300;
}

using Ending = std::optional<Result<HubOutcome>>;

// One HTTP request per step.
class HttpOperation : public HubOperation {
 public:
  const HubRequest& next() const final { return request_; }

  Ending receive(const HubResponse& response) final {
    const auto* answer = std::get_if<http::Response>(&response);
    if (answer == nullptr) return Error{Errc::internal, "an IoT Hub was answered for by a broker"};
    return receive_http(*answer);
  }

 protected:
  virtual Ending receive_http(const http::Response& response) = 0;

  void send(http::Request request) { request_ = std::move(request); }
  void send_if_match(http::Request request, const std::string& etag) {
    request.headers.set("If-Match", quoted_etag(etag));
    send(std::move(request));
  }

 private:
  HubRequest request_;
};

// Creates identity and twin in one bulk item; takes up an identity of ours that is found.
class Upsert : public HttpOperation {
 public:
  Upsert(DesiredIdentity identity, std::string marker, HubBodyCodec& json)
      : identity_(std::move(identity)), marker_(std::move(marker)), json_(json) {
    create();
  }

  Ending receive_http(const http::Response& response) override {
    switch (step_) {
      case Step::create: return after_create(response);
      case Step::read: return after_read(response);
      case Step::update: return after_update(response);
      case Step::write_twin: return after_write_twin(response);
    }
    return Error{Errc::internal, "a hub operation in no step"};
  }

 private:
  enum class Step { create, read, update, write_twin };

  void create() {
    step_ = Step::create;
    send(request_with_body("POST", devices_target(), json_.write_bulk_create(identity_, marker_)));
  }

  // Another round: read, and decide afresh on what is there now.
  Ending read() {
    if (++rounds_ > kMaxRounds) return changed_meanwhile();
    step_ = Step::read;
    send(request_to("GET", device_target(identity_.device_id)));
    return std::nullopt;
  }

  Ending after_create(const http::Response& response) {
    if (response.status == 409) return read();
    // A bulk request whose only item fails is answered 400 (service API 5.2).
    if (!is_success(response) && response.status != 400) return refusal_to_create(response);
    auto answer = json_.read_bulk_answer(response.body);
    if (!answer) {
      return response.status == 400 ? refusal_to_create(response) : unreadable(answer.error());
    }
    if (is_success(response) && answer->successful) return HubOutcome{};
    return after_refused_item(*answer);
  }

  Ending after_refused_item(const BulkAnswer& answer) {
    if (answer.error_code == kDeviceAlreadyExists || answer.error_name == "DeviceAlreadyExists") {
      return read();
    }
    std::string reason = "the hub refused the device: " + shown(answer.error_name);
    if (answer.error_code != 0) reason += " " + std::to_string(answer.error_code);
    if (answer.error_code == kTooManyDevices || answer.error_name == kTooManyDevicesName) {
      return Error{Errc::hub_full, std::move(reason)};
    }
    const Errc kind =
        answer.error_code == 0 ? Errc::hub_refused : kind_of(answer.error_code / 1000, true);
    return Error{kind, std::move(reason)};
  }

  Ending after_read(const http::Response& response) {
    if (is_absent(response)) {
      if (++rounds_ > kMaxRounds) return changed_meanwhile();
      create();
      return std::nullopt;
    }
    if (!is_success(response)) return failure_of(response);
    auto found = json_.read_identity(response.body);
    if (!found) return unreadable(found.error());
    if (found->status_reason != marker_) {
      return Error{Errc::hub_conflict, "the hub holds a device " + identity_.device_id.str() +
                                           " that was not created here; it is left alone"};
    }
    outcome_.found = true;
    outcome_.etag = found->etag;
    auto changed = json_.with_credential(response.body, identity_);
    if (!changed) return unreadable(changed.error());
    if (!*changed) return write_twin();
    step_ = Step::update;
    send_if_match(
        request_with_body("PUT", device_target(identity_.device_id), std::move(**changed)),
        found->etag);
    return std::nullopt;
  }

  Ending after_update(const http::Response& response) {
    if (response.status == 412 || is_absent(response)) return read();
    if (!is_success(response)) return failure_of(response);
    auto written = json_.read_identity(response.body);
    if (!written) return unreadable(written.error());
    outcome_.etag = written->etag;
    return write_twin();
  }

  Ending write_twin() {
    if (!identity_.replace_twin) return outcome_;
    step_ = Step::write_twin;
    send_if_match(request_with_body("PUT", twin_target(identity_.device_id),
                                    json_.write_twin(identity_.twin)),
                  "*");
    return std::nullopt;
  }

  Ending after_write_twin(const http::Response& response) {
    if (is_absent(response)) return read();
    if (!is_success(response)) return failure_of(response);
    return outcome_;
  }

  DesiredIdentity identity_;
  std::string marker_;
  HubBodyCodec& json_;
  Step step_ = Step::create;
  HubOutcome outcome_;
  int rounds_ = 0;
};

class ReadTwin : public HttpOperation {
 public:
  ReadTwin(const domain::DeviceId& device, HubBodyCodec& json) : json_(json) {
    send(request_to("GET", twin_target(device)));
  }

  Ending receive_http(const http::Response& response) override {
    // A device that is gone has no twin to bring along.
    if (is_absent(response)) return HubOutcome{};
    if (!is_success(response)) return failure_of(response);
    auto twin = json_.read_twin(response.body);
    if (!twin) return unreadable(twin.error());
    HubOutcome outcome;
    outcome.found = true;
    outcome.twin = std::move(*twin);
    return outcome;
  }

 private:
  HubBodyCodec& json_;
};

// Disables, enables or deletes an identity of ours, and nobody else's: read, compare marker and
// etag, write on the condition that nothing changed in between.
class Retire : public HttpOperation {
 public:
  enum class Kind { disable, enable, remove };

  Retire(Kind kind, domain::DeviceId device, std::string etag, std::string marker,
         HubBodyCodec& json)
      : kind_(kind),
        device_(std::move(device)),
        etag_(std::move(etag)),
        marker_(std::move(marker)),
        json_(json) {
    read();
  }

  Ending receive_http(const http::Response& response) override {
    switch (step_) {
      case Step::read: return after_read(response);
      case Step::write: return after_write(response);
    }
    return Error{Errc::internal, "a hub operation in no step"};
  }

 private:
  enum class Step { read, write };

  void read() {
    step_ = Step::read;
    send(request_to("GET", device_target(device_)));
  }

  Ending after_read(const http::Response& response) {
    if (is_absent(response)) return HubOutcome{};
    if (!is_success(response)) return failure_of(response);
    auto found = json_.read_identity(response.body);
    if (!found) return unreadable(found.error());
    // Foreign, or written since: there is nothing of what we left.
    if (found->status_reason != marker_) return HubOutcome{};
    if (!etag_.empty() && found->etag != etag_ && !is_our_disabling(*found)) return HubOutcome{};
    outcome_.found = true;
    outcome_.etag = found->etag;
    http::Request request;
    if (kind_ == Kind::remove) {
      request = request_to("DELETE", device_target(device_));
    } else {
      auto body =
          kind_ == Kind::disable ? json_.disabled(response.body) : json_.enabled(response.body);
      if (!body) return unreadable(body.error());
      if (!*body) return outcome_;
      request = request_with_body("PUT", device_target(device_), std::move(**body));
    }
    send_if_match(std::move(request), found->etag);
    step_ = Step::write;
    return std::nullopt;
  }

  // A crash between disabling and noting the new etag must not leave the identity behind.
  [[nodiscard]] bool is_our_disabling(const FoundIdentity& found) const {
    return kind_ == Kind::disable && !found.enabled;
  }

  Ending after_write(const http::Response& response) {
    if (is_absent(response)) return HubOutcome{};
    if (response.status == 412) {
      if (++rounds_ >= kMaxRounds) return changed_meanwhile();
      outcome_ = HubOutcome{};
      read();
      return std::nullopt;
    }
    if (!is_success(response)) return failure_of(response);
    if (kind_ == Kind::remove) {
      outcome_.etag.clear();
      return outcome_;
    }
    auto written = json_.read_identity(response.body);
    if (!written) return unreadable(written.error());
    outcome_.etag = written->etag;
    return outcome_;
  }

  Kind kind_;
  domain::DeviceId device_;
  std::string etag_;
  std::string marker_;
  HubBodyCodec& json_;
  Step step_ = Step::read;
  HubOutcome outcome_;
  int rounds_ = 0;
};

class IotHub : public HubConnector {
 public:
  IotHub(const domain::CoordinatorId& owner, HubBodyCodec& json)
      : marker_(ownership_marker(owner)), json_(json) {}

  std::unique_ptr<HubOperation> upsert(const DesiredIdentity& identity) override {
    return std::make_unique<Upsert>(identity, marker_, json_);
  }
  std::unique_ptr<HubOperation> read_twin(const domain::DeviceId& device) override {
    return std::make_unique<ReadTwin>(device, json_);
  }
  std::unique_ptr<HubOperation> disable(const domain::DeviceId& device,
                                        const std::string& etag) override {
    return std::make_unique<Retire>(Retire::Kind::disable, device, etag, marker_, json_);
  }
  std::unique_ptr<HubOperation> enable(const domain::DeviceId& device) override {
    return std::make_unique<Retire>(Retire::Kind::enable, device, std::string(), marker_, json_);
  }
  std::unique_ptr<HubOperation> remove(const domain::DeviceId& device,
                                       const std::string& etag) override {
    return std::make_unique<Retire>(Retire::Kind::remove, device, etag, marker_, json_);
  }

 private:
  std::string marker_;
  HubBodyCodec& json_;
};

}  // namespace

std::string ownership_marker(const domain::CoordinatorId& coordinator) {
  return "berth:" + coordinator.str();
}

std::unique_ptr<HubConnector> iot_hub_connector(const domain::CoordinatorId& owner,
                                                HubBodyCodec& json) {
  return std::make_unique<IotHub>(owner, json);
}

}  // namespace berth::hub
