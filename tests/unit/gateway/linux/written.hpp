// Waits for the writer's answer to one submission.
#pragma once

#include <future>
#include <memory>

#include "gateway/linux/store_writer.hpp"

namespace berth::testing {

// Gives the answer to wait() once; a second one ends the program (std::future_error).
class Written {
 public:
  Written() : answer_(std::make_shared<std::promise<Result<store::Committed>>>()) {}

  [[nodiscard]] gateway::StoreWriter::Done done() const {
    return [answer = answer_](Result<store::Committed> committed) {
      answer->set_value(std::move(committed));
    };
  }
  Result<store::Committed> wait() { return answer_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Result<store::Committed>>> answer_;
};

}  // namespace berth::testing
