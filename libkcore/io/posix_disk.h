#pragma once
// The real file system. Thread-safe.

#include <memory>

#include "io/disk.h"

namespace kcore::io {

std::unique_ptr<Disk> make_posix_disk();

}  // namespace kcore::io
