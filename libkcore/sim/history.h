#pragma once
// One history of a cluster: it starts, clients work, faults befall it as the seed has it, all is
// mended, and it has to come to rest with every promise kept.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim/cluster.h"
#include "sim/witness.h"
#include "sim/workload.h"

namespace kcore::sim {

class History {
public:
    History(std::uint64_t seed, bool is_journal_detailed);

    void run();

    const std::vector<std::string>& problems() const { return problems_; }
    const std::deque<std::string>& lines() const { return cluster_->journal().lines(); }
    std::uint64_t hash() const { return cluster_->journal().hash(); }
    std::size_t acknowledged() const { return load_->acknowledged(); }
    int faults() const { return faults_; }

private:
    enum class Fault : std::uint8_t {
        kill,
        stop,
        power,
        pause,
        partition,
        disconnect,
        slowness,
        start,
        heal,
    };
    static constexpr int kFaults = 9;

    ClusterOptions options(std::uint64_t seed);
    std::int64_t below(std::int64_t bound);
    int some_node() { return 1 + static_cast<int>(below(cluster_->nodes())); }
    template <class Condition>
    bool reaches(const std::string& what, Condition&& holds);
    bool is_possible(Fault fault) const { return possible_.contains(fault); }
    bool look();
    void pass(std::int64_t ms);
    void disturb();
    void disturb(Fault fault, int node);
    void cut_off(int node);
    void start_all();
    void heal();
    void judge();

    io::SeededRandom random_;
    std::set<Fault> possible_;
    std::unique_ptr<Cluster> cluster_;
    std::unique_ptr<Workload> load_;
    std::unique_ptr<Witness> witness_;
    io::Instant next_comparison_{};
    std::vector<std::string> problems_;
    int faults_ = 0;
    bool is_over_ = false;  // No more faults.
};

}  // namespace kcore::sim
