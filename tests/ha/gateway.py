"""The gateway under test and the phones: topupd on all three hosts, smsc-sim with a journal, a steady stream of top-ups."""

import csv
import json
import os
import re
import subprocess
import threading
import time

from cluster import free_ports, until
from node import HERE
from oracle import is_acknowledged

FIRST_PHONE = 999200000000


def mortal(command):
    """Dies with us, however we die: topupd lets nobody see where it works, so node.processes_in() cannot find it."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


class Gateway:
    def __init__(self, cluster, binaries, cards):
        self.cluster, self.binaries, self.folder = cluster, binaries, cluster.folder / "gateway"
        self.settings = self.folder / "topupd.toml"
        self.journal = self.folder / "journal"
        self.smsc_port, = free_ports(1)
        self.environment = os.environ | cluster.environment()
        # To the primary alone: a standby that is behind has no such database yet, and libpq asks nobody else then.
        one_host = {"PGHOST": "127.0.0.1", "PGPORT": str(cluster.primary().port)}
        subprocess.run([HERE.parent / "sandbox", self.folder, "--bin", binaries, "--database", "topup",
                        "--smsc-port", str(self.smsc_port), "--cards", str(cards), "--lease", "3s"],
                       env=self.environment | one_host, check=True, stdout=subprocess.DEVNULL)
        cluster.wait_until_whole()
        url = f'url = "{cluster.url("topup")}"'
        self.settings.write_text(re.sub(r"(?m)^url = .*$", lambda _: url, self.settings.read_text()))
        with open(self.folder / "cards.csv", newline="") as file:
            self.cards = list(csv.DictReader(file))
        self.sent = 0
        self.sending = True

    def start(self, per_second):
        self.journal.touch()
        self.centre = subprocess.Popen(
            mortal([self.binaries / "tests/smsc/smsc-sim", "--listen", f"127.0.0.1:{self.smsc_port}",
                    "--journal", self.journal, "--retry-ms", "500"]),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        with open(self.folder / "topupd.log", "ab") as log:
            self.daemon = subprocess.Popen(mortal([self.binaries / "gateway/topupd", "--config", self.settings]),
                                           env=self.environment | {"PGUSER": "topupd"}, stdout=log, stderr=log)
        self.sender = threading.Thread(target=self.send, args=(per_second,), daemon=True)
        self.sender.start()
        until(30, "first acknowledged text", lambda: self.first_acknowledged_since(0))

    def send(self, per_second):
        """A card each, from a phone each, in the order of the cards' file: the oracle knows who sent what."""
        begin = time.monotonic()
        while self.sending and self.sent < len(self.cards):
            while self.sent < min((time.monotonic() - begin) * per_second, len(self.cards)):
                self.centre.stdin.write(f"+{FIRST_PHONE + self.sent}: TOPUP {self.cards[self.sent]['pin']}\n")
                self.sent += 1
            self.centre.stdin.flush()
            time.sleep(0.02)

    def serial_of(self):
        """Of each phone that has sent a text: the card in it."""
        return {FIRST_PHONE + number: int(card["serial"]) for number, card in enumerate(self.cards[:self.sent])}

    def entries(self):
        """The journal so far; its last line may be half written."""
        for line in self.journal.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)

    def first_acknowledged_since(self, moment, back=200_000):
        """When, in seconds since 1970; only the journal's end is read, because it grows while we look."""
        with open(self.journal, "rb") as file:
            file.seek(max(0, os.path.getsize(self.journal) - back))
            lines = file.read().decode().split("\n")[1:-1]
        times = (entry["at_ms"] / 1000 for entry in map(json.loads, lines) if is_acknowledged(entry))
        return next((at for at in times if at > moment), None)

    def finish(self, seconds):
        """No new texts; those on their way are answered, and so is every phone. False: some never were."""
        self.sending = False
        self.sender.join()

        def all_answered():
            entries = list(self.entries())
            acknowledged = {entry["text"] for entry in entries if is_acknowledged(entry)}
            phones = {entry["to"] for entry in entries if entry["what"] == "submit_sm"}
            return len(acknowledged) >= self.sent and len(phones) >= self.sent
        try:
            until(seconds, "answer to every text", all_answered, 0.5)
            return True
        except TimeoutError:
            return False

    def stop(self):
        self.daemon.terminate()
        status = self.daemon.wait(20)
        self.centre.stdin.close()
        self.centre.wait(20)
        if status != 0:
            raise RuntimeError(f"topupd ended with status {status}")

    def verify(self):
        """What topupctl says against the books; nothing when they are right."""
        done = subprocess.run([self.binaries / "operator/topupctl", "--config", self.settings, "verify"],
                              env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def said(self, lines=15):
        """Of the daemon, texts apart: its log names no PIN."""
        log = (self.folder / "topupd.log").read_text().splitlines()
        return "\n".join([line for line in log if " receipt=" not in line][-lines:])
