#pragma once
// The listener settings of a node: names, addresses and protocols, read from their lists and
// checked against each other.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "broker/config.h"

namespace kcore::broker {

// "host:9092", "[::1]:9092", ":9092"; `key` and `item` are for the message.
Result<io::Address> parse_address(std::string_view key, std::string_view item,
                                  std::string_view host_port);

// Reads listeners, advertised.listeners, the protocol map and the names of special listeners into
// `config`, whose roles are set.
//   invalid_config  see the start-up checks in the documentation of each key
Result<void> read_listeners(const Config& values, BrokerConfig& config);

// What the listeners of a running node are to be by other values of the settings that are dynamic.
//   invalid_config  as read_listeners(); or one that must stay does not
Result<std::vector<ListenerConfig>> changed_listeners(const BrokerConfig& now,
                                                      const Config& values);

}  // namespace kcore::broker
