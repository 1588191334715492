#pragma once
// A network in memory: streams between the ports of one process, for unit tests. All loops that use
// one are stepped by the same thread. Hosts are not looked at: a port is a port.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>

#include "io/loop.h"
#include "io/net.h"

namespace kcore::io {

class MemoryListener;

struct MemoryNetwork {
    std::size_t read_bytes_max = std::numeric_limits<std::size_t>::max();  // Of one read.
    std::size_t window_bytes = 1U << 20;  // In flight one way before the writer waits.
    std::map<std::uint16_t, MemoryListener*> listeners;
    std::uint16_t next_port = 40000;
    std::size_t writes = 0;  // Calls of Stream::write so far.
};

std::unique_ptr<Net> make_memory_net(MemoryNetwork& network, Loop& loop);

}  // namespace kcore::io
