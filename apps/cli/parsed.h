#pragma once
// How everything that reads text typed by a user answers: a value, or a sentence on what is wrong.

#include <expected>
#include <string>
#include <utility>

namespace kcore::cli {

template <class T>
using Parsed = std::expected<T, std::string>;

inline std::unexpected<std::string> refuse(std::string why) {
    return std::unexpected<std::string>(std::move(why));
}

}  // namespace kcore::cli
