#include "rules.hpp"

namespace topupd::parser {
namespace {

std::vector<language::keyword> keywords(command what, std::initializer_list<const char*> words) {
  std::vector<language::keyword> list;
  for (const auto* word : words) list.push_back({word, what});
  return list;
}

struct vocabulary {
  std::initializer_list<const char*> topup, balance, help, yes, no, history = {}, status = {}, check = {},
                                                                    language = {}, transfer = {}, undo = {};
};

language make(const char* code, const vocabulary& words, std::vector<std::string> noise,
              std::vector<std::string> names = {}) {
  language made{.code = code,
                .names = std::move(names),
                .keywords = {},
                .noise = std::move(noise),
                .recipient = {"for", "给"},
                .polite = {"please", "pls", "thanks"}};
  const auto add = [&](command what, std::initializer_list<const char*> list) {
    for (auto& keyword : keywords(what, list)) made.keywords.push_back(std::move(keyword));
  };
  add(command::topup, words.topup);
  add(command::balance, words.balance);
  add(command::help, words.help);
  add(command::yes, words.yes);
  add(command::no, words.no);
  add(command::history, words.history);
  add(command::status, words.status);
  add(command::check, words.check);
  add(command::language, words.language);
  add(command::transfer, words.transfer);
  add(command::undo, words.undo);
  return made;
}

}  // namespace

rules sample_rules() {
  rules made;
  made.pins = {.lengths = {14, 16}, .check = check_digit::luhn};
  made.service_codes = {"123"};
  made.numeric_keywords = {"155"};
  made.serial_form = "1000########";
  made.short_codes = {"12345"};
  made.languages = {
      make("en",
           {.topup = {"top up", "reload", "recharge", "load"},
            .balance = {"bal", "balance"},
            .help = {"help"},
            .yes = {"yes", "1"},
            .no = {"no", "2"},
            .history = {"last"},
            .status = {"status", "txn"},
            .check = {"check"},
            .language = {"lang", "language"},
            .transfer = {"transfer"},
            .undo = {"undo", "take back"}},
           {"for", "pin", "my", "number", "the", "with", "a/c", "s/n", "dollars", "to"}, {"English"}),
      make("zh",
           {.topup = {"充值", "cz"},
            .balance = {"余额", "ye"},
            .help = {"帮助"},
            .yes = {"是"},
            .no = {"否"},
            .history = {"明细"},
            .language = {"语言"},
            .undo = {"撤销"}},
           {"给", "密码", "谢谢", "我要", "元"}, {"中文", "Chinese"}),
      make("es", {.topup = {"recarga"}, .balance = {"saldo"}, .help = {"ayuda"}, .yes = {"sí"}, .no = {"no"}},
           {"al", "de", "gracias", "en"}, {"Español", "Spanish"}),
      make("fr",
           {.topup = {"recharger", "recharge", "crédit"},
            .balance = {"solde"},
            .help = {"aide"},
            .yes = {"oui"},
            .no = {"non"}},
           {"pour"}, {"Français", "French"}),
      make("ar", {.topup = {"شحن"}, .balance = {"رصيد"}, .help = {"مساعدة"}, .yes = {"نعم"}, .no = {"لا"}}, {"للرقم"},
           {"العربية", "Arabic"}),
      make("vi", {.topup = {"nạp"}, .balance = {}, .help = {}, .yes = {}, .no = {}}, {}),
      make("ru", {.topup = {"пополнить"}, .balance = {}, .help = {}, .yes = {}, .no = {}}, {}),
      make("bn", {.topup = {"রিচার্জ"}, .balance = {}, .help = {}, .yes = {}, .no = {}}, {}),
      make("id", {.topup = {"isi"}, .balance = {"saldo"}, .help = {}, .yes = {}, .no = {}}, {}, {"Indonesia"}),
  };
  return made;
}

msisdn number(std::string_view e164) {
  return msisdn::from_e164(e164).value();
}

}  // namespace topupd::parser
