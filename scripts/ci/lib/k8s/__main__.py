"""Checks rendered objects: scripts/ci/lib/k8s FOLDER NODE_MODULES [--self-test]; FOLDER has NAME.yaml of each rendering.

A check is a generator of what is wrong. --self-test plants defects into what production has: each must be found, and
each line that can say that something is wrong must have said it.
"""

import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
import yaml  # noqa: E402
from defects import self_test  # noqa: E402
from network import doors, network  # noqa: E402
from objects import ROOT, wrong  # noqa: E402
from pods import harmless, life, selectors, sizes  # noqa: E402
from references import references  # noqa: E402
from roles import deployer, roles  # noqa: E402

FOLDER, NODE_MODULES, *OPTIONS = sys.argv[1:]


def schemas(objects):
    node = ["node", pathlib.Path(__file__).resolve().with_name("schemas.mjs"), NODE_MODULES]
    said = subprocess.run(node, input=json.dumps(objects), stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in said.splitlines():
        yield wrong(line)


CHECKS = [schemas, harmless, life, sizes, selectors, references, doors, network, roles, deployer]

files = sorted(pathlib.Path(FOLDER).glob("*.yaml"))
rendered = {path.stem: list(yaml.safe_load_all(path.read_text())) for path in files}
# The secrets come with an overlay.
todo = {name: [check for check in CHECKS if name != "base" or check is not references] for name in rendered}
# The rules that docs/kubernetes.md has applied.
rendered["alerts"] = [
    {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": path.name},
     "spec": yaml.safe_load(path.read_text())} for path in sorted((ROOT / "prometheus").glob("*.rules.yml"))]
todo["alerts"] = [schemas]

found = [f"{name}: {text}" for name, checks in todo.items() for check in checks for text in check(rendered[name])]
if found:
    sys.exit("\n".join(f"WRONG: {text}" for text in found))
if "--self-test" in OPTIONS:
    planted = self_test(rendered["production"], schemas)
    print(f"{planted} planted defects were found, and every line that finds one found one")
counts = ", ".join(f"{name} {len(objects)}" for name, objects in rendered.items())
print(f"{counts} objects: {len(CHECKS)} checks hold")
