#pragma once
// What the controller is told and what it decides: plain values.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metadata/record.h"

namespace kcore::controller {

inline constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();

// The text of an answer; null where Kafka has none.
inline std::optional<std::string> text_of(const Error& error) {
    return error.what.empty() ? std::nullopt : std::optional(error.what);
}

// When and where a request is decided.
struct Moment {
    std::int64_t now_ms = 0;       // Of a clock that only rises.
    std::int64_t next_offset = 0;  // The first of the decision's records will have it.
    // Whether the sender may still make or remove so many partitions; unlimited when empty.
    std::function<bool(std::int64_t)> take_partitions = {};
    // Whether the name of a host has an address; none has when empty.
    std::function<bool(const std::string&)> resolves = {};

    Result<void> take(std::int64_t partitions) const {
        if (!take_partitions || take_partitions(partitions)) return {};
        return fail(Errc::throttling_quota_exceeded, "The throttling quota has been exceeded.");
    }
};

// Records to append as one atomic batch, and the answer to give once they, and everything appended
// before them, are committed.
template <class Response>
struct Decision {
    Decision() = default;
    explicit Decision(Response r) : response(std::move(r)) {}

    std::vector<metadata::Record> records;
    Response response;

    template <class Body>
    void add(Body body, std::int16_t version = 0) {
        records.push_back({metadata::Body(std::move(body)), version});
    }
};

}  // namespace kcore::controller
