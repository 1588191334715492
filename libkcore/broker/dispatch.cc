#include "broker/dispatch.h"

namespace kcore::broker {

Dispatch::Dispatch(std::initializer_list<Api> rows, bool with_unstable_versions) {
    for (auto row : rows) {
        if (row.info->latest_unstable && !with_unstable_versions) --row.versions.high;
        by_key_.at(static_cast<std::size_t>(row.info->api_key)) = row;
    }
}

std::vector<const Api*> Dispatch::advertised(bool with_telemetry) const {
    std::vector<const Api*> found;
    for (const auto& row : by_key_) {
        if (row.handler == nullptr || (row.is_of_telemetry && !with_telemetry)) continue;
        found.push_back(&row);
    }
    return found;
}

}  // namespace kcore::broker
