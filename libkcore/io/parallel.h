#pragma once
// Work on many things at once, for who waits for all of it.

#include <cstddef>
#include <functional>

#include "io/pool.h"

namespace kcore::io {

// Calls work(0) to work(count - 1), on this thread and on up to threads - 1 of the pool; returns
// when all have returned. From any thread that may block: it ends also where the pool is busy.
void run_parallel(Pool& pool, std::size_t threads, std::size_t count,
                  const std::function<void(std::size_t)>& work);

}  // namespace kcore::io
