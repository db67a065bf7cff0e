#include "shared/config/config_file.hpp"

#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <utility>

#include <toml.hpp>

namespace berth::config {

// One value of the file, free of the TOML library.
struct Node {
  enum class Kind : std::uint8_t { table, array, text, integer, flag, other };
  Kind kind = Kind::table;
  std::uint32_t line = 0;
  bool asked_for = false;
  std::string text;
  std::int64_t integer = 0;
  bool flag = false;
  std::map<std::string, Node, std::less<>> members;
  std::vector<Node> elements;
};

struct Problems {
  std::string file;
  std::vector<std::string> lines;

  void add(std::uint32_t line, const std::string& key, const std::string& reason) {
    std::string text = file;
    if (line != 0) text += ", line " + std::to_string(line);
    lines.push_back(text + ": " + key + ": " + reason);
  }
};

namespace {

Node convert(const toml::value& value) {
  Node node;
  node.line = static_cast<std::uint32_t>(value.location().line());
  switch (value.type()) {
    case toml::value_t::table:
      for (const auto& [key, member] : value.as_table()) node.members.emplace(key, convert(member));
      break;
    case toml::value_t::array:
      node.kind = Node::Kind::array;
      for (const auto& element : value.as_array()) node.elements.push_back(convert(element));
      break;
    case toml::value_t::string:
      node.kind = Node::Kind::text;
      node.text = value.as_string().str;
      break;
    case toml::value_t::integer:
      node.kind = Node::Kind::integer;
      node.integer = value.as_integer();
      break;
    case toml::value_t::boolean:
      node.kind = Node::Kind::flag;
      node.flag = value.as_boolean();
      break;
    case toml::value_t::empty:
    case toml::value_t::floating:
    case toml::value_t::offset_datetime:
    case toml::value_t::local_datetime:
    case toml::value_t::local_date:
    case toml::value_t::local_time: node.kind = Node::Kind::other; break;
  }
  return node;
}

void find_unknown(const Node& node, const std::string& path, Problems& problems) {
  for (const auto& [key, member] : node.members) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (!member.asked_for) {
      problems.add(member.line, name, "there is no such key");
      continue;
    }
    find_unknown(member, name, problems);
    for (const Node& element : member.elements) find_unknown(element, name, problems);
  }
}

}  // namespace

std::string Section::name_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

Node* Section::find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  const auto found = node_->members.find(key);
  if (found == node_->members.end()) return nullptr;
  found->second.asked_for = true;
  return &found->second;
}

bool Section::has(std::string_view key) const {
  return find(key) != nullptr;
}

std::string Section::text(std::string_view key) const {
  if (!has(key)) {
    problems_->add(node_ == nullptr ? 0 : node_->line, name_of(key), "is missing");
    return {};
  }
  return text(key, "");
}

std::string Section::text(std::string_view key, std::string_view fallback) const {
  const Node* node = find(key);
  if (node == nullptr) return std::string(fallback);
  if (node->kind != Node::Kind::text) {
    problems_->add(node->line, name_of(key), "must be a text in quotes");
    return std::string(fallback);
  }
  return node->text;
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, std::int64_t min,
                              std::int64_t max) const {
  const Node* node = find(key);
  if (node == nullptr) return fallback;
  if (node->kind != Node::Kind::integer || node->integer < min || node->integer > max) {
    problems_->add(
        node->line, name_of(key),
        "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    return fallback;
  }
  return node->integer;
}

std::uint16_t Section::port(std::string_view key, std::uint16_t fallback) const {
  return static_cast<std::uint16_t>(integer(key, fallback, 0, 65535));
}

bool Section::flag(std::string_view key, bool fallback) const {
  const Node* node = find(key);
  if (node == nullptr) return fallback;
  if (node->kind != Node::Kind::flag) {
    problems_->add(node->line, name_of(key), "must be true or false");
    return fallback;
  }
  return node->flag;
}

std::vector<std::string> Section::texts(std::string_view key) const {
  const Node* node = find(key);
  std::vector<std::string> texts;
  if (node == nullptr) return texts;
  if (node->kind != Node::Kind::array) {
    problems_->add(node->line, name_of(key), "must be a list of texts");
    return texts;
  }
  for (const Node& element : node->elements) {
    if (element.kind != Node::Kind::text) {
      problems_->add(element.line, name_of(key), "must be a list of texts");
      return {};
    }
    texts.push_back(element.text);
  }
  return texts;
}

Section Section::section(std::string_view key) const {
  Node* node = find(key);
  if (node != nullptr && node->kind != Node::Kind::table) {
    problems_->add(node->line, name_of(key), "must be a table: [" + name_of(key) + "]");
    node = nullptr;
  }
  return {node, problems_, name_of(key)};
}

std::vector<Section> Section::sections(std::string_view key) const {
  Node* node = find(key);
  std::vector<Section> sections;
  if (node == nullptr) return sections;
  if (node->kind != Node::Kind::array) {
    problems_->add(node->line, name_of(key), "must be a list of tables: [[" + name_of(key) + "]]");
    return sections;
  }
  for (Node& element : node->elements) {
    if (element.kind != Node::Kind::table) {
      problems_->add(element.line, name_of(key),
                     "must be a list of tables: [[" + name_of(key) + "]]");
      continue;
    }
    sections.push_back(Section(&element, problems_, name_of(key)));
  }
  return sections;
}

void Section::refuse(std::string_view key, const std::string& reason) const {
  const Node* node = find(key);
  problems_->add(node != nullptr ? node->line : (node_ != nullptr ? node_->line : 0), name_of(key),
                 reason);
}

ConfigFile::ConfigFile()
    : node_(std::make_unique<Node>()), problems_(std::make_unique<Problems>()) {}
ConfigFile::ConfigFile(ConfigFile&&) noexcept = default;
ConfigFile& ConfigFile::operator=(ConfigFile&&) noexcept = default;
ConfigFile::~ConfigFile() = default;

Result<ConfigFile> ConfigFile::parse(const std::string& text, const std::string& name) {
  ConfigFile file;
  file.problems_->file = name;
  try {
    std::istringstream stream(text);
    *file.node_ = convert(toml::parse(stream, name));
  } catch (const std::exception& error) {
    return Error{Errc::malformed, name + " is not TOML: " + error.what()};
  }
  return file;
}

Result<ConfigFile> ConfigFile::load(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return Error{Errc::io, path + " can't be read: does it exist, and may this user read it?"};
  }
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  return parse(text, path);
}

Section ConfigFile::root() const {
  return {node_.get(), problems_.get(), ""};
}

Result<void> ConfigFile::check() const {
  Problems all = *problems_;
  find_unknown(*node_, "", all);
  if (all.lines.empty()) return {};
  std::string reason;
  for (const std::string& line : all.lines) reason += (reason.empty() ? "" : "\n") + line;
  return Error{Errc::invalid, reason};
}

}  // namespace berth::config
