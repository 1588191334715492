#include "cli/glob.h"

namespace kcore::cli {

bool glob_matches(std::string_view pattern, std::string_view text) {
    if (pattern.find_first_of("*?") == pattern.npos) return text.contains(pattern);
    std::size_t p = 0;
    std::size_t t = 0;
    auto star = pattern.npos;  // Where to go on after a mismatch.
    std::size_t taken = 0;
    while (t < text.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            taken = t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace kcore::cli
