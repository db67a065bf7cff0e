#include "tools/cli/output.hpp"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/json/json_text.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

const bj::value* member_of(const bj::object& row, std::string_view path) {
  const bj::object* at = &row;
  while (true) {
    const std::size_t dot = path.find('.');
    const bj::value* value = at->if_contains(path.substr(0, dot));
    if (value == nullptr || dot == std::string_view::npos) return value;
    at = value->if_object();
    if (at == nullptr) return nullptr;
    path.remove_prefix(dot + 1);
  }
}

std::string cell(const bj::value* value) {
  if (value == nullptr || value->is_null()) return "-";
  if (const bj::string* text = value->if_string()) return {text->data(), text->size()};
  if (const bj::array* items = value->if_array()) {
    std::string joined;
    for (const bj::value& item : *items) {
      if (!joined.empty()) joined += ", ";
      joined += cell(&item);
    }
    return joined.empty() ? "-" : joined;
  }
  return berth::json::serialize(*value);
}

// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

void append_line(std::string& to, const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    to += cells[i];
    if (i + 1 < cells.size()) to.append(widths[i] - width_of(cells[i]) + 2, ' ');
  }
  to += '\n';
}

std::string table_of(const bj::array& rows, const std::vector<Column>& columns) {
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : columns) lines.front().push_back(column.heading);
  for (const bj::value& row : rows) {
    std::vector<std::string> line;
    const bj::object* object = row.if_object();
    for (const Column& column : columns) {
      line.push_back(cell(object == nullptr ? nullptr : member_of(*object, column.member)));
    }
    lines.push_back(std::move(line));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(line[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) append_line(text, line, widths);
  return text;
}

std::string lines_of(const bj::object& record) {
  std::size_t width = 0;
  for (const auto& [name, value] : record) width = std::max(width, std::size_t{name.size()});
  std::string text;
  for (const auto& [name, value] : record) {
    text += name;
    text.append(width - name.size() + 2, ' ');
    text += cell(&value);
    if (text.back() != '\n') text += '\n';
  }
  return text;
}

void append_indented(std::string& to, const bj::value& value, std::size_t depth) {
  const std::string indent((depth + 1) * 2, ' ');
  const auto close = [&](char bracket) {
    to += '\n';
    to.append(depth * 2, ' ');
    to += bracket;
  };
  if (const bj::object* object = value.if_object(); object != nullptr && !object->empty()) {
    char before = '{';
    for (const auto& [name, member] : *object) {
      to += before;
      to += '\n';
      to += indent;
      to += berth::json::serialize(bj::value(bj::string(name)));
      to += ": ";
      append_indented(to, member, depth + 1);
      before = ',';
    }
    close('}');
  } else if (const bj::array* array = value.if_array(); array != nullptr && !array->empty()) {
    char before = '[';
    for (const bj::value& item : *array) {
      to += before;
      to += '\n';
      to += indent;
      append_indented(to, item, depth + 1);
      before = ',';
    }
    close(']');
  } else {
    to += berth::json::serialize(value);
  }
}

std::string table(const Output& output) {
  std::string text;
  if (!output.text.empty()) {
    text = output.text;
  } else if (const bj::array* rows = output.value.if_array()) {
    text = table_of(*rows, output.columns);
  } else if (const bj::object* record = output.value.if_object()) {
    text = lines_of(*record);
  } else if (!output.value.is_null()) {
    text = cell(&output.value) + "\n";
  }
  if (!output.note.empty()) text += output.note + "\n";
  return text;
}

}  // namespace

std::string render(const Output& output, OutputFormat format) {
  std::string text;
  switch (format) {
    case OutputFormat::table: return table(output);
    case OutputFormat::json:
      if (output.value.is_null()) return {};
      if (output.summary.empty()) {
        append_indented(text, output.value, 0);
      } else {
        append_indented(text, bj::object{{"value", output.value}, {"summary", output.summary}}, 0);
      }
      return text + "\n";
    case OutputFormat::jsonl:
      if (output.value.is_null()) return {};
      if (const bj::array* rows = output.value.if_array()) {
        for (const bj::value& row : *rows) text += berth::json::serialize(row) + "\n";
        if (!output.summary.empty()) {
          text += berth::json::serialize(bj::object{{"summary", output.summary}}) + "\n";
        }
        return text;
      }
      return berth::json::serialize(output.value) + "\n";
  }
  return text;
}

}  // namespace berth::cli
