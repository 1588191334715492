#include "io/disk_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace kcore::io {

namespace {

std::string errno_text(int error_number) {
    char buffer[128];
    return strerror_r(error_number, buffer, sizeof buffer);
}

}  // namespace

Error disk_error(std::string_view path, std::string_view call, int error_number) {
    return {Errc::kafka_storage_error,
            fmt::format("{}: {}: {}", path, call, errno_text(error_number))};
}

bool is_disk_full(const Error& error) {
    return error.code == Errc::kafka_storage_error &&
           (error.what.ends_with(errno_text(ENOSPC)) || error.what.ends_with(errno_text(EDQUOT)));
}

bool is_out_of_descriptors(const Error& error) {
    return error.code == Errc::kafka_storage_error &&
           (error.what.ends_with(errno_text(EMFILE)) || error.what.ends_with(errno_text(ENFILE)));
}

}  // namespace kcore::io
