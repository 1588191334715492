#pragma once
// The real clock, randomness, network and threads. The disk is io/posix_disk.

#include <memory>
#include <string>

#include "io/clock.h"
#include "io/net.h"
#include "io/pool.h"
#include "io/posix_loop.h"
#include "io/random.h"

namespace kcore::io {

class PosixClock : public Clock {
public:
    Instant now() override;
    std::int64_t wall_ms() override;
};

// Thread-safe; from the system's generator.
class PosixRandom : public Random {
public:
    std::uint64_t next() override;
};

std::unique_ptr<Net> make_posix_net(PosixLoop& loop);
std::unique_ptr<Pool> make_posix_pool(std::size_t threads);

}  // namespace kcore::io
