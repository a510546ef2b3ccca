// A QR code (ISO/IEC 18004) as its modules. The one place that knows libqrencode.
#pragma once

#include <string_view>
#include <vector>

namespace topupd::operators {

class qr_code {
 public:
  // Error correction M: a code stays readable with 15 % of it scratched away. Throws std::runtime_error when the text
  // does not fit one, about 2,300 octets.
  explicit qr_code(std::string_view text);
  ~qr_code();  // wiped: it may say a PIN
  qr_code(const qr_code&) = delete;
  qr_code& operator=(const qr_code&) = delete;

  static constexpr int quiet_zone = 4;                       // modules that stay white on each side, §6.3.8
  [[nodiscard]] int side() const noexcept { return side_; }  // modules, without the quiet zone
  [[nodiscard]] bool is_dark(int column, int row) const {
    return modules_[index(column, row)] != 0;
  }  // from the top left

 private:
  [[nodiscard]] std::size_t index(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(side_) + static_cast<std::size_t>(column);
  }

  int side_ = 0;
  std::vector<unsigned char> modules_;
};

}  // namespace topupd::operators
