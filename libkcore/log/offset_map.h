#pragma once
// The last offset of each key of a log, in bounded memory: 24 bytes for a key, whatever its length.
// Keys are told apart by a keyed hash of 128 bits only.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "io/random.h"

namespace kcore::log {

class OffsetMap {
public:
    // Grows up to `bytes_max`, of which the share `load_factor` is ever filled.
    OffsetMap(std::size_t bytes_max, double load_factor, io::Random& random);

    // Later offsets replace earlier ones. False, and nothing is changed, when it is full.
    bool put(BytesView key, std::int64_t offset);
    std::optional<std::int64_t> get(BytesView key) const;

    std::size_t size() const { return used_; }

private:
    struct Entry {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        std::int64_t offset = -1;  // -1: free.
    };

    Entry hashed(BytesView key) const;
    // Where the key is, or is to be put.
    std::size_t place_of(const Entry& entry) const;
    bool grow();

    const std::size_t slots_max_;
    const double load_factor_;
    const std::uint64_t seed_[2];
    std::vector<Entry> slots_;  // A power of two, or slots_max_.
    std::size_t used_ = 0;
};

}  // namespace kcore::log
