// The options of the commands that tell beforehand: `registration explain` and `allocation
// dry-run`.
#pragma once

#include <string>
#include <vector>

namespace berth::cli {

struct ExplainOptions {
  std::string id;
  std::string evidence_path;
  std::string group;
  std::string site;
  std::vector<std::string> latencies;  // "hub-a.example=12.5"
};

struct DryRunOptions {
  std::string policy;
  std::vector<std::string> weights;         // "hub-a.example=5"
  std::vector<std::string> added;           // "hub-c.example" or "hub-c.example=5"
  std::vector<std::string> removed;         // host names
  std::vector<std::string> excluded;        // host names: linked, but given to nobody
  std::vector<std::string> group_policies;  // "line-7=static"
  std::vector<std::string> group_hubs;      // "line-7=hub-a.example,hub-b.example"
  std::vector<std::string> latencies;       // "hub-a.example=12.5"
  std::string devices_path;
  std::string group;
  bool shows_all = false;
};

}  // namespace berth::cli
