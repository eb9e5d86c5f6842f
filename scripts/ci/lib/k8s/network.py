"""That the world sees what it may, and that nobody reaches anybody whom the policies do not name."""

import ipaddress
import re

import yaml
from objects import AGENTS, NAMESPACE, of, pods, routes, selects, wrong

CLOSED = ("/admin", "/actuator", "/health/detailed")
# By namespace and name of the pods: who comes to the gateway, and where it goes whatever the routes say.
CONTROLLER, PROMETHEUS = ("ingress-nginx", "ingress-nginx"), ("monitoring", "prometheus")
DNS, REDIS, GATEWAY = ("kube-system", "kube-dns"), ("redis", "redis"), (NAMESPACE, NAMESPACE)


def doors(objects):
    for ingress in of(objects, "Ingress"):
        hosts = {host for tls in ingress["spec"].get("tls", []) for host in tls["hosts"]}
        if "defaultBackend" in ingress["spec"]:
            yield wrong("every other path leads somewhere too")
        for rule in ingress["spec"]["rules"]:
            if rule.get("host") not in hosts:
                yield wrong(f"{rule.get('host')} has no certificate")
            for path in rule["http"]["paths"]:
                text = path["path"].rstrip("/")
                if path["pathType"] not in ("Prefix", "Exact"):
                    yield wrong(f"what {text} opens is for the controller to say")
                for closed in CLOSED:
                    above = path["pathType"] == "Prefix" and f"{closed}/".startswith(f"{text}/")
                    if above or f"{text}/".startswith(f"{closed}/"):
                        yield wrong(f"the path {text}/ opens {closed}")
                if path["backend"] != {"service": {"name": NAMESPACE, "port": {"name": "http"}}}:
                    yield wrong(f"the path {text} does not lead to the front door")


def peers(policy, way):
    """Each peer and port of one direction: the peer by namespace and pods' name, or as a block, or None: anybody."""
    for rule in policy["spec"].get(way.lower(), []):
        for peer in rule.get("from" if way == "Ingress" else "to") or [{}]:
            spaces = peer.get("namespaceSelector", {}).get("matchLabels", {})
            labels = peer.get("podSelector", {}).get("matchLabels", {})
            named = (spaces.get("kubernetes.io/metadata.name"),
                     labels.get("app.kubernetes.io/name") or labels.get("k8s-app"))
            for port in rule.get("ports") or [{"port": None}]:
                yield peer["ipBlock"]["cidr"] if "ipBlock" in peer else named if all(named) else None, port["port"]


def upstreams(objects):
    """Where the routes lead: peer and port."""
    for route in yaml.safe_load(routes(objects))["routes"]:
        for url in route["upstreams"]:
            url = url if isinstance(url, str) else url["url"]
            scheme, host, port = re.fullmatch(r"(https?)://([^:/]+)(?::(\d+))?(?:/.*)?", url).groups()
            inside = re.fullmatch(r"([^.]+)\.([^.]+)\.svc(\..*)?", host)
            yield (inside[2], inside[1]) if inside else host, int(port or {"http": 80, "https": 443}[scheme])


def network(objects):
    policies = of(objects, "NetworkPolicy")
    for namespace in of(objects, "Namespace"):
        name = namespace["metadata"]["name"]
        if ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
                not in [p["spec"] for p in policies if p["metadata"]["namespace"] == name]):
            yield wrong(f"{name} does not begin with deny-all")
        if namespace["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield wrong(f"{name} is not restricted")
    ways = {(space, way): set() for space in (NAMESPACE, AGENTS) for way in ("Ingress", "Egress")}
    for policy in policies:
        for way in policy["spec"]["policyTypes"]:
            found = set(peers(policy, way))
            ways[policy["metadata"]["namespace"], way] |= found
            for peer, _ in found:
                if peer is None:
                    yield wrong(f"{policy['metadata']['name']}: a peer without its namespace or its pods' name")
                elif isinstance(peer, str) and ipaddress.ip_network(peer).num_addresses > 2**16:
                    yield wrong(f"{policy['metadata']['name']} opens {peer}")
    for space, pod in pods(objects):
        for way in ("Ingress", "Egress"):
            if not any(p["metadata"]["namespace"] == space and way.lower() in p["spec"]
                       and selects(p["spec"]["podSelector"], pod["metadata"]["labels"]) for p in policies):
                yield wrong(f"no policy but deny-all selects a pod of {space} ({way})")
    if ways[NAMESPACE, "Ingress"] != {(CONTROLLER, 8080), (PROMETHEUS, 8081)}:
        yield wrong("not the ingress controller and Prometheus alone reach the gateway, each its port")
    wanted = set(upstreams(objects))
    out = {(peer, port) for peer, port in ways[NAMESPACE, "Egress"] if peer not in (DNS, REDIS)}
    blocks = {port for peer, port in out if isinstance(peer, str)}
    for peer, port in wanted - out:
        # A policy knows no names outside the cluster: a block with that port must do.
        if isinstance(peer, tuple) or port not in blocks:
            yield wrong(f"no policy lets the gateway reach {peer} on {port}")
    for peer, port in out - wanted:
        if not isinstance(peer, str):
            yield wrong(f"the gateway may reach {peer} on {port}, which no route asks for")
    if {peer for peer, _ in ways[AGENTS, "Ingress"]} != {GATEWAY}:
        yield wrong("not the gateway alone reaches the agents")
    if ways[AGENTS, "Egress"] != {(DNS, 53), (CONTROLLER, 443)}:
        yield wrong("agents reach more than the ingress controller")
