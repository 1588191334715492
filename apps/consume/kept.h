#pragma once
// Records that outlive their answer: for sorting, and for the context before a match.

#include <memory>
#include <string>
#include <vector>

#include "client/record.h"

namespace kcore::consume {

// Owns what its record is a view into.
class Kept {
public:
    explicit Kept(const client::ConsumedRecord& record);
    const client::ConsumedRecord& record() const { return record_; }

private:
    client::ConsumedRecord record_;
    std::unique_ptr<std::string> bytes_;  // Views into it stay when this moves.
    std::vector<client::Header> headers_;
};

enum class Order : std::uint8_t { arrival, timestamp, offset };

// By time (then partition and offset), or by partition and offset.
void sort_records(std::vector<Kept>& records, Order order);

}  // namespace kcore::consume
