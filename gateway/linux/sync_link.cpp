#include "gateway/linux/sync_link.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick{1000};
constexpr std::size_t kReadSize = 64 * 1024;

const char* const kSoftware = "berth-gateway/0.1";

}  // namespace

SyncLink::SyncLink(asio::any_io_executor executor, Settings settings, Services services,
                   OutboxQueue queue)
    : executor_(executor),
      settings_(std::move(settings)),
      services_(services),
      uplink_({settings_.gateway_id, settings_.boot_id, settings_.ca_public_key, kSoftware},
              {services.store, services.numbers, services.time, services.known_absent,
               services.generation, services.crypto, services.clock, services.entropy,
               [this](const UplinkNotice& notice) { log(notice); }},
              std::move(queue)),
      output_(executor),
      pause_(executor),
      tick_(executor),
      retry_(executor),
      trouble_("the coordinator was not reached yet") {}

SyncLink::~SyncLink() = default;

std::string SyncLink::trouble() const {
  if (uplink_.connected()) return {};
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void SyncLink::set_trouble(const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = trouble;
}

void SyncLink::log(const UplinkNotice& notice) {
  std::vector<runtime::LogField> fields;
  if (!notice.tenant.empty()) fields.push_back({"idScope", notice.tenant});
  if (!notice.reason.empty()) fields.push_back({"reason", notice.reason});
  auto level = runtime::LogLevel::info;
  switch (notice.level) {
    case UplinkNotice::Level::info: break;
    case UplinkNotice::Level::warning: level = runtime::LogLevel::warning; break;
    case UplinkNotice::Level::error: level = runtime::LogLevel::error; break;
  }
  services_.log.write(level, notice.text, fields);
}

runtime::Task<void> SyncLink::run() {
  auto pause = kFirstReconnect;
  while (!stopping_) {
    const Ending ended = co_await serve_session();
    // Said once per reason: a link that is down for a week does not fill the log.
    const bool is_news = ended.was_open || ended.reason != trouble();
    set_trouble(ended.reason);
    if (stopping_) break;
    if (is_news) {
      services_.log.warning(ended.was_open ? "the link to the coordinator is down"
                                           : "the coordinator can't be reached",
                            {{"reason", ended.reason}});
    }
    if (ended.reconnect_at_once) continue;
    if (ended.was_open) pause = kFirstReconnect;
    std::array<std::uint8_t, 2> random{};
    services_.entropy.fill(random);
    const auto jitter = pause * (random[0] * 256 + random[1]) / (4 * 65536);
    pause_.expires_after(pause + jitter);
    boost::system::error_code ignored;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    pause = std::min(pause * 2, kLastReconnect);
  }
}

void SyncLink::stop() {
  stopping_ = true;
  pause_.cancel();
  end_session();
}

void SyncLink::reconnect() {
  uplink_.reconnect();
  if (stream_ != nullptr) end_session();
}

void SyncLink::end_session() {
  if (std::exchange(ending_, true)) return;
  if (stream_ != nullptr) stream_->abort();
  output_.cancel();
  tick_.cancel();
  retry_.cancel();
}

runtime::Task<SyncLink::Ending> SyncLink::serve_session() {
  Ending ending;
  auto stream = co_await runtime::connect_tls(executor_, settings_.host, settings_.port, context_,
                                              settings_.connect_timeout);
  if (!stream) {
    ending.reason = stream.error().reason;
    co_return ending;
  }
  const auto begun = stopping_ ? Result<void>(Error{Errc::unavailable, "the gateway is stopping"})
                               : uplink_.begin();
  if (!begun) {
    ending.reason = begun.error().reason;
    co_return ending;
  }
  stream_ = stream->get();
  ending_ = false;
  std::exception_ptr thrown;  // a cancellation
  try {
    using namespace asio::experimental::awaitable_operators;  // NOLINT: the operator is all it has
    auto parts = read(**stream) && write(**stream) && keep_time();
    co_await std::move(parts);
  } catch (const std::exception&) {
    thrown = std::current_exception();
  }
  ending_ = true;
  stream_ = nullptr;
  ending = uplink_.end();
  if (thrown) std::rethrow_exception(thrown);
  co_return ending;
}

runtime::Task<void> SyncLink::read(runtime::TlsStream& stream) {
  Bytes buffer(kReadSize);
  while (!ending_ && !uplink_.closed()) {
    const auto count = co_await stream.read_some(buffer, sync::kIdleDeadline);
    if (!count || *count == 0) {
      uplink_.because(count ? "the coordinator closed the connection" : count.error().reason);
      break;
    }
    uplink_.receive(ByteView(buffer.data(), *count));
    co_await carry_out_writes();
    flush();
  }
  end_session();
}

runtime::Task<void> SyncLink::carry_out_writes() {
  while (!ending_ && uplink_.is_writing()) {
    auto build = uplink_.next_write();
    if (build) {
      const auto committed = co_await commit(std::move(*build));
      uplink_.written(committed);
      continue;
    }
    const auto at = uplink_.next_write_at();
    if (!at) break;
    retry_.expires_after(std::max(MonotonicTime{0}, *at - services_.clock.monotonic()));
    boost::system::error_code ignored;
    co_await retry_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

runtime::Task<void> SyncLink::write(runtime::TlsStream& stream) {
  while (!ending_) {
    if (uplink_.has_output()) {
      const Bytes output = uplink_.take_output();
      const auto written = co_await stream.write_all(output, sync::kIdleDeadline);
      if (written) continue;
      uplink_.because(written.error().reason);
      break;
    }
    if (uplink_.closed()) break;
    output_.expires_after(kTick);
    boost::system::error_code ignored;
    co_await output_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  end_session();
}

runtime::Task<void> SyncLink::keep_time() {
  while (!ending_ && !uplink_.closed()) {
    tick_.expires_after(kTick);
    boost::system::error_code ignored;
    co_await tick_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (ending_) break;
    uplink_.tick();
    flush();
  }
  end_session();
}

void SyncLink::flush() {
  output_.cancel();
}

runtime::Task<Result<store::Committed>> SyncLink::commit(WriteQueue::Build build) {
  auto start = [this](auto handler, WriteQueue::Build work) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    services_.writer.submit(std::move(work), [shared](Result<store::Committed> committed) {
      const auto executor = asio::get_associated_executor(*shared);
      asio::post(executor, [shared, committed = std::move(committed)]() mutable {
        std::move (*shared)(std::move(committed));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<asio::any_io_executor>&,
                                          void(Result<store::Committed>)>(
      std::move(start), asio::use_awaitable, std::move(build));
}

// ---- What the shards ask ----

void SyncLink::fence(const domain::IdScope& tenant, std::function<void()> done) {
  asio::post(executor_, [this, tenant, done = std::move(done)]() mutable {
    uplink_.fence(tenant, std::move(done));
    flush();
  });
}

void SyncLink::look_back(const domain::IdScope& tenant, const domain::RegistrationId& id,
                         std::function<void()> done) {
  asio::post(executor_, [this, tenant, id, done = std::move(done)]() mutable {
    uplink_.look_back(tenant, id, std::move(done));
    flush();
  });
}

void SyncLink::call_webhook(const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
                            std::string body, Uplink::Webhook done) {
  asio::post(executor_,
             [this, tenant, enrollment, body = std::move(body), done = std::move(done)]() mutable {
               uplink_.call_webhook(tenant, enrollment, std::move(body), std::move(done));
               flush();
             });
}

void SyncLink::request_certificate(sync::CertificateRequest::Purpose purpose, Bytes csr,
                                   std::vector<std::string> names, Certificate answer) {
  uplink_.request_certificate(purpose, std::move(csr), std::move(names), std::move(answer));
  flush();
}

void SyncLink::queued(const domain::IdScope& tenant, std::uint64_t sequence) {
  asio::post(executor_, [this, tenant, sequence] {
    uplink_.queued(tenant, sequence);
    flush();
  });
}

}  // namespace berth::gateway
