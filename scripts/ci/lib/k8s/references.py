"""That what a pod refers to exists, and that the gateway knows the names it is given."""

import re

from objects import ROOT, environment, of, pods, routes, wrong

# The gateway does not start without these.
NEEDED = {"ADMIN_TOKEN", "LATCHKEY_PEPPER", "LATCHKEY_REDIS_URL"}


def references(objects):
    keys = {("ConfigMap", o["metadata"]["name"]): set(o["data"]) for o in of(objects, "ConfigMap")}
    for secret in of(objects, "Secret"):
        yield wrong(f"the secret {secret['metadata']['name']} stands in the files")
    for secret in of(objects, "ExternalSecret"):
        keys["Secret", secret["spec"]["target"]["name"]] = {item["secretKey"] for item in secret["spec"]["data"]}
    for _, pod in pods(objects):
        for container in pod["spec"]["containers"]:
            used, given = [], set()
            for source in container.get("envFrom", []):
                for kind, ref in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                    if ref in source:
                        used.append((kind, source[ref]["name"], None))
                        given |= keys.get((kind, source[ref]["name"]), set())
            for item in container.get("env", []):
                given.add(item["name"])
                for kind, ref in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                    if ref in item.get("valueFrom", {}):
                        used.append((kind, item["valueFrom"][ref]["name"], item["valueFrom"][ref]["key"]))
            for volume in pod["spec"].get("volumes", []):
                for kind, ref, name in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
                    if ref in volume:
                        used.append((kind, volume[ref][name], None))
            for kind, name, key in used:
                if (kind, name) not in keys or key and key not in keys[kind, name]:
                    yield wrong(f"there is no {kind} {name}{' with ' + key if key else ''}")
            yield from names(objects, container, given)


def names(objects, container, given):
    text = "\n".join(line for line in routes(objects).splitlines() if not line.startswith("#"))
    injected = set(re.findall(r"\$\{(\w+)}", text))
    for name in sorted(injected - given):
        yield wrong(f"the routes name {name}, which no secret has")
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs/configuration.md").read_text()))
    for name in sorted(given - injected - documented):
        yield wrong(f"{name} is not in docs/configuration.md")
    for name in sorted(NEEDED - given):
        yield wrong(f"the gateway does not start without {name}")
    pod_name = {"name": "LATCHKEY_NODE_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    if pod_name not in container.get("env", []):
        yield wrong("nodes are not named after their pods")
    mounts = [m for m in container.get("volumeMounts", []) if m["name"] == "routes" and "subPath" not in m]
    if environment(objects).get("LATCHKEY_ROUTES_FILE") not in [f"{m['mountPath']}/routes.yml" for m in mounts]:
        yield wrong("the routes file is not where the gateway looks")
