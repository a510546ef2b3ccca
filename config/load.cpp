#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <utility>
#include <variant>

#include "config/languages.hpp"
#include "config/overlap.hpp"
#include "config/secrets.hpp"
#include "config/section.hpp"
#include "config/sections.hpp"
#include "config/settings.hpp"
#include "config/toml_file.hpp"
#include "config/units.hpp"
#include "parser/phrase.hpp"

namespace topupd::config {
namespace {

class loader {
 public:
  loader(const std::string& path, const load_options& options, std::vector<problem>& problems)
      : path_(path), options_(options), faults_{path, problems} {}

  settings run() {
    auto file = parse_toml_file(path_, faults_);
    if (!file) return {};
    section top(faults_, &*file, "");
    read_service(top.table("service"), settings_.service);
    read_numbers(top);
    read_transfer(top.table("transfer"), settings_.service.currency, settings_.transfer);
    read_guessing(top.table("guessing"), settings_.guessing);
    read_approval(top.table("approval"), settings_.service.currency, settings_.approval);
    read_the_store(top.table("store"));
    read_smscs(top);
    read_log(top.table("log"), settings_.log);
    read_http(top.table("http"), settings_.http);
    top.finish();
    return std::move(settings_);
  }

 private:
  // [numbering], [pin] and [reading] make one rule set together: what a run of digits is.
  void read_numbers(section& top) {
    auto& rules = settings_.reading;
    rules.short_codes = settings_.service.short_codes;
    rules.currency = settings_.service.currency;
    rules.default_language = settings_.service.language;
    read_numbering(top.table("numbering"), rules.numbers);

    auto pin = top.table("pin");
    read_pin_rules(pin, rules.pins);
    read_key(pin);
    read_older_keys(pin);
    pin.finish();

    auto reading = top.table("reading");
    std::string languages;
    read_reading(reading, settings_.service.currency, settings_, languages);
    for (const auto& clash : find_overlaps(rules.pins.lengths, rules.numbers, rules.serial_form)) {
      if (clash.of_serial)
        reading.fault("serial", clash.text);
      else
        pin.fault("lengths", clash.pin_element, clash.text);
    }
    for (const auto& clash : find_code_clashes(rules)) {
      if (clash.of_short_code)
        top.table("service").fault("short_codes", clash.element, clash.text);
      else
        reading.fault("numeric_keywords", clash.element, clash.text);
    }
    read_words(top, reading, languages);
  }

  void read_words(section& top, section& reading, const std::string& configured) {
    const auto& service = settings_.service;
    const auto zone = parser::time_zone_is_known(service.time_zone) ? service.time_zone : "UTC";
    const auto folder = language_folder(configured, path_);
    settings_.languages = read_languages(folder, zone, options_.phrases, faults_.problems);
    auto& rules = settings_.reading;
    std::vector<std::string> codes;  // of those that the service can answer in
    bool known = false;
    for (const auto& language : settings_.languages) {
      if (!language.texts.empty()) codes.push_back(language.words.code);
      known = known || language.words.code == service.language;
      rules.languages.push_back(language.words);
    }
    judge_numeric(reading);
    // Beside an amount the currency's code says nothing new, in whatever language.
    if (!rules.languages.empty()) rules.languages.front().noise.push_back(service.currency);
    if (!settings_.languages.empty() && std::find(codes.begin(), codes.end(), service.language) == codes.end())
      top.table("service").fault("language", service.language + (known ? " has no [texts] in " : " has no file in ") +
                                                 folder + (codes.empty() ? "" : "; there are " + listed(codes)));
  }

  // "1" is a YES: as a numeric keyword it would be a top-up as well.
  void judge_numeric(section& reading) {
    const auto& numbers = settings_.reading.numeric_keywords;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto clashes = [&](const language& one) {
        return std::any_of(one.words.keywords.begin(), one.words.keywords.end(), [&](const auto& keyword) {
          return keyword.word == numbers[i] && keyword.command != parser::command::topup;
        });
      };
      if (std::any_of(settings_.languages.begin(), settings_.languages.end(), clashes))
        reading.fault("numeric_keywords", i,
                      numbers[i] + " is a keyword already, and no top-up; choose another number");
    }
  }

  void read_the_store(section from) {
    read_store(from, settings_.store);
    if (holds_password(settings_.store.url) && is_world_readable(path_))
      from.fault("url", "holds a password, and every user may read this file; chmod 640 " + path_);
    from.finish();
  }

  void read_smscs(section& top) {
    top.require("smsc", "write [[smsc]] with host, port, system_id and password of the SMSC below it");
    auto tables = top.tables("smsc");
    for (auto& from : tables) {
      smsc one;
      read_smsc(from, one);
      read_password(from, one);
      find_tls_files(from, one);
      from.finish();
      const auto is_same = [&](const smsc& other) { return !one.name.empty() && other.name == one.name; };
      if (std::any_of(settings_.smscs.begin(), settings_.smscs.end(), is_same))
        from.fault("name", '"' + one.name + "\" is another SMSC's name already; each needs its own");
      settings_.smscs.push_back(std::move(one));
    }
    for (std::size_t i = 0; i < tables.size(); ++i) judge_smscs(tables[i], settings_.smscs[i], settings_);
  }

  // Paths as they stand for us, not for the configuration. What is in them is judged, too, once all of them are there.
  void find_tls_files(section& from, smsc& of) const {
    auto keys = from.table("tls");
    auto& into = of.tls;
    bool are_there = options_.secrets && into.certificate_file.empty() == into.key_file.empty();
    const auto find = [&](std::string_view key, std::string& file) {
      if (file.empty()) return;
      file = beside(file);
      if (!options_.secrets || std::ifstream(file).peek() != std::ifstream::traits_type::eof()) return;
      keys.fault(key, file + " cannot be read, or is empty");
      are_there = false;
    };
    find("ca_file", into.ca_file);
    find("certificate_file", into.certificate_file);
    if (const auto credential = credential_path("smsc_" + of.name + "_key"); credential && !into.key_file.empty())
      into.key_file = *credential;
    find("key_file", into.key_file);
    if (options_.secrets && is_world_readable(into.key_file))
      keys.fault("key_file", into.key_file + " may be read by every user; chmod 600 " + into.key_file);
    if (are_there && into.enabled && options_.tls_fault) judge_tls(keys, into);
  }

  // At the key whose file is told of first.
  void judge_tls(section& keys, const tls& all) const {
    const auto why = options_.tls_fault(all);
    if (why.empty()) return;
    std::string_view about = "enabled";
    auto first = std::string::npos;
    for (const auto& [key, file] :
         {std::pair("ca_file", &all.ca_file), std::pair("certificate_file", &all.certificate_file),
          std::pair("key_file", &all.key_file)}) {
      if (file->empty() || why.find(*file) >= first) continue;
      first = why.find(*file);
      about = key;
    }
    keys.fault(about, why + "; put the right file there");
  }

  void read_password(section& from, smsc& into) {
    const bool here = from.read("password", into.password);
    std::string file;
    const bool apart = from.read("password_file", file);
    if (from.given("password") && is_world_readable(path_))
      from.fault("password",
                 "stands in a file that every user may read; chmod 640 " + path_ + ", or use password_file");
    if (from.given("password") && from.given("password_file"))
      from.fault("password_file", "and password are both given; keep one of them");
    if (!options_.secrets) {
      into.password = {};
      return;
    }
    const auto name = "smsc_" + into.name + "_password";
    if (const auto credential = credential_path(name))
      into.password = secret_from(from, "password_file", *credential);
    else if (apart)
      into.password = secret_from(from, "password_file", beside(file));
    else if (!here)
      from.require("password",
                   "write it, or name its file by password_file, or hand in the systemd credential " + name);
    // A C-octet string of 9 with its NULL (SMPP 3.4 §5.2.2): a longer one could not be sent.
    if (into.password.size() > 8)
      from.fault(here ? "password" : "password_file", "is longer than the 8 characters that SMPP 3.4 §5.2.2 allows");
  }

  void read_key(section& from) {
    std::string file;
    const bool given = from.read("key_file", file);
    if (!options_.secrets) return;
    const auto credential = credential_path("pin_key");
    if (!credential && !given)
      return from.require("key_file", R"(name the file with 64 hexadecimal digits, made by "openssl rand -hex 32")");
    const auto fault = [&](std::string text) { from.fault("key_file", std::move(text)); };
    settings_.pin_key = key_from(credential ? *credential : beside(file), fault);
  }

  // Keys of cards made before: with the one in use, three at most are live.
  void read_older_keys(section& from) {
    constexpr auto* name = "older_key_files";
    constexpr std::size_t most = 2;
    std::vector<std::string> files;
    from.read(name, files);
    if (files.size() > most)
      return from.fault(name, most,
                        "is one too many: at most two; take out one that \"topupctl key list\" says may go");
    if (!options_.secrets) return;
    for (std::size_t i = 0; i < most; ++i) {
      const auto credential = credential_path("pin_key_older_" + std::to_string(i + 1));
      if (!credential && i >= files.size()) continue;
      const auto fault = [&](std::string text) { from.fault(name, i, std::move(text)); };
      const auto path = credential ? *credential : beside(files[i]);
      auto key = key_from(path, fault);
      if (key.empty()) continue;
      auto& older = settings_.older_pin_keys;
      if (key == settings_.pin_key)
        fault(path + " is the key of key_file as well; keep it there alone");
      else if (std::find(older.begin(), older.end(), key) != older.end())
        fault(path + " is the key of another of these files as well; keep one of them");
      else
        older.push_back(std::move(key));
    }
  }

  // The key of a file; where it holds none, the fault is told and the key is empty.
  template <typename Fault>
  static secret key_from(const std::string& path, const Fault& fault) {
    auto content = read_secret_file(path);
    if (const auto* why = std::get_if<std::string>(&content)) {
      fault(*why);
      return {};
    }
    if (auto key = key_from_hex(std::get<secret>(content))) return std::move(*key);
    fault(path + R"( is no key; it must be 64 hexadecimal digits, made by "openssl rand -hex 32")");
    return {};
  }

  secret secret_from(section& from, std::string_view key, const std::string& path) {
    auto content = read_secret_file(path);
    if (auto* octets = std::get_if<secret>(&content)) return std::move(*octets);
    from.fault(key, std::get<std::string>(content));
    return {};
  }

  // Relative paths begin at the configuration file's folder, wherever the process was started.
  [[nodiscard]] std::string beside(const std::string& file) const {
    return (std::filesystem::path(path_).parent_path() / file).string();
  }

  const std::string& path_;
  const load_options& options_;
  faults faults_;
  settings settings_;
};

}  // namespace

std::string to_string(const problem& value) {
  auto text = value.file;
  if (value.line > 0) text += ':' + std::to_string(value.line);
  if (!value.key.empty()) text += ": " + value.key;
  return text + ": " + value.text;
}

loaded load(const std::string& path, const load_options& options) {
  loaded result;
  try {
    auto read = loader(path, options, result.problems).run();
    if (result.problems.empty()) result.settings = std::move(read);
  } catch (const std::exception& fault) {  // out of memory, a file system that fails: ours to say, the caller's to end
    result.problems.push_back(
        {.file = path, .line = 0, .key = "", .text = std::string("cannot be read: ") + fault.what()});
  }
  // In the order of the file, so that an editor can walk them, those without a line first; then the language files.
  std::stable_sort(result.problems.begin(), result.problems.end(), [&](const problem& a, const problem& b) {
    if (a.file != b.file) return a.file == path || (b.file != path && a.file < b.file);
    return a.line < b.line;
  });
  return result;
}

}  // namespace topupd::config
