#include "operator/qr_code.hpp"

#include <qrencode.h>
#include <string.h>  // explicit_bzero

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

namespace topupd::operators {
namespace {

constexpr unsigned char dark = 1;  // the lowest bit of libqrencode's modules; the others say what a module is for

struct wiped {
  void operator()(QRcode* code) const {
    explicit_bzero(code->data, static_cast<std::size_t>(code->width) * static_cast<std::size_t>(code->width));
    QRcode_free(code);
  }
};

}  // namespace

qr_code::qr_code(std::string_view text) {
  std::string terminated(text);
  const std::unique_ptr<QRcode, wiped> code(QRcode_encodeString(terminated.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1));
  const int problem = errno;
  explicit_bzero(terminated.data(), terminated.size());
  if (!code) throw std::runtime_error("cannot make a QR code: " + std::generic_category().message(problem));
  side_ = code->width;
  modules_.assign(code->data, code->data + static_cast<std::ptrdiff_t>(side_) * side_);
  for (unsigned char& module : modules_) module &= dark;
}

qr_code::~qr_code() {
  explicit_bzero(modules_.data(), modules_.size());
}

}  // namespace topupd::operators
