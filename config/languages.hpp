// The language files: keywords for the reader, reply texts for the subscriber. One TOML file a language, all of one
// folder. A file without [texts] only adds words: LANG cannot choose it, and it has no names.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace topupd::config {

// Where the files are: the folder as configured, from the configuration file's own folder when relative; when nothing
// is configured the installed one, or that of the source tree in a build that is not installed.
std::string language_folder(const std::string& configured, const std::string& configuration_file);

// Every *.toml of the folder in the order of their names. The reply texts are judged when phrases are given.
// A keyword that means two things, in one language or in two, is a fault: it could not be read without guessing. So is
// a name of two languages.
std::vector<language> read_languages(const std::string& folder, const std::string& time_zone,
                                     const phrase_arguments& phrases, std::vector<problem>& problems);

}  // namespace topupd::config
