#pragma once
// What a tool says when something failed, and the exit code that goes with it.

#include <string>
#include <string_view>

#include "base/result.h"

namespace kcore::cli {

enum Exit : int {
    kDone = 0,
    kFailed = 1,
    kUsage = 2,
    kTimeRanOut = 3,
    kConditionFails = 4,
    kPending = 5,
    kCannotConnect = 6,
    kNotAuthorized = 7,
    kInterrupted = 130,
};

int exit_code_of(const Error& error);

struct Failure {
    Failure(std::string on, Error e, std::string advice = {})
        : resource(std::move(on)), error(std::move(e)), hint(std::move(advice)) {}
    std::string resource;  // "orders"; may be empty.
    Error error;
    std::string hint;
};

// "error: TOPIC_ALREADY_EXISTS (36): orders: already exists. hint: --if-not-exists", or the same
// as one JSON object.
std::string failure_text(const Failure& failure, bool json);

}  // namespace kcore::cli
