// texts.tsv: texts and how they are read, for the tests of the reader and of the shipped languages.
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "parser/reading.hpp"

namespace topupd::parser {

// A request in the words of texts.tsv.
struct wording {
  std::string operator()(const redeem& r) const {
    std::string text = r.check ? "check" : "redeem";
    for (const auto& pin : r.pins) text += " " + pin.last_four();
    text += " " + (r.target ? r.target->digits() : "self");
    if (r.serial) text += " serial=" + std::to_string(*r.serial);
    if (!r.amount.empty()) text += " amount=" + r.amount;
    return text + (r.ask && !r.check ? " ask" : "");
  }
  std::string operator()(const history&) const { return "history"; }
  std::string operator()(const status& s) const {
    return "status " + (s.serial ? "serial=" + std::to_string(*s.serial) : "receipt=" + s.receipt);
  }
  std::string operator()(const set_language& l) const { return "language " + l.to; }
  std::string operator()(const transfer& t) const { return "transfer " + t.to.digits() + " " + t.amount; }
  std::string operator()(const undo&) const { return "undo"; }
  std::string operator()(const balance&) const { return "balance"; }
  std::string operator()(const help& h) const { return h.empty ? "help empty" : "help"; }
  std::string operator()(const confirm&) const { return "confirm"; }
  std::string operator()(const cancel&) const { return "cancel"; }
  std::string operator()(const ignore&) const { return "ignore"; }
  std::string operator()(const unclear& u) const {
    const auto got = u.got == 0 ? std::string() : " " + std::to_string(u.got);
    return "unclear " + std::string(name(u.reason)) + got;
  }
};

inline std::string unescape(std::string text) {
  const std::pair<const char*, const char*> escapes[] = {{"\\t", "\t"}, {"\\r", "\r"}, {"\\n", "\n"}};
  for (const auto& [written, meant] : escapes)
    for (auto at = text.find(written); at != std::string::npos; at = text.find(written)) text.replace(at, 2, meant);
  return text;
}

struct row {
  std::string text, reading, language, why;
  std::string section;  // the comment above it
};

inline std::vector<row> rows_of(const char* file) {
  std::vector<row> rows;
  std::ifstream in(file);
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) {
      section = line.substr(std::min<std::size_t>(2, line.size()));
      continue;
    }
    std::istringstream cells(line);
    row r;
    std::getline(cells, r.text, '\t');
    std::getline(cells, r.reading, '\t');
    std::getline(cells, r.language, '\t');
    std::getline(cells, r.why, '\t');
    r.text = unescape(r.text);
    r.section = section;
    rows.push_back(r);
  }
  return rows;
}

}  // namespace topupd::parser
