#!/usr/bin/env python3
"""Compares gatehand's demo image with image/comparison: what each layer weighs, how long `run` takes until the API can be
used, and what is in memory then beside the JVM. Prints the tables and writes them into docs/image.md. Needs root, to read
what processes of other users have in memory; what else the machine does makes the times longer.

    compare-images.py RUNNER [ROUNDS]
"""

import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

RUNNER = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
DOCS = pathlib.Path("docs/image.md")
BEGIN, END = "<!-- by scripts/image.sh compare -->\n", "<!-- end -->\n"
PORT = 4003
GATEWAY = "the gateway and its JRE"
# An image and its layers, from the first to the last.
IMAGES = {
    "gatehand": (
        "gatehand:demo",
        ["Debian and packages", "noVNC", "gatehand", "names of crates", "licences", GATEWAY, GATEWAY],
    ),
    "x11vnc, socat, script": (
        "gatehand:comparison",
        ["Debian and packages", "Debian and packages", GATEWAY, "user", "script", GATEWAY, GATEWAY],
    ),
}
PATIENCE = 120
SETTLED = 10


def told(*arguments):
    done = subprocess.run([RUNNER, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{RUNNER} {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def megabytes(text):
    number, unit = re.fullmatch(r"([\d.]+) ?([kMG]?)B", text).groups()
    return float(number) * {"": 1e-6, "k": 1e-3, "M": 1, "G": 1e3}[unit]


def weights(image, names):
    """Megabytes by what they are of."""
    sizes = [megabytes(size) for size in told("history", "--format", "{{.Size}}", image).split("\n") if size]
    sizes = [size for size in reversed(sizes) if size > 0]
    if len(sizes) != len(names):
        sys.exit(f"{image} has {len(sizes)} layers and not {len(names)}: {sizes}")
    found = {}
    for name, size in zip(names, sizes):
        found[name] = found.get(name, 0) + size
    return found


def api_answers(port):
    """Whether the server tells its version, the first half of the API's handshake."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
            stream.sendall(b"API\0\0\0\0\x09v100..176")
            return len(stream.recv(64)) > 4
    except OSError:
        return False


def memory(container):
    """Megabytes of each program of a container but the JVM (PSS: what several share is divided among them)."""
    first = told("inspect", "--format", "{{.State.Pid}}", container).strip()
    of_container = os.readlink(f"/proc/{first}/ns/pid")
    found = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{process}/ns/pid") != of_container:
                continue
        except OSError:
            # Gone, or none that root may look at: no container's.
            continue
        try:
            name = pathlib.Path(f"/proc/{process}/comm").read_text().strip()
            rollup = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        kilobytes = int(re.search(r"^Pss: +(\d+)", rollup, re.MULTILINE).group(1))
        if name != "java":
            found[name] = found.get(name, 0) + kilobytes / 1024
    return found


def measure(image):
    """Seconds from `run` to an API that answers, and the memory some time after that."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        "TWS_USERID": "edemo",
        "TWS_PASSWORD": "demouser",
        "TRADING_MODE": "live",
        "VNC_SERVER_PASSWORD": "look-in8",
        "LOGIN_WINDOW": "Gateway",
    }
    options = [f"--env={name}={value}" for name, value in variables.items()]
    begun = time.monotonic()
    container = told("run", "--detach", f"--publish=127.0.0.1:{port}:{PORT}", *options, image).strip()
    try:
        while not api_answers(port):
            if time.monotonic() - begun > PATIENCE:
                sys.exit(f"{image} was not ready after {PATIENCE} s: {told('logs', container)}")
            time.sleep(0.02)
        took = time.monotonic() - begun
        time.sleep(SETTLED)
        return took, memory(container)
    finally:
        told("rm", "--force", "--volumes", container)


def table(head, rows):
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main():
    weighed = {name: weights(*image) for name, image in IMAGES.items()}
    parts = list(dict.fromkeys(part for found in weighed.values() for part in found if part != GATEWAY))
    show = lambda found, part: f"{found[part]:.1f}" if part in found else "-"
    sizes = [[part, *(show(found, part) for found in weighed.values())] for part in parts]
    own = lambda found: sum(size for part, size in found.items() if part != GATEWAY)
    sizes.append(["**all but the gateway and its JRE**", *(f"**{own(found):.1f}**" for found in weighed.values())])

    load = os.getloadavg()[0]
    times, memories = {name: [] for name in IMAGES}, {name: [] for name in IMAGES}
    for _ in range(ROUNDS):
        for name, (image, _) in IMAGES.items():
            took, taken = measure(image)
            times[name].append(took)
            memories[name].append(taken)
    median = {name: statistics.median(found) for name, found in times.items()}
    runs = [["`run` to an API that answers, s", *(f"{took:.1f}" for took in median.values())]]
    runs.append(["... from to", *(f"{min(found):.1f}-{max(found):.1f}" for found in times.values())])
    totals = {name: statistics.median(sum(one.values()) for one in found) for name, found in memories.items()}
    runs.append(["memory (PSS) of all but the JVM, MiB", *(f"{total:.1f}" for total in totals.values())])
    told_memory = {
        name: ", ".join(f"{program} {size:.1f}" for program, size in sorted(found[-1].items(), key=lambda one: -one[1]))
        for name, found in memories.items()
    }
    runs.append(["... of which", *told_memory.values()])

    report = f"On disk, in MB:\n\n{table(['', *IMAGES], sizes)}\n"
    report += f"Medians of {ROUNDS} runs in turns; load average at the start {load:.1f}, on {os.cpu_count()} cores:\n\n"
    report += table(["", *IMAGES], runs)
    print(report)
    docs = DOCS.read_text()
    before, rest = docs.split(BEGIN)
    DOCS.write_text(before + BEGIN + "\n" + report + "\n" + END + rest.split(END)[1])


main()
