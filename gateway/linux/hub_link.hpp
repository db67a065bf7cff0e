// The way to the linked hubs: drives hub connectors over HTTPS, or over MQTT to a broker, with what
// the coordinator gave this gateway for them. One per executor; deadlines are kept here, repetition
// is the caller's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "gateway/core/limits.hpp"
#include "gateway/linux/hub_traffic.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/hub/body.hpp"
#include "shared/protocol/hub/connector.hpp"
#include "shared/runtime/broker_client.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

class HubLink {
 public:
  // How long one exchange may take.
  struct Patience {
    std::chrono::milliseconds registry = kHubTimeout;
    std::chrono::milliseconds broker = kBrokerTimeout;
  };
  using Done = std::function<void(Result<hub::HubOutcome>)>;
  // Makes the operation on the hub's connector.
  using Start = std::function<std::unique_ptr<hub::HubOperation>(hub::HubConnector&)>;

  struct Ports {
    const store::Reader& reader;  // where the tokens are
    HubTraffic& traffic;
    ports::TlsLibrary& tls;
    ports::Clock& clock;
    ports::Entropy& entropy;
    hub::HubBodyCodec& json;
    hub::dynsec::DynamicSecurityCodec& broker_json;
    runtime::Reach reach = runtime::Reach::anywhere();  // of registries
    Patience patience = {};
  };

  // `kind`: for whom the operations are. `machine_trust`: the CAs that are trusted for a hub that
  // names none of its own.
  HubLink(boost::asio::any_io_executor executor, TurnKind kind, domain::CoordinatorId coordinator,
          std::vector<Bytes> machine_trust, Ports ports);
  ~HubLink();

  // Calls `done` once, on the executor.
  void run(const domain::IdScope& tenant, const domain::LinkedHub& hub, const Start& start,
           Done done);
  // Ends what is under way: its `done` is called with an error, or, where the operation had not
  // begun yet, dropped.
  void stop();

 private:
  // One of the clients is there. Shared with the operations under way, which may outlive a change
  // of the link.
  struct Registry {
    std::string url;
    Bytes trusted_ca;
    domain::HubToken token;
    std::shared_ptr<runtime::HttpClient> http;
    std::shared_ptr<runtime::BrokerClient> broker;
  };
  [[nodiscard]] hub::HubConnector& connector_for(domain::HubKind kind);
  [[nodiscard]] Result<std::shared_ptr<ports::TlsContext>> context_for(
      const domain::LinkedHub& hub);
  [[nodiscard]] Result<Registry> registry_for(const domain::LinkedHub& hub,
                                              const domain::HubToken& token);
  [[nodiscard]] Result<domain::HubToken> token_for(const domain::IdScope& tenant,
                                                   const domain::LinkedHub& hub) const;
  runtime::Task<void> drive(domain::IdScope tenant, domain::LinkedHub hub,
                            std::unique_ptr<hub::HubOperation> operation, Done done);
  runtime::Task<Result<hub::HubOutcome>> exchange(domain::IdScope tenant, domain::LinkedHub hub,
                                                  hub::HubOperation& operation);
  runtime::Task<Result<hub::HubResponse>> send(Registry registry, const hub::HubRequest& request);

  boost::asio::any_io_executor executor_;
  TurnKind kind_;
  std::unique_ptr<hub::HubConnector> iot_hub_;
  std::unique_ptr<hub::HubConnector> mosquitto_;
  std::vector<Bytes> machine_trust_;
  Ports ports_;
  std::map<domain::HubId, Registry> registries_;
  runtime::TaskGroup tasks_;
};

}  // namespace berth::gateway
