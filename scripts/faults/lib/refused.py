#!/usr/bin/env python3
"""Ends secrets that two gateways have cached while both are called with them: refused.py COUNT ADMIN_TOKEN HOST:PORT HOST:PORT

Prints for revocations, rotations without overlap, and revocations with Prefer: wait, by one gateway and the other in turn:
kind, median and longest ms from the sending of the act to the first refusal by the slower of both, the longest ms after
the act's answer in which a request was sent that was still let in, and how many acts ended otherwise than they must.
"""

import http.client
import json
import statistics
import sys
import threading
import time

count, admin_token, *nodes = int(sys.argv[1]), *sys.argv[2:]


def admin(node, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(node, timeout=20)
    fields = {"Authorization": f"Bearer {admin_token}", "Content-Type": "application/json", **headers}
    connection.request(method, path, json.dumps(body) if body else None, fields)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


class Caller(threading.Thread):
    """Calls one gateway with one secret until it is refused, and then, at leisure, for longer than a node may be wrong."""

    BEYOND_TRUST = 6

    def __init__(self, node, token):
        super().__init__()
        self.connection = http.client.HTTPConnection(node, timeout=20)
        self.token = token
        self.let_in, self.refused = [], []
        self.known, self.over = threading.Event(), threading.Event()

    def call(self):
        """Again after a 503, but soon: on a busy machine a look-up may take too long, and then says nothing of the key."""
        status, patience = 503, time.monotonic() + 2
        while status == 503 and time.monotonic() < patience:
            sent = time.monotonic()
            self.connection.request("GET", "/api/exact/x", headers={"X-API-Key": self.token})
            answer = self.connection.getresponse()
            answer.read()
            status = answer.status
        return sent, status

    def run(self):
        until = time.monotonic() + 15
        while time.monotonic() < until:
            sent, status = self.call()
            (self.let_in if status == 200 else self.refused).append((sent, status))
            if len(self.refused) == 1:
                until = time.monotonic() + self.BEYOND_TRUST
                self.over.set()
            self.known.set()
            time.sleep(0.2 if self.refused else 0.002)
        self.over.set()

    def is_right(self):
        """Let in first, and refused for good."""
        return (
            len(self.let_in) > 0
            and len(self.refused) > 3
            and all(status == 401 for _, status in self.refused)
            and self.let_in[-1][0] < self.refused[0][0]
        )


def end_one(kind, node):
    """What was done, and who calls on: whether they are right is known later."""
    _, key = admin(node, "POST", "/admin/keys", {"name": kind})
    callers = [Caller(other, key["token"]) for other in nodes]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.known.wait(15)
    sent = time.monotonic()
    path = f"/admin/keys/{key['id']}"
    if kind == "rotated":
        status, answer = admin(node, "POST", f"{path}/rotations", {"overlap": "PT0S"})
        right = status == 201 and all(Caller(other, answer["token"]).call()[1] == 200 for other in nodes)
    else:
        prefer = {"Prefer": "wait=5"} if kind == "waited" else {}
        status, answer = admin(node, "DELETE", path, **prefer)
        right = status in (200, 202)
    answered = time.monotonic()
    if kind == "waited":
        right = status == 200 and answer["nodesAcked"] == answer["nodesLive"] == len(nodes)
    for caller in callers:
        caller.over.wait(20)
    return right, sent, answered, callers


def judge(right, sent, answered, callers):
    for caller in callers:
        caller.join()
    right = right and all(caller.is_right() for caller in callers)
    took = max(caller.refused[0][0] - sent if caller.refused else 999 for caller in callers)
    late = max(0, *(at - answered for caller in callers for at, _ in caller.let_in))
    return took * 1000, late * 1000, right


for kind in ("revoked", "rotated", "waited"):
    acts = [judge(*act) for act in [end_one(kind, nodes[number % len(nodes)]) for number in range(count)]]
    took = [act[0] for act in acts]
    wrong = sum(not right for _, _, right in acts)
    print(f"{kind} {statistics.median(took):.0f} {max(took):.0f} {max(late for _, late, _ in acts):.1f} {wrong}")
