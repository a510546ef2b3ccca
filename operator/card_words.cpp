#include "operator/card_words.hpp"

#include <algorithm>

namespace topupd::operators {
namespace {

// TOPUP is a keyword in whatever language the service answers, and the one in the QR code: it is not translated.
const std::vector<card_words>& table() {
  static const std::vector<card_words> all = {
      {"en", "Serial", "Use by", "Text TOPUP and this PIN to {short_code}.", "Help: {care_number}"},
      {"es", "Serie", "Válida hasta", "Envíe TOPUP y este PIN al {short_code}.", "Ayuda: {care_number}"},
      {"fr", "Série", "Valable jusqu’au", "Envoyez TOPUP et ce code au {short_code}.", "Aide : {care_number}"},
      {"id", "Seri", "Berlaku s.d.", "Kirim TOPUP dan PIN ini ke {short_code}.", "Bantuan: {care_number}"},
      {"sw", "Namba", "Tumia kabla ya", "Tuma TOPUP na PIN hii kwenda {short_code}.", "Msaada: {care_number}"},
      {"vi", "Sê-ri", "Dùng trước", "Nhắn TOPUP và mã PIN này đến {short_code}.", "Hỗ trợ: {care_number}"},
      {"ru", "Серия", "Годна до", "Отправьте TOPUP и этот PIN на {short_code}.", "Помощь: {care_number}"},
      {"zh", "序列号", "有效期至", "发送 TOPUP 和此 PIN 到 {short_code}。", "客服：{care_number}"},
      {"ar", "", "", "", "", true},
      {"bn", "", "", "", "", true},
      {"hi", "", "", "", "", true},
  };
  return all;
}

std::string filled(std::string pattern, std::string_view name, std::string_view value) {
  const auto at = pattern.find(name);
  return at == std::string::npos ? pattern : pattern.replace(at, name.size(), value);
}

}  // namespace

std::optional<card_words> card_words_of(std::string_view code) {
  const auto found =
      std::find_if(table().begin(), table().end(), [&](const card_words& each) { return each.code == code; });
  return found == table().end() ? std::nullopt : std::optional(*found);
}

std::vector<std::string> card_languages() {
  std::vector<std::string> codes;
  for (const card_words& each : table())
    if (!each.joined) codes.push_back(each.code);
  return codes;
}

std::string card_instructions(const card_words& words, std::string_view short_code, std::string_view care_number) {
  std::string text = filled(words.instructions, "{short_code}", short_code);
  if (!care_number.empty()) text += " " + filled(words.help, "{care_number}", care_number);
  return text;
}

}  // namespace topupd::operators
