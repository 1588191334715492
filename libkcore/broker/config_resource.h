#pragma once
// The names of resources whose settings are asked for or changed.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/parse_number.h"
#include "base/result.h"

namespace kcore::broker {

// Of a resource that stands for one node; `kind` is how the refusal calls it.
//   invalid_request  no number
inline Result<std::int32_t> node_id_of(std::string_view kind, const std::string& name) {
    if (const auto id = parse_number<std::int32_t>(name)) return *id;
    return fail(Errc::invalid_request,
                fmt::format("{} id must be an integer, but it is: {}", kind, name));
}

}  // namespace kcore::broker
