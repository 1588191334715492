#pragma once
// What clients push as metrics (KIP-714): MetricsData of OpenTelemetry's protocol 1, of which only
// names, attributes and numbers are read. The bytes are a stranger's.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::broker {

struct MetricPoint {
    std::string name;
    std::map<std::string, std::string> attributes;
    double value = 0;
    bool is_sum = false;    // Else the latest value counts.
    bool is_delta = false;  // Of a sum: to be added to what there is.
};

// A histogram becomes two points, name.count and name.sum.
//   invalid_record  not such bytes, or more than `points_max` points
Result<std::vector<MetricPoint>> read_metrics(BytesView bytes, std::size_t points_max);

}  // namespace kcore::broker
