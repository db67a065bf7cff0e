#include "tools/dev/dev.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/runtime/signals.hpp"
#include "shared/runtime/system.hpp"
#include "tools/dev/control.hpp"
#include "tools/dev/installation.hpp"
#include "tools/dev/relay.hpp"

namespace berth::dev {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kHubs = 2;
constexpr const char* kSocket = "dev.sock";

// What the main thread is to do next. It alone starts and ends processes: a child is bound to the
// thread that started it.
class Orders {
 public:
  using Order = std::function<void()>;

  void give(Order order) {
    {
      const std::lock_guard lock(mutex_);
      orders_.push_back(std::move(order));
    }
    arrived_.notify_one();
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    arrived_.notify_one();
  }

  [[nodiscard]] bool ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  // Carries orders out until the end.
  void follow() {
    for (;;) {
      Order order;
      {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return ended_ || !orders_.empty(); });
        if (ended_) return;
        order = std::move(orders_.front());
        orders_.pop_front();
      }
      order();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Order> orders_;
  bool ended_ = false;
};

// The loop that serves the relay, the control socket and signals, beside the main thread.
class Loop {
 public:
  Loop() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
  ~Loop() { end(); }
  // What lives on the loop may then go, from the main thread.
  void end() {
    if (!thread_.joinable()) return;
    work_.reset();
    context_.stop();
    thread_.join();
  }
  asio::any_io_executor executor() { return context_.get_executor(); }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace

Result<void> run_dev(const DevOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.dir, failed);
  if (failed) return Error{Errc::io, options.dir.string() + ": " + failed.message()};
  DevOptions absolute = options;
  absolute.dir = std::filesystem::absolute(options.dir);
  std::filesystem::permissions(absolute.dir, std::filesystem::perms::owner_all, failed);

  const auto ports = choose_ports(absolute, kHubs);
  if (!ports) return ports.error();
  const auto authority = crypto::make_certificate_authority();
  runtime::SystemClock clock;
  runtime::SystemEntropy entropy;
  Installation installation(absolute, *ports, *authority, clock, entropy);
  Orders orders;

  Loop loop;
  std::unique_ptr<Relay> relay;  // lives on the loop
  std::optional<runtime::Signals> signals;
  signals.emplace(
      loop.executor(), [&orders] { orders.end(); }, [] {});
  const auto handle = [&](const std::string& line, const ControlServer::Answer& answer) {
    constexpr std::string_view kRestart = "restart ";
    if (line == "offline" || line == "online") {
      if (relay) relay->set_online(line == "online");
      answer(relay ? "ok" : "the gateway is not started yet");
    } else if (line.starts_with(kRestart)) {
      const auto part = parse_part(std::string_view(line).substr(kRestart.size()));
      if (!part) {
        answer("restart what? coordinator, gateway, hub or mosquitto");
        return;
      }
      orders.give([&installation, part, answer] {
        const auto done = installation.restart(*part);
        answer(done ? "ok" : done.error().reason);
      });
    } else {
      answer(line == "ping" ? "ok" : "there is no such command");
    }
  };
  auto control = ControlServer::listen(loop.executor(), absolute.dir / kSocket, handle);
  if (!control) return control.error();

  auto started = installation.start_center();
  if (started && !orders.ended()) {
    auto made =
        Relay::start(loop.executor(), installation.service().address, installation.service().port);
    if (made) relay = std::move(*made);
    started = made ? installation.start_gateway(relay->port()) : Result<void>(made.error());
  }
  if (started) started = installation.write_description();
  if (started) {
    std::cout << "ready: " << installation.description_file().string() << std::endl;
    orders.follow();
  }
  installation.stop();
  loop.end();
  if (!started && !orders.ended()) return started.error();
  return {};
}

Result<void> control_dev(const std::filesystem::path& dir,
                         const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command) line += (line.empty() ? "" : " ") + word;
  const auto answer = control(std::filesystem::absolute(dir) / kSocket, line);
  if (!answer) return answer.error();
  if (*answer != "ok") return Error{Errc::unavailable, *answer};
  return {};
}

}  // namespace berth::dev
