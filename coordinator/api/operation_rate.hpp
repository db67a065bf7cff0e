// How many operations of the service API, explain and dry run among them, a tenant may call in a
// minute (service API 9). DPS allows 1,000; here the operator decides, and by default there is no
// bound: whoever owns the coordinator may import a hundred thousand enrollments as fast as it goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"

namespace berth::coordinator {

class OperationRate {
 public:
  // 0: no bound.
  OperationRate(ports::Clock& clock, std::uint32_t per_minute)
      : clock_(clock), per_minute_(per_minute) {}

  // Whether the tenant may call one more in this minute; counts it if so. Only calls that were
  // authorized are asked about, so that there are no more entries than tenants.
  [[nodiscard]] bool admit(const domain::IdScope& tenant);
  // Until the minute is over, at least one second.
  [[nodiscard]] std::chrono::seconds retry_after() const;

 private:
  [[nodiscard]] std::chrono::minutes minute() const;

  ports::Clock& clock_;
  std::uint32_t per_minute_;
  std::chrono::minutes counted_{0};
  std::map<domain::IdScope, std::uint32_t> calls_;
};

}  // namespace berth::coordinator
