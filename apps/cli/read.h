#pragma once
// Records of given ranges, for commands that look at them.

#include <cstdint>
#include <vector>

#include "client/client.h"
#include "client/consumer.h"

namespace kcore::cli {

// Until every range is read, `visit` says stop, or the user interrupts.
Result<void> read_ranges(client::Client& client, std::vector<client::Assignment> ranges,
                         const client::Visit& visit);

}  // namespace kcore::cli
