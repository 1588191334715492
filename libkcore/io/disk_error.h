#pragma once
// The one wording of disk failures, and what callers may read back from it.

#include <cerrno>
#include <string_view>

#include "base/result.h"

namespace kcore::io {

// kafka_storage_error: "<path>: <call>: <errno text>".
Error disk_error(std::string_view path, std::string_view call, int error_number);
inline std::unexpected<Error> refuse_call(std::string_view path, std::string_view call,
                                          int error_number = errno) {
    return std::unexpected(disk_error(path, call, error_number));
}

// The device or quota has no room (ENOSPC, EDQUOT): nothing is broken, the write may succeed later.
bool is_disk_full(const Error& error);

// The process or the system has no descriptor left (EMFILE, ENFILE): nothing was tried.
bool is_out_of_descriptors(const Error& error);

}  // namespace kcore::io
