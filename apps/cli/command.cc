#include "cli/command.h"

#include <fmt/format.h>

namespace kcore::cli {

Setter to_number(std::int64_t& out, std::int64_t least, std::int64_t most) {
    return [&out, least, most](const std::string& text) -> Parsed<void> {
        std::int64_t value = 0;
        if (!parse_integer(text, value) || value < least || value > most) {
            return refuse(
                fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
        }
        out = value;
        return {};
    };
}

std::vector<std::string> split_commas(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t from = 0; from < text.size();) {
        const auto comma = std::min(text.find(',', from), text.size());
        if (comma > from) out.push_back(text.substr(from, comma - from));
        from = comma + 1;
    }
    return out;
}

std::string display_name(const Option& option) { return split_commas(option.names).back(); }

}  // namespace kcore::cli
