#!/usr/bin/env python3
"""Offers requests at a steady rate, however slow the answers are, and prints `epoch-ms status ms` for each.

It ends after its seconds or by SIGTERM, once what was offered is answered. Status 0 is a broken connection or answer, -1
a request without an answer when the patience ended. With --again, a fourth word says so when it was sent again.
"""

import argparse
import asyncio
import signal
import ssl
import time

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("url", help="{n} in it, in the method and in headers is the number of the request")
options.add_argument("--rate", type=float, default=100)
options.add_argument("--seconds", type=float, default=5)
options.add_argument("--patience", type=float, default=10, help="seconds that each answer is waited for")
options.add_argument("--method", default="GET")
options.add_argument("--header", action="append", default=[])
options.add_argument(
    "--again", action="store_true", help="sends again what met a kept connection that ended without a byte of answer, as curl does"
)
options = options.parse_args()

scheme, _, rest = options.url.partition("://")
authority, _, path = rest.partition("/")
host, _, port = authority.partition(":")
# Whatever certificate: what is counted is answers.
tls = ssl._create_unverified_context() if scheme == "https" else None
fields = [f"Host: {authority}", "Content-Length: 0", *options.header, "", ""]
head = "\r\n".join([f"{options.method} /{path} HTTP/1.1", *fields])
idle = []


async def read_answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if "transfer-encoding: chunked" in head:
        while length := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(length + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(head.partition("content-length:")[2].split("\r\n")[0] or 0))
    return int(head.split(" ", 2)[1]), "connection: close" not in head


async def connection():
    """One that is idle and was not closed meanwhile, or a new one; and whether it is used again."""
    while idle:
        reader, writer = idle.pop()
        if not reader.at_eof():
            return reader, writer, True
        writer.close()
    return *await asyncio.open_connection(host, int(port), ssl=tls), False


async def exchange(number):
    reader, writer, used = await connection()
    kept = False
    try:
        writer.write(head.replace("{n}", str(number)).encode())
        status, kept = await read_answer(reader)
        return status
    except (ConnectionError, asyncio.IncompleteReadError) as end:
        if options.again and used and not getattr(end, "partial", b""):
            return f"{await exchange(number)} again"
        raise
    finally:
        if kept:
            idle.append((reader, writer))
        else:
            writer.close()


async def offer(number):
    at, began = time.time(), time.monotonic()
    try:
        status = await asyncio.wait_for(exchange(number), options.patience)
    except asyncio.TimeoutError:
        status = -1
    except Exception:
        status = 0
    status, *again = str(status).split(" ", 1)
    print(f"{at * 1000:.0f} {status} {(time.monotonic() - began) * 1000:.1f}", *again, flush=True)


async def main():
    start = time.monotonic()
    running = set()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    for number in range(int(options.rate * options.seconds)):
        await asyncio.sleep(max(0, start + number / options.rate - time.monotonic()))
        if ended.is_set():
            break
        task = asyncio.create_task(offer(number))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


asyncio.run(main())
