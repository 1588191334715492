#pragma once
// How every fallible function in libkcore answers: a value, or an Error fit for the wire.

#include <expected>
#include <string>
#include <utility>

#include "base/errc.h"

namespace kcore {

struct Error {
    Error(Errc c, std::string w) : code(c), what(std::move(w)) {}

    Errc code;
    std::string what;  // For people, with names and numbers: "orders-3: 90 is below log start 100".

    // Compares the code: the sentence is for people.
    friend bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string what) {
    return std::unexpected<Error>(std::in_place, code, std::move(what));
}

}  // namespace kcore
