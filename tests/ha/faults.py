"""What breaks, and how it is mended afterwards. Each begins behind a replication stall: without it a failover test is
blind, because on one machine the standby has everything before anything can be lost (DESIGN.md §7)."""

import signal
import time

from node import send

STALL = 0.8  # seconds


def stall(primary):
    """The primary's WAL stays at home from now on; what is not kept here is in no socket's buffer either."""
    stopped = primary.walsenders()
    send(signal.SIGSTOP, stopped)
    time.sleep(STALL)
    return stopped


def kill_server(cluster, primary):
    """Its postmaster and all it was about to send. Its Patroni lives, gives way and makes it a standby again."""
    stopped = stall(primary)
    send(signal.SIGKILL, [primary.postmaster(), *stopped])
    return lambda: None


def cut_off(cluster, primary):
    """The whole node, etcd and Patroni as well: nobody is told, the others find out by the ttl."""
    stall(primary)
    while left := primary.pids():
        send(signal.SIGKILL, left)
    return lambda: primary.start(cluster.nodes)


def freeze(cluster, primary):
    """The whole node stands still, its connections stay open and nothing ever comes back on them. It wakes up later and
    thinks that no time has passed."""
    stall(primary)
    frozen = primary.pids()
    send(signal.SIGSTOP, frozen)
    return lambda: send(signal.SIGCONT, frozen)


def desert(cluster, primary):
    """Patroni alone stands still: its server goes on as a primary beside the one that is promoted."""
    stopped = stall(primary)
    send(signal.SIGSTOP, deserted := primary.patroni())
    send(signal.SIGCONT, stopped)
    return lambda: send(signal.SIGCONT, deserted)


def promote(cluster, primary):
    """An operator moves the primary to the standby that is in step."""
    stopped = stall(primary)
    send(signal.SIGCONT, stopped)
    members = cluster.members()
    role = "sync_standby" if cluster.synchronous else "replica"
    candidate = next(name for name, facts in members.items() if facts["role"] == role)
    cluster.patronictl("switchover", "topup", "--candidate", candidate, "--force")
    return lambda: None


KINDS = {"killed": kill_server, "promoted": promote, "frozen": freeze, "cut off": cut_off, "deserted": desert}


def course(count, random):
    """So many kinds: each in turn at first, then shuffled, each as often as the others."""
    kinds = list(KINDS)
    while len(kinds) < count:
        kinds += random.sample(list(KINDS), len(KINDS))
    return kinds[:count]
