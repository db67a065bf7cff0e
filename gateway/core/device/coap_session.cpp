#include "gateway/core/device/coap_session.hpp"

#include <algorithm>
#include <utility>

#include "gateway/core/limits.hpp"

namespace berth::gateway {

bool CoapBudget::take(std::size_t bytes) {
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

CoapSession::CoapSession(const DeviceCoap& mapping, CoapPeer peer, CoapBudget& budget,
                         ports::Clock& clock)
    : mapping_(mapping), peer_(std::move(peer)), budget_(budget), clock_(clock) {}

CoapSession::~CoapSession() {
  drop_unfinished();
  drop_answer();
}

CoapSession::Key CoapSession::key_of(const CoapRequest& request) {
  return {request.method, request.path, request.query};
}

CoapOutput CoapSession::refuse(CoapCode code, std::string reason) {
  CoapOutput out;
  out.response = mapping_.refuse(code);
  out.reason = std::move(reason);
  return out;
}

CoapOutput CoapSession::on_request(const CoapEnvelope& envelope, CoapRequest request) {
  const Key key = key_of(request);
  const std::optional<CoapBlock> block1 = request.block1;
  const std::uint8_t size_exponent =
      std::min(request.block2 ? request.block2->size_exponent : kMaxCoapBlockExponent,
               kMaxCoapBlockExponent);
  CoapOutput out = judge(envelope, std::move(request));
  if (!out.response || out.is_final) return out;
  out.response = cut(std::move(*out.response), key, size_exponent);
  out.response->block1 = block1;
  return out;
}

CoapOutput CoapSession::judge(const CoapEnvelope& envelope, CoapRequest request) {
  for (const Recent& recent : recent_) {
    if (recent.envelope.message_id == envelope.message_id &&
        recent.envelope.token == envelope.token) {
      CoapOutput repeated;
      repeated.response = recent.response;
      repeated.is_final = true;
      return repeated;
    }
  }
  for (const auto& block : {request.block1, request.block2}) {
    if (block && block->size_exponent > kMaxCoapBlockExponent) {
      return refuse(kCoapBadRequest, "the request names a reserved block size");
    }
  }
  const std::optional<CoapBlock> block1 = request.block1;
  if (request.block2 && request.block2->number > 0) {
    return continue_answer(key_of(request), *request.block2);
  }
  if (std::optional<CoapOutput> out = take_block(request)) return std::move(*out);
  // A new exchange: nobody asks for the rest of the last one.
  drop_answer();
  if (open_.size() >= kMaxCoapRequests) {
    CoapOutput out = refuse(kCoapUnavailable, "the session has too many requests open");
    out.response->max_age = static_cast<std::uint32_t>(kRetryAfter.count());
    return out;
  }
  const RequestToken token = ++last_token_;
  auto read = mapping_.read(request, peer_, token);
  const std::uint8_t size_exponent =
      request.block2 ? request.block2->size_exponent : kMaxCoapBlockExponent;
  if (auto* refusal = std::get_if<CoapRefusal>(&read)) {
    CoapOutput out;
    out.response = std::move(refusal->response);
    out.reason = std::move(refusal->reason);
    return out;
  }
  open_.emplace(token, Open{envelope, key_of(request), block1, size_exponent});
  remember(envelope, token);
  CoapOutput out;
  out.request = std::move(*std::get_if<DeviceRequest>(&read));
  return out;
}

std::optional<CoapAnswer> CoapSession::on_reply(const Reply& reply) {
  const auto found = open_.find(reply.token);
  if (found == open_.end()) return std::nullopt;
  const Open open = std::move(found->second);
  open_.erase(found);
  CoapAnswer answer;
  answer.to = open.envelope;
  answer.response = cut(mapping_.write(open.key.method, reply), open.key, open.size_exponent);
  answer.response.block1 = open.block1;
  for (Recent& recent : recent_) {
    if (recent.request == reply.token) recent.response = answer.response;
  }
  return answer;
}

void CoapSession::on_time() {
  const MonotonicTime now = clock_.monotonic();
  if (unfinished_ && now - unfinished_->started >= kCoapTransferDeadline) drop_unfinished();
  if (answer_ && now - answer_->given >= kCoapTransferDeadline) drop_answer();
}

// --- bodies in blocks ---

std::optional<CoapOutput> CoapSession::take_block(CoapRequest& request) {
  if (request.size1 && *request.size1 > protocol::kMaxDeviceBody) {
    drop_unfinished();
    CoapOutput out = refuse(kCoapTooLarge, "the body is said to be longer than a device may send");
    out.response->size1 = static_cast<std::uint32_t>(protocol::kMaxDeviceBody);
    return out;
  }
  if (!request.block1) {
    drop_unfinished();
    return std::nullopt;
  }
  std::optional<CoapOutput> out = append_block(request);
  // Whatever was wrong with a block, the body is lost.
  if (out && (!out->response || out->response->code != kCoapContinue)) drop_unfinished();
  return out;
}

std::optional<CoapOutput> CoapSession::append_block(CoapRequest& request) {
  const CoapBlock& block = *request.block1;
  if (block.more ? request.payload.size() != block.size() : request.payload.size() > block.size()) {
    return refuse(kCoapBadRequest, "a block has not the size that it names");
  }
  if (block.number == 0) {
    drop_unfinished();
    unfinished_ = Unfinished{key_of(request), {}, request.content_format, clock_.monotonic()};
  } else if (!unfinished_ || unfinished_->key != key_of(request)) {
    return refuse(kCoapIncomplete, "a block without those before it");
  }
  std::string& body = unfinished_->body;
  CoapOutput taken;
  taken.response.emplace().code = kCoapContinue;
  if (block.more && block.offset() + block.size() == body.size()) return taken;  // repeated
  if (block.offset() != body.size()) return refuse(kCoapIncomplete, "a block is out of order");
  if (body.size() + request.payload.size() > protocol::kMaxDeviceBody) {
    CoapOutput out = refuse(kCoapTooLarge, "the body is longer than a device may send");
    out.response->size1 = static_cast<std::uint32_t>(protocol::kMaxDeviceBody);
    return out;
  }
  if (!budget_.take(request.payload.size())) {
    CoapOutput out = refuse(kCoapUnavailable, "too many bodies are under way");
    out.response->max_age = static_cast<std::uint32_t>(kRetryAfter.count());
    return out;
  }
  body += request.payload;
  if (block.more) return taken;
  request.payload = body;
  request.content_format = unfinished_->content_format;
  drop_unfinished();
  return std::nullopt;
}

void CoapSession::drop_unfinished() {
  if (!unfinished_) return;
  budget_.give(unfinished_->body.size());
  unfinished_.reset();
}

// --- answers in blocks ---

CoapResponse CoapSession::part_of(const CoapResponse& whole, const CoapBlock& block) {
  CoapResponse part;
  part.code = whole.code;
  part.content_format = whole.content_format;
  part.max_age = whole.max_age;
  part.payload = whole.payload.substr(block.offset(), block.size());
  part.block2 = block;
  part.block2->more = block.offset() + block.size() < whole.payload.size();
  if (block.number == 0) part.size2 = static_cast<std::uint32_t>(whole.payload.size());
  return part;
}

CoapResponse CoapSession::cut(CoapResponse whole, const Key& key, std::uint8_t size_exponent) {
  const CoapBlock first{0, false, size_exponent};
  if (whole.payload.size() <= first.size()) return whole;
  drop_answer();
  if (!budget_.take(whole.payload.size())) {
    CoapResponse refusal = mapping_.refuse(kCoapUnavailable);
    refusal.max_age = static_cast<std::uint32_t>(kRetryAfter.count());
    if (refusal.payload.size() > first.size()) {
      refusal.payload.clear();
      refusal.content_format.reset();
    }
    return refusal;
  }
  answer_ = LongAnswer{key, std::move(whole), clock_.monotonic()};
  return part_of(answer_->whole, first);
}

CoapOutput CoapSession::continue_answer(const Key& key, const CoapBlock& block) {
  if (!answer_ || answer_->key != key) {
    return refuse(kCoapIncomplete, "a later block of an answer that is not held");
  }
  if (block.offset() >= answer_->whole.payload.size()) {
    return refuse(kCoapBadRequest, "a block past the end of the answer");
  }
  CoapOutput out;
  out.response = part_of(answer_->whole, block);
  out.is_final = true;
  return out;
}

void CoapSession::drop_answer() {
  if (!answer_) return;
  budget_.give(answer_->whole.payload.size());
  answer_.reset();
}

void CoapSession::remember(const CoapEnvelope& envelope, RequestToken request) {
  if (recent_.size() == kCoapRememberedMessages) recent_.pop_front();
  recent_.push_back({envelope, request, std::nullopt});
}

}  // namespace berth::gateway
