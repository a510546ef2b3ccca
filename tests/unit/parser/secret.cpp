#include "parser/secret.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <type_traits>
#include <utility>

namespace topupd {
namespace {

template <class T>
concept streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

}  // namespace

TEST_CASE("a secret has no way to a stream") {
  static_assert(streamable<int>);
  static_assert(!streamable<secret>);
  static_assert(!std::is_convertible_v<secret, std::string_view>);
}

TEST_CASE("a secret keeps its octets when copied and leaves none behind when moved") {
  secret original("4821");
  const secret copy = original;
  const secret moved = std::move(original);
  CHECK(copy.reveal() == "4821");
  CHECK(moved.reveal() == "4821");
  CHECK(original.empty());
  CHECK(copy == moved);
  CHECK_FALSE(copy == secret("4822"));
  CHECK_FALSE(copy == secret("48210"));
}

}  // namespace topupd
