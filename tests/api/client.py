"""A small HTTP/1.1 client over asyncio streams, so that tests see every byte of an answer."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import h11


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = b""
    cookies: list[str] = field(default_factory=list)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        answer = self.json
        assert answer["ok"] is False
        return answer["error"]


class Client:
    """Talks to one server. `headers` go with every request."""

    def __init__(self, port, host="127.0.0.1"):
        self.port = port
        self.headers = {"host": f"{host}:{port}"}

    async def get(self, path, **headers):
        return await self.ask("GET", path, headers=headers)

    async def post(self, path, body, **headers):
        return await self.ask("POST", path, json.dumps(body).encode(), {"content-type": "application/json", **headers})

    async def delete(self, path, **headers):
        return await self.ask("DELETE", path, headers=headers)

    async def ask(self, method, path, body=b"", headers=None):
        async with self.opened(method, path, body, headers) as (answer, chunks):
            answer.body = b"".join([chunk async for chunk in chunks])
            return answer

    @asynccontextmanager
    async def opened(self, method, path, body=b"", headers=None):
        """The head of an answer, and its body as it comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        connection = h11.Connection(h11.CLIENT)
        sent = {**self.headers, "connection": "close", **{k.replace("_", "-"): v for k, v in (headers or {}).items()}}
        if body:
            sent.setdefault("content-length", str(len(body)))
        writer.write(connection.send(h11.Request(method=method, target=path, headers=list(sent.items()))))
        if body:
            writer.write(connection.send(h11.Data(data=body)))
        writer.write(connection.send(h11.EndOfMessage()))

        async def next_event():
            while (event := connection.next_event()) is h11.NEED_DATA:
                connection.receive_data(await reader.read(65536))
            return event

        async def chunks():
            while isinstance(event := await next_event(), h11.Data):
                yield bytes(event.data)

        try:
            head = await next_event()
            pairs = [(name.decode(), value.decode("latin-1")) for name, value in head.headers]
            yield Answer(head.status_code, dict(pairs), cookies=[v for n, v in pairs if n == "set-cookie"]), chunks()
        finally:
            writer.close()
            with suppress(ConnectionResetError):
                await writer.wait_closed()


async def raw(port, data, *, then=b""):
    """All bytes that come back for these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if then:
        await writer.drain()
        writer.write(then)
    answer = b""
    try:
        async with asyncio.timeout(30):
            while chunk := await reader.read(65536):
                answer += chunk
    except ConnectionResetError:
        pass  # the server closed while some of our bytes were still unread
    writer.close()
    with suppress(ConnectionResetError):
        await writer.wait_closed()
    return answer


async def events(chunks):
    """The messages of an event stream as (fields, data), heartbeats as (": …", None)."""
    buffer = b""
    async for chunk in chunks:
        buffer += chunk
        while b"\n\n" in buffer:
            block, buffer = buffer.split(b"\n\n", 1)
            lines = block.decode().split("\n")
            if lines[0].startswith(":"):
                yield lines[0], None
                continue
            fields = dict(line.split(": ", 1) for line in lines)
            if "data" in fields:
                yield fields, json.loads(fields["data"])
