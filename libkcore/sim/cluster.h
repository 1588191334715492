#pragma once
// Whole nodes of one cluster on simulated disks, pools and a simulated network, in one thread over
// virtual time: one seed is one history.
//
// A program that dies is cut off from network and disk between two instants. What is left of it
// comes to its end unheard, in a time of its own, so that every death also tries stop().

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "broker/server.h"
#include "io/virtual_loop.h"
#include "sim/host_disk.h"
#include "sim/journal.h"
#include "sim/network.h"
#include "sim/slow_pool.h"

namespace kcore::sim {

// A loop whose owner moves several at once.
class HostLoop : public io::VirtualLoop {
public:
    using io::Loop::next_timer;
    using io::VirtualLoop::VirtualLoop;
};

struct ClusterOptions {
    std::uint64_t seed = 1;
    int nodes = 3;
    NetworkOptions network;
    std::uint64_t disk_delay_max_us = 2'000;
    bool is_journal_detailed = false;
    ConfigMap settings;  // Of every node, above those that make it one of the cluster.
};

class Cluster {
public:
    static constexpr int kClient = 0;  // The host of clients; nodes are 1, 2, ...

    explicit Cluster(ClusterOptions options);
    ~Cluster();

    int nodes() const { return options_.nodes; }
    void start(int node);
    void stop(int node);       // As SIGTERM does.
    void kill(int node);       // As SIGKILL does: the disk keeps what was written.
    void cut_power(int node);  // The disk keeps what was synced, and any part of the rest.
    void pause(int node, bool is_paused) { host(node).is_paused = is_paused; }

    bool is_up(int node) const { return host(node).server != nullptr; }
    bool is_serving(int node) const { return host(node).is_serving; }
    broker::Server* server(int node) { return host(node).server.get(); }  // Null: not up.
    int starts(int node) const { return host(node).starts; }              // So far.
    io::Disk& disk(int node) { return host(node).disk.get(); }
    // What made nodes give up by themselves.
    const std::vector<std::string>& failures() const { return failures_; }

    // Moves on to the next instant at which something is due; false when none is before `end`.
    bool step(io::Instant end);
    // Until it holds; false when it did not within `ms`. Looks at each instant.
    template <class Condition>
    bool run_until(std::int64_t ms, Condition&& holds) {
        const auto end = clock_.in_ms(ms);
        while (!holds()) {
            if (!step(end)) return holds();
        }
        return true;
    }

    Network& network() { return network_; }
    io::Random& random() { return random_; }
    io::Clock& clock() { return clock_; }
    Journal& journal() { return journal_; }
    io::Env& client() { return *host(kClient).env; }
    // Ends what clients are at, cut off, in a time of its own.
    void end_clients(asio::awaitable<void> stop);
    static std::string address(int node);

private:
    struct Host {
        std::string name;
        HostDisk disk;
        std::shared_ptr<LogSink> sink;
        bool is_paused = false;
        std::unique_ptr<io::VirtualClock> clock;
        std::unique_ptr<io::Random> random;
        std::unique_ptr<io::Net> net;
        std::unique_ptr<HostLoop> loop;
        std::unique_ptr<SlowPool> pool;
        std::unique_ptr<io::Env> env;
        std::unique_ptr<broker::Server> server;
        std::unique_ptr<io::Signal> stop_signal;
        int starts = 0;
        bool is_serving = false;
        bool is_to_stop = false;
        bool has_ended = false;
    };

    Host& host(int id) { return hosts_.at(id); }
    const Host& host(int id) const { return hosts_.at(id); }
    void boot(int id);
    void shut(Host& host);
    void die(int node, bool says_so);
    void ask_to_stop(Host& host);
    asio::awaitable<void> live(Host& host);
    void settle();
    broker::ServerOptions server_options(int node);

    const ClusterOptions options_;
    io::VirtualClock clock_;
    Journal journal_;
    io::SeededRandom random_;
    Network network_;
    std::map<int, Host> hosts_;
    std::vector<std::string> failures_;
};

}  // namespace kcore::sim
