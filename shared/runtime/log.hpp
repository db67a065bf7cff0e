// Log: where a program says what happens. A message is a fixed text; what varies goes into fields,
// which are plain texts and numbers: a SecretBytes does not convert to either.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace berth::runtime {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogField {
  LogField(std::string_view key_, std::string_view value_) : key(key_), value(value_) {}
  LogField(std::string_view key_, const std::string& value_)
      : key(key_), value(std::string_view{value_}) {}
  LogField(std::string_view key_, const char* value_)
      : key(key_), value(std::string_view{value_}) {}
  template <std::integral T>
  LogField(std::string_view key_, T value_) : key(key_), value(static_cast<std::int64_t>(value_)) {}

  std::string_view key;
  std::variant<std::string_view, std::int64_t> value;  // lent for the call
};

// Safe to call from several threads at once.
class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view message,
                     std::span<const LogField> fields) = 0;

  void debug(std::string_view message, Fields fields = {}) {
    say(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, Fields fields = {}) { say(LogLevel::info, message, fields); }
  void warning(std::string_view message, Fields fields = {}) {
    say(LogLevel::warning, message, fields);
  }
  void error(std::string_view message, Fields fields = {}) {
    say(LogLevel::error, message, fields);
  }

 private:
  void say(LogLevel level, std::string_view message, Fields fields) {
    write(level, message, std::span<const LogField>(fields.begin(), fields.size()));
  }
};

enum class LogFormat : std::uint8_t {
  automatic,  // text on a terminal, JSON lines otherwise
  text,
  json,
};

// "auto", "text" or "json", as given to --log-format.
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view text);
// "debug", "info", "warning" or "error".
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);

// One event as a line without its end: a JSON object, or time, level, message and key=value pairs
// with whatever could forge a line escaped.
[[nodiscard]] std::string format_log_line(LogFormat format, std::string_view time, LogLevel level,
                                          std::string_view program, std::string_view message,
                                          std::span<const LogField> fields);

// Writes to stderr. `program` names the writer in JSON lines.
[[nodiscard]] std::unique_ptr<Log> make_log(LogFormat format, LogLevel minimum,
                                            std::string program);

}  // namespace berth::runtime
