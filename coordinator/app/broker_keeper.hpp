// Looks after every linked Mosquitto: keeps the gateways' clients in it (fleet/broker_upkeep.hpp)
// and cuts devices off whose enrollment is disabled (fleet/cut_off.hpp). What fails is tried again;
// nothing here is needed for a device that registers.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "coordinator/fleet/cut_off.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/hub/connector.hpp"
#include "shared/runtime/broker_client.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// How often the tenants' logs are looked at.
inline constexpr std::chrono::milliseconds kCutOffInterval{1000};
// How often a broker's clients are compared with the gateways, if no admin changed anything.
inline constexpr std::chrono::minutes kUpkeepInterval{10};
// A broker that fails is left alone for so long, doubled up to the second.
inline constexpr std::chrono::seconds kFirstBrokerPause{2};
inline constexpr std::chrono::seconds kLastBrokerPause{60};
// For one exchange with a broker, and most exchanges of one operation.
inline constexpr std::chrono::milliseconds kKeeperTimeout{5000};
inline constexpr std::size_t kMaxKeeperExchanges = 10'000;

class BrokerKeeper {
 public:
  // All outlive the keeper.
  struct Services {
    store::RecordStore& store;
    Catalog& catalog;
    ports::Crypto& crypto;
    ports::TlsLibrary& tls;
    ports::Clock& clock;
    ports::Entropy& entropy;
    runtime::Log& log;
    runtime::Reach reach = runtime::Reach::anywhere();  // of brokers
  };
  // `machine_trust`: the CAs that are trusted for a broker whose link names none.
  BrokerKeeper(boost::asio::any_io_executor executor, domain::CoordinatorId coordinator,
               std::vector<Bytes> machine_trust, hub::dynsec::DynamicSecurityCodec& json,
               const Services& services);

  // Until it is cancelled.
  [[nodiscard]] runtime::Task<void> run();
  // An admin changed something.
  void wake();
  // One look at every broker.
  [[nodiscard]] runtime::Task<void> look();

 private:
  struct Broker {
    std::uint64_t version = 0;  // of the link that the client was made from
    std::unique_ptr<runtime::BrokerClient> client;
    std::optional<CutOffPlace> place;
    std::uint64_t kept = 0;  // the change that the gateways' clients were last compared at
    MonotonicTime keep_at{};
    MonotonicTime not_before{};
    std::chrono::seconds pause = kFirstBrokerPause;
    bool complained = false;
  };
  using Link = Versioned<domain::LinkedHub>;

  runtime::Task<void> look_at(domain::IdScope tenant, Link link);
  // False if the broker failed.
  runtime::Task<Result<void>> keep_accounts(domain::IdScope tenant, const Link& link,
                                            Broker& broker);
  runtime::Task<Result<void>> cut_off(domain::IdScope tenant, const Link& link, Broker& broker);
  runtime::Task<Result<hub::HubOutcome>> drive(Broker& broker,
                                               std::unique_ptr<hub::HubOperation> operation);
  Result<void> connect(const domain::IdScope& tenant, const Link& link, Broker& broker);
  void forget_others(const std::vector<domain::HubId>& present);

  boost::asio::any_io_executor executor_;
  domain::CoordinatorId coordinator_;
  std::vector<Bytes> machine_trust_;
  hub::dynsec::DynamicSecurityCodec& json_;
  Services services_;
  std::unique_ptr<hub::HubConnector> connector_;
  boost::asio::steady_timer timer_;
  std::uint64_t change_ = 1;  // counts what wake() told
  std::map<domain::HubId, Broker> brokers_;
};

}  // namespace berth::coordinator
