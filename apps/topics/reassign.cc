// Moves replicas: planned, started, watched and given up.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/input_file.h"
#include "cli/process.h"
#include "io/posix.h"
#include "topics/placement.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::Json;
using cli::Kind;

const std::vector<cli::Field<client::Reassignment>>& move_fields() {
    using Row = client::Reassignment;
    static const std::vector<cli::Field<Row>> out{
        {{"topic", "TOPIC"}, [](const Row& r) { return Json(r.partition.topic); }},
        {{"partition", "PARTITION", Kind::number},
         [](const Row& r) { return Json(r.partition.partition); }},
        {{"replicas", "REPLICAS", Kind::list}, [](const Row& r) { return Json(r.replicas); }},
        {{"adding", "ADDING", Kind::list}, [](const Row& r) { return Json(r.adding); }},
        {{"removing", "REMOVING", Kind::list}, [](const Row& r) { return Json(r.removing); }}};
    return out;
}

using Plan = std::map<TopicPartition, Replicas>;

// As Kafka's script reads and writes it.
std::string to_json(const Plan& plan) {
    Json out{{"version", 1}, {"partitions", Json::array()}};
    for (const auto& [id, replicas] : plan) {
        out["partitions"].push_back(
            {{"topic", id.topic}, {"partition", id.partition}, {"replicas", replicas}});
    }
    return out.dump() + "\n";
}

cli::Parsed<Plan> read_plan(const std::string& path) {
    auto file = cli::InputFile::open(path);
    if (!file) return cli::refuse(file.error());
    auto text = file->read_all();
    if (!text) return cli::refuse(text.error());
    const auto wrong = cli::refuse(path +
                                   " is not a plan: {\"partitions\":[{\"topic\":...,"
                                   "\"partition\":...,\"replicas\":[...]}]}");
    const auto json = Json::parse(*text, nullptr, false);
    if (!json.is_object() || !json.contains("partitions")) return wrong;
    Plan plan;
    try {
        for (const auto& one : json["partitions"]) {
            plan[{one.at("topic").get<std::string>(), one.at("partition").get<std::int32_t>()}] =
                one.at("replicas").get<Replicas>();
        }
    } catch (const Json::exception&) {  // A field is missing or of another type.
        return wrong;
    }
    return plan;
}

// The replicas that a topic's partitions have now.
Plan placement_of(const client::TopicView& topic) {
    Plan out;
    for (const auto& one : topic.partitions) out[{topic.name, one.index}] = one.replicas;
    return out;
}

// By --replication-factor and --brokers.
Result<Plan> planned(const Options& options, const client::ClusterView& view,
                     const client::TopicView& topic, const std::vector<std::int32_t>& only) {
    std::map<std::int32_t, std::string> brokers;
    for (const auto& [id, broker] : view.brokers) {
        const bool may = only.empty() || std::ranges::find(only, id) != only.end();
        if (may) brokers[id] = broker.rack.value_or("");
    }
    for (const auto id : only) {
        if (brokers.contains(id)) continue;
        return fail(Errc::broker_not_available, fmt::format("there is no broker {}", id));
    }
    std::vector<Replicas> now;
    std::size_t factor = 1;
    for (const auto& one : topic.partitions) {
        now.push_back(one.replicas);
        factor = std::max(factor, one.replicas.size());
    }
    if (options.replication_factor > 0) {
        factor = static_cast<std::size_t>(options.replication_factor);
    }
    if (factor > brokers.size()) {
        return fail(
            Errc::invalid_replication_factor,
            fmt::format("{} replicas need as many brokers: there are {}", factor, brokers.size()));
    }
    const auto next = place(now, brokers, factor);
    Plan out;
    for (std::size_t i = 0; i < next.size(); ++i) {
        out[{topic.name, topic.partitions[i].index}] = next[i];
    }
    return out;
}

int list_moves(Session& session) {
    auto moves = session.admin().reassignments();
    if (!moves) return session.console().fail({"", moves.error()});
    return session.console().show(cli::make_sheet("reassignments", move_fields(), *moves));
}

int carry_out(Session& session, std::vector<client::Move> moves, const std::string& action) {
    auto outcomes = session.admin().reassign(std::move(moves));
    if (!outcomes) return session.console().fail({"", outcomes.error()});
    cli::Changes done{"partitions"};
    for (const auto& one : *outcomes) {
        done.rows.push_back({one.partition.to_string(), action, {}, one.error});
    }
    return session.show(done);
}

// Those of the topics named, or all.
int cancel(Session& session, const Options& options) {
    auto& console = session.console();
    auto moves = session.admin().reassignments();
    if (!moves) return console.fail({"", moves.error()});
    cli::Changes plan{"partitions"};
    std::vector<client::Move> given_up;
    for (const auto& move : *moves) {
        const auto& names = options.names;
        const bool is_meant =
            names.empty() || std::ranges::find(names, move.partition.topic) != names.end();
        if (!is_meant) continue;
        plan.rows.push_back({move.partition.to_string(), "would cancel"});
        given_up.push_back({move.partition, std::nullopt});
    }
    if (given_up.empty()) {
        console.notice("no reassignment is under way");
        return cli::kDone;
    }
    const auto question = fmt::format("give up {} reassignment(s)?", given_up.size());
    if (!console.agree(plan, question)) return cli::kPending;
    return carry_out(session, std::move(given_up), "cancelled");
}

int move_replicas(Session& session, const Plan& before, const Plan& plan) {
    auto& console = session.console();
    cli::Changes shown{"partitions"};
    std::vector<client::Move> moves;
    Plan old;
    for (const auto& [id, replicas] : plan) {
        const auto now = before.find(id);
        if (now == before.end()) {
            return console.fail({id.to_string(), Error(Errc::unknown_topic_or_partition,
                                                       "there is no such partition")});
        }
        if (now->second == replicas) continue;
        const auto from = fmt::format("{}", fmt::join(now->second, ","));
        const auto to = fmt::format("{}", fmt::join(replicas, ","));
        shown.rows.push_back(
            {id.to_string(), "would move", {{"replicas", from}, {"new_replicas", to}}});
        moves.push_back({id, replicas});
        old[id] = now->second;
    }
    if (moves.empty()) {
        console.notice("every replica is where it shall be");
        return cli::kDone;
    }
    const auto question = fmt::format("move {} partition(s)?", moves.size());
    if (!console.agree(shown, question)) return cli::kPending;
    io::PosixClock clock;
    const auto path = fmt::format("rollback-{}.json", clock.wall_ms());
    auto written = cli::write_atomically(path, to_json(old));
    if (!written) return console.usage(fmt::format("no plan for going back: {}", written.error()));
    console.notice(fmt::format("going back: ktopics reassign --plan {}", path));
    return carry_out(session, std::move(moves), "moving");
}

}  // namespace

cli::Sheet move_sheet() {
    return cli::make_sheet<client::Reassignment>("reassignments", move_fields(), {});
}

int reassign(Session& session, const Options& options) {
    auto& console = session.console();
    if (options.is_list) return list_moves(session);
    if (options.is_cancel) return cancel(session, options);
    auto brokers = cli::parse_partitions(options.brokers);
    if (!brokers)
        return console.usage(fmt::format("--brokers: '{}' is not 1,2,3", options.brokers));
    const bool has_wish = options.replication_factor > 0 || !brokers->empty();
    const bool has_plan = !options.file.empty();
    if (has_plan == (has_wish || !options.names.empty()) || (!has_plan && !has_wish)) {
        return console.usage("give topics with --replication-factor or --brokers, or --plan FILE");
    }
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return console.fail({"", view.error()});
    Plan plan;
    Plan before;
    if (has_plan) {
        auto read = read_plan(options.file);
        if (!read) return console.usage(read.error());
        plan = std::move(*read);
        for (const auto& [name, topic] : (*view)->topics) before.merge(placement_of(topic));
        return move_replicas(session, before, plan);
    }
    for (const auto& name : options.names) {
        auto topic = existing(**view, name);
        if (!topic) return console.fail({name, topic.error()});
        auto own = planned(options, **view, *topic, *brokers);
        if (!own) return console.fail({name, own.error()});
        before.merge(placement_of(*topic));
        plan.merge(*own);
    }
    return move_replicas(session, before, plan);
}

}  // namespace kcore::topics
