"""Who may include whom, and who may talk to the operating system."""

import os
import re

OS_HEADERS = {
    "arpa/inet.h", "dirent.h", "fcntl.h", "filesystem", "fstream", "netdb.h", "netinet/in.h",
    "netinet/tcp.h", "poll.h", "signal.h", "csignal", "spawn.h", "sys/epoll.h", "sys/eventfd.h",
    "sys/file.h", "sys/ioctl.h", "sys/mman.h", "sys/random.h", "sys/sendfile.h", "sys/socket.h",
    "sys/stat.h", "sys/statvfs.h", "sys/time.h", "sys/uio.h", "sys/un.h", "sys/wait.h", "thread",
    "time.h", "ctime", "unistd.h",
}

SLEEPS = [
    (r"\bthis_thread\s*::\s*sleep_\w+", "sleeps"),
    (r"(?<![\w.>])(?:::)?\b(?:usleep|nanosleep|sleep)\s*\(", "sleeps"),
]
CLOCKS = [
    (r"\b(?:steady|system|high_resolution)_clock\s*::\s*now\b", "asks the clock"),
    (r"(?<![\w.>])(?:std::|::)?\b(?:gettimeofday|clock_gettime|timespec_get)\s*\(",
     "asks the clock"),
    (r"(?<![\w.>:])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&\w+)\s*\)", "asks the clock"),
]
SYSTEM = [
    (r"\bstd\s*::\s*(?:thread|jthread|async)\b", "starts a thread"),
    (r"\bpthread_create\b", "starts a thread"),
    (r"\brandom_device\b|(?<![\w.>:])(?:std::)?s?rand\s*\(|\bgetrandom\s*\(", "draws randomness"),
    (r"\bstd\s*::\s*(?:basic_)?[io]?fstream\b|\bstd\s*::\s*filesystem\b", "opens files"),
    (r"(?<![\w.>:])(?:std::|::)?f(?:re)?open\s*\(", "opens files"),
    (r"(?<![\w>])::(?:open|openat|creat|unlink|rename|mkdir|rmdir|stat|fstat|fsync|fdatasync|"
     r"pread|pwrite|read|write|mmap)\s*\(", "opens files"),
    (r"(?<![\w>])::(?:socket|bind|listen|accept4?|connect|send|recv|sendmsg|recvmsg)\s*\(",
     "opens sockets"),
    (r"\basio\s*::\s*(?:ip|local)\s*::|\basio\s*::\s*(?:steady|system)_timer\b", "opens sockets"),
]


def read_layers(root):
    layers = {}
    with open(os.path.join(root, "libkcore", "LAYERS"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or ":" not in line:
                continue
            name, needs = line.split(":", 1)
            layers[name.strip()] = needs.split()
    return layers


def check_order(layers):
    """LAYERS itself: bottom to top, so that no cycle can arise."""
    seen = set()
    for name, needs in layers.items():
        for need in needs:
            if need not in seen:
                yield f"{name} names {need}, which does not stand above it in LAYERS"
        seen.add(name)


def check_includes(source, layers):
    allowed = None
    if source.layer is not None:
        if source.layer not in layers:
            yield 1, f"{source.layer} is not in libkcore/LAYERS"
            return
        allowed = {source.layer, *layers[source.layer]}
    for line, path, quoted in source.includes():
        top = path.split("/")[0]
        if path.startswith(".") or "/../" in path:
            yield line, f'"{path}": include by the path below libkcore'
        elif top in layers and not quoted:
            yield line, f"<{path}>: own headers stand in quotes"
        elif quoted and allowed is not None and top not in allowed:
            yield line, f'"{path}": {source.layer} may include {", ".join(sorted(allowed))} only'


def check_own_header(source, exists):
    """x.cc and x_test.cc include x.h first, which proves that it stands alone."""
    if source.layer is None or source.is_header:
        return
    stem = re.sub(r"(_test)?\.cc$", "", source.path)
    own = stem[len("libkcore/"):] + ".h"
    if not exists(stem + ".h"):
        return
    first = next(iter(source.includes()), None)
    if first is None or first[1] != own:
        yield 1, f'include "{own}" before anything else'


def _is_door(path):
    """Where the program meets the system: io/, and the one folder that the tools share. Generators
    run while building."""
    return path.startswith(("libkcore/io/", "apps/cli/")) or "/generator/" in path


def check_system(source):
    if _is_door(source.path):
        return
    patterns = SLEEPS + CLOCKS
    if not source.is_test:
        patterns = patterns + SYSTEM
        for line, path, _ in source.includes():
            if path in OS_HEADERS:
                yield line, f"<{path}> is for io/ (tools: apps/cli/) only"
    for pattern, what in patterns:
        for match in re.finditer(pattern, source.code):
            yield (source.line_of(match.start()),
                   f"{match.group().strip()} {what}; only io/ (tools: apps/cli/) may")
