#include "shared/runtime/log.hpp"

#include <unistd.h>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "shared/base/timestamp.hpp"
#include "shared/runtime/system.hpp"

namespace berth::runtime {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

boost::json::string_view json_view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string json_line(std::string_view time, LogLevel level, std::string_view program,
                      std::string_view message, std::span<const LogField> fields) {
  boost::json::object line;
  line["time"] = json_view(time);
  line["level"] = json_view(name_of(level));
  line["program"] = json_view(program);
  line["message"] = json_view(message);
  for (const LogField& field : fields) {
    auto& value = line[json_view(field.key)];
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      value = *number;
    } else {
      value = json_view(std::get<std::string_view>(field.value));
    }
  }
  return boost::json::serialize(line);
}

// A value stays bare while it can't be mistaken for anything else; a peer's text can hold a line
// end or a terminal's escape sequence.
std::string text_value(std::string_view value) {
  bool plain = !value.empty();
  for (const char c : value) plain = plain && c > ' ' && c != '"' && c != '=' && c != 0x7f;
  if (plain) return std::string(value);
  return boost::json::serialize(json_view(value));
}

std::string text_line(std::string_view time, LogLevel level, std::string_view message,
                      std::span<const LogField> fields) {
  std::string line;
  line.append(time).append(" ").append(name_of(level));
  line.append(8 - name_of(level).size(), ' ').append(message);
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=");
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      line.append(std::to_string(*number));
    } else {
      line.append(text_value(std::get<std::string_view>(field.value)));
    }
  }
  return line;
}

class StderrLog final : public Log {
 public:
  StderrLog(LogFormat format, LogLevel minimum, std::string program)
      : format_(format),
        program_(std::move(program)),
        logger_(program_, std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%v");
    logger_.set_level(spdlog_level(minimum));
    logger_.flush_on(spdlog::level::trace);
  }

  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    const auto rank = spdlog_level(level);
    if (!logger_.should_log(rank)) return;
    const std::string time = to_iso8601(clock_.wall());
    const std::string line = format_log_line(format_, time, level, program_, message, fields);
    // Without a format string: the line is text, not a pattern.
    logger_.log(rank, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  SystemClock clock_;
  LogFormat format_;
  std::string program_;
  spdlog::logger logger_;
};

}  // namespace

std::optional<LogFormat> parse_log_format(std::string_view text) {
  if (text == "auto") return LogFormat::automatic;
  if (text == "text") return LogFormat::text;
  if (text == "json") return LogFormat::json;
  return std::nullopt;
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    if (text == name_of(level)) return level;
  }
  return std::nullopt;
}

std::string format_log_line(LogFormat format, std::string_view time, LogLevel level,
                            std::string_view program, std::string_view message,
                            std::span<const LogField> fields) {
  if (format == LogFormat::automatic) {
    format = isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
  }
  return format == LogFormat::json ? json_line(time, level, program, message, fields)
                                   : text_line(time, level, message, fields);
}

std::unique_ptr<Log> make_log(LogFormat format, LogLevel minimum, std::string program) {
  return std::make_unique<StderrLog>(format, minimum, std::move(program));
}

}  // namespace berth::runtime
