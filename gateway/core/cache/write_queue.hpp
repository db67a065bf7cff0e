// The one way to the gateway's store for everything that changes it. Records from the coordinator,
// intents, outcomes and outbox entries pass through it in order, so a check that runs inside its
// transaction sees exactly what was synchronised before (design section 3.6).
#pragma once

#include <functional>

#include "shared/base/result.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

class WriteQueue {
 public:
  virtual ~WriteQueue() = default;

  // Makes the change set, on the writer's thread, from the state that everything submitted before
  // leaves of the records that it changes; perhaps more than once, of which the last counts. An
  // error is the submission's answer.
  using Build = std::function<Result<store::ChangeSet>(const store::Reader& reader)>;
  // Called on the writer's thread: post to your own executor.
  using Done = std::function<void(Result<store::Committed>)>;

  // From any thread. `done` is called exactly once, after the set is durable or refused.
  virtual void submit(Build build, Done done) = 0;
};

}  // namespace berth::gateway
