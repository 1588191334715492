// What a cluster is made of, and whether it is well.
#include <fmt/format.h>

#include <algorithm>

#include "admin/admin.h"
#include "protocol/api_table.h"

namespace kcore::admin {

namespace {

using cli::Json;
using cli::Kind;
using cli::Show;

struct BrokerRow {
    std::string cluster_id;
    std::int64_t id = -1;
    std::string host;
    std::int64_t port = 0;
    std::optional<std::string> rack;
    bool is_controller = false;
    bool is_fenced = false;
    std::int64_t leaders = 0;
    std::int64_t replicas = 0;
};

const std::vector<cli::Field<BrokerRow>> kBrokerFields{
    {{"broker", "BROKER", Kind::number}, [](const BrokerRow& r) { return Json(r.id); }},
    {{"host", "HOST"}, [](const BrokerRow& r) { return Json(r.host); }},
    {{"port", "PORT", Kind::number}, [](const BrokerRow& r) { return Json(r.port); }},
    {{"rack", "RACK"}, [](const BrokerRow& r) { return cli::optional_json(r.rack); }},
    {{"leaders", "LEADERS", Kind::number}, [](const BrokerRow& r) { return Json(r.leaders); }},
    {{"replicas", "REPLICAS", Kind::number}, [](const BrokerRow& r) { return Json(r.replicas); }},
    {{"controller", "CONTROLLER", Kind::truth},
     [](const BrokerRow& r) { return Json(r.is_controller); }},
    {{"fenced", "FENCED", Kind::truth}, [](const BrokerRow& r) { return Json(r.is_fenced); }},
    {{"cluster_id", "CLUSTER-ID", Kind::text, Show::wide},
     [](const BrokerRow& r) { return Json(r.cluster_id); }}};

struct Health {
    std::string cluster_id;
    std::int64_t brokers = 0;
    std::int64_t topics = 0;
    std::int64_t partitions = 0;
    std::int64_t leaderless = 0;
    std::int64_t under_replicated = 0;
    std::int64_t offline_replicas = 0;

    bool is_well() const { return brokers > 0 && leaderless == 0 && under_replicated == 0; }
};

const std::vector<cli::Field<Health>> kHealthFields{
    {{"cluster_id", "CLUSTER-ID"}, [](const Health& h) { return Json(h.cluster_id); }},
    {{"brokers", "BROKERS", Kind::number}, [](const Health& h) { return Json(h.brokers); }},
    {{"topics", "TOPICS", Kind::number}, [](const Health& h) { return Json(h.topics); }},
    {{"partitions", "PARTITIONS", Kind::number},
     [](const Health& h) { return Json(h.partitions); }},
    {{"leaderless", "LEADERLESS", Kind::number},
     [](const Health& h) { return Json(h.leaderless); }},
    {{"under_replicated", "UNDER-REPLICATED", Kind::number},
     [](const Health& h) { return Json(h.under_replicated); }},
    {{"offline_replicas", "OFFLINE-REPLICAS", Kind::number},
     [](const Health& h) { return Json(h.offline_replicas); }},
    {{"status", "STATUS", Kind::status},
     [](const Health& h) { return Json(h.is_well() ? "healthy" : "unhealthy"); }}};

struct VoterRow {
    std::int64_t node = -1;
    std::string role;
    std::string directory;
    std::int64_t epoch = -1;
    std::int64_t end = -1;
    std::int64_t lag = 0;
    std::int64_t caught_up_ms = -1;
};

const std::vector<cli::Field<VoterRow>> kVoterFields{
    {{"node", "NODE", Kind::number}, [](const VoterRow& r) { return Json(r.node); }},
    {{"role", "ROLE"}, [](const VoterRow& r) { return Json(r.role); }},
    {{"epoch", "EPOCH", Kind::number}, [](const VoterRow& r) { return Json(r.epoch); }},
    {{"log_end_offset", "LOG-END-OFFSET", Kind::number},
     [](const VoterRow& r) { return Json(r.end); }},
    {{"lag", "LAG", Kind::number}, [](const VoterRow& r) { return Json(r.lag); }},
    {{"caught_up_ts", "CAUGHT-UP", Kind::time_ms},
     [](const VoterRow& r) { return Json(r.caught_up_ms); }},
    {{"directory_id", "DIRECTORY-ID", Kind::text, Show::wide},
     [](const VoterRow& r) { return Json(r.directory); }}};

struct FeatureRow {
    std::string name;
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    std::int64_t level = 0;
    std::int64_t epoch = -1;
};

const std::vector<cli::Field<FeatureRow>> kFeatureFields{
    {{"feature", "FEATURE"}, [](const FeatureRow& r) { return Json(r.name); }},
    {{"level", "LEVEL", Kind::number}, [](const FeatureRow& r) { return Json(r.level); }},
    {{"supported_min", "MIN", Kind::number}, [](const FeatureRow& r) { return Json(r.lowest); }},
    {{"supported_max", "MAX", Kind::number}, [](const FeatureRow& r) { return Json(r.highest); }},
    {{"epoch", "EPOCH", Kind::number, Show::wide},
     [](const FeatureRow& r) { return Json(r.epoch); }}};

struct ApiRow {
    std::int64_t broker = -1;
    std::int64_t key = 0;
    std::string name;
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    std::optional<std::int64_t> usable;  // By this tool; nothing: it does not know the API.
};

const std::vector<cli::Field<ApiRow>> kApiFields{
    {{"api", "API"}, [](const ApiRow& r) { return Json(r.name); }},
    {{"key", "KEY", Kind::number}, [](const ApiRow& r) { return Json(r.key); }},
    {{"min", "MIN", Kind::number}, [](const ApiRow& r) { return Json(r.lowest); }},
    {{"max", "MAX", Kind::number}, [](const ApiRow& r) { return Json(r.highest); }},
    {{"usable", "USABLE", Kind::number},
     [](const ApiRow& r) { return cli::optional_json(r.usable); }},
    {{"broker", "BROKER", Kind::number}, [](const ApiRow& r) { return Json(r.broker); }}};

void count(const client::ClusterView& view, std::map<std::int64_t, BrokerRow>& rows) {
    for (const auto& [name, topic] : view.topics) {
        for (const auto& partition : topic.partitions) {
            if (rows.contains(partition.leader)) ++rows[partition.leader].leaders;
            for (const auto replica : partition.replicas) {
                if (rows.contains(replica)) ++rows[replica].replicas;
            }
        }
    }
}

// Which brokers are fenced is told only from DescribeCluster 2 on (Kafka 4.0).
Result<void> add_fenced(Session& session, std::map<std::int64_t, BrokerRow>& rows) {
    auto answer = ask(session, "DescribeCluster", {{"includeFencedBrokers", true}});
    if (!answer && answer.error().code == Errc::invalid_request) return {};
    if (!answer && answer.error().code == Errc::unsupported_version) return {};
    if (!answer) return std::unexpected(std::move(answer).error());
    for (const auto& broker : (*answer)["brokers"]) {
        auto& row = rows[broker["brokerId"].get<std::int64_t>()];
        row.id = broker["brokerId"].get<std::int64_t>();
        row.host = broker["host"].get<std::string>();
        row.port = broker["port"].get<std::int64_t>();
        row.is_fenced = broker.value("isFenced", false);
    }
    return {};
}

Result<Health> look(Session& session) {
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return std::unexpected(std::move(view).error());
    Health out;
    out.cluster_id = (*view)->cluster_id;
    out.brokers = static_cast<std::int64_t>((*view)->brokers.size());
    out.topics = static_cast<std::int64_t>((*view)->topics.size());
    for (const auto& [name, topic] : (*view)->topics) {
        for (const auto& one : topic.partitions) {
            ++out.partitions;
            if (one.leader < 0) ++out.leaderless;
            if (one.isr.size() < one.replicas.size()) ++out.under_replicated;
            out.offline_replicas += static_cast<std::int64_t>(one.offline.size());
        }
    }
    return out;
}

VoterRow voter_of(const Json& state, std::string role, std::int64_t epoch) {
    VoterRow row;
    row.node = state["replicaId"].get<std::int64_t>();
    row.role = std::move(role);
    row.directory = state.value("replicaDirectoryId", "");
    row.epoch = epoch;
    row.end = state["logEndOffset"].get<std::int64_t>();
    row.caught_up_ms = state.value("lastCaughtUpTimestamp", std::int64_t{-1});
    return row;
}

}  // namespace

cli::Sheet info_fields() { return cli::make_sheet<BrokerRow>("brokers", kBrokerFields, {}); }
cli::Sheet health_fields() { return cli::make_sheet<Health>("clusters", kHealthFields, {}); }
cli::Sheet quorum_fields() { return cli::make_sheet<VoterRow>("replicas", kVoterFields, {}); }
cli::Sheet feature_fields() { return cli::make_sheet<FeatureRow>("features", kFeatureFields, {}); }
cli::Sheet api_version_fields() { return cli::make_sheet<ApiRow>("apis", kApiFields, {}); }

int info(Session& session, const Options&) {
    auto& console = session.console();
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return console.fail({"", view.error()});
    std::map<std::int64_t, BrokerRow> rows;
    for (const auto& [id, broker] : (*view)->brokers) {
        auto& row = rows[id];
        row.id = id;
        row.host = broker.host;
        row.port = broker.port;
        row.rack = broker.rack;
        row.is_controller = id == (*view)->controller_id;
    }
    auto done = add_fenced(session, rows);
    if (!done) return console.fail({"", done.error()});
    count(**view, rows);
    std::vector<BrokerRow> list;
    for (auto& [id, row] : rows) {
        row.cluster_id = (*view)->cluster_id;
        list.push_back(std::move(row));
    }
    return console.show(cli::make_sheet("brokers", kBrokerFields, list));
}

int health(Session& session, const Options& options) {
    auto& console = session.console();
    Health last;
    const auto waited = session.wait_until(
        [&]() -> Result<std::string> {
            auto now = look(session);
            if (!now) return std::unexpected(std::move(now).error());
            last = *now;
            return last.is_well() ? "" : "the cluster is not healthy";
        },
        std::max<std::int64_t>(options.wait_ms, 0));
    if (waited != cli::kDone && waited != cli::kTimeRanOut) return waited;
    console.show(cli::make_sheet<Health>("clusters", kHealthFields, {last}));
    return last.is_well() ? cli::kDone : cli::kConditionFails;
}

int quorum(Session& session, const Options&) {
    auto& console = session.console();
    const Json partition{{"partitionIndex", 0}};
    auto answer =
        ask(session, "DescribeQuorum",
            {{"topics", {{{"topicName", "__cluster_metadata"}, {"partitions", {partition}}}}}});
    if (!answer) return console.fail({"", answer.error()});
    std::vector<VoterRow> rows;
    for (const auto& topic : (*answer)["topics"]) {
        for (const auto& log : topic["partitions"]) {
            if (auto error = error_of(log)) return console.fail({"", *error});
            const auto leader = log["leaderId"].get<std::int64_t>();
            const auto epoch = log["leaderEpoch"].get<std::int64_t>();
            for (const auto& one : log["currentVoters"]) {
                const bool leads = one["replicaId"] == leader;
                rows.push_back(voter_of(one, leads ? "leader" : "voter", epoch));
            }
            for (const auto& one : log["observers"]) {
                rows.push_back(voter_of(one, "observer", epoch));
            }
        }
    }
    std::int64_t end = 0;
    for (const auto& row : rows) end = row.role == "leader" ? row.end : end;
    for (auto& row : rows) row.lag = std::max<std::int64_t>(0, end - row.end);
    return console.show(cli::make_sheet("replicas", kVoterFields, rows));
}

int features(Session& session, const Options&) {
    auto& console = session.console();
    auto answer = ask(session, "ApiVersions",
                      {{"clientSoftwareName", "kcore"}, {"clientSoftwareVersion", "1"}});
    if (!answer) return console.fail({"", answer.error()});
    std::vector<FeatureRow> rows;
    const auto none = Json::array();
    for (const auto& one : answer->value("supportedFeatures", none)) {
        FeatureRow row{one["name"].get<std::string>(), one["minVersion"].get<std::int64_t>(),
                       one["maxVersion"].get<std::int64_t>()};
        row.epoch = answer->value("finalizedFeaturesEpoch", std::int64_t{-1});
        for (const auto& level : answer->value("finalizedFeatures", none)) {
            if (level["name"] == row.name) row.level = level["maxVersionLevel"].get<std::int64_t>();
        }
        rows.push_back(std::move(row));
    }
    std::ranges::sort(rows, {}, &FeatureRow::name);
    return console.show(cli::make_sheet("features", kFeatureFields, rows));
}

int api_versions(Session& session, const Options& options) {
    auto& console = session.console();
    auto ids = broker_ids(session);
    if (!ids) return console.fail({"", ids.error()});
    if (options.broker >= 0) *ids = {static_cast<std::int32_t>(options.broker)};
    std::vector<ApiRow> rows;
    std::vector<cli::Failure> failures;
    for (const auto id : *ids) {
        auto answer = ask(session, "ApiVersions",
                          {{"clientSoftwareName", "kcore"}, {"clientSoftwareVersion", "1"}}, id);
        if (!answer) {
            failures.emplace_back(fmt::format("broker {}", id), answer.error());
            continue;
        }
        for (const auto& one : (*answer)["apiKeys"]) {
            ApiRow row{
                id, one["apiKey"].get<std::int64_t>(), "", one["minVersion"], one["maxVersion"],
                {}};
            const auto* known = protocol::find_api(static_cast<std::int16_t>(row.key));
            row.name = known != nullptr ? std::string(known->name) : "unknown";
            const auto usable =
                known != nullptr ? std::min<std::int64_t>(known->versions.high, row.highest) : -1;
            if (usable >= row.lowest) row.usable = usable;
            rows.push_back(std::move(row));
        }
    }
    auto sheet = cli::make_sheet("apis", kApiFields, rows);
    sheet.errors = std::move(failures);
    return console.show(sheet);
}

}  // namespace kcore::admin
