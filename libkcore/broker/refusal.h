#pragma once
// An answer that says nothing but why there is none.

#include <cstdint>

#include "base/result.h"

namespace kcore::broker {

// The error in the places that such an answer has on top.
template <class Response>
Response refusal(const Error& error) {
    Response response;
    if constexpr (requires { response.error_code; }) {
        response.error_code = static_cast<std::int16_t>(error.code);
    }
    if constexpr (requires { response.error_message; }) response.error_message = error.what;
    return response;
}

}  // namespace kcore::broker
