#include "consume/scripts/message_formatter.h"

#include <fmt/format.h>

#include <map>

namespace kcore::consume {

namespace {

// The classes of Kafka's clients whose bytes an encoding of ours reads.
cli::Parsed<cli::Encoding> deserializer(const std::string& class_name) {
    static const std::map<std::string_view, const char*> kinds{
        {"StringDeserializer", "string"}, {"ByteArrayDeserializer", "string"},
        {"BytesDeserializer", "string"},  {"ByteBufferDeserializer", "string"},
        {"ShortDeserializer", "i16"},     {"IntegerDeserializer", "i32"},
        {"LongDeserializer", "i64"},      {"FloatDeserializer", "f32"},
        {"DoubleDeserializer", "f64"}};
    const auto found = kinds.find(std::string_view(class_name).substr(class_name.rfind('.') + 1));
    if (found != kinds.end()) return cli::Encoding::named(found->second);
    return cli::refuse(class_name + ": Java classes are not loaded here");
}

std::string timestamp_of(const client::ConsumedRecord& record) {
    if (record.timestamp_ms < 0) return "NO_TIMESTAMP";
    const bool is_append = record.timestamp_type == client::TimestampType::append;
    return fmt::format("{}:{}", is_append ? "LogAppendTime" : "CreateTime", record.timestamp_ms);
}

}  // namespace

cli::Parsed<void> MessageFormatter::choose(const std::string& class_name) {
    if (class_name.ends_with("DefaultMessageFormatter")) return {};
    // What that one logs besides is below the level that the scripts show.
    if (class_name.ends_with("LoggingMessageFormatter")) return {};
    if (class_name.ends_with("NoOpMessageFormatter")) {
        return is_silent_ = true, cli::Parsed<void>();
    }
    return cli::refuse(class_name + ": Java classes are not loaded here");
}

cli::Parsed<void> MessageFormatter::set(const std::string& property) {
    const auto split = property.find('=');
    const auto name = property.substr(0, split);
    const auto value = split == property.npos ? "" : property.substr(split + 1);
    const std::map<std::string, bool*> switches{{"print.timestamp", &prints_timestamp_},
                                                {"print.partition", &prints_partition_},
                                                {"print.offset", &prints_offset_},
                                                {"print.delivery", &prints_delivery_},
                                                {"print.epoch", &prints_epoch_},
                                                {"print.headers", &prints_headers_},
                                                {"print.key", &prints_key_},
                                                {"print.value", &prints_value_}};
    const std::map<std::string, std::string*> texts{{"key.separator", &key_separator_},
                                                    {"line.separator", &line_separator_},
                                                    {"headers.separator", &headers_separator_},
                                                    {"null.literal", &null_literal_}};
    const std::map<std::string, cli::Encoding*> encodings{{"key.deserializer", &key_},
                                                          {"value.deserializer", &value_},
                                                          {"headers.deserializer", &header_}};
    if (const auto found = switches.find(name); found != switches.end()) {
        *found->second = value == "true" || value == "TRUE" || value == "True";
        return {};
    }
    if (const auto found = texts.find(name); found != texts.end()) {
        return *found->second = value, cli::Parsed<void>();
    }
    const auto found = encodings.find(name);
    if (found == encodings.end()) {
        return cli::refuse(fmt::format("unknown property of the formatter: {}", name));
    }
    auto encoding = deserializer(value);
    if (!encoding) return cli::refuse(std::move(encoding).error());
    *found->second = std::move(*encoding);
    return {};
}

cli::Parsed<std::string> MessageFormatter::text_of(const std::optional<BytesView>& bytes,
                                                   const cli::Encoding& encoding) const {
    if (!bytes) return null_literal_;
    if (encoding.is_plain()) return std::string(as_text(*bytes));
    return encoding.decode(*bytes);
}

cli::Parsed<std::string> MessageFormatter::headers_of(const client::ConsumedRecord& record) const {
    if (record.headers.empty()) return "NO_HEADERS";
    std::string out;
    for (const auto& header : record.headers) {
        auto value = text_of(header.value, header_);
        if (!value) return value;
        if (!out.empty()) out += headers_separator_;
        out += fmt::format("{}:{}", header.key, *value);
    }
    return out;
}

cli::Parsed<void> MessageFormatter::append(std::string& to,
                                           const client::ConsumedRecord& record) const {
    if (is_silent_) return {};
    const auto headers = prints_headers_ ? headers_of(record) : "";
    const auto key = prints_key_ ? text_of(record.key, key_) : "";
    const auto value = prints_value_ ? text_of(record.value, value_) : "";
    for (const auto* one : {&headers, &key, &value}) {
        if (!*one) return cli::refuse(one->error());
    }
    bool has_any = false;
    const auto add = [&](std::string_view text) {
        if (has_any) to += key_separator_;
        to += text;
        has_any = true;
    };
    if (prints_timestamp_) add(timestamp_of(record));
    if (prints_partition_) add(fmt::format("Partition:{}", record.partition));
    if (prints_offset_) add(fmt::format("Offset:{}", record.offset));
    // The script's consumer knows of neither.
    if (prints_delivery_) add("Delivery:NOT_PRESENT");
    if (prints_epoch_) add("Epoch:NOT_PRESENT");
    if (prints_headers_) add(*headers);
    if (prints_key_) add(*key);
    if (prints_value_) add(*value);
    to += line_separator_;
    return {};
}

}  // namespace kcore::consume
