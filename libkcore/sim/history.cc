#include "sim/history.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcore::sim {

namespace {

constexpr int kNodes = 3;
constexpr std::int64_t kFaultsMs = 30'000;
constexpr std::int64_t kRestMs = 60'000;  // To come to rest in, once all is mended.
constexpr auto kComparison = io::Milliseconds(1'000);

}  // namespace

History::History(std::uint64_t seed, bool is_journal_detailed) : random_(~seed) {
    auto how = options(seed);
    how.is_journal_detailed = is_journal_detailed;
    cluster_ = std::make_unique<Cluster>(std::move(how));
    // A snapshot of producers knows the last batch of each: after a restart one that comes again is
    // only known as such when it is that.
    const bool restarts =
        is_possible(Fault::kill) || is_possible(Fault::stop) || is_possible(Fault::power);
    load_ = std::make_unique<Workload>(*cluster_, restarts ? 1 : 5);
    witness_ = std::make_unique<Witness>(*cluster_, Workload::kTopic, Workload::kPartitions);
}

std::int64_t History::below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound)));
}

// Half of the seeds are spared half of the kinds of faults, so that the others come together.
ClusterOptions History::options(std::uint64_t seed) {
    const bool spares = below(2) == 0;
    for (int i = 0; i < kFaults; ++i) {
        const auto fault = static_cast<Fault>(i);
        const bool is_cure = fault == Fault::start || fault == Fault::heal;
        if (is_cure || !spares || below(2) == 0) possible_.insert(fault);
    }
    ClusterOptions options;
    options.seed = seed;
    options.nodes = kNodes;
    if (below(3) == 0) options.network.delay_max_us = 20'000;
    if (below(3) == 0) options.network.loss_percent = static_cast<int>(below(15));
    if (below(3) == 0) options.disk_delay_max_us = 30'000;
    options.settings = {{"min.insync.replicas", "2"},
                        {"broker.session.timeout.ms", "3000"},
                        {"broker.heartbeat.interval.ms", "500"},
                        {"replica.lag.time.max.ms", "3000"},
                        {"replica.socket.timeout.ms", "3000"},
                        {"replica.fetch.backoff.ms", "200"},
                        {"controller.socket.timeout.ms", "3000"},
                        {"log.flush.offset.checkpoint.interval.ms", "1000"}};
    if (below(4) == 0) options.settings["log.segment.bytes"] = "2000";
    if (below(3) == 0) options.settings["metadata.log.max.record.bytes.between.snapshots"] = "2000";
    return options;
}

// False once something is wrong.
bool History::look() {
    if (is_over_) start_all();  // One that was asked to stop may have taken until now.
    witness_->look();
    if (cluster_->clock().now() >= next_comparison_) {
        witness_->compare_logs();
        next_comparison_ = cluster_->clock().now() + kComparison;
    }
    return witness_->problems().empty() && load_->problems().empty() &&
           cluster_->failures().empty();
}

void History::pass(std::int64_t ms) {
    (void)cluster_->run_until(ms, [this] { return !look(); });
}

template <class Condition>
bool History::reaches(const std::string& what, Condition&& holds) {
    bool is_right = true;
    const bool is_there = cluster_->run_until(kRestMs, [&] {
        is_right = look();
        return !is_right || holds();
    });
    if (!is_there) problems_.push_back("never " + what);
    return is_right && is_there;
}

void History::run() {
    start_all();
    load_->begin();
    if (reaches("began", [&] { return load_->has_begun() && witness_->is_whole(); })) {
        const auto end = cluster_->clock().in_ms(kFaultsMs);
        while (look() && cluster_->clock().now() < end) {
            disturb();
            pass(below(2'000));
        }
        judge();
    }
    for (const auto* found : {&witness_->problems(), &load_->problems(), &cluster_->failures()}) {
        problems_.insert(problems_.end(), found->begin(), found->end());
    }
}

void History::judge() {
    heal();
    is_over_ = true;
    const auto finished = [&] { return load_->has_finished() && load_->has_read_all(); };
    load_->finish();
    if (!look() || !reaches("delivered all", finished)) return;
    if (!reaches("was whole again", [&] { return witness_->is_whole(); })) return;
    pass(2'000);  // For the last high watermark to get around.
    if (!look()) return;
    load_->judge();
    witness_->compare_replicas();
}

// --- Faults

void History::disturb() {
    for (;;) {
        const auto fault = static_cast<Fault>(below(kFaults));
        if (!is_possible(fault)) continue;
        ++faults_;
        return disturb(fault, some_node());
    }
}

void History::disturb(Fault fault, int node) {
    const auto other = 1 + (node + static_cast<int>(below(kNodes - 1))) % kNodes;
    auto& journal = cluster_->journal();
    switch (fault) {
        case Fault::kill:
            // Before they are in sync again: who lost power has lost its part, and what a killed
            // one has is not taken into account when a leader is sought.
            if (!witness_->is_in_debt()) cluster_->kill(node);
            return;
        case Fault::stop:
            return cluster_->stop(node);
        case Fault::power:
            if (!witness_->can_lose_power(node)) return;
            witness_->lost_power(node);
            return cluster_->cut_power(node);
        case Fault::pause:
            if (!cluster_->is_up(node)) return;
            journal.add("fault", fmt::format("node {} stands still", node));
            return cluster_->pause(node, true);
        case Fault::partition:
            return cut_off(node);
        case Fault::disconnect:
            journal.add("fault", fmt::format("nodes {} and {} are disconnected", node, other));
            return cluster_->network().disconnect(node, other);
        case Fault::slowness:
            journal.add("fault", fmt::format("nodes {} and {} are slow", node, other));
            return cluster_->network().slow_down(node, other, 1 + below(2'500'000));
        case Fault::start:
            return start_all();
        case Fault::heal:
            return heal();
    }
}

// From one host or all others, clients too; one way or both.
void History::cut_off(int node) {
    const bool is_from_all = below(2) == 0;
    const auto way = below(3);
    const auto only = (node + 1 + static_cast<int>(below(kNodes))) % (kNodes + 1);
    auto& network = cluster_->network();
    for (int id = 0; id <= kNodes; ++id) {
        if (id == node || (!is_from_all && id != only)) continue;
        cluster_->journal().add("fault", fmt::format("{} {} {}", node,
                                                     way == 0   ? "-x->"
                                                     : way == 1 ? "<-x-"
                                                                : "<-x->",
                                                     id));
        if (way != 1) network.cut(node, id);
        if (way != 0) network.cut(id, node);
    }
}

void History::start_all() {
    for (int node = 1; node <= kNodes; ++node) {
        cluster_->pause(node, false);
        cluster_->start(node);
    }
}

void History::heal() {
    cluster_->journal().add("fault", "all is mended");
    cluster_->network().heal_all();
    start_all();
}

}  // namespace kcore::sim
