// The name by which gateways know this coordinator's records (design section 4). A restored back-up
// keeps the name that the store was made with; once it is found out, another name is written beside
// it, so that no gateway goes on from a cursor that this store never gave.
#pragma once

#include <string>

#include "shared/base/result.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// The record, in Table::node of the node's own tenant.
inline constexpr const char* kRestoredId = "restored";

class StoreIncarnation {
 public:
  // All of it outlives this object.
  StoreIncarnation(store::RecordStore& store, ports::Crypto& crypto, ports::Clock& clock)
      : store_(store), crypto_(crypto), clock_(clock) {}

  [[nodiscard]] Result<std::string> present() const;
  // Another one, durable when it returns.
  [[nodiscard]] Result<void> renew();

 private:
  store::RecordStore& store_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
};

}  // namespace berth::coordinator
