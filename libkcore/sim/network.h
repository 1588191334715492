#pragma once
// A network between the hosts of a simulation: bytes take time and keep their order, links can be
// cut one way or both, connections break, hosts vanish. A cut link holds what is sent until it is
// healed, as TCP does. One thread; time is moved by whoever owns the clock.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "io/clock.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/random.h"

namespace kcore::sim {

struct Pipe;
class SimListener;

struct NetworkOptions {
    std::uint64_t delay_max_us = 1'000;
    int loss_percent = 0;  // Of what is sent, which then takes a retransmission longer.
};

class Network {
public:
    Network(io::Clock& clock, io::Random& random, NetworkOptions options);
    ~Network();

    // The network as `host` sees it; `loop` is its own, and outlives what is made through this.
    std::unique_ptr<io::Net> join(int host, io::Loop& loop);

    // What `from` sends does not reach `to` until it is healed.
    void cut(int from, int to) { cuts_.emplace(from, to); }
    // All connections between the two are lost.
    void disconnect(int one, int other);
    // What they send each other takes so much longer, until it is healed.
    void slow_down(int one, int other, std::int64_t by_us);
    void heal_all();
    // No more reaches the host or leaves it. `says_so`: its system closes its connections; else
    // those at their other ends find out in their own time.
    void vanish(int host, bool says_so);

    io::Instant next_arrival() const;  // kNever when nothing is under way.
    void arrive(io::Instant now);      // What is due.

private:
    friend class SimNet;
    friend class SimListener;
    friend class SimStream;
    using PipePtr = std::shared_ptr<Pipe>;
    struct Parcel {
        PipePtr pipe;
        Bytes bytes;
        bool is_end = false;
    };

    std::pair<PipePtr, PipePtr> make_pipes(int one, int other);
    void send(const PipePtr& pipe, Bytes bytes, bool is_end);
    void hand_over(Parcel parcel);
    bool is_cut(int from, int to) const { return cuts_.contains({from, to}); }
    io::Instant arrival(int from, int to);

    io::Clock& clock_;
    io::Random& random_;
    const NetworkOptions options_;
    std::uint16_t next_port_ = 40'000;
    std::map<std::uint16_t, SimListener*> listeners_;
    std::multimap<io::Instant, Parcel> under_way_;
    std::deque<Parcel> held_;
    std::set<std::pair<int, int>> cuts_;
    std::map<std::pair<int, int>, std::int64_t> slow_us_;
    std::set<int> gone_;
    std::vector<std::weak_ptr<Pipe>> pipes_;
};

}  // namespace kcore::sim
