#!/usr/bin/env python3
"""Takes what Alertmanager sends: receiver.py PORT FILE. A line for each message, its fields divided by tabs.

hook       receiver  alert name  severity  firing or resolved  for each alert of a webhook
slack      channel   title
pagerduty  summary   severity    trigger or resolve
"""

import http.server
import json
import sys


def lines(path, body):
    if path == "/hook":
        for alert in body["alerts"]:
            labels = alert["labels"]
            yield "hook", body["receiver"], labels["alertname"], labels.get("severity", "-"), alert["status"]
    elif path == "/slack":
        yield "slack", body["channel"], body["attachments"][0]["title"]
    else:
        payload = body["payload"]
        yield "pagerduty", payload["summary"], payload["severity"], body["event_action"]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open(sys.argv[2], "a", encoding="utf-8") as file:
            for line in lines(self.path, body):
                file.write("\t".join(line) + "\n")
        self.answer(202 if self.path == "/pagerduty" else 200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
