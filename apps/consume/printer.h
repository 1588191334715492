#pragma once
// Writes records as the options say: values, a format, record lines; gathered and flushed.

#include <optional>
#include <string>

#include "cli/encoding.h"
#include "cli/format.h"
#include "cli/parsed.h"
#include "cli/record_line.h"
#include "client/record.h"
#include "consume/consume.h"

namespace kcore::consume {

class Printer {
public:
    // Refuses a format that does not compile.
    static cli::Parsed<Printer> create(const Options& options);

    void print(const client::ConsumedRecord& record);
    void separate();  // Between groups of matches with their context.
    void flush();
    std::uint64_t printed() const { return printed_; }

private:
    // Decoded text of one field, or why there is none.
    struct Decoded {
        std::string text;
        std::string error;
        bool is_json = false;
    };

    Printer() = default;
    static void decode(const cli::Encoding& encoding, std::optional<BytesView>& bytes,
                       Decoded& into);

    std::optional<cli::Format> format_;
    cli::Encodings encodings_;
    cli::RecordLineOptions line_options_;
    bool is_json_ = false;
    bool is_silent_ = false;
    std::string out_;
    std::uint64_t printed_ = 0;
    Decoded key_;
    Decoded value_;
};

}  // namespace kcore::consume
