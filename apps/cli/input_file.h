#pragma once
// Input of the tools: files and stdin, whole or in pieces between delimiters.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parsed.h"

namespace kcore::cli {

// A file, or stdin for "-"; refuses with the system's reason.
class InputFile {
public:
    static Parsed<InputFile> open(const std::string& path);
    static InputFile standard_input();
    ~InputFile();
    InputFile(InputFile&& other) noexcept;
    InputFile& operator=(InputFile&&) = delete;

    int descriptor() const { return descriptor_; }
    Parsed<std::string> read_all() const;

private:
    InputFile(int descriptor, bool is_own) : descriptor_(descriptor), is_own_(is_own) {}

    int descriptor_;
    bool is_own_;
};

// Pieces of one file descriptor. A piece is a view that lasts until the next call.
class PieceReader {
public:
    PieceReader(int descriptor, std::string delimiter)
        : descriptor_(descriptor), delimiter_(std::move(delimiter)) {}

    // Nothing at the end, or when a signal came. The last piece needs no delimiter behind it.
    std::optional<std::string_view> next();

    bool has_failed() const { return error_ != 0; }
    int error() const { return error_; }

private:
    bool fill();

    const int descriptor_;
    const std::string delimiter_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t searched_ = 0;  // From begin_: where no delimiter starts.
    bool at_end_ = false;
    int error_ = 0;
};

}  // namespace kcore::cli
