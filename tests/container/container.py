#!/usr/bin/python3
"""The container image's contract: what Testcontainers does to apache/kafka works with ours.

container.py SCRIPT BUILD

Makes the root file system and starts it as the entry point of an image is started: a shell that
waits for a script, which calls /etc/kafka/docker/run.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import SKIPPED
from ports import free_ports
from trials import until
from wire import Connection

CHROOT = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin")
READY = "Transitioning from RECOVERY to RUNNING"
START = "/tmp/testcontainers_start.sh"
# The command that Testcontainers gives the container, word for word.
WAIT = f"while [ ! -f {START} ]; do sleep 0.1; done; {START}"


def environment(ports):
    client, broker, controller = ports
    return {
        "PATH": "/opt/kafka/bin:/usr/bin:/bin",
        "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
        "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{client},BROKER://0.0.0.0:{broker},"
                           f"CONTROLLER://0.0.0.0:{controller}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP":
            "BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{controller}",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES": "9223372036854775807",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }


def start_script(ports):
    client, broker, _ = ports
    return ("#!/bin/bash\n"
            f"export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:{client},"
            f"BROKER://localhost:{broker}\n"
            "/etc/kafka/docker/run\n")


def wait_for(log, text):
    def said():
        return log.read_text(errors="replace")
    until(said, lambda: text in said())


def check(root, log):
    ports = free_ports(3)
    with open(log, "wb") as out:
        process = subprocess.Popen([CHROOT, root, "/bin/sh", "-c", WAIT], stdout=out,
                                   stderr=subprocess.STDOUT, env=environment(ports),
                                   start_new_session=True)
    try:
        script = root / "tmp" / "testcontainers_start.sh"
        draft = root / "tmp" / "draft"
        draft.write_text(start_script(ports))
        draft.chmod(0o777)
        draft.rename(script)
        wait_for(log, READY)
        with Connection(f"127.0.0.1:{ports[0]}") as connection:
            reply = connection.ask("Metadata", 9, {"Topics": []})
        assert reply["ClusterId"] == "4L6g3nShT-eMCtK--X86sw", reply
        found = [(broker["Host"], broker["Port"]) for broker in reply["Brokers"]]
        assert found == [("localhost", ports[0])], reply
        assert "names no setting" not in log.read_text(), log.read_text()
        os.killpg(process.pid, signal.SIGTERM)
        wait_for(log, "stopped clean=true")
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def main(script, build):
    if os.geteuid() != 0 or not CHROOT:
        print("skipped: chroot needs root")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="kcore-container-") as folder:
        folder = pathlib.Path(folder)
        subprocess.run([script, "--build", build, folder / "root.tar"], check=True)
        root = folder / "root"
        root.mkdir(mode=0o755)
        subprocess.run(["tar", "-C", root, "-xf", folder / "root.tar"], check=True)
        names = {path.name for path in (root / "usr/bin").iterdir()}
        assert names == {"bash", "sh", "sleep"}, names
        check(root, folder / "log")
    print("the container does what Testcontainers asks of it")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
