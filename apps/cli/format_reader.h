#pragma once
// Reading records by a format string, the other way round: `kproduce -f '%k=%v\n'`. A text runs to
// the next literal, unless its length was read before (`%V{big32}%v`).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/format.h"
#include "cli/parsed.h"
#include "cli/record_line.h"

namespace kcore::cli {

// Bytes of a file descriptor, with as much ahead as is asked for.
class ByteSource {
public:
    explicit ByteSource(int descriptor) : descriptor_(descriptor) {}

    // What is there, at least `size` bytes unless the input ends before.
    std::string_view peek(std::size_t size);
    // Where `text` begins; nothing when the input ends without it.
    std::optional<std::size_t> find(std::string_view text);
    std::string_view rest();  // All that is left.
    void skip(std::size_t size) { begin_ += size; }

private:
    bool fill();

    const int descriptor_;
    std::string buffer_;
    std::size_t begin_ = 0;
    bool at_end_ = false;
};

class FormatReader {
public:
    // Refuses what cannot be read back: two texts side by side without length or literal between.
    static Parsed<FormatReader> compile(std::string_view text);

    // The next record; nothing at the end of the input. Refuses what does not fit, after which the
    // rest cannot be read. A literal that ends the format may lack at the end of the input.
    Parsed<std::optional<InputRecord>> next(ByteSource& source) const;

private:
    explicit FormatReader(std::vector<FormatPart> parts) : parts_(std::move(parts)) {}
    std::vector<FormatPart> parts_;
};

}  // namespace kcore::cli
