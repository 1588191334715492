#pragma once
// A file that a tool appends to.

#include <fstream>
#include <string>
#include <string_view>

#include "cli/parsed.h"

namespace kcore::cli {

class OutputFile {
public:
    // Refuses what cannot be written.
    static Parsed<OutputFile> append_to(const std::string& path);

    void write(std::string_view text);
    void flush() { out_.flush(); }
    bool has_failed() const { return !out_; }

private:
    OutputFile() = default;
    std::ofstream out_;
};

}  // namespace kcore::cli
