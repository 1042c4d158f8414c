"""How long a TAXII page of 100 objects takes at 100,000 objects: `page_p95_ms`, over HTTP, one worker.

    python -m benchmarks.taxii [--objects 100000] [--rounds 200]

Prints JSON lines {"bench", "figure", "value", "unit"}. The client is on the same machine; a page is asked for from
a random moment on, by `added_after`, as pulling clients do.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

import httpx2
import psycopg

from benchmarks.measuring import tell
from hub.bulletins.taxii import MEDIA_TYPE
from hub.storage.embedded import EmbeddedPostgres
from hub.storage.migrate import upgrade
from tests.support.bulletins import Bureau
from tests.support.hub import running_hub
from tests.support.parties import parties

PER_PAGE = 100
_FILL = """
INSERT INTO taxii_objects (collection, object_id, type, spec_version, version, date_added, is_last, bulletin, body)
SELECT 'liaisons-green', 'report--' || gen_random_uuid(), 'report', '2.1', now(),
       timestamptz '2026-01-01' + n * interval '1 second', true, NULL,
       '{"type":"report","description":"' || repeat('x', 1200) || '"}'
FROM generate_series(1, %s) AS n
"""


def main() -> None:
    """Fill a database, start a hub on it, pull."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cairn-bench-taxii-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103  (the private database's own user must pass through)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        url = server.start()
        try:
            upgrade(url)
            with psycopg.connect(url, autocommit=True) as database:
                database.execute(_FILL, [told.objects])
                database.execute("VACUUM ANALYZE taxii_objects")
            with running_hub(url, Path(folder) / "hub", parties()) as hub:
                _pull(Bureau.open(hub), told.objects, told.rounds)
        finally:
            server.stop()


def _pull(bureau: Bureau, objects: int, rounds: int) -> None:
    token = bureau.token()
    dice = random.Random(7)
    path = f"{bureau.hub.url}/taxii2/liaisons/collections/liaisons-green/objects/"
    times: list[float] = []
    with httpx2.Client(auth=(token.user, token.password), headers={"Accept": MEDIA_TYPE}) as client:
        for _ in range(rounds):
            since = 1_767_225_600 + dice.randrange(objects - 2 * PER_PAGE)
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
            query = {"limit": str(PER_PAGE), "added_after": moment}
            begun = time.perf_counter()
            answer = client.get(path, params=query)
            times.append((time.perf_counter() - begun) * 1_000)
            assert len(answer.json()["objects"]) == PER_PAGE, answer.text[:200]
    ordered = sorted(times)
    tell("taxii", "page_p50_ms", statistics.median(ordered), "ms")
    tell("taxii", "page_p95_ms", ordered[int(len(ordered) * 0.95) - 1], "ms")


if __name__ == "__main__":
    main()
