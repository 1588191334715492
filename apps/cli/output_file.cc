#include "cli/output_file.h"

#include <fmt/format.h>

namespace kcore::cli {

Parsed<OutputFile> OutputFile::append_to(const std::string& path) {
    OutputFile file;
    file.out_.open(path, std::ios::binary | std::ios::app);
    if (!file.out_) return refuse(fmt::format("cannot write to {}", path));
    return file;
}

void OutputFile::write(std::string_view text) {
    out_.write(text.data(), static_cast<std::streamsize>(text.size()));
}

}  // namespace kcore::cli
