"""A relay in front of a server: it keeps every byte that passes, and can lose an answer on its way.

What goes through is unchanged, so signatures over the host hold: clients are told the relay's
address, and the server behind it is the real one.
"""

import asyncio
import contextlib
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Passed:
    """Bytes that went through, on the connection with this number."""

    connection: int
    to_server: bool
    content: bytes


def send_raw(request: bytes, port: int) -> bytes:
    """The whole answer to these very bytes, such as a request that passed before."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while content := connection.recv(CHUNK_BYTES):
            answer += content
            head, _, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if length and len(body) >= int(length[1]):
                break
        return answer


class Wire:
    """One relay, in a thread of its own. `url` is what clients are told; `close` ends it.

    target_port  where the server listens, on 127.0.0.1
    port         where to listen; 0 for any
    """

    def __init__(self, target_port: int, port: int = 0) -> None:
        self._target_port = target_port
        self._passed: list[Passed] = []
        self._connections = 0
        self._losing: bytes | None = None
        self.lost = threading.Event()  # set once an answer was lost
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._relay, "127.0.0.1", port, limit=CHUNK_BYTES))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def mark(self) -> int:
        """A place in what has passed, for `since`."""
        return len(self._passed)

    def since(self, mark: int = 0, *, to_server: bool | None = None) -> list[bytes]:
        """What passed since then, whole for each connection and direction."""
        whole: dict[tuple[int, bool], bytearray] = defaultdict(bytearray)
        for one in self._passed[mark:]:
            if to_server in (None, one.to_server):
                whole[one.connection, one.to_server] += one.content
        return [bytes(content) for content in whole.values()]

    @contextlib.contextmanager
    def losing_an_answer(self, request: bytes) -> Any:
        """In this block the answer to the first request that begins so is lost: the server has answered,
        and the client sees its connection break."""
        self.lost.clear()
        self._losing = request
        try:
            yield
        finally:
            self._losing = None

    def close(self) -> None:
        """End every connection and the thread."""
        self._run(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _shut(self) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number, doomed = self._connections, asyncio.Event()
        self._open.add(writer)
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(server_writer)
        ways = [
            asyncio.create_task(self._pass(number, reader, server_writer, doomed, to_server=True)),
            asyncio.create_task(self._pass(number, server_reader, writer, doomed, to_server=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, server_writer):
                end.close()
                self._open.discard(end)

    async def _pass(
        self,
        connection: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        doomed: asyncio.Event,
        *,
        to_server: bool,
    ) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(CHUNK_BYTES):
                self._passed.append(Passed(connection, to_server, content))
                if to_server and self._losing is not None and content.startswith(self._losing):
                    self._losing = None
                    doomed.set()
                elif not to_server and doomed.is_set():
                    self.lost.set()
                    writer.transport.abort()
                    return
                writer.write(content)
                await writer.drain()
