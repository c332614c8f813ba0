"""Runs the benchmarks one after the other, or those named: `python -m benchmarks [NAME…]`.

Each prints its own table and ends with 1 when it misses a limit; this ends with 1 when any did. Give the machine
nothing else to do meanwhile.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = {
    "collect": "Jetstream bytes to acknowledged posts",
    "faults": "every collector through 1,000 seeded runs of faults and kills: nothing lost, nothing doubled (long)",
    "polling": "200 feeds and 50 tags in one process: nothing lost, within the limits, memory",
    "throughput": "posts to mentions, mentions to ledger and views, beside Faust and aiokafka",
    "views": "the numbers themselves: adding, removing, answering",
    "circles": "a million ties: the circles, and what the consumer feels of it",
    "live": "from Kafka to every answer, at 1,000 entries/s with 50 brands; circles every minute meanwhile",
    "room": "bytes an entry, a post of a question, a tie",
    "coverage": "how often the 95 % intervals hold the truth, in simulated communities (minutes)",
    "answers": "from a question in a chat to its answer",
    "detection": "alerts on recorded volumes (needs ../shared/recordings/nab) and simulated ones (minutes)",
    "latency": "from a post on the wire to /pulse, at 100 posts/s with the model",
    "delivery": "10,000 alerts through 429s, 500s, time-outs and 50 kills: none lost, none twice, in order (minutes)",
    "recovery": "after kill -9 with 200,000 entries",
    "exactness": "every number after 42 kills, against one clean pass",
    "accuracy": "the classifier, per language (needs ../shared/data)",
    "inference": "the classifier: posts per second, and the same answer in any batch",
    "memory": "two million posts, fifty brands (long)",
}


def main(names: list[str]) -> int:
    """Run the named ones, or all; the exit status."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        listed = "\n".join(f"  {name:<11} {what}" for name, what in BENCHMARKS.items())
        print(f"no benchmark called {', '.join(unknown)}; there are:\n{listed}", file=sys.stderr)
        return 2
    missed = []
    for name in names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            missed.append(name)
    print("\nmissed: " + ", ".join(missed) if missed else "\nall within their limits")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
