#pragma once
// Random messages for tests and fuzzing: valid in the given version, the same for the same seed on
// every machine.

#include <cstdint>

#include "protocol/codec.h"

namespace kcore::protocol {

// Sets every field that `version` has; the others keep their defaults. Records are views of
// constant bytes, no batches.
void randomize(const MessageInfo& info, void* message, std::int16_t version, std::uint64_t seed);

template <Message T>
T random_value(std::int16_t version, std::uint64_t seed) {
    T message;
    randomize(T::info(), &message, version, seed);
    return message;
}

}  // namespace kcore::protocol
