#pragma once
// Records as kafka-console-consumer prints them.

#include <optional>
#include <string>

#include "cli/encoding.h"
#include "cli/parsed.h"
#include "client/record.h"

namespace kcore::consume {

class MessageFormatter {
public:
    // By the name of a class of Kafka: the default one, LoggingMessageFormatter, or
    // NoOpMessageFormatter.
    cli::Parsed<void> choose(const std::string& class_name);
    // "print.key=true" and its kin. Refuses what is none of them.
    cli::Parsed<void> set(const std::string& property);

    // Refuses what a deserializer cannot read, and appends nothing.
    cli::Parsed<void> append(std::string& to, const client::ConsumedRecord& record) const;

private:
    cli::Parsed<std::string> text_of(const std::optional<BytesView>& bytes,
                                     const cli::Encoding& encoding) const;
    cli::Parsed<std::string> headers_of(const client::ConsumedRecord& record) const;

    bool is_silent_ = false;
    bool prints_timestamp_ = false;
    bool prints_partition_ = false;
    bool prints_offset_ = false;
    bool prints_delivery_ = false;
    bool prints_epoch_ = false;
    bool prints_headers_ = false;
    bool prints_key_ = false;
    bool prints_value_ = true;
    std::string key_separator_ = "\t";
    std::string line_separator_ = "\n";
    std::string headers_separator_ = ",";
    std::string null_literal_ = "null";
    cli::Encoding key_;
    cli::Encoding value_;
    cli::Encoding header_;
};

}  // namespace kcore::consume
