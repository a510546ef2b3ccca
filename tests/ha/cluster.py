"""The three nodes together: made, started, watched until they are whole, taken away."""

import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time

from node import HERE, Node, end

NAMES = ("n1", "n2", "n3")


def free_ports(count):
    """Below those that the kernel gives to outgoing connections; all held at once, so that they differ."""
    held = []
    while len(held) < count:
        one = socket.socket()
        try:
            one.bind(("127.0.0.1", random.SystemRandom().randrange(15000, 32000)))
            held.append(one)
        except OSError:
            one.close()
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def until(seconds, what, condition, step=0.1):
    end_of_patience = time.monotonic() + seconds
    while time.monotonic() < end_of_patience:
        found = condition()
        if found:
            return found
        time.sleep(step)
    raise TimeoutError(f"no {what} within {seconds} s")


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        facts = json.loads((self.folder / "nodes.json").read_text())
        self.synchronous = facts["synchronous"]
        self.nodes = [Node(self.folder / name, name, ports) for name, ports in zip(NAMES, facts["ports"])]

    @classmethod
    def made(cls, synchronous=True, protocol="etcd"):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="topup-ha.", dir="/tmp"))
        os.chmod(folder, 0o755)
        ports = free_ports(4 * len(NAMES))
        facts = {"synchronous": synchronous, "ports": [ports[i:i + 4] for i in range(0, len(ports), 4)]}
        (folder / "nodes.json").write_text(json.dumps(facts))
        made = cls(folder)
        for node in made.nodes:
            node.prepare(made.nodes, synchronous, protocol)
        return made

    def start(self):
        for node in self.nodes:
            node.start(self.nodes)

    def remove(self):
        end(self.folder)
        if self.folder.name.startswith("topup-ha."):
            shutil.rmtree(self.folder, ignore_errors=True)

    def guard(self):
        """Takes everything away when this process is gone, killed outright as well (as tests/cluster does)."""
        subprocess.Popen(["bash", "-c", 'tail --pid="$1" -f /dev/null; exec "$0" remove "$2"', str(HERE / "nodes"),
                          str(os.getpid()), str(self.folder)], cwd="/", start_new_session=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def environment(self):
        """For libpq: every host, and the one that takes writes."""
        return {"PGHOST": ",".join(["127.0.0.1"] * len(self.nodes)),
                "PGPORT": ",".join(str(node.port) for node in self.nodes),
                "PGTARGETSESSIONATTRS": "read-write", "PGUSER": "postgres", "PGCONNECT_TIMEOUT": "2"}

    def url(self, database):
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://{hosts}/{database}?target_session_attrs=read-write&connect_timeout=2"

    def members(self):
        for node in self.nodes:
            members = node.asked("/cluster").get("members", [])
            if members:
                return {member["name"]: member for member in members}
        return {}

    def is_whole(self):
        members = self.members()
        roles = sorted(member.get("role") for member in members.values())
        return (roles == ["leader", "replica", "sync_standby" if self.synchronous else "replica"]
                and all(member.get("state") in ("running", "streaming") for member in members.values())
                and all(member.get("lag", 0) == 0 or member["role"] == "leader" for member in members.values())
                and len({member.get("timeline") for member in members.values()}) == 1
                and self.primary() is not None)

    def primary(self, besides=None):
        for node in self.nodes:
            if node is not besides and node.takes_writes():
                return node
        return None

    def wait_until_whole(self, seconds=120):
        until(seconds, "three nodes in step", self.is_whole, 0.3)

    def patronictl(self, *words):
        done = subprocess.run(["patronictl", "-c", str(self.nodes[0].configuration), *words], capture_output=True,
                              text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"patronictl {words[0]}: {done.stdout[-300:]}{done.stderr[-300:]}")
        return done.stdout
