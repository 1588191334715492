#pragma once
// A cluster of replicas in one thread under virtual time, for tests: one seed gives one history of
// losses, doublings, partitions, crashes and changes of voters. Every step is checked; the first
// thing that is wrong is kept as a sentence.

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/random.h"
#include "raft/replica.h"
#include "raft/test_log.h"
#include "record/builder.h"

namespace kcore::raft {

// Planted: each must be found.
enum class Bug : std::uint8_t {
    none,
    votes_twice,         // In one epoch, for whoever asks.
    acks_unsynced,       // Says it has what its disk does not.
    truncates_by_mark,   // To its own high watermark, at a restart, as Kafka once did (KIP-101).
    shortens_snapshots,  // By their last record.
};

class TestCluster {
public:
    struct Faults {
        int loss_percent = 0;
        int doubling_percent = 0;
        bool partitions = true;
        bool crashes = true;
        bool snapshots = true;
        bool changes_voters = false;
    };

    TestCluster(std::uint64_t seed, int size, bool is_dynamic, Bug bug);

    // Goes on for so long; false once something was wrong.
    bool run(std::int64_t ms, const Faults& faults);
    // Everything is whole again: waits until all have all. False after `ms`.
    bool settles(std::int64_t ms);

    const std::string& wrong() const { return wrong_; }
    std::size_t committed_values() const { return values_.size(); }
    std::size_t epochs_led() const { return leaders_.size(); }

    // For tests of single situations.
    struct Member {
        ReplicaKey key;
        TestLog log;
        std::unique_ptr<Replica> replica;  // Null while it is down.
        Election disk;
        int life = 0;
        bool is_storing = false;
        bool is_syncing = false;
        std::int64_t applied = 0;
        std::int64_t mark = 0;         // High watermark seen.
        std::int64_t mark_before = 0;  // In an earlier life.
        std::vector<std::string> values;
        std::map<RequestId, std::pair<int, RequestId>> asked;  // By whom.
        RequestId last_request = 0;
    };
    Member& member(int id) { return *members_.at(id); }
    Member* leader();
    void start(int id);
    void crash(int id);
    void cut_off(int id) { cut_off_.insert(id); }
    void heal() { cut_off_.clear(); }
    void append_value();
    void take_snapshot(int id, bool trims);
    void change_voters(const Request& request);
    void step_to(std::int64_t until_ms, const Faults& faults);
    std::int64_t now() const { return now_; }

private:
    struct Committed {
        std::int64_t next = 0;
        std::int32_t epoch = 0;
        std::uint64_t hash = 0;
    };

    std::int64_t below(std::int64_t n) {
        return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
    }
    bool percent(int n) { return below(100) < n; }
    void later(std::int64_t ms, std::function<void()> what) {
        events_.emplace(now_ + ms, std::move(what));
    }
    void with(int id, int life, const std::function<void(Member&)>& what);
    void pump(Member& member);
    void store(Member& member);
    void sync(Member& member);
    void store_snapshots(Member& member);
    void deliver(Member& from, Send send, const Faults& faults);
    void answer(Member& from, Reply reply, const Faults& faults);
    void apply_committed(Member& member);
    void load(Member& member);
    void shake(const Faults& faults);
    void blame(const std::string& what);
    void check(Member& member);
    void check_send(const Member& member, const Send& send);
    void check_committed(Member& member, const TestBatch& batch);
    ReplicaOptions options_of(const Member& member) const;
    VoterHistory voters_of(Member& member) const;

    io::SeededRandom random_;
    std::map<int, std::unique_ptr<io::SeededRandom>> randoms_;
    Bug bug_;
    bool is_dynamic_;
    VoterSet first_voters_;
    std::int64_t now_ = 1000;
    Faults faults_;
    std::map<int, std::unique_ptr<Member>> members_;
    std::multimap<std::int64_t, std::function<void()>> events_;
    std::set<int> cut_off_;
    int last_value_ = 0;
    std::string wrong_;

    std::map<std::int32_t, std::int32_t> leaders_;                         // By epoch.
    std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> votes_;  // By epoch and voter.
    std::map<std::pair<std::int32_t, std::int64_t>, std::pair<std::uint64_t, std::int32_t>> cells_;
    std::map<std::int64_t, Committed> committed_;  // By base offset.
    std::int64_t committed_end_ = 0;
    std::vector<std::string> values_;  // Committed, in order.
};

}  // namespace kcore::raft
