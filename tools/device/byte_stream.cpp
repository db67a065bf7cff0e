#include "tools/device/byte_stream.hpp"

#include <utility>

#include "shared/runtime/tls_stream.hpp"
#include "tools/device/web_socket.hpp"

namespace berth::device {
namespace {

class TlsByteStream final : public ByteStream {
 public:
  explicit TlsByteStream(std::unique_ptr<runtime::TlsStream> stream) : stream_(std::move(stream)) {}

  runtime::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> into,
                                               std::chrono::milliseconds timeout) override {
    return stream_->read_some(into, timeout);
  }
  runtime::Task<Result<void>> write_all(ByteView bytes,
                                        std::chrono::milliseconds timeout) override {
    return stream_->write_all(bytes, timeout);
  }
  runtime::Task<void> close() override { return stream_->close(); }

 private:
  std::unique_ptr<runtime::TlsStream> stream_;
};

}  // namespace

runtime::Task<Result<std::unique_ptr<ByteStream>>> open_stream(
    boost::asio::any_io_executor executor, Destination to, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto stream = co_await runtime::connect_tls(executor, to.host, to.port, to.tls, timeout);
  if (!stream) co_return stream.error();
  std::unique_ptr<ByteStream> opened;
  switch (to.carrier) {
    case Carrier::tls: opened = std::make_unique<TlsByteStream>(std::move(*stream)); break;
    case Carrier::web_socket: {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      auto socket = co_await open_web_socket(std::move(*stream), to.host, to.subprotocol, left);
      if (!socket) co_return socket.error();
      opened = std::move(*socket);
      break;
    }
  }
  co_return std::move(opened);
}

}  // namespace berth::device
