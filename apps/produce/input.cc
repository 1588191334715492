#include "produce/input.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/interrupt.h"
#include "cli/text.h"

namespace kcore::produce {

namespace {

constexpr std::size_t kReadBytes = 256U << 10;

}  // namespace

bool PieceReader::fill() {
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() - end_ < kReadBytes) {
        buffer_.resize(std::max(buffer_.size() * 2, end_ + kReadBytes));
    }
    for (;;) {
        if (cli::interrupted()) return false;
        const auto got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) error_ = errno;
        if (got <= 0) return false;
        end_ += static_cast<std::size_t>(got);
        return true;
    }
}

std::optional<std::string_view> PieceReader::next() {
    for (;;) {
        const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
        const auto found = delimiter_.size() == 1 ? rest.find(delimiter_[0], searched_)
                                                  : rest.find(delimiter_, searched_);
        if (found != rest.npos) {
            begin_ += found + delimiter_.size();
            searched_ = 0;
            return rest.substr(0, found);
        }
        searched_ = rest.size() < delimiter_.size() ? 0 : rest.size() - delimiter_.size() + 1;
        if (at_end_ || !fill()) {
            at_end_ = true;
            if (begin_ == end_ || cli::interrupted()) return std::nullopt;
            const std::string_view last(buffer_.data() + begin_, end_ - begin_);
            begin_ = end_;
            searched_ = 0;
            return last;
        }
    }
}

cli::Parsed<std::string_view> LineParser::decode(Encoding encoding, std::string_view text,
                                                 std::string& room) const {
    if (encoding == Encoding::utf8) return text;
    const bool is_hex = encoding == Encoding::hex;
    auto bytes = is_hex ? cli::decode_hex(text) : cli::decode_base64(text);
    if (!bytes) return cli::refuse(fmt::format("'{}' is not {}", text, is_hex ? "hex" : "base64"));
    room = std::move(*bytes);
    return std::string_view(room);
}

cli::Parsed<LineRecord> LineParser::parse(std::string_view line) {
    LineRecord out;
    std::optional<std::string_view> key;
    if (rules_.key_separator) {
        const auto at = line.find(*rules_.key_separator);
        if (at == line.npos) {
            return cli::refuse(fmt::format("no '{}' between key and value", *rules_.key_separator));
        }
        key = line.substr(0, at);
        line.remove_prefix(at + rules_.key_separator->size());
    } else if (rules_.fixed_key) {
        key = *rules_.fixed_key;
    }
    if (key && !(rules_.null_key && *key == *rules_.null_key)) {
        auto bytes = decode(rules_.key_encoding, *key, key_);
        if (!bytes) return cli::refuse("key " + bytes.error());
        out.key = as_bytes(*bytes);
    }
    if (rules_.is_tombstone && line.empty()) return out;
    if (rules_.null_value && line == *rules_.null_value) return out;
    auto bytes = decode(rules_.value_encoding, line, value_);
    if (!bytes) return cli::refuse("value " + bytes.error());
    out.value = as_bytes(*bytes);
    return out;
}

FixedHeader parse_header(const std::string& text) {
    auto at = text.find('=');
    if (at == text.npos) at = text.find(':');
    if (at == text.npos) return {text, std::nullopt};
    return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace kcore::produce
