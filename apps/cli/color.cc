#include "cli/color.h"

#include <fmt/format.h>

#include "cli/process.h"

namespace kcore::cli {

namespace {

// Parameter of the terminal's "select graphic rendition".
int rendition(Paint paint) {
    switch (paint) {
        case Paint::bold:
            return 1;
        case Paint::red:
            return 31;
        case Paint::green:
            return 32;
        case Paint::yellow:
            return 33;
        case Paint::none:
            break;
    }
    return 0;
}

}  // namespace

std::string painted(std::string_view text, Paint paint) {
    if (paint == Paint::none) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", rendition(paint), text);
}

bool wants_color(std::string_view when, bool is_terminal) {
    if (when != "auto") return when == "always";
    return is_terminal && environment_value("NO_COLOR").empty() &&
           environment_value("TERM") != "dumb";
}

}  // namespace kcore::cli
