#include "consume/consume.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/pattern.h"
#include "cli/bounds.h"
#include "cli/interrupt.h"
#include "cli/sheet.h"
#include "cli/terminal.h"
#include "client/admin.h"
#include "client/consumer.h"
#include "client/partitioner.h"
#include "consume/flow.h"
#include "io/posix.h"

namespace kcore::consume {

namespace {

constexpr std::int64_t kPollMs = 100;
constexpr std::int64_t kCommitMs = 1'000;
constexpr std::int64_t kLookMs = 5'000;
constexpr std::uint64_t kManyRecords = 100'000;

using cli::Json;
using cli::Kind;

const std::vector<cli::Field<PartitionStats>> kStatsFields{
    {{"topic", "TOPIC"}, [](const PartitionStats& s) { return Json(s.topic); }},
    {{"partition", "PARTITION", Kind::number},
     [](const PartitionStats& s) { return Json(s.partition); }},
    {{"records", "RECORDS", Kind::number}, [](const PartitionStats& s) { return Json(s.records); }},
    {{"nulls", "NULLS", Kind::number}, [](const PartitionStats& s) { return Json(s.nulls); }},
    {{"bytes", "BYTES", Kind::bytes}, [](const PartitionStats& s) { return Json(s.bytes); }},
    {{"first_offset", "FIRST", Kind::number},
     [](const PartitionStats& s) { return Json(s.first_offset); }},
    {{"last_offset", "LAST", Kind::number},
     [](const PartitionStats& s) { return Json(s.last_offset); }},
    {{"first_ts", "FROM", Kind::time_ms}, [](const PartitionStats& s) { return Json(s.first_ms); }},
    {{"last_ts", "TO", Kind::time_ms}, [](const PartitionStats& s) { return Json(s.last_ms); }}};

cli::Parsed<Selection> selection_of(const Options& options) {
    Selection out;
    for (const auto& text : options.greps) out.greps.push_back(Grep::parse(text));
    for (const auto& text : options.headers) {
        auto glob = HeaderGlob::parse(text);
        if (!glob) return cli::refuse("--header: " + glob.error());
        out.headers.push_back(std::move(*glob));
    }
    for (const auto& text : options.filters) {
        auto filter = Expression::parse(text);
        if (!filter) return cli::refuse(std::move(filter).error());
        out.filters.push_back(std::move(*filter));
    }
    return out;
}

// One run of the tool.
class Run {
public:
    explicit Run(const Options& options)
        : options_(options), console_(options.common), range_(options.range) {}

    int run() {
        if (const auto code = prepare(); code != cli::kDone) return code;
        client_ = std::make_unique<client::Client>(config_);
        admin_ = std::make_unique<client::Admin>(*client_);
        consumer_ = std::make_unique<client::Consumer>(*client_);
        consumer_->show_control_records(options_.control_records);
        if (in_group()) cli::before_output_ends_us([this] { consumer_.reset(); });  // It leaves.
        if (const auto code = find_topics(); code != cli::kDone) return code;
        const auto code = in_group() ? subscribe() : assign();
        if (code != cli::kDone) return code;
        auto outcome = read();
        if (is_tailing_ && outcome == cli::kDone) outcome = follow();
        if (outcome == cli::kDone && options_.count >= 0 && !flow_->is_full()) {
            outcome = cli::kTimeRanOut;
        }
        if (order_ != Order::arrival) flow_->print_kept(order_, SIZE_MAX);
        flow_->printer().flush();
        if (in_group()) commit();
        conclude();
        cli::before_output_ends_us({});
        return outcome;
    }

private:
    bool in_group() const { return !group_.empty() && !is_backlog(); }
    // An explicit position reads without joining, from the group's offsets if they are asked for.
    bool is_backlog() const { return range_.start.has_value() || !options_.group_backlog.empty(); }

    int prepare() {
        if (options_.topics.empty()) return console_.usage("TOPIC is missing");
        auto config = cli::client_config(options_.common);
        if (!config) return console_.usage(config.error());
        config_ = std::move(*config);
        for (const auto& [name, value] : {std::pair{"isolation.level", options_.isolation},
                                          {"partition.assignment.strategy", options_.assignor},
                                          {"group.instance.id", options_.instance_id},
                                          {"client.rack", options_.rack}}) {
            if (value.empty()) continue;
            auto done = client::set_property(config_, name, value);
            if (!done) return console_.usage(done.error().what);
        }
        group_ = options_.group.empty() ? config_.consumer.group_id : options_.group;
        config_.consumer.group_id =
            options_.group_backlog.empty() ? group_ : options_.group_backlog;
        commits_ = !options_.no_commit && config_.consumer.auto_commit;
        config_.consumer.auto_commit = false;  // After the output, by commit().
        is_eager_ = options_.unbuffered || cli::stdout_is_terminal();
        return prepare_flow();
    }

    // A position is where a group without offsets begins; what is wrong with it otherwise.
    std::string begin_group_at(const cli::Position& start) {
        using Place = cli::Position::Kind;
        if (!options_.group_backlog.empty()) return "";
        const bool is_committed = start.kind == Place::committed;
        const bool at_end = start.kind == Place::end;
        if (range_.end || (!is_committed && !at_end && start.kind != Place::beginning)) {
            return "-g with a range: a group goes on from its offsets; kgroups reset moves them, "
                   "--group-backlog reads a range without joining";
        }
        range_.start.reset();
        if (is_committed) return "";
        const auto done =
            client::set_property(config_, "auto.offset.reset", at_end ? "latest" : "earliest");
        return done ? "" : done.error().what;
    }

    int prepare_flow() {
        if (!options_.group.empty() && range_.start) {
            auto wrong = begin_group_at(*range_.start);
            if (!wrong.empty()) return console_.usage(wrong);
        }
        const bool joins = in_group();
        if (!options_.group_backlog.empty() && !range_.start) {
            range_.start = cli::Position{cli::Position::Kind::committed, 0};
        }
        is_tailing_ = options_.tail >= 0;
        if (is_tailing_) range_.start = cli::Position{cli::Position::Kind::from_end, options_.tail};
        order_ = options_.order == "timestamp" ? Order::timestamp
                 : options_.order == "offset"  ? Order::offset
                                               : Order::arrival;
        const bool ends = options_.exit_at_end || range_.end || options_.count >= 0;
        if (order_ != Order::arrival && !ends && !is_tailing_) {
            return console_.usage("--order needs an end: -e, -c or a range");
        }
        if (joins && !options_.partitions.empty()) {
            return console_.usage(
                "-p with -g: a group assigns its partitions; --group-backlog or -o read chosen "
                "ones");
        }
        if (is_tailing_ && (joins || options_.range.start || options_.range.end)) {
            return console_.usage("--tail is a position of its own: no -g, -o, --from or --to");
        }
        auto selection = selection_of(options_);
        if (!selection) return console_.usage(selection.error());
        auto printer = Printer::create(options_);
        if (!printer) return console_.usage(printer.error());
        is_filtered_ = !selection->empty();
        flow_ = std::make_unique<Flow>(options_, std::move(*selection), std::move(*printer));
        flow_->keep_all(is_tailing_ || order_ != Order::arrival);
        return cli::kDone;
    }

    // With --regex the topics are those that match now.
    int find_topics() {
        topics_ = options_.topics;
        if (!options_.is_regex) return cli::kDone;
        auto all = admin_->metadata(std::nullopt);
        if (!all) return console_.fail({"", all.error()});
        topics_.clear();
        for (const auto& text : options_.topics) {
            const auto pattern = Pattern::parse(text);
            if (!pattern) return console_.usage(pattern.error().what);
            for (const auto& [name, topic] : (*all)->topics) {
                if (!topic.is_internal && pattern->matches(name)) topics_.push_back(name);
            }
        }
        std::ranges::sort(topics_);
        topics_.erase(std::unique(topics_.begin(), topics_.end()), topics_.end());
        if (!topics_.empty()) return cli::kDone;
        return console_.fail(
            {"", Error(Errc::unknown_topic_or_partition, "no topic matches the expression")});
    }

    int subscribe() {
        auto view = admin_->metadata(topics_);
        if (!view) return console_.fail({"", view.error()});
        for (const auto& topic : topics_) {
            const auto* known = (*view)->find(topic);
            if (known != nullptr && known->error == Errc::none) continue;
            console_.warn(fmt::format("{}: there is no such topic yet", topic));
        }
        consumer_->subscribe(topics_, [this] {
            flow_->printer().flush();
            commit();
        });
        return cli::kDone;
    }

    // Whether the options want this one of a topic's partitions.
    bool is_chosen(std::int32_t partition, std::size_t count) const {
        const auto& list = options_.partitions;
        if (!list.empty()) return std::ranges::find(list, partition) != list.end();
        if (!options_.key || options_.all_partitions) return true;
        return partition == client::partition_by_murmur2(as_bytes(*options_.key),
                                                         static_cast<std::int32_t>(count));
    }

    int assign() {
        auto view = admin_->metadata(topics_);
        if (!view) return console_.fail({"", view.error()});
        cli::Wanted wanted;
        wanted.range = range_;
        wanted.group = config_.consumer.group_id;
        wanted.ends_now = options_.exit_at_end || is_tailing_;
        wanted.is_read_committed = config_.consumer.is_read_committed;
        for (const auto& topic : topics_) {
            const auto* known = (*view)->find(topic);
            if (known == nullptr || known->error != Errc::none) {
                return console_.fail(
                    {topic,
                     Error(known == nullptr ? Errc::unknown_topic_or_partition : known->error,
                           "there is no such topic")});
            }
            const auto count = known->partitions.size();
            for (const auto& partition : known->partitions) {
                if (!is_chosen(partition.index, count)) continue;
                wanted.partitions.push_back({topic, partition.index});
            }
            for (const auto partition : options_.partitions) {
                if (static_cast<std::size_t>(partition) < count) continue;
                return console_.fail({topic, Error(Errc::unknown_topic_or_partition,
                                                   fmt::format("there is no partition {}, only {}",
                                                               partition, count))});
            }
        }
        auto assignments = cli::resolve(*client_, wanted);
        if (!assignments) return console_.fail({"", assignments.error()});
        auto held = hold_at_end(wanted, *assignments);
        if (!held) return console_.fail({"", held.error()});
        consumer_->assign(std::move(*assignments));
        return cli::kDone;
    }

    // A start behind the end: reading begins at the end and passes over what is not wanted. (There
    // is nothing to fetch behind it: the reset policy would begin elsewhere.)
    Result<void> hold_at_end(const cli::Wanted& wanted,
                             std::vector<client::Assignment>& assignments) {
        if (!range_.start) return {};
        std::vector<client::OffsetQuery> queries;
        for (const auto& one : assignments) queries.push_back({one.partition, client::kLatest});
        auto ends = admin_->offsets(std::move(queries), wanted.is_read_committed);
        if (!ends) return std::unexpected(std::move(ends).error());
        for (auto& one : assignments) {
            const auto end = std::ranges::find(*ends, one.partition,
                                               [](const auto& answer) { return answer.partition; });
            if (end == ends->end()) continue;
            if (end->error) return std::unexpected(*end->error);
            if (one.start <= end->offset) continue;
            console_.warn(fmt::format("{}: offset {} is behind the end, which is {}",
                                      one.partition.to_string(), one.start, end->offset));
            flow_->begin(one.partition, one.start);
            one.start = end->offset;
            if (wanted.ends_now) one.end = end->offset;
        }
        return {};
    }

    // --tail without -e: what was kept is printed, and all ends are lifted.
    int follow() {
        flow_->print_kept(Order::timestamp, static_cast<std::size_t>(options_.tail));
        if (options_.exit_at_end) return cli::kDone;
        is_tailing_ = false;
        for (const auto& one : consumer_->assignment()) consumer_->set_end(one, client::kNoEnd);
        return read();
    }

    int read() {
        auto last_record = clock_.now();
        auto last_look = last_record;
        auto last_commit = clock_.now();
        const client::Visit visit = [this](const client::ConsumedRecord& r) { return take(r); };
        while (!is_over()) {
            if (cli::interrupted()) {
                return options_.count >= 0 ? cli::kInterrupted : cli::kDone;
            }
            auto got = consumer_->poll(kPollMs, visit);
            if (!got) {
                flow_->printer().flush();
                return console_.fail({"", got.error()});
            }
            const auto now = clock_.now();
            if (*got > 0) last_record = last_look = now;
            if (now - last_look >= io::Milliseconds(kLookMs)) {
                last_look = now;
                const auto code = look_for_topics();
                if (code != cli::kDone) return code;
            }
            if (consumer_->is_drained() || is_eager_) flow_->printer().flush();
            if (in_group() && now - last_commit > io::Milliseconds(kCommitMs)) {
                commit();
                last_commit = now;
            }
            const bool is_idle = options_.timeout_ms >= 0 &&
                                 now - last_record >= io::Milliseconds(options_.timeout_ms);
            if (is_idle && !is_over()) return time_ran_out();
        }
        return cli::kDone;
    }

    // That nothing came may be because there was nothing, or nobody who could give it.
    int time_ran_out() {
        flow_->printer().flush();
        if (const auto reached = reach(); !reached) return console_.fail({"", reached.error()});
        const bool is_outside = in_group() && consumer_->assignment_number() == 0;
        if (is_outside) console_.warn(group_ + ": the group gave no partitions in that time");
        const bool had_more_to_do = options_.count >= 0 || options_.exit_at_end || is_outside;
        return had_more_to_do ? cli::kTimeRanOut : cli::kDone;
    }

    // The cluster answers, and the group's coordinator where none of its partitions came yet.
    Result<client::ViewPtr> reach() {
        auto view = admin_->metadata(topics_);
        if (!view || !in_group() || consumer_->assignment_number() > 0) return view;
        auto offsets = admin_->committed(group_);
        if (!offsets) return std::unexpected(std::move(offsets).error());
        return view;
    }

    // Nothing came for a while: a topic that was deleted gives nothing any more.
    int look_for_topics() {
        const auto view = reach();
        if (!view) {
            const auto trouble = "still trying: " + view.error().what;
            if (trouble != std::exchange(complaint_, trouble)) console_.warn(trouble);
            return cli::kDone;  // The cluster may come back.
        }
        for (const auto& topic : topics_) {
            const auto* known = (*view)->find(topic);
            if (known == nullptr || known->error != Errc::unknown_topic_or_partition) continue;
            const Error gone(Errc::unknown_topic_or_partition, topic + ": the topic is gone");
            if (!in_group()) {
                flow_->printer().flush();
                return console_.fail({topic, gone});
            }
            if (gone_.insert(topic).second) console_.warn(gone.what);
        }
        return cli::kDone;
    }

    bool take(const client::ConsumedRecord& record) {
        const bool goes_on = flow_->take(record);
        const bool is_much = flow_->printer().printed() == kManyRecords && is_eager_;
        if (is_much && !std::exchange(was_hinted_, true)) {
            console_.notice("many records: -c N, -o -N or --grep would show fewer");
        }
        return goes_on;
    }

    bool is_over() {
        if (flow_->is_full()) return true;
        const bool has_end = options_.exit_at_end || range_.end || is_tailing_;
        if (!in_group()) return has_end && consumer_->is_finished();
        const bool is_pinned = look_at_assignment();
        return has_end && is_pinned && consumer_->is_settled() && consumer_->is_finished();
    }

    // With -e the ends are those of the moment when the partitions came. False: not known yet.
    bool look_at_assignment() {
        const auto number = consumer_->assignment_number();
        if (number == 0 || number == pinned_) return number > 0;
        const auto partitions = consumer_->assignment();
        if (!partitions.empty() && std::exchange(told_, number) != number) {
            std::string line = "assigned";
            for (const auto& one : partitions) line += " " + one.to_string();
            console_.notice(line);
        }
        if (options_.exit_at_end && !pin(partitions)) return false;
        pinned_ = number;
        return true;
    }

    bool pin(const std::vector<TopicPartition>& partitions) {
        std::vector<client::OffsetQuery> queries;
        for (const auto& one : partitions) queries.push_back({one, client::kLatest});
        auto ends = admin_->offsets(std::move(queries), config_.consumer.is_read_committed);
        if (!ends || std::ranges::any_of(*ends, [](const auto& one) { return !!one.error; })) {
            return false;
        }
        for (const auto& end : *ends) consumer_->set_end(end.partition, end.offset);
        return true;
    }

    void conclude() {
        if (options_.count_only) cli::write_stdout(fmt::format("{}\n", flow_->seen()));
        if (options_.stats)
            console_.show(cli::make_sheet("partitions", kStatsFields, flow_->stats()));
        if (is_filtered_) {
            console_.notice(fmt::format("{} scanned, {} matched", flow_->scanned(), flow_->seen()));
        }
    }

    void commit() {
        if (!commits_) return;
        auto done = consumer_->commit();
        const auto complaint =
            done ? std::string() : fmt::format("not committed: {}", done.error().what);
        if (complaint != std::exchange(complaint_, complaint) && !done) console_.warn(complaint);
    }

    const Options& options_;
    cli::Console console_;
    cli::Range range_;
    io::PosixClock clock_;
    client::Config config_;
    std::unique_ptr<client::Client> client_;
    std::unique_ptr<client::Admin> admin_;
    std::unique_ptr<client::Consumer> consumer_;
    std::unique_ptr<Flow> flow_;
    std::vector<std::string> topics_;
    std::set<std::string> gone_;  // That were told.
    std::string group_;
    std::string complaint_;  // Of the last commit.
    Order order_ = Order::arrival;
    std::uint64_t pinned_ = 0;  // Which assignment's ends are known,
    std::uint64_t told_ = 0;    // and which one was told.
    bool commits_ = true;
    bool is_tailing_ = false;
    bool is_filtered_ = false;
    bool is_eager_ = false;
    bool was_hinted_ = false;
};

}  // namespace

bool joins_group(const Options& options) {
    if (!options.group_backlog.empty()) return false;
    if (!options.group.empty()) return true;
    if (options.range.start) return false;
    const auto config = cli::client_config(options.common);
    return config && !config->consumer.group_id.empty();
}

int run(const Options& options) {
    cli::catch_interrupts();
    return Run(options).run();
}

}  // namespace kcore::consume
