"""That each role may do what k8s/can-i.tsv says, all of it and nothing else."""

from objects import NAMESPACE, ROOT, of, wrong

ALL = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}]
WITHOUT_A_NAMESPACE = ("Namespace", "ClusterRole", "ClusterRoleBinding")


def rules(objects, group, namespace):
    """The rules that a group has in a namespace (- and *: by the bindings of the cluster alone)."""
    for binding in of(objects, "RoleBinding", "ClusterRoleBinding"):
        space, role = binding["metadata"].get("namespace"), binding["roleRef"]
        groups = [subject["name"] for subject in binding["subjects"] if subject["kind"] == "Group"]
        if space not in (None, namespace) or group not in groups:
            continue
        if (role["kind"], role["name"]) == ("ClusterRole", "cluster-admin"):
            yield from ALL
        for found in of(objects, role["kind"]):
            if found["metadata"]["name"] == role["name"] and found["metadata"].get("namespace") in (None, space):
                yield from found.get("rules", [])


def may(objects, group, verb, resource, namespace):
    """As the server decides, but that a rule for certain names counts as one for all."""
    plain, slash, part = resource.partition("/")
    name, _, api = plain.partition(".")
    resources = {"*", name + slash + part} | ({f"*/{part}"} if part else set())
    for rule in rules(objects, group, namespace):
        if not {verb, "*"} & set(rule["verbs"]):
            continue
        if resource.startswith("/"):
            urls = rule.get("nonResourceURLs", [])
            if any(url == resource or url.endswith("*") and resource.startswith(url[:-1]) for url in urls):
                return True
        elif resources & set(rule.get("resources", [])) and {"*", api} & set(rule["apiGroups"]):
            return True
    return False


def granted(rule):
    """Each verb and resource of a rule, as the table writes them."""
    for verb in rule["verbs"]:
        for url in rule.get("nonResourceURLs", []):
            yield verb, url if url.startswith("/") else f"/{url}"
        for api in rule.get("apiGroups", []):
            for resource in rule["resources"]:
                name, slash, part = resource.partition("/")
                yield verb, name + ("" if api == "" or api == name == "*" else f".{api}") + slash + part


def roles(objects):
    listed = set()
    for line in (ROOT / "k8s/can-i.tsv").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        role, verbs, resources, namespace, answer = line.split("\t")
        for verb in verbs.split(","):
            for resource in resources.split(","):
                if answer == "yes":
                    listed.add((role, verb, resource, namespace))
                if may(objects, f"{NAMESPACE}:{role}", verb, resource, namespace) != (answer == "yes"):
                    yield wrong(f"may {role} {verb} {resource} in {namespace}? can-i.tsv says {answer}")
    known = {"cluster-admin"} | {role["metadata"]["name"] for role in of(objects, "Role", "ClusterRole")}
    for binding in of(objects, "RoleBinding", "ClusterRoleBinding"):
        role, space = binding["roleRef"]["name"], binding["metadata"].get("namespace", "*")
        group = f"{NAMESPACE}:{role}"
        if [(s["kind"], s["name"]) for s in binding["subjects"]] != [("Group", group)]:
            yield wrong(f"{role} is bound to others than its group")
        if role not in known:
            yield wrong(f"what {role} may do does not stand here")
        for rule in rules([binding, *of(objects, "Role", "ClusterRole")], group, space):
            for verb, resource in granted(rule):
                if (role, verb, resource, space) not in listed:
                    yield wrong(f"{role} may {verb} {resource} in {space}, which can-i.tsv does not say")
    for role in of(objects, "ClusterRole"):
        if "aggregationRule" in role:
            yield wrong(f"what {role['metadata']['name']} may do comes from other roles")


def plural(kind):
    name = kind.lower()
    return name[:-1] + "ies" if name.endswith("y") else name + ("es" if name.endswith("s") else "s")


def deployer(objects):
    """It can apply every object of the gateway, and change none of the platform."""
    for o in objects:
        kind, name, space = o["kind"], o["metadata"]["name"], o["metadata"].get("namespace", "-")
        if (space == "-") != (kind in WITHOUT_A_NAMESPACE):
            yield wrong(f"{kind} {name} is in no namespace, or needs none")
        api = o["apiVersion"].rpartition("/")[0]
        resource = plural(kind) + (f".{api}" if api else "")
        verbs = ("get", "create", "update", "patch", "delete")
        can = {verb for verb in verbs if may(objects, f"{NAMESPACE}:cicd-deployer", verb, resource, space)}
        if o["metadata"].get("labels", {}).get("app.kubernetes.io/component") != "gateway":
            if can - {"get"}:
                yield wrong(f"the deployer may change {kind} {name}, which is not the gateway's")
        elif not {"get", "create", "patch"} <= can:
            yield wrong(f"the deployer cannot apply {kind} {name}")
