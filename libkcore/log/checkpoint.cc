#include "log/checkpoint.h"

#include <fmt/format.h>

#include <utility>

#include "base/parse_number.h"

namespace kcore::log {

namespace {

std::unexpected<Error> bad(std::string_view what, std::string_view line) {
    return fail(Errc::kafka_storage_error, fmt::format("checkpoint: {}: \"{}\"", what, line));
}

// The lines of a checkpoint after its version and count, which are checked. A last line without
// its line feed is a line; empty ones are not.
Result<std::vector<std::string_view>> entries_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (lines.size() < 2) return bad("no version and count", lines.empty() ? "" : lines[0]);
    if (lines[0] != "0") return bad("unknown version", lines[0]);
    std::size_t count = 0;
    if (!parse_number(lines[1], count)) return bad("no count", lines[1]);
    lines.erase(lines.begin(), lines.begin() + 2);
    if (lines.size() != count) {
        return bad(fmt::format("{} entries instead of", lines.size()), std::to_string(count));
    }
    return lines;
}

// Takes the last word off the line.
std::string_view take_word(std::string_view& line) {
    const auto space = line.rfind(' ');
    const auto word = line.substr(space == std::string_view::npos ? 0 : space + 1);
    line = line.substr(0, space == std::string_view::npos ? 0 : space);
    return word;
}

}  // namespace

Result<void> replace_file(io::Disk& disk, const std::string& path, BytesView bytes) {
    if (auto done = put_file(disk, path, bytes); !done) return done;
    return disk.sync_directory(path.substr(0, path.rfind('/')));
}

Result<void> put_file(io::Disk& disk, const std::string& path, BytesView bytes) {
    const auto temporary = path + ".tmp";
    {
        auto file = disk.open(temporary, io::Open::create);
        if (!file) return std::unexpected(std::move(file).error());
        if (auto done = (*file)->write(0, bytes); !done) return done;
        if (auto done = (*file)->sync(); !done) return done;
    }
    return disk.rename(temporary, path);
}

Result<std::optional<Bytes>> read_file(io::Disk& disk, const std::string& path,
                                       std::size_t bytes_max) {
    const auto entry = disk.stat(path);
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) return std::nullopt;
    if ((*entry)->size_bytes > bytes_max) {
        return fail(Errc::kafka_storage_error,
                    fmt::format("{}: {} bytes are too many", path, (*entry)->size_bytes));
    }
    auto file = disk.open(path, io::Open::read);
    if (!file) return std::unexpected(std::move(file).error());
    Bytes bytes((*entry)->size_bytes);
    const auto size = (*file)->read(0, bytes);
    if (!size) return std::unexpected(size.error());
    bytes.resize(*size);
    return bytes;
}

std::string format_offsets(const OffsetCheckpoint& offsets) {
    auto text = fmt::format("0\n{}\n", offsets.size());
    for (const auto& [partition, offset] : offsets) {
        text += fmt::format("{} {} {}\n", partition.topic, partition.partition, offset);
    }
    return text;
}

Result<OffsetCheckpoint> parse_offsets(std::string_view text) {
    // As Apache Kafka makes it, before there is anything to write.
    if (text.empty()) return OffsetCheckpoint();
    const auto lines = entries_of(text);
    if (!lines) return std::unexpected(lines.error());
    OffsetCheckpoint offsets;
    for (const auto line : *lines) {
        auto rest = line;
        std::int64_t offset = -1;
        TopicPartition partition;
        if (!parse_number(take_word(rest), offset) ||
            !parse_number(take_word(rest), partition.partition) || rest.empty() ||
            rest.contains(' ')) {
            return bad("not \"topic partition offset\"", line);
        }
        partition.topic = rest;
        offsets[std::move(partition)] = offset;
    }
    return offsets;
}

std::string format_epochs(const std::vector<EpochEntry>& entries) {
    auto text = fmt::format("0\n{}\n", entries.size());
    for (const auto& entry : entries) {
        text += fmt::format("{} {}\n", entry.epoch, entry.start_offset);
    }
    return text;
}

Result<std::vector<EpochEntry>> parse_epochs(std::string_view text) {
    const auto lines = entries_of(text);
    if (!lines) return std::unexpected(lines.error());
    std::vector<EpochEntry> entries;
    for (const auto line : *lines) {
        auto rest = line;
        EpochEntry entry;
        const bool is_right =
            parse_number(take_word(rest), entry.start_offset) && parse_number(rest, entry.epoch);
        if (!is_right) return bad("not \"epoch offset\"", line);
        entries.push_back(entry);
    }
    return entries;
}

}  // namespace kcore::log
