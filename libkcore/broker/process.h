#pragma once
// A broker as this process: real loops on threads, the pool, signals. What kbroker's start calls.

#include <functional>
#include <memory>
#include <vector>

#include "broker/server.h"
#include "io/disk.h"

namespace kcore::broker {

struct ProcessOptions {
    ServerOptions server;
    std::unique_ptr<io::Disk> disk;  // Null: the file system.
    // The broker serves; on the control loop.
    std::function<void(const Server& server)> on_ready;
};

// Runs until SIGTERM or SIGINT, which stop in order; a second one ends the process at once. Uses the
// calling thread for the control loop.
//   the error that start() failed with, or that the node could not go on after
Result<void> run_process(ProcessOptions options);

}  // namespace kcore::broker
