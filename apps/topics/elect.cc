// Leaders: elections, and who writes to them.
#include <fmt/format.h>

#include <algorithm>

#include "topics/rows.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::Json;

// Of "T" all partitions, of "T:0,2" those.
cli::Parsed<std::vector<std::int32_t>> partitions_of(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == text.npos) return std::vector<std::int32_t>();
    return cli::parse_partitions(text.substr(colon + 1));
}

Result<std::vector<TopicPartition>> chosen(Session& session,
                                           const std::vector<std::string>& words) {
    std::vector<TopicPartition> out;
    for (const auto& word : words) {
        const auto name = word.substr(0, word.find(':'));
        auto wanted = partitions_of(word);
        if (!wanted) return fail(Errc::invalid_request, std::move(wanted).error());
        auto topic = existing(session, name);
        if (!topic) {
            return fail(topic.error().code, fmt::format("{}: {}", name, topic.error().what));
        }
        auto partitions = partitions_in(*topic, *wanted);
        if (!partitions) return partitions;
        out.insert(out.end(), partitions->begin(), partitions->end());
    }
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

// Those that are led by another than their first replica, or with --unclean by none.
Result<std::vector<TopicPartition>> needing(Session& session, const std::vector<TopicPartition>& of,
                                            bool unclean) {
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return std::unexpected(std::move(view).error());
    std::vector<TopicPartition> out;
    for (const auto& [name, topic] : (*view)->topics) {
        for (const auto& one : topic.partitions) {
            const TopicPartition id{name, one.index};
            const bool is_asked = of.empty() || std::ranges::binary_search(of, id);
            const bool is_preferred = !one.replicas.empty() && one.leader == one.replicas.front();
            if (is_asked && (unclean ? one.leader < 0 : !is_preferred)) out.push_back(id);
        }
    }
    std::ranges::sort(out);
    return out;
}

struct ProducerRow {
    TopicPartition partition;
    client::ActiveProducer producer;
};

const std::vector<cli::Field<ProducerRow>>& election_fields() {
    using Row = ProducerRow;
    using cli::Kind;
    static const std::vector<cli::Field<Row>> out{
        {{"topic", "TOPIC"}, [](const Row& r) { return Json(r.partition.topic); }},
        {{"partition", "PARTITION", Kind::number},
         [](const Row& r) { return Json(r.partition.partition); }},
        {{"producer_id", "PRODUCER-ID", Kind::number},
         [](const Row& r) { return Json(r.producer.producer_id); }},
        {{"producer_epoch", "EPOCH", Kind::number},
         [](const Row& r) { return Json(r.producer.producer_epoch); }},
        {{"last_sequence", "LAST-SEQUENCE", Kind::number},
         [](const Row& r) { return Json(r.producer.last_sequence); }},
        {{"last_ts", "LAST-TIME", Kind::time_ms},
         [](const Row& r) { return Json(r.producer.last_timestamp_ms); }},
        {{"coordinator_epoch", "COORDINATOR-EPOCH", Kind::number, cli::Show::wide},
         [](const Row& r) { return Json(r.producer.coordinator_epoch); }},
        {{"transaction_start_offset", "OPEN-SINCE", Kind::number}, [](const Row& r) {
             const auto offset = r.producer.transaction_start;
             return offset < 0 ? Json() : Json(offset);
         }}};
    return out;
}

}  // namespace

Result<std::vector<TopicPartition>> partitions_in(const client::TopicView& topic,
                                                  const std::vector<std::int32_t>& wanted) {
    std::vector<TopicPartition> out;
    for (const auto& one : topic.partitions) {
        if (wanted.empty() || std::ranges::find(wanted, one.index) != wanted.end()) {
            out.push_back({topic.name, one.index});
        }
    }
    for (const auto index : wanted) {
        if (static_cast<std::size_t>(index) < topic.partitions.size()) continue;
        return fail(Errc::unknown_topic_or_partition,
                    fmt::format("{}: there is no partition {}", topic.name, index));
    }
    return out;
}

int elect(Session& session, const Options& options) {
    auto& console = session.console();
    if (options.is_all != options.names.empty()) {
        return console.usage("name topics or partitions, or give --all");
    }
    auto asked = chosen(session, options.names);
    if (!asked) return console.fail({"", asked.error()});
    auto partitions = needing(session, *asked, options.is_unclean);
    if (!partitions) return console.fail({"", partitions.error()});
    if (partitions->empty()) {
        console.notice("no partition needs an election");
        return cli::kDone;
    }
    cli::Changes plan{"partitions"};
    for (const auto& one : *partitions) plan.rows.push_back({one.to_string(), "would elect"});
    const bool asks = options.is_unclean || session.is_dry();
    const auto question = fmt::format(
        "elect leaders of {} partition(s), losing what only lost "
        "replicas have?",
        partitions->size());
    if (asks && !console.agree(plan, question)) return cli::kPending;
    auto outcomes = session.admin().elect_leaders(options.is_unclean, std::move(*partitions));
    if (!outcomes) return console.fail({"", outcomes.error()});
    cli::Changes done{"partitions"};
    for (const auto& one : *outcomes) {
        // Somebody else was faster.
        const bool is_needless = one.error && one.error->code == Errc::election_not_needed;
        if (is_needless) continue;
        done.rows.push_back({one.partition.to_string(), "elected", {}, one.error});
    }
    return session.show(done);
}

cli::Sheet producer_sheet() {
    return cli::make_sheet<ProducerRow>("producers", election_fields(), {});
}

int producers(Session& session, const Options& options) {
    auto& console = session.console();
    auto partitions = chosen(session, options.names);
    if (!partitions) return console.fail({"", partitions.error()});
    auto found = session.admin().producers(std::move(*partitions));
    if (!found) return console.fail({"", found.error()});
    std::vector<ProducerRow> rows;
    std::vector<cli::Failure> failures;
    for (const auto& one : *found) {
        if (one.error) failures.emplace_back(one.partition.to_string(), *one.error);
        for (const auto& producer : one.producers) rows.push_back({one.partition, producer});
    }
    auto sheet = cli::make_sheet("producers", election_fields(), rows);
    sheet.errors = std::move(failures);
    return console.show(sheet);
}

}  // namespace kcore::topics
