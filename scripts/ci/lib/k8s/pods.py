"""That the pods are harmless, live and stop as they should, and that their numbers fit."""

import math
import re

from objects import NAMESPACE, ROOT, environment, of, one, pods, quantity, seconds, selects, wrong

SCALE = {"averageUtilization": 60, "type": "Utilization"}
QUOTA = {"requests.cpu": 4, "requests.memory": 8 * 2**30, "limits.cpu": 10, "limits.memory": 16 * 2**30}
SPREAD = {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


def harmless(objects):
    for _, pod in pods(objects):
        spec = pod["spec"]
        if spec.get("automountServiceAccountToken") is not False:
            yield wrong("a pod gets the token of a service account")
        if spec.get("enableServiceLinks") is not False:
            yield wrong("a pod gets variables of services, which begin with LATCHKEY_")
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(key):
                yield wrong(f"a pod has {key}")
        for volume in spec.get("volumes", []):
            if "hostPath" in volume:
                yield wrong(f"a pod mounts {volume['hostPath']['path']} of its node")
        for container in spec["containers"] + spec.get("initContainers", []):
            name = container["name"]
            security = spec.get("securityContext", {}) | container.get("securityContext", {})
            if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
                yield wrong(f"{name} may run as root")
            if security.get("readOnlyRootFilesystem") is not True:
                yield wrong(f"{name} can write its root file system")
            if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
                yield wrong(f"{name} may gain privileges")
            if security.get("capabilities") != {"drop": ["ALL"]}:
                yield wrong(f"{name} keeps capabilities")
            if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
                yield wrong(f"{name} has no seccomp profile")
            image, _, digest = container["image"].partition("@")
            if not digest and image.rpartition("/")[2].partition(":")[2] in ("", "latest"):
                yield wrong(f"{name}: {image} is not pinned")


def life(objects):
    application = (ROOT / "src/main/resources/application.yml").read_text()
    inside = re.search(r"timeout-per-shutdown-phase: (\w+)", application)[1]
    for _, pod in pods(objects):
        spec = pod["spec"]
        for container in spec["containers"]:
            for part in ("requests", "limits"):
                if set(container.get("resources", {}).get(part, {})) != {"cpu", "memory"}:
                    yield wrong(f"{container['name']} has not said its {part}")
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if container.get(probe, {}).get("httpGet", {}).get("port") not in ports:
                    yield wrong(f"{container['name']} has no {probe} on a port of its own")
        hooks = [c.get("lifecycle", {}).get("preStop", {}) for c in spec["containers"]]
        delay = environment(objects).get("LATCHKEY_FRONTDOOR_STOPDELAY", "0s")
        needed = max(h.get("sleep", {}).get("seconds", 0) for h in hooks) + seconds(delay) + seconds(inside)
        if spec.get("terminationGracePeriodSeconds", 30) <= needed:
            yield wrong(f"a pod is killed before the {needed:g} s are over that its stop may take")


def sizes(objects):
    kinds = ("HorizontalPodAutoscaler", "ResourceQuota", "Deployment", "LimitRange", "PodDisruptionBudget")
    scaler, quota, deployment, *_ = found = [one(objects, kind) for kind in kinds]
    if None in found:
        yield wrong(f"one of {', '.join(kinds)} is missing")
        return
    spec, behavior = scaler["spec"], scaler["spec"]["behavior"]
    if (spec["minReplicas"], spec["maxReplicas"]) != (3, 15) or "replicas" in deployment["spec"]:
        yield wrong("the autoscaler does not own 3 to 15 pods")
    if spec["scaleTargetRef"] != {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAMESPACE}:
        yield wrong("the autoscaler scales something else")
    if [m["resource"] for m in spec["metrics"]] != [{"name": "cpu", "target": SCALE}]:
        yield wrong("the autoscaler does not aim at CPU 60 %")
    if [behavior[way]["stabilizationWindowSeconds"] for way in ("scaleUp", "scaleDown")] != [30, 300]:
        yield wrong("the autoscaler does not wait 30 s up and 300 s down")
    hard = quota["spec"]["hard"]
    if {name: quantity(bound) for name, bound in hard.items()} != QUOTA:
        yield wrong("the quota is not 4 CPU and 8Gi, limits 10 CPU and 16Gi")
    if deployment["spec"]["strategy"].get("rollingUpdate") != {"maxSurge": "25%", "maxUnavailable": "25%"}:
        yield wrong("the roll-out is not 25 % and 25 %")
    most = spec["maxReplicas"] + math.ceil(spec["maxReplicas"] * 0.25)
    for name, bound in hard.items():
        part, what = name.split(".")
        containers = deployment["spec"]["template"]["spec"]["containers"]
        needed = most * sum(quantity(c["resources"][part][what]) for c in containers)
        if needed > quantity(bound):
            yield wrong(f"{most} pods need {name} {needed:g}, and the quota is {bound}")


def selectors(objects):
    deployment, service = one(objects, "Deployment"), one(objects, "Service")
    pod = deployment["spec"]["template"]
    labels = pod["metadata"]["labels"]
    for selecting in [deployment, *of(objects, "PodDisruptionBudget")]:
        if not selects(selecting["spec"]["selector"], labels):
            yield wrong(f"{selecting['kind']} does not select the gateway's pods")
    spread = pod["spec"].get("topologySpreadConstraints", [])
    if {s["topologyKey"] for s in spread if selects(s["labelSelector"], labels)} != SPREAD:
        yield wrong("pods are not spread over zones and nodes")
    offered = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
    if not selects({"matchLabels": service["spec"]["selector"]}, labels) or not (
        {port["targetPort"] for port in service["spec"]["ports"]} <= offered
    ):
        yield wrong("the service leads to no pod, or to a port that none has")
    for monitor in of(objects, "ServiceMonitor"):
        if not selects(monitor["spec"]["selector"], service["metadata"]["labels"]) or not (
            {e["port"] for e in monitor["spec"]["endpoints"]} <= {port["name"] for port in service["spec"]["ports"]}
        ):
            yield wrong("the service monitor finds no port of the service")
