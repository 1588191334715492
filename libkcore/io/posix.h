#pragma once
// The real clock, randomness, network and threads. The disk is io/posix_disk.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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

// A port of 127.0.0.1 that is this process's from here on. Connections queue until somebody listens
// there through the net that was made with it.
class HeldPort {
public:
    // 0: any that is free.
    //   network_exception  another process has it
    static Result<HeldPort> take(std::uint16_t port);
    HeldPort(HeldPort&& other) noexcept
        : address_(std::move(other.address_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
    HeldPort& operator=(HeldPort&& other) noexcept {
        std::swap(address_, other.address_);
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~HeldPort();

    const Address& address() const { return address_; }
    int release() { return std::exchange(descriptor_, -1); }

private:
    HeldPort(Address address, int descriptor)
        : address_(std::move(address)), descriptor_(descriptor) {}

    Address address_;
    int descriptor_;
};

std::unique_ptr<Net> make_posix_net(PosixLoop& loop, std::vector<HeldPort> held = {});
std::unique_ptr<Pool> make_posix_pool(std::size_t threads);

}  // namespace kcore::io
