#pragma once
// What this process has, and what it may have: memory and descriptors.

#include <cstdint>
#include <string>
#include <string_view>

namespace kcore::io {

std::int64_t resident_bytes();  // 0 where the system does not tell.

// The smallest limit of the control groups that the process is in; 0: none.
std::int64_t memory_limit_bytes();
// The same from the text of /proc/self/cgroup, with the groups below `root`.
std::int64_t memory_limit_bytes(std::string_view groups, const std::string& root);

// Gives freed memory back to the system. Takes a moment.
void release_freed_memory();

// Takes as many descriptors as it may, and says how many that are.
std::int64_t raise_descriptor_limit();

}  // namespace kcore::io
