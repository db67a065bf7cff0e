// A TOML configuration file, read key by key. What is wrong is collected and reported all at once,
// by file, line, key and reason; keys that nobody asked for are wrong too, so that a misspelt one
// is noticed instead of ignored. toml11 is seen only in config_file.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"

namespace berth::config {

struct Node;
struct Problems;

// One table of the file. A section that is not in the file reads as empty: every key has its
// default. Cheap to copy; must not outlive its ConfigFile.
class Section {
 public:
  // A key that must be there. On a problem the value is empty and the problem is kept for check().
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key, std::string_view fallback) const;
  // Within [min, max].
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t min,
                                     std::int64_t max) const;
  [[nodiscard]] std::uint16_t port(std::string_view key, std::uint16_t fallback) const;
  [[nodiscard]] bool flag(std::string_view key, bool fallback) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] Section section(std::string_view key) const;
  [[nodiscard]] std::vector<Section> sections(std::string_view key) const;  // [[key]]

  // Adds a problem of the caller's own: "must be an https URL".
  void refuse(std::string_view key, const std::string& reason) const;

 private:
  friend class ConfigFile;
  Section(Node* node, Problems* problems, std::string path)
      : node_(node), problems_(problems), path_(std::move(path)) {}
  Node* find(std::string_view key) const;
  [[nodiscard]] std::string name_of(std::string_view key) const;

  Node* node_;
  Problems* problems_;
  std::string path_;
};

class ConfigFile {
 public:
  // Errc::io if it can't be read, Errc::malformed (with the line) if it is not TOML.
  static Result<ConfigFile> load(const std::string& path);
  static Result<ConfigFile> parse(const std::string& text, const std::string& name);
  ConfigFile(ConfigFile&&) noexcept;
  ConfigFile& operator=(ConfigFile&&) noexcept;
  ~ConfigFile();

  [[nodiscard]] Section root() const;
  // Call it when all has been read: Errc::invalid with one line per problem.
  [[nodiscard]] Result<void> check() const;

 private:
  ConfigFile();
  std::unique_ptr<Node> node_;
  std::unique_ptr<Problems> problems_;
};

}  // namespace berth::config
