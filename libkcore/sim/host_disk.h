#pragma once
// The disk of one host: it outlives the programs that use it, and a power cut takes from it what
// was not synced, or any part of that.

#include <memory>

#include "io/fault_disk.h"

namespace kcore::sim {

class HostDisk {
public:
    static constexpr const char* kRoot = "/data";  // All that programs keep is below it.

    HostDisk() { begin(); }

    io::Disk& get() { return *disk_; }
    // From now on every call fails; what is there stays, until it is given back.
    void take_away() { disk_->fail_below(kRoot); }
    void give_back() { disk_->fail_below(""); }
    // While it is taken away. What is left is durable.
    void lose_power(io::Random& random);

private:
    void begin();

    std::unique_ptr<io::MemoryDisk> base_;
    std::unique_ptr<io::FaultDisk> disk_;
};

}  // namespace kcore::sim
