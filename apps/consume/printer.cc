#include "consume/printer.h"

#include "cli/common.h"

namespace kcore::consume {

namespace {

constexpr std::size_t kBufferBytes = 256U << 10;
constexpr const char* kHexFormat = R"(%t-%p@%o\t%k{hex}\t%v{hex}\n)";

}  // namespace

cli::Parsed<Printer> Printer::create(const Options& options) {
    Printer out;
    out.encodings_ = options.encodings;
    out.is_json_ = options.json_lines || options.output == "json" || options.output == "jsonl";
    out.line_options_.all_fields = options.all_fields;
    out.line_options_.control_field = options.control_records;
    out.is_silent_ = options.count_only || options.stats;
    auto text = options.format;
    if (text.empty() && options.output == "hex") text = kHexFormat;
    if (!text.empty()) {
        auto format = cli::Format::compile(text, options.kcat_format);
        if (!format) return cli::refuse(std::move(format).error());
        out.format_.emplace(std::move(*format));
    }
    return out;
}

// Bytes that do not decode stay as they are.
void Printer::decode(const cli::Encoding& encoding, std::optional<BytesView>& bytes,
                     Decoded& into) {
    into = {};
    if (!bytes || encoding.is_plain()) return;
    auto text = encoding.decode(*bytes);
    if (!text) {
        into.error = std::move(text).error();
        return;
    }
    into.text = std::move(*text);
    into.is_json = encoding.gives_json();
    bytes = as_bytes(into.text);
}

void Printer::print(const client::ConsumedRecord& record) {
    ++printed_;
    if (is_silent_) return;
    auto shown = record;
    decode(encodings_.key, shown.key, key_);
    decode(encodings_.value, shown.value, value_);
    if (is_json_) {
        auto options = line_options_;
        options.key_is_json = key_.is_json;
        options.value_is_json = value_.is_json;
        options.key_error = key_.error;
        options.value_error = value_.error;
        cli::append_record_line(out_, shown, options);
        out_ += '\n';
    } else if (format_) {
        format_->append(out_, shown, printed_);
    } else {
        if (shown.value) out_ += as_text(*shown.value);
        out_ += '\n';
    }
    if (out_.size() >= kBufferBytes) flush();
}

void Printer::separate() {
    if (!is_silent_ && !is_json_ && !format_) out_ += "--\n";
}

void Printer::flush() {
    if (out_.empty()) return;
    cli::write_stdout(out_);
    out_.clear();
}

}  // namespace kcore::consume
