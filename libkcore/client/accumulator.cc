#include "client/accumulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/crc32c.h"
#include "client/partitioner.h"

namespace kcore::client {

namespace {

constexpr std::size_t kSpares = 64;

record::Codec codec_of(const ProducerConfig& config) {
    return static_cast<record::Codec>(config.codec);
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
        Bytes arena;
        if (!spare_.empty()) {
            arena = std::move(spare_.back());
            spare_.pop_back();
        }
        queue.open =
            std::make_unique<record::BatchBuilder>(record::BatchOptions(), std::move(arena));
        if (!spare_tags_.empty()) {
            queue.open_tags = std::move(spare_tags_.back());
            spare_tags_.pop_back();
        }
        queue.opened_at = clock_.now();
        result.is_first = true;
        ++pending_;
    }
    const auto before = queue.open->size_bytes();
    if (!queue.open->append(input)) {
        return fail(Errc::message_too_large,
                    fmt::format("{}: the record is too large", topic.name));
    }
    held_bytes_ += static_cast<std::int64_t>(queue.open->size_bytes() - before);
    queue.open_tags.push_back(tag);
    return result;
}

// Compresses on the thread of whoever appends: the client's own has the sockets to serve.
void Accumulator::seal(PartitionQueue& queue) {
    auto batch = std::make_unique<Batch>();
    batch->queue = &queue;
    batch->count = queue.open->count();
    batch->held_bytes = queue.open->size_bytes() - record::kBatchHeaderBytes;
    if (config_.codec == Codec::none || !queue.open->close(compressor_)) (void)queue.open->close();
    batch->bytes = queue.open->take();
    batch->tags = std::exchange(queue.open_tags, {});
    batch->deadline = queue.opened_at + io::Milliseconds(config_.delivery_timeout_ms);
    queue.open.reset();
    queue.ready.push_back(std::move(batch));
}

// --- Draining

bool Accumulator::is_due(const PartitionQueue& queue, io::Instant now) const {
    return is_flushing_ || now >= queue.opened_at + io::Milliseconds(config_.linger_ms) ||
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

// Writes who produces it into the closed batch; the checksum covers these fields.
void Accumulator::stamp(Batch& batch) {
    auto& queue = *batch.queue;
    if (!config_.is_idempotent || batch.sequence != record::kNoSequence) return;
    if (queue.producer_id == record::kNoProducerId) {
        queue.producer_id = producer_id_;
        queue.producer_epoch = producer_epoch_;
        queue.next_sequence = 0;
    }
    batch.producer_id = queue.producer_id;
    batch.producer_epoch = queue.producer_epoch;
    batch.sequence = queue.next_sequence;
    queue.next_sequence = record::sequence_after(queue.next_sequence, batch.count);
    auto* at = batch.bytes.data();
    store_be(at + record::kProducerIdAt, batch.producer_id);
    store_be(at + record::kProducerEpochAt, batch.producer_epoch);
    store_be(at + record::kBaseSequenceAt, batch.sequence);
    const auto checked = BytesView(batch.bytes).subspan(record::kAttributesAt);
    store_be(at + record::kCrcAt, crc32c(checked));
}

void Accumulator::drain_queue(PartitionQueue& queue, io::Instant now, Plan& plan,
                              const LeaderOf& leader_of, const HasRoom& has_room) {
    while (!queue.ready.empty() && now >= queue.ready.front()->deadline) {
        plan.expired.push_back(std::move(queue.ready.front()));
        queue.ready.pop_front();
    }
    if (queue.ready.empty() && queue.open) {
        if (!is_due(queue, now)) {
            plan.next = std::min(plan.next, queue.opened_at + io::Milliseconds(config_.linger_ms));
            return;
        }
        seal(queue);
    }
    if (queue.ready.empty()) return;
    plan.next = std::min(plan.next, queue.ready.front()->deadline);
    if (queue.is_recovering && queue.in_flight > 0) return;
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
    const auto& head = *queue.ready.front();
    auto& bytes = drained_bytes_[leader];
    const auto limit = static_cast<std::size_t>(config_.max_request_size_bytes);
    if (!has_room(leader) || (bytes > 0 && bytes + head.bytes.size() > limit)) {
        if (has_room(leader)) plan.next = now;
        return;
    }
    bytes += head.bytes.size();
    auto batch = std::move(queue.ready.front());
    queue.ready.pop_front();
    ++queue.in_flight;
    ++batch->attempts;
    stamp(*batch);
    plan.requests[leader].push_back(std::move(batch));
    if (!queue.ready.empty()) plan.next = now;
}

Accumulator::Plan Accumulator::drain(io::Instant now, const LeaderOf& leader_of,
                                     const HasRoom& has_room) {
    const std::lock_guard lock(mutex_);
    Plan plan;
    drained_bytes_.clear();
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        drain_queue(*queues_[(first_ + i) % queues_.size()], now, plan, leader_of, has_room);
    }
    ++first_;
    return plan;
}

// --- Afterwards

void Accumulator::landed(Batch& batch) {
    const std::lock_guard lock(mutex_);
    --batch.queue->in_flight;
}

void Accumulator::give_back(BatchPtr batch, io::Instant not_before) {
    const std::lock_guard lock(mutex_);
    auto& queue = *batch->queue;
    --queue.in_flight;
    queue.is_recovering = true;
    queue.not_before = not_before;
    // Answers may come in any order: back to where its sequence belongs, counted modulo 2^31.
    const auto comes_before = [&](const BatchPtr& other) {
        const auto distance = static_cast<std::uint32_t>(batch->sequence - other->sequence);
        return other->sequence != record::kNoSequence && distance < (1U << 30);
    };
    const auto place = std::ranges::find_if_not(queue.ready, comes_before);
    queue.ready.insert(place, std::move(batch));
}

void Accumulator::start_over(PartitionQueue& queue) {
    const std::lock_guard lock(mutex_);
    queue.producer_id = record::kNoProducerId;
    queue.is_recovering = true;  // What is in flight counts in the old way: see it out first.
    for (auto& batch : queue.ready) batch->sequence = record::kNoSequence;
    wants_producer_ = true;
}

bool Accumulator::is_oldest(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    const auto& ready = batch.queue->ready;
    return ready.empty() || ready.front()->sequence == record::kNoSequence ||
           static_cast<std::uint32_t>(batch.sequence - ready.front()->sequence) >= (1U << 30);
}

void Accumulator::done(BatchPtr batch) {
    const std::lock_guard lock(mutex_);
    held_bytes_ -= static_cast<std::int64_t>(batch->held_bytes);
    --pending_;
    if (spare_.size() < kSpares) spare_.push_back(std::move(batch->bytes));
    if (spare_tags_.size() < kSpares) {
        batch->tags.clear();
        spare_tags_.push_back(std::move(batch->tags));
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
