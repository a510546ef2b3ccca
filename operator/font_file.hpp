// Judges a TrueType font before libhpdf reads it, which ends with a segmentation fault on what is none.
#pragma once

#include <string>

namespace topupd::operators {

// Throws store::refused: not there, no TrueType font, or one without the tables that a PDF needs (ISO/IEC 14496-22
// §4.5, ISO 32000-1 §9.9).
void judge_font(const std::string& path);
bool is_font_collection(const std::string& path);  // .ttc, of which the first font is used

}  // namespace topupd::operators
