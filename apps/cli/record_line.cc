#include "cli/record_line.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace kcore::cli {

namespace {

using PlainJson = nlohmann::json;

template <class Number>
void append_number(std::string& to, std::string_view name, Number value) {
    const fmt::format_int digits(value);
    to.append(name);
    to.append(digits.data(), digits.size());
}

// A string, or base64 when the bytes are not UTF-8; true for base64.
bool append_bytes(std::string& to, const std::optional<BytesView>& bytes) {
    if (!bytes) {
        to += "null";
        return false;
    }
    const auto text = as_text(*bytes);
    if (is_utf8(text)) {
        append_json_string(to, text);
        return false;
    }
    to += '"';
    append_base64(to, *bytes);
    to += '"';
    return true;
}

// What did not decode is never dropped: its bytes follow as base64.
void append_field(std::string& to, std::string_view name, const std::optional<BytesView>& bytes,
                  bool is_json, std::string_view error) {
    to += fmt::format(R"(,"{}":)", name);
    bool is_encoded = false;
    if (bytes && is_json) {
        to += as_text(*bytes);
        to += fmt::format(R"(,"{}_enc":"json")", name);
    } else if (bytes && !error.empty()) {
        to += '"';
        append_base64(to, *bytes);
        to += '"';
        is_encoded = true;
    } else {
        is_encoded = append_bytes(to, bytes);
    }
    if (is_encoded) to += fmt::format(R"(,"{}_enc":"base64")", name);
    if (error.empty()) return;
    to += fmt::format(R"(,"{}_error":)", name);
    append_json_string(to, error);
}

void append_header(std::string& to, const client::Header& header) {
    to += '[';
    const bool name_encoded = append_bytes(to, as_bytes(header.key));
    to += ',';
    const bool value_encoded = append_bytes(to, header.value);
    if (value_encoded) to += R"(,"base64")";
    if (name_encoded) to += value_encoded ? R"(,"base64")" : R"(,null,"base64")";
    to += ']';
}

// Reads one object's fields; the first thing wrong is kept.
class LineReader {
public:
    explicit LineReader(const PlainJson& line) : line_(line) {}

    Parsed<InputRecord> read() {
        InputRecord out;
        for (const auto& [name, value] : line_.items()) {
            take(out, name, value);
            if (!wrong_.empty()) return refuse(wrong_);
        }
        decode("key", out.key);
        decode("value", out.value);
        if (!wrong_.empty()) return refuse(wrong_);
        return out;
    }

private:
    void take(InputRecord& out, const std::string& name, const PlainJson& value) {
        if (name == "topic") {
            out.topic = text(name, value);
        } else if (name == "partition") {
            out.partition = static_cast<std::int32_t>(
                number(name, value, 0, std::numeric_limits<std::int32_t>::max()));
        } else if (name == "ts") {
            out.timestamp_ms = number(name, value, -1, std::numeric_limits<std::int64_t>::max());
        } else if (name == "headers") {
            take_headers(out, value);
        } else if (!is_known(name) && out.unknown_field.empty()) {
            out.unknown_field = name;
        }
    }

    static bool is_known(std::string_view name) {
        for (const auto* known :
             {"key", "value", "key_enc", "value_enc", "key_error", "value_error", "offset",
              "ts_type", "epoch", "producer_id", "producer_epoch", "control"}) {
            if (name == known) return true;
        }
        return false;
    }

    std::optional<std::string> text(const std::string& name, const PlainJson& value) {
        if (value.is_null()) return std::nullopt;
        if (value.is_string()) return value.get<std::string>();
        wrong_ = fmt::format("{} is not a string", name);
        return std::nullopt;
    }

    std::int64_t number(const std::string& name, const PlainJson& value, std::int64_t least,
                        std::int64_t most) {
        const bool fits = value.is_number_unsigned()
                              ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                              : value.is_number_integer() && value.get<std::int64_t>() >= least;
        if (fits) return value.get<std::int64_t>();
        wrong_ = fmt::format("{} is not a number from {} to {}", name, least, most);
        return least;
    }

    std::optional<std::string> from_base64(const std::string& name, const std::string& value) {
        auto bytes = decode_base64(value);
        if (!bytes) wrong_ = fmt::format("{} is not base64", name);
        return bytes;
    }

    void decode(const std::string& name, std::optional<std::string>& out) {
        const auto found = line_.find(name);
        if (found == line_.end() || found->is_null()) return;
        const auto encoding = line_.value(name + "_enc", PlainJson());
        if (encoding == "json") {
            out = found->dump();
            return;
        }
        auto value = text(name, *found);
        if (!value) return;
        if (encoding.is_null()) {
            out = std::move(value);
        } else if (encoding == "base64") {
            out = from_base64(name, *value);
        } else {
            wrong_ = fmt::format("{}_enc is {}, not \"base64\" or \"json\"", name, encoding.dump());
        }
    }

    void take_headers(InputRecord& out, const PlainJson& list) {
        if (!list.is_array()) {
            wrong_ = "headers is not a list of [name, value]";
            return;
        }
        for (const auto& entry : list) {
            if (!take_header(out, entry) && wrong_.empty()) {
                wrong_ = fmt::format("header {} is not [name, value]", entry.dump());
            }
        }
    }

    bool take_header(InputRecord& out, const PlainJson& entry) {
        if (!entry.is_array() || entry.size() < 2 || entry.size() > 4 || !entry[0].is_string()) {
            return false;
        }
        const auto is_encoded = [&](std::size_t at) {
            return entry.size() > at && entry[at] == "base64";
        };
        InputRecord::NamedValue header;
        header.name = entry[0].get<std::string>();
        header.value = text("header " + header.name, entry[1]);
        if (is_encoded(2) && header.value) header.value = from_base64("header", *header.value);
        if (is_encoded(3)) {
            auto name = from_base64("header name", header.name);
            if (!name) return false;
            header.name = std::move(*name);
        }
        out.headers.push_back(std::move(header));
        return wrong_.empty();
    }

    const PlainJson& line_;
    std::string wrong_;
};

}  // namespace

void append_record_line(std::string& to, const client::ConsumedRecord& record,
                        const RecordLineOptions& options) {
    to += R"({"topic":)";
    append_json_string(to, record.topic);
    append_number(to, R"(,"partition":)", record.partition);
    append_number(to, R"(,"offset":)", record.offset);
    append_number(to, R"(,"ts":)", record.timestamp_ms);
    to += record.timestamp_type == client::TimestampType::create ? R"(,"ts_type":"create")"
                                                                 : R"(,"ts_type":"append")";
    append_field(to, "key", record.key, options.key_is_json, options.key_error);
    append_field(to, "value", record.value, options.value_is_json, options.value_error);
    to += R"(,"headers":[)";
    bool first = true;
    for (const auto& header : record.headers) {
        if (!first) to += ',';
        first = false;
        append_header(to, header);
    }
    to += ']';
    if (options.all_fields) {
        append_number(to, R"(,"epoch":)", record.leader_epoch);
        append_number(to, R"(,"producer_id":)", record.producer_id);
        append_number(to, R"(,"producer_epoch":)", static_cast<int>(record.producer_epoch));
    }
    if (options.all_fields || options.control_field) {
        to += record.is_control ? R"(,"control":true)" : R"(,"control":false)";
    }
    to += '}';
}

Parsed<InputRecord> parse_record_line(std::string_view line) {
    const auto json = PlainJson::parse(line, nullptr, false);
    if (json.is_discarded()) return refuse("not valid JSON");
    if (!json.is_object()) return refuse("not a JSON object");
    return LineReader(json).read();
}

}  // namespace kcore::cli
