#pragma once
// What handlers may use of the broker: references to objects that outlive every connection. Which
// loop or lock each lives under, its own header says.

#include "base/logger.h"

namespace kcore::broker {

struct Services {
    Logger logger;
};

}  // namespace kcore::broker
