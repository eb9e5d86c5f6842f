#!/usr/bin/env python3
"""An upstream that misbehaves as its path says: upstream.py PORT BOMB_FILE. What it saw is at /seen."""

import asyncio
import hashlib
import json
import sys

CHUNK = bytes(256 * 1024)
seen = {"requests": {}, "open": {}}
mode = ""


async def body_of(reader, headers):
    """The request's body, digested and not kept."""
    digest, size = hashlib.sha256(), 0
    if "chunked" in headers.get("transfer-encoding", ""):
        while length := int((await reader.readline()).split(b";")[0], 16):
            digest.update(await reader.readexactly(length))
            size += length
            await reader.readline()
        while (await reader.readline()).strip():
            pass
    else:
        left = int(headers.get("content-length", 0))
        while left:
            piece = await reader.read(min(left, len(CHUNK)))
            if not piece:
                raise ConnectionResetError
            digest.update(piece)
            size += len(piece)
            left -= len(piece)
    return {"bytes": size, "sha256": digest.hexdigest(), "coding": headers.get("content-encoding", "")}


async def plain(writer, status, body, *fields):
    head = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *fields, "", ""]
    writer.write("\r\n".join(head).encode() + body)
    await writer.drain()


async def trickle(writer, body):
    """A byte a second."""
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    for byte in body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def flood(writer, size):
    """Zeros with a length, or chunks without end."""
    if size:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        while size > 0:
            piece = CHUNK[: min(size, len(CHUNK))]
            size -= len(piece)
            writer.write(piece)
            await writer.drain()
        return
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))
        await writer.drain()


async def answer(path, method, headers, reader, writer):
    global mode
    name, _, rest = path.lstrip("/").partition("/")
    if name == "seen":
        await plain(writer, 200, json.dumps(seen).encode())
    elif name == "switch":
        mode = rest
        await plain(writer, 200, b"")
    elif name.startswith("switched"):
        if mode == "slow":
            await asyncio.sleep(0.5)
        elif mode == "hanging":
            await asyncio.wait_for(reader.read(1), 120)
        elif mode == "resetting":
            writer.transport.abort()
            raise ConnectionResetError
        elif mode == "trickling":
            await trickle(writer, b"as switched")
            return
        await plain(writer, 503 if mode == "failing" else 200, b"as switched")
    elif name == "text":
        await plain(writer, 200, b"a text that shrinks, " * 200, "Content-Type: text/plain")
    elif name == "chat":
        words = {"model": "large", "usage": {"total_tokens": 120}}
        await plain(writer, 200, json.dumps(words).encode(), "Content-Type: application/json")
    elif name == "hang":
        await asyncio.wait_for(reader.read(1), 120)
    elif name.startswith("later"):
        await asyncio.sleep(0.1)
        await plain(writer, 200, b"at last")
    elif name in ("bytes", "piece"):
        await flood(writer, int(rest))
    elif name == "endless":
        await flood(writer, 0)
    elif name == "bomb":
        with open(sys.argv[2], "rb") as bomb:
            await plain(writer, 200, bomb.read(), "Content-Encoding: gzip", "Content-Type: text/plain")
    elif name == "receive":
        await plain(writer, 200, json.dumps(await body_of(reader, headers)).encode())
    else:
        await plain(writer, 200, b"ok")


async def connection(reader, writer):
    name = None
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            line, *fields = head.rstrip().split("\r\n")
            method, path, _ = line.split(" ")
            path = path.split("?")[0]
            headers = {key.lower(): value.strip() for key, _, value in (field.partition(":") for field in fields)}
            name = path.split("/")[1]
            seen["requests"][name] = seen["requests"].get(name, 0) + 1
            seen["open"][name] = seen["open"].get(name, 0) + 1
            await answer(path, method, headers, reader, writer)
            seen["open"][name] -= 1
            name = None
    except (asyncio.IncompleteReadError, asyncio.TimeoutError, ConnectionError):
        pass
    finally:
        if name:
            seen["open"][name] -= 1
        writer.close()


async def main():
    server = await asyncio.start_server(connection, "0.0.0.0", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


asyncio.run(main())
