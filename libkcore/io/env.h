#pragma once
// All that a shell needs of the operating system, as one argument. One per loop.

#include "io/clock.h"
#include "io/disk.h"
#include "io/net.h"
#include "io/random.h"

namespace kcore::io {

class Loop;
class Pool;

struct Env {
    Clock& clock;
    Disk& disk;
    Net& net;
    Random& random;
    Loop& loop;  // This thread's: spawn, post, timers.
    Pool& pool;  // For what blocks.
};

}  // namespace kcore::io
