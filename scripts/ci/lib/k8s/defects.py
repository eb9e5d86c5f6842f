"""Defects that the checks must find: which check, what is done to the objects, a part of what must be said of it."""

import copy
import pathlib
import sys

from network import doors, network
from objects import AGENTS, NAMESPACE, of, said
from pods import harmless, life, selectors, sizes
from references import references
from roles import deployer, roles

POD = "spec|template|spec|"
MAIN = POD + "containers|0|"
SPACE = "namespaceSelector|matchLabels|kubernetes.io/metadata.name"


def put(path, value, kind="Deployment", name=NAMESPACE):
    """Sets what a path of keys and numbers leads to; + adds to a list, None takes away."""
    def change(objects):
        at = next(o for o in of(objects, kind) if o["metadata"]["name"].startswith(name))
        *way, last = [int(key) if key.isdigit() else key for key in path.split("|")]
        for key in way:
            at = at[key]
        if value is None:
            del at[last]
        elif last == "+":
            at.append(value)
        else:
            at[last] = value
    return change


def scaler(path, value):
    return put(path, value, "HorizontalPodAutoscaler")


def ingress(path, value):
    return put(path, value, "Ingress")


def policy(name, path, value):
    return put(path, value, "NetworkPolicy", name)


def role(name, path, value, kind="Role"):
    return put(path, value, kind, name)


def rule(resources, apis=("",), verbs=("get",)):
    return {"apiGroups": list(apis), "resources": list(resources), "verbs": list(verbs)}


def defects(schemas):
    return [
        (schemas, put("spec|replica", 3), "/spec/replica: unknown field"),
        (schemas, put(MAIN + "imagePullPolice", "Always"), "imagePullPolice: unknown field"),
        (schemas, put("spec|ports|0|port", "eighty", "Service"), "port: type"),
        (schemas, put("spec|selector", None), "required"),
        (schemas, put("spec|endpoints|0|paths", "/x", "ServiceMonitor"), "paths: unknown field"),
        (schemas, put("spec|target|creationPolicy", "Sometimes", "ExternalSecret"), "enum"),
        (schemas, scaler("apiVersion", "autoscaling/v2beta9"), "no schema"),
        (harmless, put(POD + "automountServiceAccountToken", None), "token"),
        (harmless, put(POD + "enableServiceLinks", True), "variables of services"),
        (harmless, put(POD + "hostNetwork", True), "hostNetwork"),
        (harmless, put(POD + "volumes|+", {"name": "etc", "hostPath": {"path": "/etc"}}), "/etc of its node"),
        (harmless, put(POD + "securityContext|runAsNonRoot", None), "as root"),
        (harmless, put(POD + "securityContext|runAsUser", 0), "as root"),
        (harmless, put(MAIN + "securityContext|runAsNonRoot", False), "as root"),
        (harmless, put(MAIN + "securityContext|readOnlyRootFilesystem", None), "root file system"),
        (harmless, put(MAIN + "securityContext|allowPrivilegeEscalation", None), "privileges"),
        (harmless, put(MAIN + "securityContext|privileged", True), "privileges"),
        (harmless, put(MAIN + "securityContext|capabilities|drop", ["NET_RAW"]), "capabilities"),
        (harmless, put(MAIN + "securityContext|capabilities|add", ["SYS_ADMIN"]), "capabilities"),
        (harmless, put(POD + "securityContext|seccompProfile", None), "seccomp"),
        (harmless, put(MAIN + "image", "registry.example.com:5000/latchkey"), "not pinned"),
        (harmless, put(MAIN + "image", "registry.example.com/latchkey:latest"), "not pinned"),
        (life, put(MAIN + "resources|limits|memory", None), "its limits"),
        (life, put(MAIN + "resources|requests", None), "its requests"),
        (life, put(MAIN + "startupProbe", None), "startupProbe"),
        (life, put(MAIN + "livenessProbe|httpGet|port", "other"), "livenessProbe"),
        (life, put(MAIN + "readinessProbe", None), "readinessProbe"),
        (life, put(POD + "terminationGracePeriodSeconds", 35), "is killed"),
        (life, put(MAIN + "lifecycle", {"preStop": {"sleep": {"seconds": 10}}}), "is killed"),
        (sizes, put("metadata|name", "other", "PodDisruptionBudget"), "is missing"),
        (sizes, scaler("spec|maxReplicas", 16), "3 to 15"),
        (sizes, put("spec|replicas", 3), "3 to 15"),
        (sizes, scaler("spec|scaleTargetRef|name", "other"), "something else"),
        (sizes, scaler("spec|metrics|0|resource|target|averageUtilization", 80), "60 %"),
        (sizes, scaler("spec|behavior|scaleUp|stabilizationWindowSeconds", 0), "30 s"),
        (sizes, put("spec|hard|limits.cpu", "12", "ResourceQuota"), "the quota is not"),
        (sizes, put("spec|strategy|rollingUpdate|maxSurge", "50%"), "roll-out"),
        (sizes, put(MAIN + "resources|requests|cpu", "250m"), "19 pods need requests.cpu"),
        (sizes, put(MAIN + "resources|limits|memory", "1Gi"), "19 pods need limits.memory"),
        (selectors, put("spec|selector|matchLabels|app.kubernetes.io/name", "other"), "Deployment does not select"),
        (selectors, put("spec|selector|matchLabels|a", "b", "PodDisruptionBudget"), "Budget does not select"),
        (selectors, put(POD + "topologySpreadConstraints|1", None), "spread"),
        (selectors, put("spec|selector|app.kubernetes.io/name", "other", "Service"), "leads to no pod"),
        (selectors, put("spec|ports|0|targetPort", "https", "Service"), "leads to no pod"),
        (selectors, put("spec|endpoints|0|port", "metrics", "ServiceMonitor"), "finds no port"),
        (references, put("kind", "Secret", "ExternalSecret"), "in the files"),
        (references, put(MAIN + "envFrom|0|configMapRef|name", "other"), "no ConfigMap other"),
        (references, put(MAIN + "env|0|valueFrom", {"secretKeyRef": {"name": NAMESPACE, "key": "X"}}), "with X"),
        (references, put(POD + "volumes|0|configMap|name", "other"), "no ConfigMap other"),
        (references, put("spec|data|0", None, "ExternalSecret", "latchkey-upstreams"), "SCANNER_TOKEN, which no"),
        (references, put("data|LATCHKEY_FRONTDOR_STOPDELAY", "1s", "ConfigMap"), "FRONTDOR_STOPDELAY is not in"),
        (references, put("spec|data|1", None, "ExternalSecret"), "without LATCHKEY_PEPPER"),
        (references, put(MAIN + "env|0", {"name": "LATCHKEY_NODE_ID", "value": "one"}), "after their pods"),
        (references, put(MAIN + "volumeMounts|0|subPath", "routes.yml"), "where the gateway looks"),
        (doors, ingress("spec|defaultBackend", {"service": {"name": NAMESPACE}}), "every other path"),
        (doors, ingress("spec|tls", None), "no certificate"),
        (doors, ingress("spec|rules|0|host", "other.example.com"), "no certificate"),
        (doors, ingress("spec|rules|0|http|paths|0|path", "/admin"), "opens /admin"),
        (doors, ingress("spec|rules|0|http|paths|0|path", "/admin/keys"), "opens /admin"),
        (doors, ingress("spec|rules|0|http|paths|0|path", "/"), "opens /actuator"),
        (doors, ingress("spec|rules|0|http|paths|2|pathType", "Prefix"), "opens /health/"),
        (doors, ingress("spec|rules|0|http|paths|0|pathType", "ImplementationSpecific"), "for the controller to say"),
        (doors, ingress("spec|rules|0|http|paths|0|backend|service|port|name", "management"), "front door"),
        (network, policy("deny-all", "spec|policyTypes", ["Ingress"]), "begin with deny-all"),
        (network, put("metadata|labels|pod-security.kubernetes.io/enforce", "baseline", "Namespace"), "not restricted"),
        (network, policy("gateway-from", "spec|ingress|0|from", None), "a peer without"),
        (network, policy("gateway-from", "spec|ingress|0|from|0|podSelector", None), "a peer without"),
        (network, policy("gateway-from", "spec|ingress|0|ports", None), "alone reach the gateway"),
        (network, policy("gateway-from", "spec|ingress|0|ports|+", {"port": 8081}), "alone reach the gateway"),
        (network, policy("gateway-from", f"spec|ingress|0|from|0|{SPACE}", AGENTS), "alone reach the gateway"),
        (network, policy("gateway-to-redis", "spec|egress|0|to|0", {"ipBlock": {"cidr": "0.0.0.0/0"}}), "opens 0"),
        (network, put("spec|template|metadata|labels", {"a": "b"}), "no policy but deny-all selects"),
        (network, policy("gateway-to-upstreams", "spec|egress|0|ports|0|port", 9002), "no policy lets the gateway"),
        (network, policy("gateway-to-upstreams", "spec|egress|0|ports|+", {"port": 9002}), "no route asks for"),
        (network, policy("agents-from", f"spec|ingress|0|from|0|{SPACE}", AGENTS), "alone reaches the agents"),
        (network, policy("agents-to", f"spec|egress|0|to|0|{SPACE}", AGENTS), "agents reach more"),
        (roles, role("developer-read", "rules|0|resources|+", "secrets"), "may developer-read get secrets"),
        (roles, role("developer-read", "rules|0|apiGroups", ["*"]), "get pods.*"),
        (roles, role("cicd-deployer", "rules|+", rule("*", "*", "*")), "may cicd-deployer create pods/exec"),
        (roles, role("audit-viewer", "rules|+", rule(["nodes"]), "ClusterRole"), "get nodes in *, which can-i"),
        (roles, role("audit-viewer", "rules|+", rule(["*/log"]), "ClusterRole"), "may audit-viewer get pods/log"),
        (roles, role("audit-viewer", "rules|0", {"nonResourceURLs": ["/x"], "verbs": ["get"]}, "ClusterRole"), "get /x in"),
        (roles, role("audit-viewer", "rules|0|verbs|2", None, "ClusterRole"), "may audit-viewer watch"),
        (roles, role("developer-read", "subjects|+", {"kind": "User", "name": "a"}, "RoleBinding"), "than its group"),
        (roles, role("audit-viewer", "roleRef|name", "cluster-admin", "ClusterRoleBinding"), "than its group"),
        (roles, role("developer-read", "roleRef", {"kind": "ClusterRole", "name": "edit"}, "RoleBinding"), "stand here"),
        (roles, role("audit-viewer", "aggregationRule", {}, "ClusterRole"), "from other roles"),
        (deployer, role("cicd-deployer", "rules|0|resources", ["services"]), "cannot apply ConfigMap"),
        (deployer, put("metadata|labels", {}, "Service"), "may change Service"),
        (deployer, put("metadata|namespace", None, "Service"), "in no namespace"),
    ]


def self_test(objects, schemas):
    """Says what was missed, and returns how many defects were planted."""
    missed = []
    planted = defects(schemas)
    for check, change, expected in planted:
        spoiled = copy.deepcopy(objects)
        change(spoiled)
        found = list(check(spoiled))
        if not any(expected in text for text in found):
            missed.append(f"{check.__name__} did not say: {expected}; it said {found}")
    for file in pathlib.Path(__file__).parent.glob("*.py"):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line.strip().startswith("yield wrong(") and (str(file), number) not in said:
                missed.append(f"no defect makes this line speak: {file.name}, {number}")
    if missed:
        sys.exit("\n".join(missed))
    return len(planted)
