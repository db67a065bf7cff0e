// What commands print, in one of three forms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace berth::cli {

enum class OutputFormat : std::uint8_t { table, json, jsonl };

// A column of a table: its heading, and the member that fills it ("attestation.type" is one
// inside).
struct Column {
  std::string heading;
  std::string member;
};

// What a command has to show: rows, one record, or nothing (null).
struct Output {
  boost::json::value value;
  std::vector<Column> columns;  // for rows
  std::string note;             // what people should know beside it; only with a table
  std::string text = {};        // what people read instead of the value; only with a table
  // What the rows add up to. json: {"value", "summary"}; jsonl: a last line {"summary"}.
  boost::json::object summary = {};
  // Something of what was asked for was not done: the exit code says so.
  bool is_incomplete = false;
};

// table: rows under headings, a record as one member a line. json: indented. jsonl: one line a row.
[[nodiscard]] std::string render(const Output& output, OutputFormat format);

}  // namespace berth::cli
