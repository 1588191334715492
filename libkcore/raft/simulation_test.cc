// Whole clusters of replicas under every fault there is; see test_cluster.h.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/crc32c.h"
#include "raft/test_cluster.h"

namespace kcore::raft {
namespace {

constexpr std::int64_t kRequestTimeoutMs = 2000;
constexpr std::int64_t kStepsMax = 400'000;

std::uint64_t hash_of(BytesView bytes) { return crc32c(bytes) + (bytes.size() << 32); }

Bytes batch_of(const std::string& value, std::int64_t now) {
    record::BatchBuilder builder;
    builder.append(now, std::nullopt, as_bytes(value));
    return to_bytes(BytesView(builder.close()));
}

std::vector<std::string> values_in(const TestBatch& batch) {
    std::vector<std::string> values;
    const record::BatchView view(batch.bytes);
    if (view.is_control()) return values;
    record::RecordReader reader(view.payload(), view.base());
    record::RecordView one;
    while (reader.next(one)) values.emplace_back(as_text(one.value.value_or(BytesView())));
    return values;
}

}  // namespace

// --- The cluster

TestCluster::TestCluster(std::uint64_t seed, int size, bool is_dynamic, Bug bug)
    : random_(seed), bug_(bug), is_dynamic_(is_dynamic) {
    std::vector<Voter> voters;
    const int total = is_dynamic ? size + 2 : size;
    for (int id = 1; id <= total; ++id) {
        auto member = std::make_unique<Member>();
        member->key = {id, Uuid{7, static_cast<std::uint64_t>(1000 + id)}};
        if (id <= size) {
            Voter voter;
            voter.key = is_dynamic ? member->key : ReplicaKey{id, {}};
            voter.endpoints = {{"C", {"node", static_cast<std::uint16_t>(id)}}};
            voters.push_back(voter);
        }
        randoms_.emplace(id, std::make_unique<io::SeededRandom>(seed * 31 + 7 * id));
        members_.emplace(id, std::move(member));
    }
    first_voters_ = VoterSet(voters);
    for (auto& [id, member] : members_) {
        if (is_dynamic && id <= size) {
            const VoterHistory::Entry entry{-1, 1, first_voters_};
            member->log.snapshots.emplace(SnapshotId{}, build_snapshot({}, {}, 0, 0, entry));
        }
        member->log.on_append = [this, id](const TestBatch& batch, std::int32_t before) {
            const std::pair known(hash_of(batch.bytes), before);
            const auto [at, is_new] = cells_.try_emplace({batch.epoch, batch.base}, known);
            if (!is_new && at->second != known) {
                blame(fmt::format("log of {} differs at {} of epoch {}", id, batch.base,
                                  batch.epoch));
            }
        };
        start(id);
    }
}

ReplicaOptions TestCluster::options_of(const Member& member) const {
    ReplicaOptions options;
    options.self = member.key;
    options.listener = "C";
    options.endpoints = {{"C", {"node", static_cast<std::uint16_t>(member.key.id)}}};
    if (is_dynamic_) {
        for (const auto& [id, voter] : first_voters_.all()) {
            options.bootstrap.push_back(voter.endpoints.front().address);
        }
    }
    options.fetch_bytes = 400;
    options.snapshot_bytes = 200;
    return options;
}

VoterHistory TestCluster::voters_of(Member& member) const {
    VoterHistory history(is_dynamic_ ? VoterSet() : first_voters_);
    std::int64_t from = 0;
    if (const auto latest = member.log.latest_snapshot()) {
        const auto snapshot = parse_snapshot(member.log.snapshots.at(*latest));
        from = latest->end_offset;
        history.restart(from, snapshot->voters.kraft_version, snapshot->voters.voters);
    }
    for (const auto& batch : member.log.batches()) {
        if (batch.base < from) continue;
        const auto records = control_records(batch.bytes);
        for (const auto& record : *records) {
            EXPECT_TRUE(apply(record, history));
        }
    }
    return history;
}

void TestCluster::start(int id) {
    auto& m = member(id);
    if (m.replica) return;
    if (bug_ == Bug::truncates_by_mark) static_cast<void>(m.log.truncate_to(m.log.high_watermark));
    if (const auto latest = m.log.latest_snapshot(); latest && is_behind(end_of(m.log), *latest)) {
        static_cast<void>(m.log.start_at(*latest));
    }
    ++m.life;
    m.is_storing = m.is_syncing = false;
    m.mark_before = std::max(m.mark_before, m.mark);
    m.applied = m.mark = 0;
    m.values.clear();
    m.asked.clear();
    m.replica = std::make_unique<Replica>(options_of(m), m.log, *randoms_.at(id));
    load(m);
    m.replica->start(m.disk, voters_of(m), m.log.synced_end, now_);
    pump(m);
}

void TestCluster::crash(int id) {
    auto& m = member(id);
    if (!m.replica) return;
    m.replica.reset();
    ++m.life;
    const auto unsynced = m.log.end_offset() - m.log.synced_end;
    m.log.crash(m.log.synced_end + below(unsynced + 1));
}

TestCluster::Member* TestCluster::leader() {
    Member* found = nullptr;
    for (auto& [id, m] : members_) {
        if (!m->replica || !m->replica->is_leader()) continue;
        if (found == nullptr || m->replica->epoch() > found->replica->epoch()) found = m.get();
    }
    return found;
}

void TestCluster::append_value() {
    auto* m = leader();
    if (m == nullptr) return;
    auto batch = batch_of(fmt::format("v{}", ++last_value_), now_);
    static_cast<void>(m->replica->append(batch, m->replica->epoch(), now_));
    pump(*m);
}

void TestCluster::change_voters(const Request& request) {
    auto* m = leader();
    if (m == nullptr) return;
    const auto id = ++m->last_request;
    m->asked.emplace(id, std::pair(0, RequestId{0}));
    m->replica->on_request(id, request, now_);
    pump(*m);
}

void TestCluster::take_snapshot(int id, bool trims) {
    auto& m = member(id);
    const auto latest = m.log.latest_snapshot();
    if (!m.replica || m.applied == 0 || (latest && latest->end_offset >= m.applied)) return;
    const SnapshotId next{m.applied, m.log.epoch_at(m.applied - 1)};
    std::vector<Bytes> values;
    for (const auto& value : m.values) values.push_back(to_bytes(value));
    if (bug_ == Bug::shortens_snapshots && !values.empty()) values.pop_back();
    const auto& voters = m.replica->voters().at(m.applied);
    m.log.snapshots.emplace(next, build_snapshot(next, values, now_, now_, voters));
    if (trims) m.log.trim_to(next);
}

// --- What replicas want done

void TestCluster::with(int id, int life, const std::function<void(Member&)>& what) {
    auto& m = member(id);
    if (m.life != life || !m.replica) return;
    m.log.now_ms = now_;
    what(m);
    if (m.replica) pump(m);
}

void TestCluster::pump(Member& m) {
    store(m);
    sync(m);
    store_snapshots(m);
    for (auto& output : m.replica->outputs()) {
        if (auto* send = std::get_if<Send>(&output)) {
            check_send(m, *send);
            deliver(m, std::move(*send), faults_);
        } else {
            answer(m, std::move(std::get<Reply>(output)), faults_);
        }
    }
    apply_committed(m);
    check(m);
}

void TestCluster::store(Member& m) {
    const auto wanted = m.replica->to_store();
    if (!wanted || m.is_storing) return;
    m.is_storing = true;
    later(below(8), [this, id = m.key.id, life = m.life, election = *wanted] {
        with(id, life, [&](Member& on) {
            on.is_storing = false;
            on.disk = election;
            on.replica->on_stored(election, now_);
        });
    });
}

void TestCluster::sync(Member& m) {
    if (m.is_syncing || m.log.synced_end >= m.log.end_offset()) return;
    if (bug_ == Bug::acks_unsynced) {
        m.replica->on_synced(m.log.end_offset(), now_);
    }
    m.is_syncing = true;
    const auto end = m.log.end_offset();
    const auto generation = m.log.generation;
    const auto ms = bug_ == Bug::acks_unsynced ? 50 + below(200) : below(10);
    later(ms, [this, id = m.key.id, life = m.life, end, generation] {
        with(id, life, [&](Member& on) {
            on.is_syncing = false;
            if (on.log.generation != generation) return;
            on.log.synced_end = std::max(on.log.synced_end, end);
            on.replica->on_synced(end, now_);
        });
    });
}

void TestCluster::store_snapshots(Member& m) {
    for (const auto& snapshot : std::exchange(m.log.to_store, {})) {
        later(below(20), [this, id = m.key.id, life = m.life, snapshot] {
            with(id, life, [&](Member& on) {
                auto voters = on.log.stored(snapshot);
                // A crash between the rename of the snapshot and the cut of the log.
                if (faults_.crashes && percent(10)) return crash(id);
                on.replica->on_snapshot_stored(snapshot, std::move(voters), now_);
            });
        });
    }
}

void TestCluster::deliver(Member& from, Send send, const Faults& faults) {
    const int to = send.address.port;
    const auto sender = std::pair(from.key.id, from.life);
    later(kRequestTimeoutMs, [this, sender, id = send.id] {
        with(sender.first, sender.second,
             [&](Member& on) { on.replica->on_no_response(id, now_); });
    });
    const int copies = percent(faults.loss_percent) ? 0 : percent(faults.doubling_percent) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        later(1 + below(percent(5) ? 300 : 10), [this, to, sender, send] {
            if (cut_off_.contains(to) != cut_off_.contains(sender.first)) return;
            with(to, member(to).life, [&](Member& on) {
                const auto id = ++on.last_request;
                on.asked.emplace(id, std::pair(sender.first, send.id));
                on.replica->on_request(id, send.request, now_);
            });
        });
    }
}

void TestCluster::answer(Member& from, Reply reply, const Faults& faults) {
    const auto asked = from.asked.extract(reply.id);
    if (asked.empty() || asked.mapped().first == 0) return;
    const auto to = asked.mapped().first;
    const auto id = asked.mapped().second;
    if (auto* vote = std::get_if<VoteResponse>(&reply.response)) {
        const bool is_refusal = !vote->is_granted && vote->error == Errc::none;
        if (bug_ == Bug::votes_twice && is_refusal) vote->is_granted = true;
    }
    if (percent(faults.loss_percent)) return;
    later(1 + below(percent(5) ? 300 : 10), [this, to, id, source = from.key.id,
                                             life = member(to).life, reply] {
        if (cut_off_.contains(to) != cut_off_.contains(source)) return;
        with(to, life, [&](Member& on) { on.replica->on_response(id, reply.response, now_); });
    });
}

// --- The state machine

void TestCluster::load(Member& m) {
    const auto latest = m.log.latest_snapshot();
    if (!latest) return;
    const auto snapshot = parse_snapshot(m.log.snapshots.at(*latest));
    m.values.clear();
    for (const auto value : snapshot->values) m.values.emplace_back(as_text(value));
    m.applied = latest->end_offset;
}

void TestCluster::apply_committed(Member& m) {
    if (m.log.start_offset() > m.applied) load(m);
    const auto mark = m.replica->high_watermark();
    for (const auto& batch : m.log.batches()) {
        if (batch.base < m.applied || batch.next > mark) continue;
        check_committed(m, batch);
        for (auto& value : values_in(batch)) m.values.push_back(std::move(value));
        m.applied = batch.next;
    }
}

// --- The checks

void TestCluster::blame(const std::string& what) {
    if (wrong_.empty()) wrong_ = fmt::format("at {} ms: {}", now_, what);
}

void TestCluster::check(Member& m) {
    const auto& replica = *m.replica;
    if (replica.failure()) blame(fmt::format("{} failed: {}", m.key.id, replica.failure()->what));
    if (replica.high_watermark() < m.mark) blame(fmt::format("{}: mark fell", m.key.id));
    m.mark = replica.high_watermark();
    if (replica.has_caught_up() && m.mark < m.mark_before) {
        blame(fmt::format("{}: caught up with {}, and has known {}", m.key.id, m.mark,
                          m.mark_before));
    }
    if (m.mark > m.log.end_offset()) blame(fmt::format("{}: mark above the end", m.key.id));
    const auto shared = std::min(m.values.size(), values_.size());
    if (m.values.size() > values_.size() ||
        !std::equal(m.values.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(shared, 3)),
                    m.values.end(),
                    values_.begin() + static_cast<std::ptrdiff_t>(
                                          m.values.size() - std::min<std::size_t>(shared, 3)))) {
        blame(fmt::format("{} has applied what is not the committed log", m.key.id));
    }
    if (!replica.is_leader()) return;
    const auto [at, is_new] = leaders_.try_emplace(replica.epoch(), m.key.id);
    if (at->second != m.key.id) {
        blame(fmt::format("{} and {} lead in epoch {}", at->second, m.key.id, replica.epoch()));
    }
    if (!is_new) return;
    for (auto one = committed_.rbegin(); one != committed_.rend(); ++one) {
        if (one->second.epoch >= replica.epoch()) continue;
        if (m.log.end_offset() < one->second.next) {
            blame(fmt::format("{} leads epoch {} without the committed {}", m.key.id,
                              replica.epoch(), one->first));
        }
        return;
    }
}

void TestCluster::check_send(const Member& m, const Send& send) {
    if (m.disk != m.replica->election()) blame(fmt::format("{} speaks unstored", m.key.id));
    if (const auto* fetch = std::get_if<FetchRequest>(&send.request)) {
        if (fetch->from.offset > m.log.synced_end) {
            blame(fmt::format("{} acknowledges {}, {} is synced", m.key.id, fetch->from.offset,
                              m.log.synced_end));
        }
    }
    if (const auto* vote = std::get_if<VoteRequest>(&send.request); vote && !vote->is_pre_vote) {
        const auto [at, is_new] = votes_.try_emplace({vote->epoch, m.key.id}, m.key.id);
        if (at->second != m.key.id) blame(fmt::format("{} votes twice", m.key.id));
    }
}

void TestCluster::check_committed(Member& m, const TestBatch& batch) {
    const Committed is{batch.next, batch.epoch, hash_of(batch.bytes)};
    const auto at = committed_.find(batch.base);
    if (at != committed_.end()) {
        if (at->second.epoch != is.epoch || at->second.hash != is.hash) {
            blame(fmt::format("{}: another record is committed at {}", m.key.id, batch.base));
        }
        return;
    }
    if (batch.base != committed_end_) {
        return blame(
            fmt::format("{}: committed {} after {}", m.key.id, batch.base, committed_end_));
    }
    committed_.emplace(batch.base, is);
    committed_end_ = batch.next;
    for (auto& value : values_in(batch)) values_.push_back(std::move(value));
}

// --- Time

void TestCluster::step_to(std::int64_t until, const Faults& faults) {
    faults_ = faults;
    for (std::int64_t steps = 0; wrong_.empty(); ++steps) {
        if (steps > kStepsMax) return blame("too many steps: something does not rest");
        auto next = events_.empty() ? kNoTime : events_.begin()->first;
        int due = 0;
        for (auto& [id, m] : members_) {
            const auto deadline = m->replica ? m->replica->next_deadline() : kNoTime;
            if (deadline < next) {
                next = deadline;
                due = id;
            }
        }
        if (next > until) break;
        now_ = std::max(now_, next);
        if (due != 0) {
            with(due, member(due).life, [&](Member& on) { on.replica->on_time(now_); });
        } else {
            const auto event = events_.extract(events_.begin());
            event.mapped()();
        }
    }
    now_ = std::max(now_, until);
}

void TestCluster::shake(const Faults& faults) {
    const auto id = static_cast<int>(1 + below(static_cast<std::int64_t>(members_.size())));
    const auto what = below(100);
    if (faults.crashes && what < 2) {
        crash(id);
        later(below(4000), [this, id] { start(id); });
    } else if (faults.partitions && what < 4) {
        cut_off_ = {id};
        if (percent(30)) cut_off_.insert(1 + static_cast<int>(below(3)));
        later(below(5000), [this] { heal(); });
    } else if (faults.snapshots && what < 10) {
        take_snapshot(id, percent(70));
    } else if (faults.changes_voters && what < 13) {
        const auto* m = leader();
        if (m == nullptr) return;
        const auto& voters = m->replica->voters().voters();
        if (voters.contains(id)) {
            if (voters.size() > 2) change_voters(RemoveVoterRequest{member(id).key});
        } else {
            AddVoterRequest add;
            add.voter.key = member(id).key;
            add.voter.endpoints = {{"C", {"node", static_cast<std::uint16_t>(id)}}};
            add.timeout_ms = 1000;
            change_voters(add);
        }
    } else {
        append_value();
    }
}

bool TestCluster::run(std::int64_t ms, const Faults& faults) {
    const auto end = now_ + ms;
    while (now_ < end && wrong_.empty()) {
        shake(faults);
        step_to(now_ + 1 + below(100), faults);
    }
    return wrong_.empty();
}

bool TestCluster::settles(std::int64_t ms) {
    heal();
    for (auto& [id, m] : members_) start(id);
    Faults none;
    none.partitions = none.crashes = none.snapshots = false;
    const auto end = now_ + ms;
    while (now_ < end && wrong_.empty()) {
        step_to(now_ + 200, none);
        append_value();
        step_to(now_ + 200, none);
        const auto* m = leader();
        if (m == nullptr || m->replica->high_watermark() < m->log.end_offset()) continue;
        const bool are_equal = std::ranges::all_of(members_, [&](const auto& one) {
            return one.second->replica->high_watermark() == m->replica->high_watermark();
        });
        if (are_equal && m->values == values_) return true;
    }
    if (wrong_.empty()) blame("the cluster does not come to rest");
    return false;
}

// --- The tests

namespace {

constexpr std::uint64_t kSeeds = 300;

TestCluster::Faults faults_of(std::uint64_t seed, bool is_dynamic) {
    TestCluster::Faults faults;
    io::SeededRandom random(seed ^ 0xfaaf);
    const auto half = [&] { return random.below(2) == 0; };
    if (half()) faults.loss_percent = static_cast<int>(random.below(30));
    if (half()) faults.doubling_percent = static_cast<int>(random.below(20));
    faults.partitions = half();
    faults.crashes = half();
    faults.snapshots = half();
    faults.changes_voters = is_dynamic;
    return faults;
}

// What went wrong with this seed; empty: nothing.
std::string run_seed(std::uint64_t seed, Bug bug, std::size_t* committed = nullptr) {
    const bool is_dynamic = seed % 2 == 1;
    TestCluster cluster(seed, seed % 5 == 4 ? 5 : 3, is_dynamic, bug);
    if (cluster.run(20'000, faults_of(seed, is_dynamic))) cluster.settles(60'000);
    if (committed != nullptr) *committed += cluster.committed_values();
    return cluster.wrong();
}

std::optional<std::uint64_t> finds(Bug bug) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        if (!run_seed(seed, bug).empty()) return seed;
    }
    return std::nullopt;
}

TEST(RaftSimulation, NothingGoesWrongWithAnySeed) {
    const auto* one = std::getenv("KCORE_RAFT_SEED");
    const auto first = one == nullptr ? 1 : std::strtoull(one, nullptr, 10);
    const auto last = one == nullptr ? kSeeds : first;
    std::size_t committed = 0;
    for (auto seed = first; seed <= last; ++seed) {
        EXPECT_EQ(run_seed(seed, Bug::none, &committed), "") << "KCORE_RAFT_SEED=" << seed;
    }
    EXPECT_GT(committed, (last - first) * 50) << "too little happens to find anything";
}

TEST(RaftSimulation, OneSeedIsOneHistory) {
    for (const std::uint64_t seed : {11, 12}) {
        TestCluster a(seed, 3, true, Bug::none);
        TestCluster b(seed, 3, true, Bug::none);
        a.run(5000, faults_of(seed, true));
        b.run(5000, faults_of(seed, true));
        EXPECT_EQ(a.committed_values(), b.committed_values());
        EXPECT_EQ(a.epochs_led(), b.epochs_led());
    }
}

TEST(RaftSimulation, AVoteGrantedTwiceIsFound) { EXPECT_TRUE(finds(Bug::votes_twice)); }
TEST(RaftSimulation, AnAcknowledgementBeforeTheSyncIsFound) {
    EXPECT_TRUE(finds(Bug::acks_unsynced));
}
TEST(RaftSimulation, TruncationByTheHighWatermarkIsFound) {
    EXPECT_TRUE(finds(Bug::truncates_by_mark));
}
TEST(RaftSimulation, ASnapshotWithoutItsLastRecordIsFound) {
    EXPECT_TRUE(finds(Bug::shortens_snapshots));
}

}  // namespace
}  // namespace kcore::raft
