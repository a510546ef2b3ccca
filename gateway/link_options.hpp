// What the links to an SMSC are made with, from its settings. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"
#include "gateway/smpp/supervisor.hpp"

namespace topupd::gateway {

// One for each link, in the order in which they are numbered. Transceivers "main", or "main/1", "main/2" when there are
// several; of a pair first the transmitter "main/tx", then the receiver "main/rx".
std::vector<smpp::supervisor_options> link_options(const config::smsc& of);

// submit_sm that may be on their way at once, over all links to these.
std::size_t windows_of(const std::vector<config::smsc>& all);

// For config::load_options.
std::string tls_fault(const config::tls& of);

}  // namespace topupd::gateway
