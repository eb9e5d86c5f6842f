"""What the checks have in common: finding objects, and saying what is wrong with them."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]
NAMESPACE, AGENTS = "latchkey", "latchkey-agents"

said = set()


def wrong(text):
    """Remembers which line said it: --self-test wants every one of them to speak once."""
    frame = sys._getframe(1)
    said.add((frame.f_code.co_filename, frame.f_lineno))
    return text


def of(objects, *kinds):
    return [o for o in objects if o["kind"] in kinds]


def one(objects, kind, name=NAMESPACE):
    return next((o for o in of(objects, kind) if o["metadata"]["name"] == name), None)


def pods(objects):
    """The namespace and template of each kind of pod."""
    workloads = of(objects, "Deployment", "StatefulSet", "DaemonSet", "Job")
    return [(o["metadata"]["namespace"], o["spec"]["template"]) for o in workloads]


def selects(selector, labels):
    return "matchExpressions" not in selector and selector.get("matchLabels", {}).items() <= labels.items()


def environment(objects):
    """What the gateway's ConfigMap and its variables of their own say; None is what is filled in by the cluster."""
    container = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    names = [source["configMapRef"]["name"] for source in container["envFrom"] if "configMapRef" in source]
    values = {item["name"]: item.get("value") for item in container.get("env", [])}
    for config in of(objects, "ConfigMap"):
        if config["metadata"]["name"] in names:
            values |= config["data"]
    return values


def routes(objects):
    return one(objects, "ConfigMap", "latchkey-routes")["data"]["routes.yml"]


def number(text, units):
    value, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    return float(value) * units[unit]


def quantity(text):
    return number(text, {"": 1, "m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30})


def seconds(text):
    return number(text, {"ms": 1e-3, "s": 1, "m": 60})
