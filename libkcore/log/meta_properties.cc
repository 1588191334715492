#include "log/meta_properties.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/parse_number.h"
#include "log/checkpoint.h"

namespace kcore::log {

namespace {

constexpr std::size_t kTextMax = 1 << 20;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

// "key=value" or "key: value" lines; these files hold no escapes or continuations.
std::map<std::string, std::string, std::less<>> parse_pairs(std::string_view text) {
    std::map<std::string, std::string, std::less<>> pairs;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#' || line.front() == '!') continue;
        const auto split = std::min(line.find_first_of("=:"), line.size());
        const auto value = trimmed(line.substr(std::min(split + 1, line.size())));
        // A ':' inside a value may have been escaped by whoever wrote the properties.
        std::string plain;
        for (const auto c : value) {
            if (c != '\\') plain += c;
        }
        pairs[std::string(trimmed(line.substr(0, split)))] = std::move(plain);
    }
    return pairs;
}

std::unexpected<Error> bad_properties(std::string_view file, std::string what) {
    return fail(Errc::kafka_storage_error, fmt::format("{}: {}", file, what));
}

}  // namespace

std::string format_meta_properties(const MetaProperties& meta) {
    // Version 0 may lack each of them.
    std::string text;
    if (meta.node_id >= 0 || meta.version != 0) {
        text += fmt::format("{}={}\n", meta.version == 0 ? "broker.id" : "node.id", meta.node_id);
    }
    if (meta.directory_id) text += fmt::format("directory.id={}\n", meta.directory_id->to_string());
    text += fmt::format("version={}\n", meta.version);
    if (!meta.cluster_id.empty()) text += fmt::format("cluster.id={}\n", meta.cluster_id);
    return text;
}

Result<MetaProperties> parse_meta_properties(std::string_view text) {
    auto pairs = parse_pairs(text);
    MetaProperties meta;
    const auto version = parse_number<std::int64_t>(pairs["version"]);
    if (!version || (*version != 0 && *version != 1)) {
        return bad_properties(kMetaProperties,
                              fmt::format("version \"{}\" is not 0 or 1", pairs["version"]));
    }
    meta.version = static_cast<std::int32_t>(*version);
    meta.cluster_id = pairs["cluster.id"];
    const auto* key = meta.version == 0 ? "broker.id" : "node.id";
    if (const auto id = parse_number<std::int32_t>(pairs[key]); id && *id >= 0) {
        meta.node_id = *id;
    } else if (meta.version == 1 || !pairs[key].empty()) {
        return bad_properties(kMetaProperties,
                              fmt::format("{} \"{}\" is not a node's id", key, pairs[key]));
    }
    if (meta.version == 1 && meta.cluster_id.empty()) {
        return bad_properties(kMetaProperties, "cluster.id is missing");
    }
    if (const auto& id = pairs["directory.id"]; !id.empty()) {
        meta.directory_id = Uuid::parse(id);
        if (!meta.directory_id || (meta.directory_id->high == 0 && meta.directory_id->low < 100)) {
            return bad_properties(kMetaProperties,
                                  fmt::format("directory.id \"{}\" is not a free id", id));
        }
    }
    return meta;
}

Result<std::optional<MetaProperties>> read_meta_properties(io::Disk& disk,
                                                           const std::string& directory) {
    const auto path = fmt::format("{}/{}", directory, kMetaProperties);
    const auto bytes = read_file(disk, path, kTextMax);
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return std::nullopt;
    auto meta = parse_meta_properties(as_text(**bytes));
    if (!meta) return fail(meta.error().code, directory + "/" + meta.error().what);
    return std::move(*meta);
}

Result<void> write_meta_properties(io::Disk& disk, const std::string& directory,
                                   const MetaProperties& meta) {
    return replace_file(disk, fmt::format("{}/{}", directory, kMetaProperties),
                        as_bytes(format_meta_properties(meta)));
}

std::string format_partition_metadata(const Uuid& topic_id) {
    return fmt::format("version: 0\ntopic_id: {}", topic_id.to_string());
}

Result<Uuid> parse_partition_metadata(std::string_view text) {
    auto pairs = parse_pairs(text);
    if (pairs["version"] != "0") {
        return bad_properties("partition.metadata",
                              fmt::format("version \"{}\" is not 0", pairs["version"]));
    }
    const auto id = Uuid::parse(pairs["topic_id"]);
    if (!id || id->is_zero()) {
        return bad_properties("partition.metadata",
                              fmt::format("topic_id \"{}\"", pairs["topic_id"]));
    }
    return *id;
}

std::string format_clean_marker(std::int64_t broker_epoch) {
    return fmt::format(R"({{"version":0,"brokerEpoch":{}}})", broker_epoch);
}

std::int64_t parse_clean_marker(std::string_view text) {
    const auto value_of = [text](std::string_view key) -> std::optional<std::int64_t> {
        const auto at = text.find(fmt::format("\"{}\"", key));
        if (at == std::string_view::npos) return std::nullopt;
        auto rest = text.substr(at + key.size() + 2);
        const auto from = rest.find_first_not_of(" \t\r\n:");
        if (from == std::string_view::npos) return std::nullopt;
        rest = rest.substr(from);
        return parse_number<std::int64_t>(rest.substr(0, rest.find_first_of(",} \t\r\n")));
    };
    if (value_of("version") != 0) return -1;
    return value_of("brokerEpoch").value_or(-1);
}

}  // namespace kcore::log
