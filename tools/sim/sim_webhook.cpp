#include "tools/sim/sim_webhook.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include "shared/base/bytes.hpp"

namespace berth::sim {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kNotFound = 404;
constexpr int kOverloaded = 503;

Result<domain::CustomAllocationAnswer> refused_with(int status) {
  return domain::judge_allocation_status(status).error();
}

}  // namespace

const char* name_of(SimWebhook::Mood mood) {
  switch (mood) {
    case SimWebhook::Mood::serving: return "serves";
    case SimWebhook::Mood::down: return "is down";
    case SimWebhook::Mood::overloaded: return "is overloaded";
    case SimWebhook::Mood::refusing: return "refuses";
    case SimWebhook::Mood::unauthorized: return "takes no key";
    case SimWebhook::Mood::nonsense: return "talks nonsense";
  }
  return "";
}

void SimWebhook::ask(const domain::CustomAllocationRequest& request, Answer answer) {
  // One answer: the webhook's, or none in time.
  auto once = std::make_shared<Answer>(std::move(answer));
  const auto give = [once](Result<domain::CustomAllocationAnswer> said) {
    if (const Answer first = std::exchange(*once, nullptr)) first(std::move(said));
  };
  const auto timeout = std::chrono::duration_cast<SimTime>(domain::kAllocationTimeout);
  world_.scheduler.after(timeout, [give] {
    give(Error{Errc::timed_out, "no answer from the webhook"});
  });
  if (world_.random.chance(world_.weather.lost)) return;
  world_.scheduler.after(world_.latency(), [this, request, give] {
    if (mood_ == Mood::down) return;
    auto said = decide(request);
    world_.trace.line("webhook", request.registration_id.str() + ": " +
                                     (said ? said->host_name : said.error().reason));
    if (world_.random.chance(world_.weather.lost)) return;
    world_.scheduler.after(world_.latency(), [give, said = std::move(said)] { give(said); });
  });
}

Result<domain::CustomAllocationAnswer> SimWebhook::decide(
    const domain::CustomAllocationRequest& request) {
  domain::CustomAllocationAnswer answer;
  switch (mood_) {
    case Mood::serving: break;
    case Mood::down:
    case Mood::overloaded: return refused_with(kOverloaded);
    case Mood::refusing: return refused_with(kNotFound);
    case Mood::unauthorized: return refused_with(kUnauthorized);
    case Mood::nonsense: answer.host_name = "nowhere.example"; return answer;
  }
  const std::string text = request.registration_id.folded() + "#" + std::to_string(mind_);
  const auto digest = world_.crypto.sha256(as_bytes(text));
  answer.host_name = request.linked_hubs[digest[0] % request.linked_hubs.size()];
  answer.payload = R"({"mind":)" + std::to_string(mind_) + "}";
  return answer;
}

}  // namespace berth::sim
