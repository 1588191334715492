#include "client/accumulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "base/crc32c.h"
#include "client/partitioner.h"
#include "record/scan.h"

namespace kcore::client {

namespace {

constexpr std::size_t kSpares = 64;

record::Codec codec_of(const ProducerConfig& config) {
    return static_cast<record::Codec>(config.codec);
}

io::Instant linger_end(const PartitionQueue& queue, const ProducerConfig& config) {
    return queue.opened_at + io::Milliseconds(config.linger_ms);
}

// Who produces it; the checksum covers these fields.
void write_producer(Batch& batch) {
    auto* at = batch.bytes.data();
    store_be(at + record::kProducerIdAt, batch.producer_id);
    store_be(at + record::kProducerEpochAt, batch.producer_epoch);
    store_be(at + record::kBaseSequenceAt, batch.sequence);
    const auto checked = BytesView(batch.bytes).subspan(record::kAttributesAt);
    store_be(at + record::kCrcAt, crc32c(checked));
}

}  // namespace

Accumulator::Accumulator(const ProducerConfig& config, io::Clock& clock)
    : config_(config), clock_(clock), compressor_(codec_of(config)) {
    random_ ^= static_cast<std::uint64_t>(clock.now().time_since_epoch().count());
    wants_producer_ = config_.is_idempotent;
}

TopicQueues* Accumulator::find(std::string_view topic) {
    const std::lock_guard lock(mutex_);
    const auto found = topics_.find(std::string(topic));
    return found == topics_.end() ? nullptr : found->second.get();
}

TopicQueues& Accumulator::add(const std::string& topic, std::size_t partitions) {
    const std::lock_guard lock(mutex_);
    auto& queues = topics_[topic];
    if (!queues) {
        queues = std::make_unique<TopicQueues>();
        queues->name = topic;
        queues->count = partitions;
        queues->partitions.resize(partitions);
        random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
        queues->sticky = (random_ >> 33) % partitions;
    }
    return *queues;
}

void Accumulator::grow(const std::string& topic, std::size_t partitions) {
    const std::lock_guard lock(mutex_);
    const auto found = topics_.find(topic);
    if (found == topics_.end() || partitions <= found->second->count) return;
    found->second->partitions.resize(partitions);
    found->second->count = partitions;
}

PartitionQueue& Accumulator::queue_of(TopicQueues& topic, std::size_t index) {
    auto& queue = topic.partitions[index];
    if (!queue) {
        queue = std::make_unique<PartitionQueue>();
        queue->topic = topic.name;
        queue->partition = static_cast<std::int32_t>(index);
        queues_.push_back(queue.get());
    }
    return *queue;
}

// --- Appending

std::size_t Accumulator::choose(TopicQueues& topic, const Record& record) {
    const auto count = static_cast<std::int32_t>(topic.count);
    switch (config_.partitioner) {
        case Partitioner::murmur2:
            if (!record.key) return topic.sticky;
            return static_cast<std::size_t>(partition_by_murmur2(*record.key, count));
        case Partitioner::crc32:
            if (!record.key) return topic.sticky;
            return static_cast<std::size_t>(partition_by_crc32(*record.key, count));
        case Partitioner::roundrobin:
            return topic.turn++ % topic.count;
        case Partitioner::random:
            random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
            return (random_ >> 33) % topic.count;
        case Partitioner::sticky:
            break;
    }
    return topic.sticky;
}

bool Accumulator::wait_for_room(std::unique_lock<std::mutex>& lock) {
    const auto limit = std::chrono::milliseconds(config_.delivery_timeout_ms);
    return changed_.wait_for(lock, limit,
                             [this] { return held_bytes_ < config_.buffer_memory_bytes; });
}

Result<Accumulator::Appended> Accumulator::append(TopicQueues& topic, std::int32_t partition,
                                                  const Record& record, std::uint64_t tag) {
    record::RecordInput input{record.timestamp_ms, record.key, record.value, record.headers};
    if (input.timestamp < 0) input.timestamp = clock_.wall_ms();
    const auto most = record::BatchBuilder::record_bytes_max(input);
    if (most + record::kBatchHeaderBytes >
        static_cast<std::size_t>(config_.max_request_size_bytes)) {
        return fail(Errc::message_too_large,
                    fmt::format("{}: a record of {} bytes is above max.request.size {}", topic.name,
                                most, config_.max_request_size_bytes));
    }
    std::unique_lock lock(mutex_);
    if (partition >= 0 && static_cast<std::size_t>(partition) >= topic.count) {
        return fail(
            Errc::unknown_topic_or_partition,
            fmt::format("{}-{}: the topic has {} partitions", topic.name, partition, topic.count));
    }
    if (held_bytes_ >= config_.buffer_memory_bytes && !wait_for_room(lock)) {
        return fail(Errc::request_timed_out,
                    fmt::format("{}: no room in buffer.memory within {} ms", topic.name,
                                config_.delivery_timeout_ms));
    }
    Appended result;
    const auto index = partition >= 0 ? static_cast<std::size_t>(partition) : choose(topic, record);
    auto& queue = queue_of(topic, index);
    const auto batch_bytes = static_cast<std::size_t>(config_.batch_size_bytes);
    if (queue.open && queue.open->size_bytes() + most > batch_bytes) {
        seal(queue);
        result.is_batch_full = true;
        if (index == topic.sticky) topic.sticky = (topic.sticky + 1) % topic.count;
    }
    if (!queue.open) {
        open(queue);
        result.is_first = true;
    }
    const auto before = queue.open->size_bytes();
    if (!queue.open->append(input)) {
        return fail(Errc::message_too_large,
                    fmt::format("{}: the record is too large", topic.name));
    }
    held_bytes_ += static_cast<std::int64_t>(queue.open->size_bytes() - before);
    queue.filling->tags.push_back(tag);
    return result;
}

void Accumulator::open(PartitionQueue& queue) {
    if (spare_.empty()) {
        queue.filling = std::make_unique<Batch>();
    } else {
        queue.filling = std::move(spare_.back());
        spare_.pop_back();
    }
    queue.open.emplace(record::BatchOptions(), std::move(queue.filling->bytes));
    queue.opened_at = clock_.now();
    ++pending_;
}

// Compresses on the thread of whoever appends: the client's own has the sockets to serve.
void Accumulator::seal(PartitionQueue& queue) {
    auto batch = std::move(queue.filling);
    batch->queue = &queue;
    batch->count = queue.open->count();
    batch->first = queue.sealed;
    queue.sealed += batch->count;
    batch->held_bytes = queue.open->size_bytes() - record::kBatchHeaderBytes;
    if (config_.codec == Codec::none || !queue.open->close(compressor_)) (void)queue.open->close();
    batch->bytes = queue.open->take();
    batch->deadline = queue.opened_at + io::Milliseconds(config_.delivery_timeout_ms);
    queue.open.reset();
    queue.ready.push_back(std::move(batch));
}

// --- Draining

bool Accumulator::is_due(const PartitionQueue& queue, io::Instant now) const {
    return is_flushing_ || now >= linger_end(queue, config_) ||
           held_bytes_ >= config_.buffer_memory_bytes;
}

void Accumulator::set_producer(std::int64_t id, std::int16_t epoch) {
    const std::lock_guard lock(mutex_);
    producer_id_ = id;
    producer_epoch_ = epoch;
    wants_producer_ = false;
}

bool Accumulator::needs_producer() const {
    const std::lock_guard lock(mutex_);
    return wants_producer_ && pending_ > 0;
}

void Accumulator::stamp(Batch& batch) {
    auto& queue = *batch.queue;
    if (!config_.is_idempotent || batch.sequence != record::kNoSequence) return;
    batch.producer_id = queue.producer_id;
    batch.producer_epoch = queue.producer_epoch;
    batch.sequence = queue.next_sequence;
    queue.next_sequence = record::sequence_after(queue.next_sequence, batch.count);
    write_producer(batch);
}

void Accumulator::drain_queue(PartitionQueue& queue, io::Instant now, Plan& plan,
                              const LeaderOf& leader_of, const HasRoom& has_room) {
    while (!queue.ready.empty() && now >= queue.ready.front()->deadline) {
        plan.expired.push_back(std::move(queue.ready.front()));
        queue.ready.pop_front();
    }
    if (queue.ready.empty() && queue.open) {
        if (!is_due(queue, now)) {
            plan.next = std::min(plan.next, linger_end(queue, config_));
            return;
        }
        seal(queue);
    }
    if (queue.ready.empty()) return;
    plan.next = std::min(plan.next, queue.ready.front()->deadline);
    if (queue.is_recovering && !queue.in_flight.empty()) return;
    if (now < queue.not_before) {
        plan.next = std::min(plan.next, queue.not_before);
        return;
    }
    queue.is_recovering = false;
    const auto leader = leader_of(queue.topic, queue.partition);
    if (leader < 0) {
        plan.lacks_leader = true;
        return;
    }
    const bool has_moved = !queue.in_flight.empty() && leader != queue.broker_in_flight;
    if (has_moved && config_.is_idempotent) return;
    if (queue.producer_id == record::kNoProducerId) {
        queue.producer_id = producer_id_;
        queue.producer_epoch = producer_epoch_;
    }
    const auto& head = *queue.ready.front();
    const auto epoch =
        head.sequence == record::kNoSequence ? queue.producer_epoch : head.producer_epoch;
    if (!queue.in_flight.empty() && epoch != queue.epoch_in_flight) return;
    auto& bytes = drained_bytes_[leader];
    const auto limit = static_cast<std::size_t>(config_.max_request_size_bytes);
    if (!has_room(leader) || (bytes > 0 && bytes + head.bytes.size() > limit)) {
        if (has_room(leader)) plan.next = now;
        return;
    }
    bytes += head.bytes.size();
    auto batch = std::move(queue.ready.front());
    queue.ready.pop_front();
    queue.in_flight.push_back(batch->first);
    queue.epoch_in_flight = epoch;
    queue.broker_in_flight = leader;
    ++batch->attempts;
    stamp(*batch);
    plan.requests[leader].push_back(std::move(batch));
    if (!queue.ready.empty()) plan.next = now;
    if (queue.ready.empty() && queue.open) {
        plan.next = std::min(plan.next, is_due(queue, now) ? now : linger_end(queue, config_));
    }
}

Accumulator::Plan Accumulator::drain(io::Instant now, const LeaderOf& leader_of,
                                     const HasRoom& has_room) {
    const std::lock_guard lock(mutex_);
    Plan plan;
    for (auto& [broker, bytes] : drained_bytes_) bytes = 0;
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        drain_queue(*queues_[(first_ + i) % queues_.size()], now, plan, leader_of, has_room);
    }
    ++first_;
    return plan;
}

// --- Afterwards

void Accumulator::end_flight(const Batch& batch) {
    std::erase(batch.queue->in_flight, batch.first);
}

void Accumulator::landed(Batch& batch, bool was_appended) {
    const std::lock_guard lock(mutex_);
    end_flight(batch);
    if (!was_appended && batch.sequence != record::kNoSequence) start_over(*batch.queue);
}

void Accumulator::failed_waiting(Batch& batch) {
    const std::lock_guard lock(mutex_);
    if (batch.sequence != record::kNoSequence) start_over(*batch.queue);
}

// Answers may come in any order.
void Accumulator::put_in_order(BatchPtr batch, io::Instant not_before) {
    auto& queue = *batch->queue;
    queue.is_recovering = true;
    queue.not_before = std::max(queue.not_before, not_before);
    const auto place = std::ranges::upper_bound(queue.ready, batch->first, {},
                                                [](const BatchPtr& one) { return one->first; });
    queue.ready.insert(place, std::move(batch));
}

void Accumulator::give_back(BatchPtr batch, io::Instant not_before) {
    const std::lock_guard lock(mutex_);
    end_flight(*batch);
    put_in_order(std::move(batch), not_before);
}

void Accumulator::give_back_out_of_order(BatchPtr batch, io::Instant not_before) {
    const std::lock_guard lock(mutex_);
    end_flight(*batch);
    auto& queue = *batch->queue;
    const bool is_current =
        batch->producer_id == queue.producer_id && batch->producer_epoch == queue.producer_epoch;
    const bool begins_anew = is_current && is_oldest(*batch);
    if (!is_current) batch->sequence = record::kNoSequence;
    put_in_order(std::move(batch), not_before);
    if (begins_anew) start_over(queue);
}

// Brokers take a higher epoch of the same id as a new beginning (KIP-360): no need to ask for one.
void Accumulator::start_over(PartitionQueue& queue) {
    queue.is_recovering = true;  // What is in flight counts in the old way: see it out first.
    for (auto& batch : queue.ready) batch->sequence = record::kNoSequence;
    queue.next_sequence = 0;
    if (queue.producer_epoch < std::numeric_limits<std::int16_t>::max()) {
        ++queue.producer_epoch;
    } else {
        queue.producer_id = record::kNoProducerId;
        wants_producer_ = true;
    }
}

// No earlier one is pending.
bool Accumulator::is_oldest(const Batch& batch) {
    const auto& queue = *batch.queue;
    const auto is_later = [&](std::int64_t first) { return first > batch.first; };
    return std::ranges::all_of(queue.in_flight, is_later) &&
           (queue.ready.empty() || is_later(queue.ready.front()->first));
}

// The halves take over the sequences, so that what follows may keep its own.
bool Accumulator::split(BatchPtr& batch) {
    const std::lock_guard lock(mutex_);
    if (batch->count < 2) return false;
    const auto first_count = batch->count / 2;
    std::array<record::BatchBuilder, 2> builders;
    record::Decompressor decompressor;
    std::int32_t index = 0;
    const auto each = [&](const record::RecordView& record) {
        const bool is_first = index < first_count;
        (void)builders[is_first ? 0 : 1].append_at(is_first ? index : index - first_count, record);
        ++index;
    };
    const auto read = record::for_each_record(record::BatchView(batch->bytes), decompressor, each);
    if (!read || index != batch->count) return false;
    end_flight(*batch);
    for (const auto half : {0, 1}) {
        auto& builder = builders[static_cast<std::size_t>(half)];
        auto part = std::make_unique<Batch>(*batch);
        part->count = builder.count();
        part->held_bytes =
            half == 0 ? batch->held_bytes / 2 : batch->held_bytes - batch->held_bytes / 2;
        if (config_.codec == Codec::none || !builder.close(compressor_)) (void)builder.close();
        part->bytes = builder.take();
        const auto middle = part->tags.begin() + first_count;
        half == 0 ? part->tags.erase(middle, part->tags.end())
                  : part->tags.erase(part->tags.begin(), middle);
        if (half == 1) part->first += first_count;
        if (part->sequence != record::kNoSequence) {
            if (half == 1) part->sequence = record::sequence_after(part->sequence, first_count);
            write_producer(*part);
        }
        put_in_order(std::move(part), clock_.now());
    }
    ++pending_;
    batch.reset();
    return true;
}

void Accumulator::done(BatchPtr batch) {
    const std::lock_guard lock(mutex_);
    held_bytes_ -= static_cast<std::int64_t>(batch->held_bytes);
    --pending_;
    if (spare_.size() < kSpares) {
        Batch fresh;
        fresh.bytes = std::move(batch->bytes);
        fresh.tags = std::move(batch->tags);
        fresh.tags.clear();
        *batch = std::move(fresh);
        spare_.push_back(std::move(batch));
    }
    changed_.notify_all();
}

std::vector<BatchPtr> Accumulator::take_all() {
    const std::lock_guard lock(mutex_);
    std::vector<BatchPtr> out;
    for (auto* queue : queues_) {
        if (queue->open) seal(*queue);
        for (auto& batch : queue->ready) out.push_back(std::move(batch));
        queue->ready.clear();
    }
    return out;
}

bool Accumulator::has_waiting() {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(queues_, [](const auto* q) { return q->open || !q->ready.empty(); });
}

void Accumulator::set_flushing(bool flushing) {
    const std::lock_guard lock(mutex_);
    is_flushing_ = flushing;
}

bool Accumulator::wait_empty(io::Deadline deadline) {
    std::unique_lock lock(mutex_);
    const auto is_empty = [this] { return pending_ == 0; };
    if (deadline == io::kNever) return changed_.wait(lock, is_empty), true;
    return changed_.wait_until(lock, deadline, is_empty);
}

std::vector<std::string> Accumulator::topics() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [name, queues] : topics_) out.push_back(name);
    return out;
}

}  // namespace kcore::client
