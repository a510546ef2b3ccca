// Books in which everything has happened once, for what proves, reports and traces.
#pragma once

#include "tests/operator/books.hpp"

namespace topupd::tests {

// To what fill() made: product PLUS, 20.00 and 3.00 bonus; batch 4 on sale with serials …11 to …14, of which …14 is
// void. E = 999702222222 redeemed …11 (receipt 30) and …12 (31), was asked (32) and said YES (33) to send 5.00 to F =
// 999703333333, who was told (34); sent 3.00 more (35, told by 38), took it back (36), of which F was told (37). An
// operator reversed 31 and gave E 0.50; the charging system holds 1.00 for call-1, charged 0.70 for call-2 and 0.60 of
// 0.80 for call-3. A stranger, 999704444444, is locked after five wrong PINs and has sent two texts since. F has a
// question pending (39).
void enrich(books& books);

}  // namespace topupd::tests
