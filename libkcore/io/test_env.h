#pragma once
// For tests: the system of one loop, in memory and over virtual time. A fixture inherits TestEnv,
// or TestEnvOf with the disk or the pool that it needs.

#include <deque>
#include <memory>
#include <utility>

#include "io/env.h"
#include "io/fault_disk.h"
#include "io/memory_disk.h"
#include "io/memory_net.h"
#include "io/pool.h"
#include "io/random.h"
#include "io/virtual_loop.h"

namespace kcore::io {

template <class DiskType = MemoryDisk, class PoolType = InlinePool>
struct TestEnvOf {
    VirtualClock clock;
    VirtualLoop loop{clock};
    MemoryNetwork network;
    std::unique_ptr<Net> net = make_memory_net(network, loop);
    DiskType disk;
    SeededRandom random{1};
    PoolType pool;
    Env env{clock, disk, *net, random, loop, pool};
};

using TestEnv = TestEnvOf<>;

struct MemoryHolder {
    MemoryDisk memory;
};

// A disk in memory with the faults of io/fault_disk.
class FaultyMemoryDisk : public MemoryHolder, public FaultDisk {
public:
    FaultyMemoryDisk() : FaultDisk(memory) {}
};

// Work waits until the test runs it: what is not run is what a crash loses.
class HeldPool : public Pool {
public:
    void submit(std::move_only_function<void()> work) override { held_.push_back(std::move(work)); }

    std::size_t waiting() const { return held_.size(); }
    bool run_one() {  // False when none waits.
        if (held_.empty()) return false;
        auto work = std::move(held_.front());
        held_.pop_front();
        work();
        return true;
    }
    void run() {  // Also what work submits.
        while (run_one());
    }

private:
    std::deque<std::move_only_function<void()>> held_;
};

}  // namespace kcore::io
