#include "coordinator/app/coordinator.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <optional>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/audit_view.hpp"
#include "coordinator/api/coordinator_api.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/service_api.hpp"
#include "coordinator/app/broker_keeper.hpp"
#include "coordinator/app/sync_connection.hpp"
#include "coordinator/app/webhook_relay.hpp"
#include "coordinator/fleet/certificate_authority.hpp"
#include "coordinator/fleet/fleet.hpp"
#include "coordinator/fleet/joining.hpp"
#include "coordinator/fleet/permits.hpp"
#include "coordinator/store/catalog.hpp"
#include "coordinator/sync/sync_server.hpp"
#include "shared/base/encoding.hpp"
#include "shared/crypto/asn1/host_name.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/tss2/tpm_key_sealer.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/domain/attestation/match_trace.hpp"
#include "shared/json/dynamic_security_json.hpp"
#include "shared/protocol/connection_string.hpp"
#include "shared/runtime/diagnostic_log.hpp"
#include "shared/runtime/management.hpp"
#include "shared/runtime/metrics.hpp"
#include "shared/runtime/registration_metrics.hpp"
#include "shared/runtime/signals.hpp"
#include "shared/runtime/system.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "shared/store/root_key_file.hpp"
#include "shared/store/sqlite/sqlite_store.hpp"

namespace berth::coordinator {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxBackgroundTasks = 4;
constexpr std::chrono::hours kCertificateCheck{1};
constexpr std::chrono::milliseconds kRefusalTimeout{5000};
constexpr std::uint16_t kHttpsPort = 443;
// The first three digits of a device's error code are its HTTP status (device API 7).
constexpr std::uint32_t kCodesOfAStatus = 1000;

// Written once, for the owner alone.
Result<void> write_secret_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return {};
  if (fd < 0) return Error{Errc::io, path + ": " + std::strerror(errno)};
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool closed = ::close(fd) == 0;
  if (!whole || !closed) {
    ::unlink(path.c_str());
    return Error{Errc::io, path + " can't be written: is the disk full?"};
  }
  return {};
}

// Of what a caller may write there, a few only get time series of their own.
std::string method_label(const std::string& method) {
  for (const char* known : {"GET", "HEAD", "POST", "PUT", "DELETE"}) {
    if (method == known) return method;
  }
  return runtime::kOtherLabel;
}

bool changes_something(const http::Request& request) {
  return request.method != "GET" && request.method != "HEAD";
}

}  // namespace

class Coordinator::Impl {
 public:
  Impl(const CoordinatorConfig& config, runtime::Log& log) : config_(config), log_(log) {}

  Result<void> open() {
    auto done = open_store();
    if (done) done = open_authority();
    if (done) done = write_operator_file();
    if (!done) return done.error();
    build_services();
    done = listen();
    if (!done) return done.error();
    done = listen_for_management();
    if (!done) return done.error();
    return open_webhooks();
  }

  void run() {
    signals_.emplace(
        loop_.get_executor(), [this] { stop(); }, [this] { reload(); });
    management_->start();
    for (const auto& listener : listeners_) listener->start();
    tasks_.spawn(keep_certificate());
    tasks_.spawn(broker_keeper_->run());
    log_.info("the service API is served", {{"port", listeners_.front()->port()}});
    loop_.run();
  }

 private:
  Result<void> open_store() {
    std::error_code failed;
    std::filesystem::create_directories(config_.data_dir, failed);
    if (failed) return Error{Errc::io, config_.data_dir + ": " + failed.message()};
    const std::string database = config_.data_dir + "/coordinator.db";
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
    // What stands before any admin came is nobody's change.
    Catalog first(*store_, *crypto_, clock_, entropy_, config_.quotas);
    if (auto prepared = first.prepare(); !prepared) return prepared;
    auto coordinator = first.coordinator_id();
    if (!coordinator) return coordinator.error();
    coordinator_id_ = std::move(*coordinator);
    trail_.emplace(coordinator_id_.str(), *crypto_, clock_, entropy_);
    audited_ = std::make_unique<store::AuditedStore>(*store_, *trail_);
    admin_store_ = std::make_unique<AdminStore>(*audited_, audit_views(audit_json_));
    catalog_ = std::make_unique<Catalog>(*admin_store_, *crypto_, clock_, entropy_, config_.quotas);
    return {};
  }

  Result<void> open_authority() {
    std::optional<CertificateAuthority::Given> given;
    if (!config_.ca_certificate_file.empty()) {
      auto identity =
          crypto::read_identity_files(config_.ca_certificate_file, config_.ca_private_key_file);
      if (!identity) return identity.error();
      given =
          CertificateAuthority::Given{identity->chain.front(), std::move(identity->private_key)};
    }
    auto authority =
        CertificateAuthority::open(*store_, *x509_, *crypto_, clock_, coordinator_id_,
                                   std::move(given), config_.gateway_certificate_lifetime);
    if (!authority) return authority.error();
    ca_ = std::make_unique<CertificateAuthority>(std::move(*authority));
    return {};
  }

  // How the operator gets in for the first time.
  Result<void> write_operator_file() {
    const auto policy = catalog_->policies.operator_policy();
    if (!policy) return policy.error();
    if (!policy->has_value()) return Error{Errc::internal, "there is no operator's credential"};
    std::string host = config_.names.front();
    if (config_.public_port != kHttpsPort) host += ":" + std::to_string(config_.public_port);
    const std::string path = config_.data_dir + "/operator.connection-string";
    return write_secret_file(path, protocol::write_connection_string(host, domain::kOperatorKeyName,
                                                                     (*policy)->primary_key) +
                                       "\n");
  }

  void build_services() {
    joining_ = std::make_unique<Joining>(catalog_->gateways, *ca_, coordinator_id_,
                                         PublicEndpoint{config_.names.front(), config_.public_port},
                                         *crypto_, clock_, entropy_);
    fleet_ =
        std::make_unique<Fleet>(catalog_->gateways, *joining_, *ca_, *crypto_, clock_, entropy_);
    permits_ = std::make_unique<Permits>(*store_, *ca_, clock_, PermitSettings{});
    const HostRules rules{config_.reach.loopback};
    service_api_ = std::make_unique<ServiceApi>(*catalog_, *crypto_, entropy_, rules);
    std::vector<Endpoint> endpoints = service_api_->endpoints();
    for (Endpoint& endpoint :
         admin_endpoints(*catalog_, *fleet_, *joining_, *crypto_, clock_, entropy_, rules)) {
      endpoints.push_back(std::move(endpoint));
    }
    audit_export_ = std::make_unique<AuditExport>(*store_, *ca_, *crypto_, clock_, coordinator_id_);
    for (Endpoint& endpoint : audit_endpoints(*catalog_, *audit_export_)) {
      endpoints.push_back(std::move(endpoint));
    }
    CoordinatorApi::Observers observers;
    observers.refused = [this](const http::Request& request, const Error& error) {
      log_.info("a request was refused",
                {{"method", request.method}, {"target", request.target}, {"reason", error.reason}});
    };
    observers.operated = [this](const ServiceOperation& operation) { note_operation(operation); };
    observers.audit = admin_store_.get();
    api_ = std::make_unique<CoordinatorApi>(*catalog_, *crypto_, clock_, entropy_,
                                            std::move(endpoints), std::move(observers),
                                            config_.operations_per_minute);
    sync_ = std::make_unique<SyncServer>(SyncServer::Services{
        *audited_, catalog_->hubs, *fleet_, *permits_, *ca_, *crypto_, clock_, coordinator_id_,
        [this](const std::string& name) { return is_own_name(name); },
        [this](const SyncEvent& event) {
          const auto level = event.is_alarm ? runtime::LogLevel::error : runtime::LogLevel::info;
          const runtime::LogField field{"gatewayId", event.gateway.str()};
          log_.write(level, event.text, std::span<const runtime::LogField>(&field, 1));
        },
        [this](std::string url, std::string body, SyncServer::Services::WebhookDone done) {
          webhooks_->call(std::move(url), std::move(body), std::move(done));
        },
        &*trail_, [this](const TakenOutcome& outcome) { note_outcome(outcome); }});
    remember_gateways();
    broker_keeper_ = std::make_unique<BrokerKeeper>(
        loop_.get_executor(), coordinator_id_, crypto::read_machine_trust(), broker_json_,
        BrokerKeeper::Services{*store_, *catalog_, *crypto_, *tls_, clock_, entropy_, log_,
                               reach()});
  }

  // Where what admins enter may lead this coordinator.
  runtime::Reach reach() const {
    runtime::Reach::Rules rules;
    rules.private_networks = config_.reach.private_networks;
    rules.loopback = config_.reach.loopback;
    rules.allowed = config_.reach.allowed;
    rules.own_ports = {config_.management_port};
    return runtime::Reach(std::move(rules));
  }

  // For gateways that do not reach a webhook themselves.
  Result<void> open_webhooks() {
    ports::TlsClientSettings settings;
    settings.trusted = crypto::read_machine_trust();
    if (!config_.webhook_ca_file.empty()) {
      auto given = crypto::read_certificate_file(config_.webhook_ca_file);
      if (!given) return given.error();
      for (Bytes& ca : *given) settings.trusted.push_back(std::move(ca));
    }
    auto context = tls_->client(settings);
    if (!context) return context.error();
    webhooks_ = std::make_unique<WebhookRelay>(loop_.get_executor(), std::move(*context), reach());
    return {};
  }

  // ---- Listeners ----

  Result<std::shared_ptr<ports::TlsContext>> make_context() {
    ports::TlsServerSettings settings;
    if (config_.certificate_file.empty()) {
      auto issued = ca_->issue_service(config_.names);
      if (!issued) return issued.error();
      settings.identity = std::move(*issued);
    } else {
      auto read = crypto::read_identity_files(config_.certificate_file, config_.private_key_file);
      if (!read) return read.error();
      settings.identity = std::move(*read);
    }
    auto names = tenant_names();
    if (auto added = add_tenants(names, settings); !added) return added.error();
    const auto renew_at = renewal_of(settings);
    if (!renew_at) return renew_at.error();
    settings.alpn = {sync::kAlpn, "http/1.1"};
    auto context = tls_->server(settings);
    if (!context) return context.error();
    renew_at_ = *renew_at;
    tenant_names_ = std::move(names);
    return std::shared_ptr<ports::TlsContext>(std::move(*context));
  }

  // When those of the certificates that our CA issued, all in one go, are to be renewed.
  Result<WallTime> renewal_of(const ports::TlsServerSettings& settings) const {
    const bool is_ours = config_.certificate_file.empty();
    if (!is_ours && settings.named.empty()) return WallTime::max();
    const ports::TlsIdentity& issued =
        is_ours ? settings.identity : settings.named.front().identity;
    const auto parsed = crypto_->parse_certificate(issued.chain.front());
    if (!parsed) return parsed.error();
    return parsed->not_before + (parsed->not_after - parsed->not_before) * 2 / 3;
  }

  // Tenants whose names the certificate does not cover get one each from our CA, which does not
  // tell who else is here.
  Result<void> add_tenants(const std::vector<std::vector<std::string>>& tenants,
                           ports::TlsServerSettings& settings) const {
    const Bytes& standard = settings.identity.chain.front();
    for (std::vector<std::string> names : tenants) {
      std::erase_if(names, [&standard](const std::string& name) {
        return crypto::asn1::certificate_names_host(standard, name);
      });
      if (names.empty()) continue;
      auto issued = ca_->issue_service(names);
      if (!issued) return issued.error();
      settings.named.push_back({std::move(names), std::move(*issued)});
    }
    return {};
  }

  // A gateway with such a name in its certificate could pose as the service API.
  bool is_own_name(const std::string& name) const {
    const auto is_it = [&name](const std::string& own) { return equals_ignoring_case(own, name); };
    if (std::any_of(config_.names.begin(), config_.names.end(), is_it)) return true;
    const auto tenants = tenant_names();
    return std::any_of(tenants.begin(), tenants.end(), [&is_it](const auto& names) {
      return std::any_of(names.begin(), names.end(), is_it);
    });
  }

  // The host names of every tenant that has some.
  std::vector<std::vector<std::string>> tenant_names() const {
    const auto tenants = catalog_->tenants.all();
    if (!tenants) return tenant_names_;
    std::vector<std::vector<std::string>> names;
    for (const auto& tenant : *tenants) {
      if (!tenant.record.host_names.empty()) names.push_back(tenant.record.host_names);
    }
    return names;
  }

  Result<void> listen() {
    const auto context = make_context();
    if (!context) return context.error();
    runtime::ListenerLimits limits;
    limits.max_connections = config_.max_connections;
    for (const std::string& address : config_.addresses) {
      auto listener = runtime::TlsListener::bind(
          loop_.get_executor(), address, config_.port, *context, limits,
          [this](runtime::TlsStream& stream) { return serve(stream); },
          [this](const std::string& source, const std::string& what) {
            log_.info("a connection ended: " + what, {{"source", source}});
          });
      if (!listener) return listener.error();
      listeners_.push_back(std::move(*listener));
    }
    return {};
  }

  Result<void> listen_for_management() {
    auto management = runtime::PlainHttpListener::bind(
        loop_.get_executor(), config_.management_address, config_.management_port,
        runtime::management_handler(metrics_, [] { return std::string(); }));
    if (!management) return management.error();
    management_ = std::move(*management);
    return {};
  }

  runtime::Task<void> serve(runtime::TlsStream& stream) {
    if (stream.peer().alpn == sync::kAlpn) {
      co_await serve_gateway(stream);
    } else {
      co_await serve_admin(stream);
    }
  }

  runtime::Task<void> serve_gateway(runtime::TlsStream& stream) {
    SyncConnection connection(stream, clock_);
    const Bytes leaf = stream.peer().chain.empty() ? Bytes{} : stream.peer().chain.front();
    auto session = sync_->accept(leaf, connection.wake());
    if (!session) {
      log_.warning("a gateway was refused",
                   {{"source", stream.remote_address()}, {"reason", session.error().reason}});
      const Bytes refusal =
          sync::encode_frame(sync::Refused{session.error().code, session.error().reason});
      const auto sent = co_await stream.write_all(refusal, kRefusalTimeout);
      if (sent) co_await stream.close();
      co_return;
    }
    gateways_gauge().set(static_cast<double>(sync_->connected()));
    co_await connection.serve(**session);
    session = Error{Errc::unavailable, "the connection ended"};
    gateways_gauge().set(static_cast<double>(sync_->connected()));
  }

  runtime::Gauge& gateways_gauge() {
    return metrics_.gauge("berth_connected_gateways", "gateways that are linked now");
  }

  runtime::Task<void> serve_admin(runtime::TlsStream& stream) {
    const runtime::HttpHandler handler =
        [this,
         source = stream.remote_address()](http::Request request) -> runtime::Task<http::Response> {
      request.source = source;
      http::Response response = api_->handle(request);
      metrics_
          .counter("berth_service_requests_total", "requests to the service API",
                   {{"method", method_label(request.method)},
                    {"status", std::to_string(response.status)}})
          .add();
      if (changes_something(request) && response.status < 300) {
        tell_gateways();
        if (tenant_names() != tenant_names_) reload();
      }
      co_return response;
    };
    const auto refuse = [this](int status) { return api_->refuse(status); };
    runtime::HttpLimits limits;
    limits.max_body = kMaxRequestBody;
    co_await runtime::serve_http(stream, limits, handler, refuse);
  }

  // ---- What is told of requests and outcomes ----

  void note_operation(const ServiceOperation& operation) {
    runtime::Diagnostic line;
    line.category = runtime::kServiceOperations;
    line.operation_name = operation.operation_name;
    line.operation_version = operation.api_version;
    line.caller = operation.caller;
    line.source = operation.source;
    line.correlation_id = operation.tracking_id;
    line.duration = operation.duration;
    line.succeeded = operation.status < 400;
    line.result_type = runtime::result_type_of(operation.status);
    line.status = operation.status;
    line.description = operation.description;
    line.service = operation.tenant.empty() ? operation.host : operation.tenant.str();
    line.object_id = operation.object_id;
    line.object_type = operation.object_type;
    line.protocol = "Http";
    runtime::write_diagnostic(log_, line);
  }

  // As gateways count; what stands in quarantine is not believed.
  void count_outcome(const TakenOutcome& outcome, bool is_assigned) {
    if (!outcome.quarantine_reason.empty()) return;
    const domain::IdScope& tenant = outcome.entry.id_scope;
    const domain::Registration& registration = outcome.entry.registration;
    const domain::DeviceProtocol protocol = outcome.entry.protocol;
    if (is_assigned) {
      fleet_metrics_.attestation_attempt(tenant, protocol, true);
      fleet_metrics_.registration_attempt(tenant, registration.assigned_hub, true);
      if (outcome.is_placed) fleet_metrics_.device_assignment(tenant, registration.assigned_hub);
    } else if (registration.last_attempt) {
      const domain::DecisionTrace& decision = registration.last_attempt->decision;
      const bool attested = domain::passed_attestation(decision);
      fleet_metrics_.attestation_attempt(tenant, protocol, attested);
      if (attested) fleet_metrics_.registration_attempt(tenant, decision.host_name, false);
    }
  }

  void note_outcome(const TakenOutcome& outcome) {
    const domain::OutboxEntry& entry = outcome.entry;
    const domain::Registration& registration = entry.registration;
    const bool is_assigned = entry.kind == domain::OutboxEntry::Kind::assigned;
    count_outcome(outcome, is_assigned);
    runtime::Diagnostic line;
    line.category = runtime::kDeviceOperations;
    line.operation_name = "Register";
    line.correlation_id = entry.tracking_id;
    line.succeeded = is_assigned && outcome.quarantine_reason.empty();
    line.result_type = line.succeeded ? "Success" : "Failure";
    line.description = outcome.quarantine_reason;
    if (registration.last_attempt && !is_assigned) {
      line.description = registration.last_attempt->reason;
      // Who did not attest was refused at once, as the gateway's own line says.
      if (!domain::passed_attestation(registration.last_attempt->decision)) {
        line.status = static_cast<int>(registration.last_attempt->error_code / kCodesOfAStatus);
        line.result_type = runtime::result_type_of(line.status);
      }
    }
    line.service = entry.id_scope.str();
    line.location = outcome.site.str();
    line.object_id = registration.registration_id.str();
    line.object_type = "Registration";
    line.protocol = runtime::protocol_label(entry.protocol);
    runtime::write_diagnostic(log_, line);
  }

  // ---- What gateways are told ----

  struct Standing {
    domain::GatewayStatus status;
    std::uint64_t scope_version;
    Bytes public_key;
    friend bool operator==(const Standing&, const Standing&) = default;
  };

  std::map<domain::GatewayId, Standing> standings() const {
    std::map<domain::GatewayId, Standing> standings;
    const auto gateways = catalog_->gateways.all();
    if (!gateways) return standings_;
    for (const auto& gateway : *gateways) {
      standings.emplace(
          gateway.record.gateway_id,
          Standing{gateway.record.status, gateway.record.scope_version, gateway.record.public_key});
    }
    return standings;
  }

  void remember_gateways() { standings_ = standings(); }

  // After every change by an admin: what changed is for the sessions to find out.
  void tell_gateways() {
    auto now = standings();
    for (const auto& [gateway, standing] : standings_) {
      const auto found = now.find(gateway);
      if (found == now.end() || !(found->second == standing)) sync_->gateway_changed(gateway);
    }
    standings_ = std::move(now);
    broker_keeper_->wake();
    const auto tenants = store_->tenants();
    if (!tenants) return;
    for (const domain::IdScope& tenant : *tenants) {
      if (tenant != store::kNode) sync_->committed(tenant);
    }
  }

  // ---- Certificates and stopping ----

  void reload() {
    const auto context = make_context();
    if (!context) {
      log_.error("the service certificate was not read", {{"reason", context.error().reason}});
      return;
    }
    for (const auto& listener : listeners_) listener->replace_context(*context);
    log_.info("the service certificate is a new one");
  }

  runtime::Task<void> keep_certificate() {
    asio::steady_timer timer(loop_);
    for (;;) {
      timer.expires_after(kCertificateCheck);
      co_await timer.async_wait(asio::use_awaitable);
      if (clock_.wall() >= renew_at_) reload();
    }
  }

  void stop() {
    log_.info("stopping");
    signals_->close();
    for (const auto& listener : listeners_) listener->stop();
    management_->stop();
    webhooks_->stop();
    tasks_.cancel();
  }

  CoordinatorConfig config_;
  runtime::Log& log_;
  runtime::SystemClock clock_;
  runtime::SystemEntropy entropy_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_wolfssl_crypto();
  std::unique_ptr<ports::TlsLibrary> tls_ = crypto::make_wolfssl_tls();
  std::unique_ptr<ports::CertificateAuthority> x509_ = crypto::make_certificate_authority();
  json::DynamicSecurityJson broker_json_;
  runtime::Metrics metrics_;
  runtime::RegistrationMetrics fleet_metrics_{metrics_, "berth_fleet"};
  std::unique_ptr<store::SqliteStore> store_;
  json::EnrollmentJson audit_json_{*crypto_, entropy_};
  std::optional<store::AuditTrail> trail_;
  std::unique_ptr<store::AuditedStore> audited_;
  std::unique_ptr<AdminStore> admin_store_;
  std::unique_ptr<Catalog> catalog_;
  domain::CoordinatorId coordinator_id_;
  std::unique_ptr<CertificateAuthority> ca_;
  std::unique_ptr<Joining> joining_;
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<Permits> permits_;
  std::unique_ptr<ServiceApi> service_api_;
  std::unique_ptr<AuditExport> audit_export_;
  std::unique_ptr<CoordinatorApi> api_;
  std::unique_ptr<SyncServer> sync_;
  std::map<domain::GatewayId, Standing> standings_;
  std::vector<std::vector<std::string>> tenant_names_;  // that the certificates shown are for
  WallTime renew_at_{};
  // Sessions live in the loop's coroutines and end before what they refer to.
  asio::io_context loop_{1};
  std::vector<std::unique_ptr<runtime::TlsListener>> listeners_;
  std::unique_ptr<runtime::PlainHttpListener> management_;
  std::unique_ptr<BrokerKeeper> broker_keeper_;
  std::unique_ptr<WebhookRelay> webhooks_;
  std::optional<runtime::Signals> signals_;
  runtime::TaskGroup tasks_{loop_.get_executor(), kMaxBackgroundTasks,
                            [this](const std::string& what) {
                              log_.error("a background task ended", {{"what", what}});
                            }};
};

Coordinator::Coordinator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Coordinator::~Coordinator() = default;

Result<std::unique_ptr<Coordinator>> Coordinator::open(const CoordinatorConfig& config,
                                                       runtime::Log& log) {
  auto impl = std::make_unique<Impl>(config, log);
  const auto opened = impl->open();
  if (!opened) return opened.error();
  return std::unique_ptr<Coordinator>(new Coordinator(std::move(impl)));
}

void Coordinator::run() {
  impl_->run();
}

}  // namespace berth::coordinator
