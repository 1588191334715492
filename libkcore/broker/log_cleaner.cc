#include "broker/log_cleaner.h"

#include <algorithm>
#include <utility>

#include "io/pool.h"

namespace kcore::broker {

using asio::awaitable;
using log::Compaction;

LogCleaner::LogCleaner(io::Env& env, replication::Partitions& partitions, Logger logger)
    : env_(env),
      partitions_(partitions),
      logger_(std::move(logger)),
      rate_(env.clock),
      ended_(env.loop) {}

void LogCleaner::apply(const CleanerSettings& settings) {
    if (stopping_) return;
    settings_ = settings;
    while (threads_.size() < settings.threads) {
        threads_.push_back(std::make_unique<Thread>(env_.loop));
    }
    for (std::size_t n = 0; n < threads_.size(); ++n) {
        auto& thread = *threads_[n];
        thread.wake.notify();
        if (n >= settings.threads || std::exchange(thread.is_running, true)) continue;
        ++running_;
        env_.loop.spawn(run(n));
    }
}

LogCleaner::Totals LogCleaner::totals() const {
    const std::lock_guard lock(mutex_);
    auto totals = totals_;
    for (const auto& [name, damaged] : uncleanable_) ++totals.uncleanable[damaged.directory];
    return totals;
}

// Those at work on, and those that are damaged and still here.
std::set<TopicPartition> LogCleaner::not_to_choose() {
    auto names = busy_;
    const std::lock_guard lock(mutex_);
    std::erase_if(uncleanable_, [this](const auto& entry) {
        const auto& [name, damaged] = entry;
        const auto partition = partitions_.find(name.topic, name.partition);
        return !partition || partition->topic_id() != damaged.topic_id;
    });
    for (const auto& [name, damaged] : uncleanable_) names.insert(name);
    return names;
}

awaitable<void> LogCleaner::run(std::size_t number) {
    auto& thread = *threads_[number];
    while (!stopping_ && number < settings_.threads) {
        std::move_only_function<ChoiceRef()> choosing = [this, not_these = not_to_choose()] {
            return choose(not_these);
        };
        const auto choice =
            co_await io::on_pool<ChoiceRef>(env_.loop, env_.pool, std::move(choosing));
        // Another thread may have taken the same meanwhile.
        if (choice && busy_.insert(choice->placed.partition->name()).second) {
            const bool is_cleaned = co_await clean(choice, &thread.wake);
            busy_.erase(choice->placed.partition->name());
            if (is_cleaned) continue;
        }
        if (stopping_) break;
        const auto next = env_.clock.in_ms(settings_.backoff_ms);
        co_await thread.wake.wait_until(next);
    }
    thread.is_running = false;
    --running_;
    ended_.notify();
}

// Blocks.
LogCleaner::ChoiceRef LogCleaner::choose(const std::set<TopicPartition>& not_these) const {
    const auto now_ms = env_.clock.wall_ms();
    ChoiceRef best;
    for (auto& placed : partitions_.all_placed()) {
        const auto& name = placed.partition->name();
        const auto config = placed.partition->settings()->log;
        if (!config->is_compacted || not_these.contains(name)) continue;
        const auto cleaned_to = placed.directory->cleaned_to(name);
        auto range = placed.partition->with_cold_log(
            [&](log::Log& log) { return log.cleanable(cleaned_to, now_ms); });
        if (!range || range->dirty_bytes == 0) continue;
        const bool is_due = range->is_overdue || range->dirty_ratio() > config->min_cleanable_ratio;
        if (!is_due || (best && best->range.dirty_ratio() >= range->dirty_ratio())) continue;
        best = std::make_shared<Choice>(std::move(placed), *std::move(range));
    }
    return best;
}

// Blocks. Null when it cannot begin: the partition, or its directory, is gone.
std::unique_ptr<Compaction> LogCleaner::begin(Choice& choice, const CleanerSettings& how) const {
    auto input = choice.placed.partition->with_cold_log(
        [&](log::Log& log) { return log.begin_compaction(choice.range); });
    if (!input) return nullptr;
    const auto threads = std::max<std::size_t>(how.threads, 1);
    const log::CompactionLimits limits{.map_bytes = how.map_bytes / threads,
                                       .map_load_factor = how.map_load_factor,
                                       .buffer_bytes = how.buffer_bytes / threads / 2 + 1};
    return std::make_unique<Compaction>(choice.placed.directory->storage(), *std::move(input),
                                        limits, env_.clock.wall_ms());
}

// Blocks.
LogCleaner::Step LogCleaner::step(Compaction& compaction, const Choice& choice) const {
    const auto before = compaction.stats();
    auto& partition = *choice.placed.partition;
    Step step;
    step.result = compaction.step();
    const auto put = [&](auto replace) {
        if (!partition.with_log(replace)) step.result = Compaction::Step::cancelled;
    };
    if (step.result && *step.result == Compaction::Step::swap) {
        put([&](log::Log& log) {
            return log.replace_segments(compaction.replacement(), env_.clock.wall_ms());
        });
    } else if (step.result && *step.result == Compaction::Step::name) {
        put([&](log::Log& log) { return log.name_replacement(compaction.replacement()); });
        partition.flush_if_due(env_.pool, env_.clock.wall_ms());
    }
    if (step.result && *step.result == Compaction::Step::done) {
        const auto kept =
            choice.placed.directory->set_cleaned_to(partition.name(), compaction.cleaned_to());
        if (!kept) step.result = std::unexpected(kept.error());
    }
    const auto& after = compaction.stats();
    step.bytes = after.bytes_read - before.bytes_read + after.bytes_written - before.bytes_written;
    return step;
}

// Whether it was cleaned up to the end.
awaitable<bool> LogCleaner::clean(ChoiceRef choice, io::Signal* wake) {
    using Compacting = std::unique_ptr<Compaction>;
    std::move_only_function<Compacting()> beginning = [this, &choice, how = settings_] {
        return begin(*choice, how);
    };
    const auto compaction =
        co_await io::on_pool<Compacting>(env_.loop, env_.pool, std::move(beginning));
    if (!compaction) co_return false;
    Step last;
    const auto goes_on = [&] {
        return last.result && *last.result != Compaction::Step::done &&
               *last.result != Compaction::Step::cancelled;
    };
    while (goes_on() && !stopping_) {
        std::move_only_function<Step()> stepping = [this, &compaction, &choice] {
            return step(*compaction, *choice);
        };
        last = co_await io::on_pool<Step>(env_.loop, env_.pool, std::move(stepping));
        const auto rested = rate_.end_of_rest(last.bytes, settings_.bytes_per_second);
        if (rested > env_.clock.now()) co_await wake->wait_until(rested);
    }
    co_return ended(*choice, *compaction, last);
}

bool LogCleaner::ended(const Choice& choice, const Compaction& compaction, const Step& last) {
    const auto& stats = compaction.stats();
    const std::lock_guard lock(mutex_);
    totals_.bytes_read += stats.bytes_read;
    totals_.bytes_written += stats.bytes_written;
    const auto& name = choice.placed.partition->name();
    if (!last.result) {
        // Damage does not go away; a disk that is full, or was taken out, is another matter.
        const bool is_damaged = last.result.error().code != Errc::kafka_storage_error;
        if (is_damaged) {
            uncleanable_[name] = {choice.placed.partition->topic_id(),
                                  choice.placed.directory->path()};
        }
        logger_.error("log not cleaned partition={} for_good={} error=\"{}\"", name.to_string(),
                      is_damaged, last.result.error().what);
        return false;
    }
    if (*last.result != Compaction::Step::done) return false;
    ++totals_.cleanings;
    logger_.info("log cleaned partition={} from={} to={} keys={} bytes_read={} bytes_written={}",
                 name.to_string(), choice.range.first_dirty, compaction.cleaned_to(), stats.keys,
                 stats.bytes_read, stats.bytes_written);
    return compaction.cleaned_to() > choice.range.first_dirty;
}

awaitable<void> LogCleaner::stop() {
    stopping_ = true;
    for (const auto& thread : threads_) thread->wake.notify();
    while (running_ > 0) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
