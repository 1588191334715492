#pragma once
// Which versions of which APIs the clients of a release of Kafka send.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace kcore::protocol {

class Release {
public:
    // "3.9" or "3.9.1". From 2.1, the oldest whose clients Kafka 4 serves.
    //   invalid_config  not a release, or one whose versions are not known here
    static Result<Release> parse(std::string_view text);

    // Nothing when clients of this release do not know the API.
    std::optional<std::int16_t> newest(std::int16_t api_key) const;

    std::string to_string() const;  // "3.9"

private:
    explicit Release(std::pair<int, int> number) : number_(number) {}

    std::pair<int, int> number_;  // Major and minor.
};

}  // namespace kcore::protocol
