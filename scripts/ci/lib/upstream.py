#!/usr/bin/env python3
"""An upstream that answers as the end of the path says: upstream.py PORT. Of anything else it tells what it received."""

import collections
import http.server
import json
import sys
import time

seen = collections.Counter()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.path.rsplit("/", 1)[-1]
        seen[f"{self.command} {name}"] += 1
        if "/slow/" in self.path:
            time.sleep(0.1)
        if name == "events":
            self.events()
        elif name == "socket" and self.headers.get("Upgrade") == "websocket":
            self.socket()
        elif name == "die":
            self.close_connection = True
        elif name == "seen":
            self.say(seen)
        else:
            own = {"own": {"X-Frame-Options": "SAMEORIGIN", "X-Accel-Redirect": "/nginx_status"}}.get(name, {})
            self.say({"headers": {key.lower(): value for key, value in self.headers.items()}, "bytes": len(body)}, own)

    do_POST = do_GET

    def say(self, what, headers=()):
        body = json.dumps(what).encode()
        self.send_response(200)
        for key, value in {"Content-Type": "application/json", "Content-Length": len(body), **dict(headers)}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def events(self):
        """Three, half a second apart."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(3):
            self.wfile.write(b"data: %d\n\n" % number)
            self.wfile.flush()
            time.sleep(0.5)

    def socket(self):
        """Sends back what it is sent, without a look at it."""
        self.close_connection = True
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        while piece := self.connection.recv(4096):
            self.connection.sendall(piece)

    def log_message(self, *_):
        pass


# Of connections that wait, five are kept by default, and a gateway that starts opens more at once.
http.server.ThreadingHTTPServer.request_queue_size = 256
http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Answer).serve_forever()
