"""One of three nodes as a machine would be: etcd, Patroni and PostgreSQL, which can be killed, frozen and cut off."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import string
import subprocess
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
# PostgreSQL refuses to run as root.
SERVER = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def newest_server():
    found = [path for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (path / "postgres").exists()]
    return max(found, key=lambda path: int(path.parent.name))


def processes_in(folder):
    """Every process that works there, whoever its parent is: a postmaster that was killed leaves orphans."""
    folder = str(folder)
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            place = os.readlink(f"/proc/{entry}/cwd")
            if place == folder or place.startswith(folder + "/"):
                yield int(entry), pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            pass  # gone, or somebody else's


def send(what, pids):
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            pass


class Node:
    def __init__(self, folder, name, ports):
        self.folder, self.name = pathlib.Path(folder), name
        self.port, self.rest_port, self.client_port, self.peer_port = ports
        self.configuration = self.folder / "patroni.yml"

    def prepare(self, nodes, synchronous, protocol):
        self.folder.mkdir()
        text = string.Template((HERE / "patroni.yml").read_text())
        self.configuration.write_text(text.substitute(
            name=self.name, folder=self.folder, port=self.port, rest_port=self.rest_port, binaries=newest_server(),
            synchronous=str(synchronous).lower(), protocol=protocol,
            etcd_hosts=json.dumps([f"127.0.0.1:{node.client_port}" for node in nodes])))
        os.chmod(self.folder, 0o700)
        for path in (self.folder, self.configuration):
            shutil.chown(path, SERVER.pw_uid, SERVER.pw_gid)

    def start(self, nodes):
        client, peer = (f"http://127.0.0.1:{port}" for port in (self.client_port, self.peer_port))
        running = " ".join(line for _, line in self.processes())
        if "etcd" not in running:
            self.launch("etcd.log", [
                "etcd", "--enable-v2", "--name", self.name, "--data-dir", f"{self.folder}/etcd", "--log-level", "warn",
                "--logger", "zap", "--log-outputs", "stderr", "--initial-cluster-token", str(self.folder.parent),
                "--initial-cluster", ",".join(f"{node.name}=http://127.0.0.1:{node.peer_port}" for node in nodes),
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer])
        if "patroni" not in running:
            self.launch("patroni.log", ["patroni", str(self.configuration)])

    def launch(self, log, command):
        # Not our group: who presses ^C ends the test, and the test ends the nodes.
        with open(self.folder / log, "ab") as output:
            subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                             start_new_session=True, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                             **({"user": SERVER.pw_uid, "group": SERVER.pw_gid, "extra_groups": []}
                                if os.getuid() == 0 else {}))

    def processes(self):
        return list(processes_in(self.folder))

    def pids(self, part=""):
        return [pid for pid, line in self.processes() if part in line]

    def patroni(self):
        return self.pids(str(self.configuration))

    def walsenders(self):
        return self.pids("walsender")

    def postmaster(self):
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])

    def asked(self, path, timeout=2):
        """What this node's Patroni says; nothing when it says nothing."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest_port}{path}", timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            try:
                return json.load(refusal)
            except ValueError:
                return {}
        except (OSError, ValueError):
            return {}

    def takes_writes(self):
        state = self.asked("/patroni", 0.5)
        return state.get("role") in ("master", "primary") and state.get("state") == "running"


def end(folder):
    """At once, whatever state it is in; Patroni first, or it would start the server again."""
    while True:
        left = list(processes_in(folder))
        if not left:
            return
        send(signal.SIGKILL, [pid for pid, line in left if "patroni" in line])
        send(signal.SIGKILL, [pid for pid, _ in left])
        send(signal.SIGCONT, [pid for pid, _ in left])
