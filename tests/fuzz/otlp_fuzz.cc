// Metrics that clients push: any bytes either are some, or are refused.

#include <cstdint>

#include "broker/otlp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const kcore::BytesView bytes(reinterpret_cast<const std::byte*>(data), size);
    constexpr std::size_t kPointsMax = 100;
    const auto points = kcore::broker::read_metrics(bytes, kPointsMax);
    if (points && points->size() > kPointsMax) __builtin_trap();
    return 0;
}
