"""Checks .github/: scripts/ci/lib/workflows NODE_MODULES [--self-test]. A check is a generator of what is wrong.

--self-test plants defects into what there is; each must be found, by its own words.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import yaml  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[4]
MODULES, *OPTIONS = sys.argv[1:]
COMMITTED = set(subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"))
RUNNER, LONGEST, COOLDOWN = "ubuntu-24.04", 360, 7
PINNED = re.compile(r"uses: +([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
# What others pin, and who watches it.
WATCHED = {
    "maven": r"(?:^|/)pom\.xml$",
    "npm": r"(?:^|/)package\.json$",
    "docker": r"(?:^|/)Dockerfile$",
    "docker-compose": r"(?:^|/)docker-compose[^/]*\.yml$",
    "github-actions": r"^\.github/workflows/",
}
# Not part of what is shipped: the peers that scripts/bench/run measures against stay as they were measured.
UNWATCHED = "scripts/bench/"


def syntax(texts):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            pathlib.Path(folder, name).write_text(text)
        node = ["node", pathlib.Path(__file__).with_name("parse.mjs"), MODULES, folder]
        yield from subprocess.run(node, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def pins(texts):
    versions = {}
    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            action = re.search(r"\buses: *(\S+)", line)
            if not action or action[1].startswith("./"):
                continue
            pinned = PINNED.search(line)
            if not pinned:
                yield f"{name}:{number}: {action[1]}: not pinned as NAME@SHA # vX.Y.Z"
            elif versions.setdefault("/".join(pinned[1].split("/")[:2]), pinned.groups()[1:]) != pinned.groups()[1:]:
                yield f"{name}:{number}: {pinned[1]}: another version elsewhere"


def triggers(workflow):
    on = workflow[True]  # YAML reads "on" as that
    return {on} if isinstance(on, str) else set(on)


def rights(name, workflow):
    if triggers(workflow) & {"pull_request_target", "workflow_run"}:
        yield f"{name}: starts with more rights than whoever caused it"
    if workflow.get("permissions") not in ({}, {"contents": "read"}):
        yield f"{name}: permissions: more than contents: read for all jobs"
    if "group" not in workflow.get("concurrency", {}):
        yield f"{name}: no concurrency group"
    for job_name, job in workflow["jobs"].items():
        where = f"{name}: {job_name}"
        if "write-all" in (job.get("permissions"), workflow.get("permissions")):
            yield f"{where}: permissions: write-all"
        if job.get("secrets") == "inherit":
            yield f"{where}: hands all secrets on"
        if re.search(r"\bsecrets\.", str(job)) and "environment" not in job:
            yield f"{where}: a secret that belongs to no environment"
        if "uses" in job:
            if job["uses"].removeprefix("./") not in COMMITTED:
                yield f"{where}: {job['uses']} is not committed"
            continue
        if job.get("runs-on") != RUNNER:
            yield f"{where}: runs-on is not {RUNNER}"
        if not 0 < job.get("timeout-minutes", 0) <= LONGEST:
            yield f"{where}: no timeout-minutes up to {LONGEST}"


def steps(name, workflow):
    for job_name, job in workflow["jobs"].items():
        for step in job.get("steps", ()):
            where = f"{name}: {job_name}"
            if step.get("uses", "").startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
                yield f"{where}: a checkout without persist-credentials: false"
            if "run" in step:
                yield from (f"{where}: {text}" for text in calls(step["run"]))


def calls(run):
    """One command, a script of ours with options that it knows."""
    if "${{" in run or "\n" in run.strip() or re.search(r"[;&|<>`$]", run):
        yield f"runs more than one script with plain arguments: {run.strip()}"
        return
    words = shlex.split(run.removeprefix("sudo -E "))
    script = ROOT / words[0]
    if words[0] not in COMMITTED or not os.access(script, os.X_OK):
        yield f"{words[0]} is not committed, or not executable"
        return
    for option in (word for word in words[1:] if word.startswith("--")):
        if not re.search(rf"{option}\b", script.read_text()):
            yield f"{words[0]} knows no {option}"


def dependabot(text):
    updates = yaml.safe_load(text)["updates"]
    for update in updates:
        if update.get("cooldown", {}).get("default-days", 0) < COOLDOWN:
            yield f"dependabot.yml: {update['package-ecosystem']}: no cooldown of {COOLDOWN} days"
    watched = {(update["package-ecosystem"], folder.strip("/")) for update in updates
               for folder in update.get("directories") or [update["directory"]]}
    pinned = {(kind, "" if kind == "github-actions" else os.path.dirname(path)) for path in COMMITTED
              for kind, pattern in WATCHED.items() if re.search(pattern, path) and not path.startswith(UNWATCHED)}
    for kind, folder in sorted(watched ^ pinned):
        yield f"dependabot.yml: {kind} in /{folder}: {'nobody watches it' if (kind, folder) in pinned else 'there is none'}"


def wrong(texts, watch, parse=True):
    found = [*(syntax(texts) if parse else ()), *pins(texts), *dependabot(watch)]
    # Of what cannot be read that is enough.
    for name, text in texts.items() if not found else ():
        workflow = yaml.safe_load(text)
        found += [*rights(name, workflow), *steps(name, workflow)]
    return found


# What is planted: where, what stands there, what in its place, what must be said.
SETUP = "actions/setup-java@b6effb05e454b25005698d916606bdc6ffcbf961 # v5.7.0"
PLANTS = [
    ("release.yml", "needs: gate", "needs: gates", "depends on unknown job"),
    ("nightly.yml", "if: failure()", "if: failur()", "Unrecognized function"),
    ("nightly.yml", '"23 1 * * *"', '"63 1 * * *"', "Invalid cron"),
    ("ci.yml", "steps:", "step:", "Unexpected value 'step'"),
    ("ci.yml", "contents: read", "contents: reed", "Unexpected value 'reed'"),
    ("ci.yml", SETUP, "actions/setup-java@v5", "not pinned"),
    ("ci.yml", SETUP, SETUP.split(" #")[0], "not pinned"),
    ("ci.yml", SETUP, SETUP.replace("b6ef", "b6e"), "not pinned"),
    ("ci.yml", SETUP, SETUP.replace("b6ef", "b6ee"), "another version elsewhere"),
    ("ci.yml", "pull_request:", "pull_request_target:", "more rights than whoever caused it"),
    ("ci.yml", "contents: read", "contents: write", "more than contents: read"),
    ("ci.yml", "permissions:\n  contents: read", "permissions: write-all", "write-all"),
    ("ci.yml", "permissions:\n  contents: read\n", "", "more than contents: read"),
    ("e2e.yml", "concurrency:\n  group: e2e-${{ github.ref }}\n  cancel-in-progress: ${{ github.event_name == 'pull_request' }}\n", "", "no concurrency"),
    ("release.yml", "uses: ./.github/workflows/ci.yml", "uses: ./.github/workflows/ci2.yml", "ci2.yml is not committed"),
    ("release.yml", "uses: ./.github/workflows/ci.yml", "uses: ./.github/workflows/ci.yml\n    secrets: inherit", "hands all secrets on"),
    ("release.yml", "    environment: staging\n", "", "belongs to no environment"),
    ("e2e.yml", "ubuntu-24.04", "ubuntu-latest", "runs-on is not"),
    ("e2e.yml", "    timeout-minutes: 30\n", "", "no timeout-minutes"),
    ("e2e.yml", "          persist-credentials: false", "          fetch-depth: 1", "without persist-credentials"),
    ("e2e.yml", "scripts/ci/stack", "scripts/ci/stacks", "not committed, or not executable"),
    ("e2e.yml", "scripts/ci/stack", "scripts/ci/lib/door.sh", "not committed, or not executable"),
    ("e2e.yml", "scripts/ci/stack", "scripts/ci/stack --quick", "knows no --quick"),
    ("e2e.yml", "scripts/ci/stack", "scripts/ci/stack || true", "more than one script"),
    ("e2e.yml", "scripts/ci/stack", "scripts/ci/stack ${{ github.ref }}", "more than one script"),
    ("dependabot.yml", "default-days: 7", "default-days: 1", "no cooldown"),
    ("dependabot.yml", "/k8s/schemas", "/k8s", "nobody watches it"),
    ("dependabot.yml", "package-ecosystem: docker\n", "package-ecosystem: gradle\n", "there is none"),
]


def self_test(texts, watch):
    for name, there, planted, said in PLANTS:
        text = watch if name == "dependabot.yml" else texts[name]
        assert there in text, f"{name} has no {there!r} to plant a defect into"
        text = text.replace(there, planted, 1)
        # The parser takes the longest, and is asked where it is the one to say so.
        parse = PLANTS.index((name, there, planted, said)) < 5
        found = wrong(texts, text, False) if name == "dependabot.yml" else wrong(texts | {name: text}, watch, parse)
        assert any(said in line for line in found), f"not found: {said}, but {found}"
    return len(PLANTS)


workflows = {path.name: path.read_text() for path in sorted((ROOT / ".github/workflows").glob("*.y*ml"))}
bot = (ROOT / ".github/dependabot.yml").read_text()
for line in (all_wrong := wrong(workflows, bot)):
    print(f"WRONG: {line}", file=sys.stderr)
if all_wrong:
    sys.exit(f"{len(all_wrong)} wrong (scripts/ci/workflows --help)")
if "--self-test" in OPTIONS:
    print(f"{self_test(workflows, bot)} planted defects found")
print(f"{len(workflows)} workflows are as they must be")
