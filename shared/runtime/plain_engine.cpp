#include "shared/runtime/plain_engine.hpp"

#include <algorithm>
#include <utility>

namespace berth::runtime {
namespace {

class PlainEngine final : public ports::TlsEngine {
 public:
  void feed(ByteView ciphertext) override { append(received_, ciphertext); }

  Bytes take_output() override { return std::exchange(output_, {}); }

  [[nodiscard]] bool has_output() const override { return !output_.empty(); }

  ports::TlsStatus handshake() override { return ports::TlsStatus::done; }

  ports::TlsStatus read(std::span<std::uint8_t> into, std::size_t& count) override {
    if (received_.empty()) return ports::TlsStatus::want_read;
    count = std::min(into.size(), received_.size());
    const auto end = received_.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(received_.begin(), end, into.begin());
    received_.erase(received_.begin(), end);
    return ports::TlsStatus::done;
  }

  ports::TlsStatus write(ByteView from, std::size_t& count) override {
    append(output_, from);
    count = from.size();
    return ports::TlsStatus::done;
  }

  // Plain TCP has nothing to say before it closes.
  void close() override {}

  [[nodiscard]] const ports::TlsPeer& peer() const override { return peer_; }

  [[nodiscard]] std::string failure() const override { return "plain connections do not fail"; }

 private:
  Bytes received_;
  Bytes output_;
  ports::TlsPeer peer_;
};

class PlainContext final : public ports::TlsContext {
 public:
  std::unique_ptr<ports::TlsEngine> new_engine(const std::string&) override {
    return std::make_unique<PlainEngine>();
  }
};

}  // namespace

std::unique_ptr<ports::TlsContext> make_plain_context() {
  return std::make_unique<PlainContext>();
}

}  // namespace berth::runtime
