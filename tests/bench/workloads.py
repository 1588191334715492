"""Runs what users do with a broker, and prints what it costs.

  workloads.py [--only W1,...] [--seconds S] [--rounds N] [--tools DIR] [--json FILE] NAME=BROKER...

BROKER is HOST:PORT/PID[+PID] of one that runs (of whatever make), or the path of a kbroker, which
is started on a fresh directory under --data and stopped at the end. The brokers take turns (A B,
B A), medians are printed with the ratio to the first. CPU is that of the broker's processes, user
and system; the load comes from kperf, the same for all.

  W1   one producer, one partition: records of 1 KiB and 100 B in batches of 16 KiB and 1 MiB
  W2   partitions, producers and acks varied
  W3   lz4 and zstd, and a topic whose codec is another than the producer's
  W4   a request for every record
  W5   reading a backlog: one, three and five readers
  W6   producing and reading at once
  W7   latency from due to read at fixed rates
  W8   W7 while a reader fetches what the page cache has lost (needs a file system on a disk)
  W10  an fsync for every batch: 1, 8 and 32 producers
  W11  idle connections, and W7 beside them
  W12  partitions: created, stopped, started, killed and started (only for a kbroker)
  W13  a group of many members: until all have their share (classic protocol)
  W15  from exec to READY on an empty directory, idle memory, size (only for a kbroker)
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import group_load  # noqa: E402
import node  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
LOAD_SECONDS_MAX = 120
KIB, MIB = 1 << 10, 1 << 20


class Running:
    """A broker somebody else started."""

    def __init__(self, spec):
        self.bootstrap, _, pids = spec.partition("/")
        self.pids = [int(pid) for pid in pids.split("+") if pid]

    def close(self):
        pass


class Started:
    """A kbroker of ours on a fresh directory."""

    def __init__(self, program, data, settings=()):
        self.program = program
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=data, prefix="workloads-"))
        self.node = node.Node(program, self.folder, settings)
        self.start()

    def start(self):
        self.node.start()
        self.bootstrap = self.node.bootstrap
        self.pids = [self.node.process.pid]

    def close(self):
        self.node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def rss_mb(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) / 1e3
    return total


class Bench:
    """The tools against one broker."""

    topics = 0

    def __init__(self, tools, broker, seconds):
        self.tools, self.broker, self.seconds = tools, broker, seconds

    def _command(self, tool, *arguments):
        return [str(self.tools / tool), *map(str, arguments), "-b", self.broker.bootstrap]

    def run(self, tool, *arguments):
        return subprocess.run(self._command(tool, *arguments), check=True, text=True,
                              stdout=subprocess.PIPE, timeout=LOAD_SECONDS_MAX).stdout

    def topic(self, partitions=1, **configs):
        Bench.topics += 1
        name = f"w-{os.getpid()}-{Bench.topics}"
        extra = [part for key, value in configs.items()
                 for part in ("-c", f"{key.replace('_', '.')}={value}")]
        self.run("ktopics", "create", name, "--partitions", partitions, "--replication-factor", 1,
                 *extra)
        return name

    def delete(self, name):
        self.run("ktopics", "delete", name, "--yes")

    def loads(self, commands):
        """Runs kperf commands at once; their results, and the broker's CPU seconds."""
        before = cpu_seconds(self.broker.pids)
        running = [subprocess.Popen(self._command("kperf", *command, "-o", "json"), text=True,
                                    stdout=subprocess.PIPE) for command in commands]
        results = []
        for process in running:
            out, _ = process.communicate(timeout=LOAD_SECONDS_MAX)
            if process.returncode != 0:
                raise RuntimeError(f"kperf {process.args}: exit {process.returncode}")
            results.append(json.loads(out))
        return results, cpu_seconds(self.broker.pids) - before

    def produce(self, topic, *options, producers=1):
        command = ("produce", topic, "--duration", f"{self.seconds}s", *options)
        return cost(*self.loads([command] * producers))


def cost(results, cpu):
    size = sum(result["bytes"] for result in results)
    records = sum(result["records"] for result in results)
    seconds = max(result["seconds"] for result in results)
    return {"MB/s": size / 1e6 / seconds, "records/s": records / seconds,
            "CPU-s/GB": cpu / (size / 1e9), "CPU-us/record": cpu * 1e6 / records}


def percentiles(result, label=""):
    latency = result["latency"]
    return {f"{label}{key} ms": latency[f"{key}_ms"] for key in ("p50", "p99", "p99.9")}


def named(name, figures, *keep):
    return {f"{name}: {key}": value for key, value in figures.items() if not keep or key in keep}


def w1(bench):
    out = {}
    for size, batch in ((1024, 16 * KIB), (1024, MIB), (100, 16 * KIB), (100, MIB)):
        topic = bench.topic(1, max_message_bytes=2 * MIB)
        cost_of = bench.produce(topic, "-s", size, "--batch-size", batch, "--acks", 1)
        out |= named(f"{size} B in {batch // KIB} KiB", cost_of, "MB/s", "records/s", "CPU-s/GB")
        bench.delete(topic)
    return out


def w2(bench):
    out = {}
    for partitions, producers, acks in ((6, 4, 1), (100, 1, 1), (100, 4, 0), (100, 4, 1),
                                        (100, 4, "all"), (100, 16, 1), (1000, 4, 1)):
        topic = bench.topic(partitions)
        cost_of = bench.produce(topic, "-s", 1024, "--acks", acks, producers=producers)
        name = f"{partitions} partitions, {producers} producers, acks={acks}"
        out |= named(name, cost_of, "MB/s", "CPU-s/GB")
        bench.delete(topic)
    return out


def w3(bench):
    out = {}
    for codec, of_topic in (("lz4", "producer"), ("zstd", "producer"), ("lz4", "zstd")):
        topic = bench.topic(4, compression_type=of_topic)
        cost_of = bench.produce(topic, "-s", 1024, "-z", codec)
        out |= named(f"{codec}, topic {of_topic}", cost_of, "MB/s", "CPU-s/GB")
        bench.delete(topic)
    return out


def w4(bench):
    out = {}
    for producers in (1, 16):
        topic = bench.topic(1)
        cost_of = bench.produce(topic, "-s", 100, "--batch-size", 1, "--linger", "0ms", "--acks", 1,
                                producers=producers)
        out |= named(f"{producers} connections", cost_of, "records/s", "CPU-us/record")
        bench.delete(topic)
    return out


def w5(bench):
    topic = bench.topic(4)
    records = bench.loads([("produce", topic, "-s", 1024, "--duration", f"{bench.seconds}s",
                            "--batch-size", 256 * KIB)])[0][0]["records"]
    out = {}
    for readers in (1, 3, 5):
        cost_of = cost(*bench.loads([("consume", topic, "-c", records)] * readers))
        out |= named(f"{readers} readers", cost_of, "MB/s", "CPU-s/GB")
    bench.delete(topic)
    return out


def w6(bench):
    topic = bench.topic(4)
    full = bench.produce(topic, "-s", 1024)["records/s"]
    rate = max(int(full / 2), 1)
    count = rate * bench.seconds
    results, cpu = bench.loads([("produce", topic, "-s", 1024, "-c", count, "-r", f"{rate}/s"),
                                ("consume", topic, "-c", count)])
    bench.delete(topic)
    return {"CPU-s/GB moved": cpu / (sum(r["bytes"] for r in results) / 1e9)}


def end_to_end(bench, rate, acks="all"):
    topic = bench.topic(4)
    command = ("e2e", topic, "-s", 1024, "-r", f"{rate}/s", "--duration", f"{bench.seconds}s",
               "--warmup-records", rate // 2, "--linger", "0ms", "--acks", acks)
    result = bench.loads([command])[0][0]
    bench.delete(topic)
    return percentiles(result, f"{rate}/s acks={acks} ")


def w7(bench):
    out = {}
    for rate in (1_000, 10_000, 50_000):
        out |= end_to_end(bench, rate)
    return out | end_to_end(bench, 10_000, 1)


def forget_pages(folder):
    """Drops what the page cache holds of a broker's files; False where it holds all there is."""
    os.sync()
    for path in pathlib.Path(folder).rglob("*.log"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    return kind not in ("tmpfs", "ramfs")


def w8(bench):
    if not isinstance(bench.broker, Started):
        return {}
    topic = bench.topic(4)
    written = bench.loads([("produce", topic, "-s", 1024, "--duration", f"{bench.seconds}s")])[0][0]
    if not forget_pages(bench.broker.folder):
        return {}
    alone = end_to_end(bench, 1_000)
    latency = bench.topic(4)
    results, _ = bench.loads([
        ("consume", topic, "-c", written["records"]),
        ("e2e", latency, "-s", 1024, "-r", "1000/s", "--duration", f"{bench.seconds}s",
         "--linger", "0ms")])
    for name in (topic, latency):
        bench.delete(name)
    beside = percentiles(results[1])
    return {"catch-up MB/s": results[0]["bytes"] / 1e6 / results[0]["seconds"],
            "p99 ms alone": alone["1000/s acks=all p99 ms"], "p99 ms beside": beside["p99 ms"]}


def w10(bench):
    out = {}
    for producers in (1, 8, 32):
        topic = bench.topic(producers, flush_messages=1)
        results, _ = bench.loads([("produce", topic, "-s", 100, "--batch-size", 1, "--linger",
                                   "0ms", "-c", 500 * bench.seconds)] * producers)
        records = sum(r["records"] for r in results)
        out[f"{producers} producers: commits/s"] = records / max(r["seconds"] for r in results)
        bench.delete(topic)
    return out


def w11(bench, connections=5_000):
    before = rss_mb(bench.broker.pids)
    alone = end_to_end(bench, 1_000)
    with contextlib.ExitStack() as stack:
        group_load.idle_connections(stack, bench.broker.bootstrap, connections)
        grown = rss_mb(bench.broker.pids) - before
        beside = end_to_end(bench, 1_000)
    p99 = "1000/s acks=all p99 ms"
    return {"KB a connection": grown * 1e3 / connections, "p99 ms alone": alone[p99],
            "p99 ms beside": beside[p99]}


def w12(bench, counts=(1_000, 10_000)):
    if not isinstance(bench.broker, Started):
        return {}
    out = {}
    for count in counts:
        broker = Started(bench.broker.program, bench.broker.folder.parent)
        try:
            out |= named(f"{count}", partitions(Bench(bench.tools, broker, bench.seconds), count))
        finally:
            broker.close()
    return out


def timed(call, *arguments):
    began = time.monotonic()
    call(*arguments)
    return time.monotonic() - began


def partitions(bench, count):
    broker = bench.broker
    out = {"create s": timed(bench.topic, count)}
    out["RSS MB"] = rss_mb(broker.pids)
    out["stop s"] = timed(broker.node.stop)
    out["start s"] = timed(broker.start)
    broker.node.kill()
    out["start after kill s"] = timed(broker.start)
    before = cpu_seconds(broker.pids)
    time.sleep(bench.seconds)
    out["idle CPU %"] = 100 * (cpu_seconds(broker.pids) - before) / bench.seconds
    return out


def w13(bench, members=1_000):
    topic = bench.topic(members)
    group = f"{topic}-group"
    before = cpu_seconds(bench.broker.pids)
    took = timed(group_load.join_all, bench.broker.bootstrap, group, topic, members)
    cpu = cpu_seconds(bench.broker.pids) - before
    bench.delete(topic)
    return {f"{members} members: s until stable": took, f"{members} members: CPU ms": cpu * 1e3}


def w15(bench):
    if not isinstance(bench.broker, Started):
        return {}
    program, data = bench.broker.program, bench.broker.folder.parent
    began = time.monotonic()
    broker = Started(program, data)
    took = time.monotonic() - began
    try:
        time.sleep(2)
        return {"ms from exec to READY": took * 1e3, "idle RSS MB": rss_mb(broker.pids),
                "binary MB": os.path.getsize(program) / 1e6}
    finally:
        broker.close()


WORKLOADS = {"W1": w1, "W2": w2, "W3": w3, "W4": w4, "W5": w5, "W6": w6, "W7": w7, "W8": w8,
             "W10": w10, "W11": w11, "W12": w12, "W13": w13, "W15": w15}


def measure(name, targets, options):
    """Figures by broker, each a list over the rounds."""
    figures = {target: {} for target in targets}
    for turn in range(options.rounds):
        order = list(targets) if turn % 2 == 0 else list(reversed(targets))
        for target in order:
            bench = Bench(options.tools, targets[target], options.seconds)
            for figure, value in WORKLOADS[name](bench).items():
                figures[target].setdefault(figure, []).append(value)
    return figures


def show(name, figures):
    targets = list(figures)
    for figure in {key: None for target in targets for key in figures[target]}:
        medians = [statistics.median(figures[t].get(figure, [float("nan")])) for t in targets]
        row = "".join(f"{median:>14.4g}" for median in medians)
        ratios = "".join(f"{m / medians[0] if medians[0] else float('nan'):>10.2f}"
                         for m in medians[1:])
        print(f"{name:4} {figure:52}{row}{ratios}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokers", nargs="+", metavar="NAME=BROKER")
    parser.add_argument("--only", help="some of the workloads, by commas")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tools", type=pathlib.Path, default=node.ROOT / "build/release/apps")
    parser.add_argument("--data", default=tempfile.gettempdir())
    parser.add_argument("--json", help="write every figure there")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(WORKLOADS)
    unknown = [name for name in chosen if name not in WORKLOADS]
    if unknown:
        parser.error(f"no workload {unknown[0]}; there are {', '.join(WORKLOADS)}")
    with contextlib.ExitStack() as stack:
        targets = {}
        for spec in options.brokers:
            name, _, broker = spec.partition("=")
            targets[name] = (Started(broker, options.data) if os.path.exists(broker)
                             else Running(broker))
            stack.callback(targets[name].close)
        print(f"{'':57}" + "".join(f"{name:>14}" for name in targets))
        everything = {}
        for name in chosen:
            everything[name] = measure(name, targets, options)
            show(name, everything[name])
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
