#include "broker/log_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "log/checkpoint.h"
#include "log/names.h"
#include "protocol/json.h"

namespace kcore::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFileBytesMax = std::size_t{4} << 30;
constexpr std::string_view kCheckpointSuffix = ".checkpoint";

constexpr std::array<std::pair<std::string_view, FileKind>, 6> kSuffixes{{
    {log::kLogSuffix, FileKind::log},
    {kCheckpointSuffix, FileKind::log},
    {log::kIndexSuffix, FileKind::index},
    {log::kTimeIndexSuffix, FileKind::time_index},
    {log::kTxnIndexSuffix, FileKind::txn_index},
    {log::kSnapshotSuffix, FileKind::producers},
}};

constexpr std::array<std::string_view, 5> kKinds{"batches", "index", "time_index", "txn_index",
                                                 "producers"};

constexpr std::array<std::pair<std::string_view, Decoder>, 5> kDecoders{
    {{"none", Decoder::none},
     {"metadata", Decoder::metadata},
     {"offsets", Decoder::offsets},
     {"transactions", Decoder::transactions},
     {"shares", Decoder::shares}}};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view parent_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

Json message_json(std::string_view name, std::int16_t version,
                  const protocol::AnyMessage& message) {
    return {{"type", name},
            {"version", version},
            {"data", protocol::to_json(message.info(), message.data(), version)}};
}

Json decode_metadata(BytesView value) {
    auto frame = protocol::read_record_frame(value);
    if (!frame) return {{"error", frame.error().what}};
    auto message = protocol::decode_metadata_record(value);
    if (!message) return {{"error", message.error().what}};
    return message_json(message->info().name, frame->version, *message);
}

Json decode_value(const protocol::MessageInfo& info, BytesView value) {
    protocol::AnyMessage message(info);
    const auto version = protocol::decode_versioned_into(info, value, message.data(),
                                                         protocol::NewerVersion::refuse);
    if (!version) return {{"error", version.error().what}};
    return message_json(info.name, *version, message);
}

Json decode_coordinator(protocol::CoordinatorLog log, const record::RecordView& record) {
    if (!record.key) return nullptr;
    const auto key = protocol::read_coordinator_key(*record.key);
    if (!key) return {{"error", key.error().what}};
    const auto known = protocol::find_coordinator_record(log, key->type);
    if (!known) return {{"error", fmt::format("unknown type {}", key->type)}};
    auto message = protocol::decode_any(*known->key, key->body, 0);
    if (!message) return {{"error", message.error().what}};
    Json out{{"key", message_json(known->key->name, 0, *message)}};
    out["value"] = record.value ? decode_value(*known->value, *record.value) : Json();
    return out;
}

}  // namespace

std::string_view kind_name(FileKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::optional<FileKind> kind_of(std::string_view path) {
    const auto name = last_part(path);
    for (const auto& [suffix, kind] : kSuffixes) {
        if (name.ends_with(suffix) && !name.empty() && name[0] >= '0' && name[0] <= '9')
            return kind;
    }
    return std::nullopt;
}

cli::Parsed<std::vector<std::string>> find_log_files(io::Disk& disk,
                                                     const std::vector<std::string>& paths) {
    std::vector<std::string> out;
    for (const auto& path : paths) {
        auto entry = disk.stat(path);
        if (!entry) return cli::refuse(entry.error().what);
        if (!*entry) return cli::refuse(fmt::format("there is no {}", path));
        if (!(*entry)->is_directory) {
            if (!kind_of(path)) return cli::refuse(fmt::format("{} is no file of a log", path));
            out.push_back(path);
            continue;
        }
        auto list = disk.list(path);
        if (!list) return cli::refuse(list.error().what);
        std::ranges::sort(*list, {}, &io::Entry::name);
        for (const auto& found : *list) {
            if (!found.is_directory && kind_of(found.name)) {
                out.push_back(fmt::format("{}/{}", path, found.name));
            }
        }
    }
    return out;
}

cli::Parsed<LogFile> read_log_file(io::Disk& disk, const std::string& path) {
    LogFile out;
    out.path = path;
    const auto kind = kind_of(path);
    if (!kind) return cli::refuse(fmt::format("{} is no file of a log", path));
    out.kind = *kind;
    const auto name = last_part(path);
    out.base_offset = log::parse_file_name(name, name.substr(name.find('.'))).value_or(0);
    auto bytes = log::read_file(disk, path, kFileBytesMax);
    if (!bytes) return cli::refuse(bytes.error().what);
    if (!*bytes) return cli::refuse(fmt::format("there is no {}", path));
    out.bytes = std::move(**bytes);
    return out;
}

std::vector<IndexEntry> index_entries(const LogFile& file) {
    const bool is_time = file.kind == FileKind::time_index;
    const std::size_t size = is_time ? 12 : 8;
    std::vector<IndexEntry> out;
    for (std::size_t at = 0; at + size <= file.bytes.size(); at += size) {
        const auto* entry = file.bytes.data() + at;
        if (std::all_of(entry, entry + size, [](std::byte b) { return b == std::byte{0}; })) break;
        const auto offset = file.base_offset + load_be<std::int32_t>(entry + (is_time ? 8 : 0));
        out.push_back({offset, is_time ? load_be<std::int64_t>(entry)
                                       : std::int64_t{load_be<std::int32_t>(entry + 4)}});
    }
    return out;
}

Decoder decoder_of(const std::string& path) {
    const auto folder = log::parse_dir_name(last_part(parent_of(path)));
    if (!folder) return Decoder::none;
    const auto& topic = folder->partition.topic;
    if (topic == "__cluster_metadata") return Decoder::metadata;
    if (topic == "__consumer_offsets") return Decoder::offsets;
    if (topic == "__transaction_state") return Decoder::transactions;
    if (topic == "__share_group_state") return Decoder::shares;
    return Decoder::none;
}

std::optional<Decoder> decoder_by_name(std::string_view name) {
    for (const auto& [known, decoder] : kDecoders) {
        if (known == name) return decoder;
    }
    return std::nullopt;
}

Json decode_record(Decoder decoder, const record::RecordView& record) {
    switch (decoder) {
        case Decoder::metadata:
            return record.value ? decode_metadata(*record.value) : Json();
        case Decoder::offsets:
            return decode_coordinator(protocol::CoordinatorLog::group, record);
        case Decoder::transactions:
            return decode_coordinator(protocol::CoordinatorLog::transaction, record);
        case Decoder::shares:
            return decode_coordinator(protocol::CoordinatorLog::share, record);
        case Decoder::none:
            break;
    }
    return nullptr;
}

}  // namespace kcore::server
