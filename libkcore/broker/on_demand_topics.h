#pragma once
// Topics that come into being because somebody asks for them: auto-creation by Metadata, and the
// internal topics of coordinators. The controller creates; this asks it, once per name at a time.

#include <asio/awaitable.hpp>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/result.h"
#include "broker/config.h"
#include "broker/controller_link.h"

namespace kcore::broker {

// Thread-safe.
class OnDemandTopics {
public:
    OnDemandTopics(const BrokerConfig& config, ControllerLink& controller, Logger logger)
        : config_(config), controller_(controller), logger_(std::move(logger)) {}

    // Asks for those that nobody asks for already and does not wait. `loop` is the caller's.
    void create(io::Loop& loop, const std::vector<std::string>& names);

private:
    asio::awaitable<void> ask(io::Loop& loop, std::vector<std::string> names);
    void tell(const std::string& name, const Error& outcome);

    const BrokerConfig& config_;
    ControllerLink& controller_;
    Logger logger_;
    std::mutex mutex_;
    std::set<std::string> asked_;
    std::map<std::string, Errc> told_;  // What the log says of those that were refused.
};

}  // namespace kcore::broker
