#include "gateway/linux/gateway.hpp"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/cache/permit.hpp"
#include "gateway/linux/certificate_keeper.hpp"
#include "gateway/linux/cleanup_runner.hpp"
#include "gateway/linux/coap_endpoint.hpp"
#include "gateway/linux/descriptors.hpp"
#include "gateway/linux/device_endpoint.hpp"
#include "gateway/linux/identity.hpp"
#include "gateway/linux/journal.hpp"
#include "gateway/linux/memory.hpp"
#include "gateway/linux/prober.hpp"
#include "gateway/linux/record_cache.hpp"
#include "gateway/linux/shards.hpp"
#include "gateway/linux/status_page.hpp"
#include "gateway/linux/sync_link.hpp"
#include "gateway/linux/webhook_link.hpp"
#include "shared/base/encoding.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/tss2/tpm_key_sealer.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/json/device_json.hpp"
#include "shared/json/dynamic_security_json.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/json/hub_json.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/runtime/management.hpp"
#include "shared/runtime/metrics.hpp"
#include "shared/runtime/signals.hpp"
#include "shared/runtime/system.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/store/audited_store.hpp"
#include "shared/store/root_key_file.hpp"
#include "shared/store/sqlite/sqlite_store.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

// What serves, the link to the coordinator, and what is looked after now and then.
constexpr std::size_t kBackgroundTasks = 7;
constexpr std::chrono::seconds kMemoryInterval{5};

}  // namespace

class Gateway::Impl {
 public:
  Impl(const GatewayConfig& config, runtime::Log& log) : config_(config), log_(log) {}

  Result<void> open() {
    std::error_code failed;
    std::filesystem::create_directories(config_.data_dir, failed);
    if (failed) return Error{Errc::io, config_.data_dir + ": " + failed.message()};
    const std::string database = config_.data_dir + "/gateway.db";
    std::unique_ptr<ports::KeySealer> sealer;
    if (config_.root_key_in_tpm) {
      auto tpm = crypto::open_tpm_key_sealer(config_.tpm);
      if (!tpm) return tpm.error();
      sealer = std::move(*tpm);
    }
    const auto root_key = sealer
                              ? store::open_sealed_root_key(config_.data_dir, *crypto_, *sealer)
                              : store::open_root_key(config_.data_dir + "/" + store::kRootKeyFile,
                                                     database, *crypto_, entropy_);
    if (!root_key) return root_key.error();
    store::SqliteStore::Settings settings;
    settings.path = database;
    auto opened = store::SqliteStore::open(settings, *root_key, *crypto_, entropy_);
    if (!opened) return opened.error();
    store_ = std::move(*opened);
    const auto node = store_->create_tenant(store::kNode);
    if (!node) return node.error();

    auto pages = [this](http::Request request) -> runtime::Task<http::Response> {
      http::Response response;
      if (request.target != "/") {
        response.status = 404;
        co_return response;
      }
      response.headers.set("Content-Type", "text/html; charset=utf-8");
      response.body = status_page(state());
      co_return response;
    };
    auto management = runtime::PlainHttpListener::bind(
        loop_.get_executor(), config_.management_address, config_.management_port,
        runtime::management_handler(
            metrics_, [this] { return readiness(state()); }, pages));
    if (!management) return management.error();
    management_ = std::move(*management);
    return {};
  }

  Result<void> run() {
    signals_.emplace(
        loop_.get_executor(), [this] { stop(); }, [this] { reload(); });
    management_->start();
    tasks_.spawn(serve());
    loop_.run();
    // The loop has ended: nothing submits any more. The writer flushes what waits, and then nothing
    // refers to the shards.
    if (coap_) coap_->stop();
    if (shards_) shards_->stop();
    if (coap_) coap_->settle();
    if (journal_) journal_->tell_refusals(MonotonicTime::max());
    if (time_ && store_) static_cast<void>(store::commit_one(*store_, time_->mark()));
    writer_.reset();
    return std::move(result_);
  }

 private:
  runtime::Task<void> serve() {
    auto identity = load_identity(*store_);
    if (!identity) co_return fail(identity.error());
    while (!identity->has_value()) {
      const bool joined = co_await try_to_join(*identity);
      if (stopping_ || !joined) co_return;
    }
    const auto started = start(**identity);
    if (!started) fail(started.error());
  }

  // False if it has to be tried again, after a pause, or not at all.
  runtime::Task<bool> try_to_join(std::optional<GatewayIdentity>& identity) {
    if (config_.join_token.empty()) {
      fail(Error{Errc::invalid,
                 "this gateway has not joined yet: give it a token with coordinator.join_token "
                 "(make one with `berth gateway create`)"});
      co_return false;
    }
    JoinPorts ports{*store_, *x509_, *crypto_, *tls_};
    auto joined = co_await join(loop_.get_executor(), config_.join_token, config_.coordinator_host,
                                config_.coordinator_port, ports);
    if (joined) {
      log_.info("joined", {{"gatewayId", joined->node.node_id}});
      identity = std::move(*joined);
      co_return true;
    }
    if (joined.error().code != Errc::unavailable && joined.error().code != Errc::timed_out) {
      fail(joined.error());
      co_return false;
    }
    log_.warning("not joined yet; trying again", {{"reason", joined.error().reason}});
    asio::steady_timer timer(loop_, kLastReconnect / 10);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return true;
  }

  Result<void> start(const GatewayIdentity& identity) {
    const auto ca = crypto_->parse_certificate(identity.node.ca_certificate);
    if (!ca) return ca.error();
    for (const domain::IdScope& tenant : identity.join.id_scopes) {
      const auto created = store_->create_tenant(tenant);
      if (!created) return created.error();
    }
    const auto high_water = TrustedTime::restore(*store_);
    if (!high_water) return high_water.error();
    time_.emplace(clock_, *high_water);
    permits_.emplace(*store_, *time_);
    auto numbers = OutboxNumbers::open(*store_, entropy_);
    if (!numbers) return numbers.error();
    numbers_ = std::make_unique<OutboxNumbers>(std::move(*numbers));
    const auto tenants = store_->tenants();
    if (!tenants) return tenants.error();
    auto queue = OutboxQueue::load(*store_, *tenants);
    if (!queue) return queue.error();
    trail_.emplace(identity.join.gateway_id.str(), *crypto_, clock_, entropy_);
    audited_ = std::make_unique<store::AuditedStore>(*store_, *trail_);
    writer_ = std::make_unique<StoreWriter>(*audited_);

    const std::string boot_id = to_hex(entropy_.bytes(16));
    SyncLink::Settings settings;
    settings.host =
        config_.coordinator_host.empty() ? identity.join.sync_host : config_.coordinator_host;
    settings.port =
        config_.coordinator_port == 0 ? identity.join.sync_port : config_.coordinator_port;
    settings.gateway_id = identity.join.gateway_id;
    settings.boot_id = boot_id;
    settings.ca_public_key = ca->public_key;
    gateway_id_ = identity.join.gateway_id.str();
    coordinator_ = settings.host + ":" + std::to_string(settings.port);
    const SyncLink::Services services{*store_,     *writer_, *numbers_, *time_,   known_absent_,
                                      generation_, *crypto_, clock_,    entropy_, log_};
    link_ = std::make_unique<SyncLink>(loop_.get_executor(), settings, services, std::move(*queue));
    const auto shown = show_coordinator(identity.node);
    if (!shown) return shown.error();
    journal_ =
        std::make_unique<Journal>(*writer_, *permits_, *numbers_,
                                  [this](const domain::IdScope& tenant, std::uint64_t sequence) {
                                    link_->queued(tenant, sequence);
                                  });

    EngineSettings engine;
    engine.gateway_id = identity.join.gateway_id;
    engine.boot_id = boot_id;
    engine.look_back_deadline = config_.look_back_deadline;
    engine.x509.skew = config_.certificate_skew;
    const std::vector<Bytes> trust = crypto::read_machine_trust();
    const auto webhooks = open_webhooks(trust);
    if (!webhooks) return webhooks.error();
    const Shard::Services shard_services{*store_,    generation_,  known_absent_,
                                         *permits_,  prober_,      *link_,
                                         *webhooks_, *journal_,    identity.join.coordinator_id,
                                         trust,      *crypto_,     *tls_,
                                         clock_,     entropy_,     hub_traffic_,
                                         hub_json_,  broker_json_, log_,
                                         metrics_,   reach()};
    shards_ = std::make_unique<Shards>(config_.shards, engine, shard_services);
    hub_link_ = std::make_unique<HubLink>(
        loop_.get_executor(), TurnKind::cleanup, identity.join.coordinator_id, trust,
        HubLink::Ports{*store_, hub_traffic_, *tls_, clock_, entropy_, hub_json_, broker_json_,
                       reach()});
    cleanup_ = std::make_unique<CleanupRunner>(loop_.get_executor(), *store_, *writer_, *hub_link_,
                                               *link_, clock_, log_);
    const bool brings_certificate = !config_.certificate_file.empty();
    keeper_ = std::make_unique<CertificateKeeper>(
        CertificateKeeper::Services{*store_, *x509_, *crypto_, clock_, *link_, log_},
        brings_certificate ? std::vector<std::string>{} : config_.device_names,
        [this](const domain::NodeIdentity& node) {
          const auto renewed = show_coordinator(node);
          if (!renewed) log_.error("TLS", {{"reason", renewed.error().reason}});
        },
        [this](const domain::NodeIdentity& node) {
          const bool is_serving = endpoint_ != nullptr;
          const auto served = stopping_ ? Result<void>{} : show_devices(tls_identity(node));
          if (served) return;
          // Devices that are served go on with the certificate that they know.
          if (is_serving) {
            log_.error("the new device certificate can't be shown",
                       {{"reason", served.error().reason}});
          } else {
            fail(served.error());
          }
        });
    link_->on_open([this] { keeper_->check(); });

    const auto running = shards_->start(*store_);
    if (!running) return running.error();
    const auto shown_to_devices = show_devices_what_there_is();
    if (!shown_to_devices) return shown_to_devices.error();
    tasks_.spawn(link_->run());
    tasks_.spawn(prober_.run(loop_.get_executor(), config_.probe_interval, reach()));
    tasks_.spawn(cleanup_->run());
    tasks_.spawn(keep_time());
    tasks_.spawn(keep_certificates());
    tasks_.spawn(keep_memory());
    return {};
  }

  // Where what admins enter may lead this gateway.
  runtime::Reach reach() const {
    runtime::Reach::Rules rules;
    rules.private_networks = config_.reach.private_networks;
    rules.loopback = config_.reach.loopback;
    rules.allowed = config_.reach.allowed;
    rules.own_ports = {management_->port()};
    return runtime::Reach(std::move(rules));
  }

  Result<void> open_webhooks(std::vector<Bytes> trust) {
    ports::TlsClientSettings settings;
    settings.trusted = std::move(trust);
    if (!config_.webhook_ca_file.empty()) {
      auto given = crypto::read_certificate_file(config_.webhook_ca_file);
      if (!given) return given.error();
      for (Bytes& ca : *given) settings.trusted.push_back(std::move(ca));
    }
    auto context = tls_->client(settings);
    if (!context) return context.error();
    webhook_client_ = std::make_unique<runtime::WebhookClient>(
        loop_.get_executor(), std::move(*context), reach(), domain::kMaxAllocationAnswer,
        domain::kAllocationTimeout);
    webhooks_ = std::make_unique<WebhookLink>(
        loop_.get_executor(), enrollment_json_, *webhook_client_,
        [this](const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
               std::string body, WebhookLink::RelayDone done) {
          link_->call_webhook(tenant, enrollment, std::move(body), std::move(done));
        });
    return {};
  }

  Result<void> show_coordinator(const domain::NodeIdentity& node) {
    ports::TlsClientSettings settings;
    settings.trusted = {node.ca_certificate};
    settings.identity = tls_identity(node);
    settings.tls13_only = true;
    settings.alpn = {sync::kAlpn};
    auto context = tls_->client(settings);
    if (!context) return context.error();
    link_->set_context(std::move(*context));
    link_->set_identity({node.private_key, node.certificate, node.ca_certificate});
    return {};
  }

  Result<void> show_devices_what_there_is() {
    if (!config_.certificate_file.empty()) {
      auto identity =
          crypto::read_identity_files(config_.certificate_file, config_.private_key_file);
      if (!identity) return identity.error();
      return show_devices(std::move(*identity));
    }
    const auto node = load_node(*store_, kDeviceCertificateId);
    if (!node) return node.error();
    // Without a certificate yet, devices are served as soon as the coordinator has issued one.
    if (!node->has_value() || (*node)->certificate.empty()) return {};
    return show_devices(tls_identity(**node));
  }

  Result<void> show_devices(ports::TlsIdentity identity) {
    const auto over_coap = show_coap_devices(identity);
    if (!over_coap) return over_coap.error();
    ports::TlsServerSettings settings;
    settings.identity = std::move(identity);
    auto context = tls_->server(settings);
    if (!context) return context.error();
    if (endpoint_) {
      endpoint_->replace_context(std::move(*context));
      return {};
    }
    DeviceEndpoint::Settings where;
    where.addresses = config_.device_addresses;
    where.https_port = config_.https_port;
    where.mqtt_port = config_.mqtt_port;
    where.amqp_port = config_.amqp_port;
    where.max_connections = allow_connections(config_.max_connections);
    if (where.max_connections < config_.max_connections) {
      log_.warning("the system allows fewer connections than are configured",
                   {{"connections", where.max_connections}});
    }
    const DeviceEndpoint::Services services{*shards_, body_json_, *crypto_, clock_, entropy_, log_};
    auto endpoint = DeviceEndpoint::bind(where, services, std::move(*context));
    if (!endpoint) return endpoint.error();
    endpoint_ = std::move(*endpoint);
    endpoint_->start();
    log_.info("devices are served", {{"https", endpoint_->https_port()},
                                     {"mqtt", endpoint_->mqtt_port()},
                                     {"amqp", endpoint_->amqp_port()}});
    return {};
  }

  Result<void> show_coap_devices(const ports::TlsIdentity& identity) {
    if (coap_) return coap_->replace_identity(identity);
    CoapEndpoint::Settings where;
    where.addresses = config_.device_addresses;
    where.coap_port = config_.coap_port;
    where.coaps_port = config_.coaps_port;
    if (!config_.device_names.empty()) where.host = config_.device_names.front();
    CoapEndpoint::Services services{
        *shards_,   std::make_unique<RecordCache>(*store_, *crypto_, generation_, known_absent_),
        body_json_, *crypto_,
        clock_,     entropy_,
        log_};
    auto endpoint = CoapEndpoint::bind(where, std::move(services), identity);
    if (!endpoint) return endpoint.error();
    coap_ = std::move(*endpoint);
    coap_->start();
    log_.info("devices are served over CoAP",
              {{"coap", coap_->coap_port()}, {"coaps", coap_->coaps_port()}});
    return {};
  }

  runtime::Task<void> keep_time() {
    asio::steady_timer timer(loop_);
    for (;;) {
      timer.expires_after(kMarkInterval);
      co_await timer.async_wait(asio::use_awaitable);
      writer_->submit(time_->mark(), [](const Result<store::Committed>&) {});
      journal_->tell_refusals(clock_.monotonic());
      if (time_->clock_is_behind()) {
        log_.error("alarm: this machine's clock was set back; new devices are refused");
      }
    }
  }

  runtime::Task<void> keep_certificates() {
    asio::steady_timer timer(loop_);
    for (;;) {
      timer.expires_after(keeper_->check());
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  runtime::Task<void> keep_memory() {
    asio::steady_timer timer(loop_);
    Memory memory;
    for (;;) {
      timer.expires_after(kMemoryInterval);
      co_await timer.async_wait(asio::use_awaitable);
      if (endpoint_ && memory.is_rush_over(endpoint_->connections())) Memory::give_back();
    }
  }

  std::vector<domain::LinkedHub> linked_hubs(const domain::IdScope& tenant) const {
    std::vector<domain::LinkedHub> hubs;
    const auto page = store_->list(tenant, store::Table::linked_hub, "", store::kMaxPage);
    if (!page) return hubs;
    for (const store::Record& record : page->records) {
      auto hub = sync::decode<domain::LinkedHub>(record.body);
      if (hub) hubs.push_back(std::move(*hub));
    }
    return hubs;
  }

  std::vector<domain::LinkedHub> all_hubs() const {
    std::vector<domain::LinkedHub> hubs;
    const auto tenants = store_->tenants();
    if (!tenants) return hubs;
    for (const domain::IdScope& tenant : *tenants) {
      for (domain::LinkedHub& hub : linked_hubs(tenant)) hubs.push_back(std::move(hub));
    }
    return hubs;
  }

  GatewayState state() const {
    GatewayState state;
    state.gateway_id = gateway_id_;
    state.coordinator = coordinator_;
    state.now = clock_.wall();
    if (!link_) {
      state.trouble = "this gateway has not joined";
      return state;
    }
    state.trouble = link_->trouble();
    state.clock_is_behind = time_->clock_is_behind();
    state.waiting_outcomes = link_->outbox_size();
    if (endpoint_) {
      state.device_endpoint = "HTTPS port " + std::to_string(endpoint_->https_port()) +
                              ", MQTT port " + std::to_string(endpoint_->mqtt_port()) +
                              ", AMQP port " + std::to_string(endpoint_->amqp_port());
    }
    if (coap_) {
      state.device_endpoint += ", CoAP port " + std::to_string(coap_->coap_port()) +
                               ", CoAPS port " + std::to_string(coap_->coaps_port());
    }
    const auto tenants = store_->tenants();
    if (!tenants) return state;
    for (const domain::IdScope& tenant : *tenants) {
      if (tenant != store::kNode) state.tenants.push_back(state_of(tenant));
    }
    return state;
  }

  TenantState state_of(const domain::IdScope& tenant) const {
    TenantState state;
    state.id_scope = tenant.str();
    const auto cursor = read_cursor(*store_, tenant);
    state.has_records = cursor && !cursor->incarnation.empty() && cursor->snapshot_in_progress == 0;
    state.linked = link_->linked(tenant);
    const auto facts = permits_->facts(*store_, tenant);
    if (facts && facts->permit) {
      state.permit_expiry = facts->permit->expiry;
      state.new_devices = facts->new_devices;
      state.new_device_quota = facts->permit->new_device_quota;
    }
    for (const domain::LinkedHub& hub : linked_hubs(tenant)) {
      state.hubs.push_back({hub.host_name, prober_.latency(hub.hub_id)});
    }
    return state;
  }

  void fail(const Error& error) {
    result_ = error;
    stop();
  }

  void reload() {
    if (!shards_) return;
    const auto shown = show_devices_what_there_is();
    if (shown) {
      log_.info("the device certificate was read again");
    } else {
      log_.error("the device certificate was not read", {{"reason", shown.error().reason}});
    }
  }

  void stop() {
    if (std::exchange(stopping_, true)) return;
    log_.info("stopping");
    if (signals_) signals_->close();
    if (endpoint_) endpoint_->stop();
    if (link_) link_->stop();
    if (hub_link_) hub_link_->stop();
    hub_traffic_.stop();
    if (webhooks_) webhooks_->stop();
    management_->stop();
    tasks_.cancel();
  }

  GatewayConfig config_;
  runtime::Log& log_;
  runtime::SystemClock clock_;
  runtime::SystemEntropy entropy_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_wolfssl_crypto();
  std::unique_ptr<ports::TlsLibrary> tls_ = crypto::make_wolfssl_tls();
  std::unique_ptr<ports::CertificateAuthority> x509_ = crypto::make_certificate_authority();
  json::DpsBodyCodec body_json_;
  json::IotHubBodyCodec hub_json_;
  json::DynamicSecurityJson broker_json_;
  json::EnrollmentJson enrollment_json_{*crypto_, entropy_};
  runtime::Metrics metrics_;
  asio::io_context loop_{1};
  HubTraffic hub_traffic_{loop_.get_executor(), clock_};
  std::unique_ptr<store::SqliteStore> store_;
  std::optional<store::AuditTrail> trail_;
  std::unique_ptr<store::AuditedStore> audited_;
  std::unique_ptr<runtime::PlainHttpListener> management_;
  std::optional<runtime::Signals> signals_;

  std::string gateway_id_;
  std::string coordinator_;
  std::atomic<std::uint64_t> generation_{1};
  KnownAbsent known_absent_;
  Prober prober_{[this] { return all_hubs(); }};
  std::optional<TrustedTime> time_;
  std::optional<PermitBook> permits_;
  std::unique_ptr<OutboxNumbers> numbers_;
  std::unique_ptr<SyncLink> link_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<runtime::WebhookClient> webhook_client_;
  std::unique_ptr<WebhookLink> webhooks_;
  std::unique_ptr<Shards> shards_;
  std::unique_ptr<DeviceEndpoint> endpoint_;
  std::unique_ptr<CoapEndpoint> coap_;
  std::unique_ptr<HubLink> hub_link_;
  std::unique_ptr<CleanupRunner> cleanup_;
  std::unique_ptr<CertificateKeeper> keeper_;
  // After all that its completions refer to, so that it ends before them.
  std::unique_ptr<StoreWriter> writer_;

  bool stopping_ = false;
  Result<void> result_;
  runtime::TaskGroup tasks_{loop_.get_executor(), kBackgroundTasks,
                            [this](const std::string& what) {
                              log_.error("a background task ended", {{"what", what}});
                            }};
};

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::open(const GatewayConfig& config, runtime::Log& log) {
  auto impl = std::make_unique<Impl>(config, log);
  const auto opened = impl->open();
  if (!opened) return opened.error();
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Result<void> Gateway::run() {
  return impl_->run();
}

}  // namespace berth::gateway
