// kafka-dump-log: what lies in files of a log, in the words of Kafka's tool of this name.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "broker/broker.h"
#include "broker/index_faults.h"
#include "broker/log_file.h"
#include "cli/text.h"
#include "io/posix_disk.h"
#include "log/names.h"
#include "log/producer_state.h"
#include "protocol/any_message.h"
#include "protocol/data/consumer_protocol_assignment.h"
#include "protocol/data/consumer_protocol_subscription.h"
#include "protocol/data/kraft_version_record.h"
#include "protocol/data/leader_change_message.h"
#include "protocol/data/snapshot_footer_record.h"
#include "protocol/data/snapshot_header_record.h"
#include "protocol/data/voters_record.h"
#include "protocol/json.h"
#include "raft/snapshot.h"
#include "record/control.h"

namespace kcore::server {

namespace {

using Json = nlohmann::ordered_json;

std::string optional_long(std::optional<std::int64_t> value) {
    return value ? fmt::format("OptionalLong[{}]", *value) : "OptionalLong.empty";
}

std::string_view time_name(record::TimestampType type) {
    return type == record::TimestampType::create_time ? "CreateTime" : "LogAppendTime";
}

// FeatureLevelRecord: FEATURE_LEVEL_RECORD.
std::string constant_name(const std::string& name) {
    std::string out;
    for (const char c : name) {
        const bool is_upper = std::isupper(static_cast<unsigned char>(c)) != 0;
        if (is_upper && !out.empty()) out += '_';
        out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
}

template <class Message>
std::string control_json(const record::RecordView& record) {
    if (!record.value || record.value->size() < 2) return "{}";
    const auto version = load_be<std::int16_t>(record.value->data());
    const auto message = protocol::decode_any(Message::info(), *record.value, version);
    if (!message) return message.error().what;
    return protocol::to_json(message->info(), message->data(), version).dump();
}

std::string control_text(const record::RecordView& record) {
    using record::ControlType;
    const auto type = record::control_type(record);
    if (!type || !*type) return "controlType: UNKNOWN";
    switch (**type) {
        case ControlType::abort:
        case ControlType::commit: {
            const auto marker = record::transaction_marker(record);
            return fmt::format("endTxnMarker: {} coordinatorEpoch: {}",
                               **type == ControlType::commit ? "COMMIT" : "ABORT",
                               marker ? marker->coordinator_epoch : -1);
        }
        case ControlType::leader_change:
            return "LeaderChange: " + control_json<protocol::LeaderChangeMessage>(record);
        case ControlType::snapshot_header:
            return "SnapshotHeader " + control_json<protocol::SnapshotHeaderRecord>(record);
        case ControlType::snapshot_footer:
            return "SnapshotFooter " + control_json<protocol::SnapshotFooterRecord>(record);
        case ControlType::kraft_version:
            return "KRaftVersion " + control_json<protocol::KRaftVersionRecord>(record);
        case ControlType::kraft_voters:
            return "KRaftVoters " + control_json<protocol::VotersRecord>(record);
    }
    return "";
}

// What is said of a record's key and value.
struct Said {
    std::optional<std::string> key;
    std::optional<std::string> payload;
};

Said said_of_metadata(const record::RecordView& record) {
    if (!record.value) return {};
    auto decoded = decode_record(Decoder::metadata, record);
    if (!decoded.contains("type")) {
        return {{},
                fmt::format("Error at {}, skipping. {}", record.offset,
                            decoded.value("error", std::string()))};
    }
    decoded["type"] = constant_name(decoded["type"]);
    return {{}, decoded.dump()};
}

template <class Message>
void show_versioned(Json& bytes) {
    const auto raw =
        bytes.is_string() ? cli::decode_base64(bytes.get<std::string>()) : std::nullopt;
    if (!raw) return;
    protocol::AnyMessage message(Message::info());
    const auto version = protocol::decode_versioned_into(
        Message::info(), as_bytes(*raw), message.data(), protocol::NewerVersion::read_as_highest);
    if (version) bytes = protocol::to_json(message.info(), message.data(), *version);
}

// What members of a classic group said to each other, and what a member leaves out.
void show_consumer_protocol(Json& value) {
    if (!value.is_object() || !value.contains("data")) return;
    auto& data = value["data"];
    const auto type = value.value("type", std::string());
    if (type == "ConsumerGroupMemberMetadataValue" && !data.contains("classicMemberMetadata")) {
        data["classicMemberMetadata"] = nullptr;
    }
    const auto kind = data.find("protocolType");
    if (kind == data.end() || !kind->is_string() || *kind != "consumer") return;
    for (auto& member : data["members"]) {
        show_versioned<protocol::ConsumerProtocolSubscription>(member["subscription"]);
        show_versioned<protocol::ConsumerProtocolAssignment>(member["assignment"]);
    }
}

Said said_of_coordinator(Decoder decoder, const record::RecordView& record) {
    const auto decoded = decode_record(decoder, record);
    const auto key = record.key ? protocol::read_coordinator_key(*record.key)
                                : Result<protocol::CoordinatorKey>();
    if (!decoded.contains("key") || !key) {
        return {fmt::format("Error at offset {}, skipping. {}", record.offset,
                            decoded.is_object() ? decoded.value("error", std::string())
                                                : std::string("it has no key")),
                {}};
    }
    Said said;
    auto value = decoded["value"];
    show_consumer_protocol(value);
    said.key = Json{{"type", std::to_string(key->type)}, {"data", decoded["key"]["data"]}}.dump();
    said.payload = "<DELETE>";
    if (value.is_object() && value.contains("data")) {
        const auto version = value["version"].get<int>();
        said.payload = Json{{"version", std::to_string(version)}, {"data", value["data"]}}.dump();
    }
    return said;
}

Said said_of(Decoder decoder, const record::RecordView& record) {
    if (decoder == Decoder::metadata) return said_of_metadata(record);
    if (decoder != Decoder::none) return said_of_coordinator(decoder, record);
    Said said;
    if (record.key) said.key = as_text(*record.key);
    if (record.value) said.payload = as_text(*record.value);
    return said;
}

class KafkaDump {
public:
    explicit KafkaDump(const Options& options)
        : options_(options), console_(options.common), disk_(io::make_posix_disk()) {}

    int run() {
        const auto decoder = decoder_by_name(options_.decoder);
        decoder_ = decoder.value_or(Decoder::none);
        prints_data_ = options_.records || decoder_ != Decoder::none;
        for (const auto& path : options_.words) {
            console_.print(fmt::format("Dumping {}\n", path));
            if (const auto code = dump(path); code != cli::kDone) return code;
        }
        say_faults(wrong_offsets_, "Mismatches in :", "  Index offset: {}, log offset: {}");
        say_faults(wrong_times_,
                   "Found timestamp mismatch in :", "  Index timestamp: {}, log timestamp: {}");
        say_faults(unordered_, "Found out of order timestamp in :",
                   "  Index timestamp: {}, Previously indexed timestamp: {}");
        say_faults(missing_, "The following indexed offsets are not found in :",
                   "Indexed offset: {}, found log offset: {}");
        say_faults(gaps_, "Non-consecutive offsets in ", "  {} is followed by {}");
        return cli::kDone;
    }

private:
    int dump(const std::string& path) {
        const auto name = path.substr(path.rfind('/') + 1);
        if (!kind_of(name)) {
            console_.warn_line(fmt::format("Ignoring unknown file {}", path));
            return cli::kDone;
        }
        auto file = read_log_file(*disk_, path);
        if (!file) return console_.fail({path, Error(Errc::kafka_storage_error, file.error())});
        switch (file->kind) {
            case FileKind::log:
                dump_log(*file, name);
                break;
            case FileKind::index:
            case FileKind::time_index:
                return dump_index(*file);
            case FileKind::txn_index:
                dump_aborted(*file);
                break;
            case FileKind::producers:
                return dump_producers(*file);
        }
        return cli::kDone;
    }

    // By file.
    using Faults = std::map<std::string, std::vector<IndexFault>>;

    static void note(Faults& all, const std::string& path, const std::vector<IndexFault>& found) {
        if (!found.empty()) std::ranges::copy(found, std::back_inserter(all[path]));
    }

    void say_faults(const Faults& all, std::string_view title, fmt::string_view each) {
        for (const auto& [path, pairs] : all) {
            console_.warn_line(fmt::format("{}{}", title, path));
            for (const auto& [one, other] : pairs) {
                console_.warn_line(fmt::format(fmt::runtime(each), one, other));
            }
        }
    }

    void print(const std::string& line) { console_.print(line + "\n"); }

    void dump_log(const LogFile& file, const std::string& name) {
        const auto snapshot = raft::parse_snapshot_name(name);
        last_offset_ = -1;
        print(snapshot ? fmt::format("Snapshot end offset: {}, epoch: {}", snapshot->end_offset,
                                     snapshot->epoch)
                       : fmt::format("Log starting offset: {}", file.base_offset));
        record::BatchScanner scanner(file.bytes);
        auto found = scanner.next();
        for (; found == record::Scan::batch; found = scanner.next()) {
            const auto end = scanner.position() + scanner.batch().size();
            if (std::cmp_greater(end, options_.bytes_max)) return;
            dump_batch(file, scanner.position(), scanner.batch());
        }
        if (found != record::Scan::end) {
            print(fmt::format("Found {} invalid bytes at the end of {}",
                              file.bytes.size() - scanner.position(), name));
        }
    }

    void dump_batch(const LogFile& file, std::size_t position, const record::AnyBatch& batch) {
        print(batch.is_v2() ? batch_line(position, batch.v2()) : legacy_line(position, batch));
        if (!prints_data_ && !options_.deep) return;
        const auto sound = batch.check();
        const auto done =
            !sound ? sound : record::for_each_record(batch, decompressor_, [&](const auto& record) {
                note_gap(file.path, record.offset);
                print(record_line(batch, record));
            });
        if (!done) print(done.error().what);
    }

    void note_gap(const std::string& path, std::int64_t offset) {
        if (offset != last_offset_ + 1) gaps_[path].emplace_back(last_offset_, offset);
        last_offset_ = offset;
    }

    static std::string batch_line(std::size_t position, const record::BatchView& batch) {
        return fmt::format(
            "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} "
            "producerId: {} producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} "
            "isControl: {} deleteHorizonMs: {} position: {} {}: {} size: {} magic: {} "
            "compresscodec: {} crc: {} isvalid: {}",
            batch.base_offset(), batch.last_offset(), batch.count(), batch.base_sequence(),
            batch.last_sequence(), batch.producer_id(), batch.producer_epoch(),
            batch.leader_epoch(), batch.is_transactional(), batch.is_control(),
            optional_long(batch.delete_horizon()), position, time_name(batch.timestamp_type()),
            batch.max_timestamp(), batch.size(), batch.magic(), codec(batch.codec()), batch.crc(),
            batch.crc_ok());
    }

    static std::string legacy_line(std::size_t position, const record::AnyBatch& batch) {
        return fmt::format(
            "offset: {} position: {} CreateTime: {} isvalid: {} size: {} magic: {} "
            "compresscodec: {}",
            batch.last_offset(), position, batch.max_timestamp(), batch.check().has_value(),
            batch.size(), batch.magic(), codec(batch.legacy().codec()));
    }

    static std::string_view codec(std::optional<record::Codec> codec) {
        return codec ? record::codec_name(*codec) : std::string_view("unknown");
    }

    std::string record_line(const record::AnyBatch& batch, const record::RecordView& record) {
        const bool is_control = batch.is_v2() && batch.v2().is_control();
        std::string line = "|";
        if (!options_.skips_metadata) line += metadata_of(batch, record);
        if (is_control) return options_.skips_metadata ? "" : line + " " + control_text(record);
        if (!prints_data_) return line;
        const auto said = said_of(decoder_, record);
        if (said.key) line += " key: " + *said.key;
        if (said.payload) line += " payload: " + *said.payload;
        return line == "|" ? "" : line;
    }

    static std::string metadata_of(const record::AnyBatch& batch,
                                   const record::RecordView& record) {
        const auto size = [](const std::optional<BytesView>& bytes) {
            return bytes ? std::ssize(*bytes) : -1;
        };
        const bool is_v2 = batch.is_v2();
        auto out = fmt::format(
            " offset: {} {}: {} keySize: {} valueSize: {}", record.offset,
            time_name(is_v2 ? batch.v2().timestamp_type() : record::TimestampType::create_time),
            record.timestamp, size(record.key), size(record.value));
        if (!is_v2) return out;
        const auto base = batch.v2().base_sequence();
        const auto sequence =
            base < 0 ? -1 : (std::int64_t{base} + record.offset_delta) & INT32_MAX;
        std::string keys;
        for (const auto& header : record.headers) {
            keys += (keys.empty() ? "" : ",") + std::string(header.key);
        }
        return out + fmt::format(" sequence: {} headerKeys: [{}]", sequence, keys);
    }

    // It may have preallocated space.
    static bool is_empty(const LogFile& file) {
        return std::ranges::all_of(file.bytes, [](std::byte b) { return b == std::byte{0}; });
    }

    int dump_index(const LogFile& file) {
        const bool is_time = file.kind == FileKind::time_index;
        if (!is_time && is_empty(file)) {
            print(file.path + " is empty.");
            return cli::kDone;
        }
        if (options_.checks_sanity) {
            const bool passes = file.bytes.size() % (is_time ? 12 : 8) == 0;
            print(fmt::format("{} {}", file.path,
                              passes ? "passed sanity check." : "failed sanity check."));
            return cli::kDone;
        }
        if (!options_.verifies_only) print_entries(file);
        auto log = read_log_file(*disk_, file.path.substr(0, file.path.rfind('.')) + ".log");
        if (!log) return console_.fail({file.path, Error(Errc::kafka_storage_error, log.error())});
        const auto faults = is_time ? cli::Parsed<IndexFaults>(find_time_faults(file, *log))
                                    : find_faults(file, *log);
        if (!faults) {
            return console_.fail({file.path, Error(Errc::corrupt_message, faults.error())});
        }
        note(wrong_offsets_, file.path, faults->offsets);
        note(wrong_times_, file.path, faults->timestamps);
        note(unordered_, file.path, faults->unordered);
        note(missing_, file.path, faults->missing);
        return cli::kDone;
    }

    void print_entries(const LogFile& file) {
        const bool is_time = file.kind == FileKind::time_index;
        for (const auto& [offset, target] : index_entries(file)) {
            print(is_time ? fmt::format("timestamp: {} offset: {}", target, offset)
                          : fmt::format("offset: {} position: {}", offset, target));
        }
    }

    void dump_aborted(const LogFile& file) {
        constexpr std::size_t kSize = 34;
        for (std::size_t at = 0; at + kSize <= file.bytes.size(); at += kSize) {
            const auto* entry = file.bytes.data() + at;
            print(
                fmt::format("version: {} producerId: {} firstOffset: {} lastOffset: {} "
                            "lastStableOffset: {}",
                            load_be<std::int16_t>(entry), load_be<std::int64_t>(entry + 2),
                            load_be<std::int64_t>(entry + 10), load_be<std::int64_t>(entry + 18),
                            load_be<std::int64_t>(entry + 26)));
        }
    }

    int dump_producers(const LogFile& file) {
        const auto state = log::ProducerState::from_snapshot(file.bytes);
        if (!state) return console_.fail({file.path, state.error()});
        std::vector<std::pair<std::int64_t, const log::Producer*>> rows;
        for (const auto& [id, producer] : state->producers()) rows.emplace_back(id, &producer);
        std::ranges::sort(rows);
        for (const auto& [id, producer] : rows) {
            auto line = fmt::format(
                "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {} "
                "lastTimestamp: {}",
                id, producer->epoch, producer->coordinator_epoch,
                optional_long(producer->open_since < 0 ? std::nullopt
                                                       : std::optional(producer->open_since)),
                producer->last_timestamp);
            if (const auto* last = producer->last_batch()) {
                line += fmt::format(
                    " firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: "
                    "{}",
                    last->first_sequence(), last->last_sequence, last->last_offset,
                    last->offset_delta, last->timestamp);
            }
            print(line);
        }
        return cli::kDone;
    }

    const Options& options_;
    cli::Console console_;
    std::unique_ptr<io::Disk> disk_;
    record::Decompressor decompressor_;
    Decoder decoder_ = Decoder::none;
    bool prints_data_ = false;
    std::int64_t last_offset_ = -1;  // Of the records of one file,
    // and where they do not follow each other.
    Faults gaps_;
    Faults wrong_offsets_;
    Faults wrong_times_;
    Faults unordered_;
    Faults missing_;
};

}  // namespace

int dump_as_kafka(const Options& options) { return KafkaDump(options).run(); }

}  // namespace kcore::server
