"""The commands of the documents: scripts/ci/lib/documents read | links | CLASS... | self-test.

read says what is wrong with commands before any is run; a CLASS of RUN runs those blocks, one shell for each document, with
the variables that scripts/ci/documents says; self-test plants defects into what there is, and each must be found.
"""

import collections
import dataclasses
import functools
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[4]
TABLE = pathlib.Path(__file__).with_name("not-run.tsv")
SHELLS = {"bash", "sh", "shell", "console"}
RUN = ("gateway", "tree", "stack")
FENCE = re.compile(r"^( *)```(\w+)([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TOP = r"(?<![\w/.=:{-])((?:\.ci|\.github|docs|grafana|k8s|nginx|prometheus|scripts|src)/[\w./-]*\w)"
# Programs of other people that this machine may lack.
PROGRAMS = set("amtool crontab curl docker docker-compose free git java jq kubectl nproc openssl promtool rclone redis-cli ss sysctl".split())
KEYWORDS = set("! { } case do done elif else esac fi for function if in select then time until while".split())
# What is another one each time.
VOLATILE = [
    (r"…", r".*"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"\d{4}-\d\d-\d\dT[\d:.]+Z"),
    (r"\b0V\w{12}\b", r"\w{14}"),
    (r"\b(?=[a-f]*\d)[0-9a-f]{12,}\b", r"[0-9a-f]+"),
    (r"\b[2-5]\d\d\b(?!\.)", None),
    (r"\d[\d.]*", r"[\d.]+"),
]


@dataclasses.dataclass
class Block:
    document: str
    line: int
    language: str
    kind: str
    refusals: collections.Counter
    text: str

    def __str__(self):
        return f"{self.document}:{self.line}"

    def commands(self):
        if self.language != "console":
            return self.text
        return "".join(line[2:] + "\n" for line in self.text.splitlines() if line.startswith("$ "))

    def expected(self):
        """Lines that what was run must have said."""
        if self.language == "console":
            return [line for line in self.text.splitlines() if not line.startswith("$ ")]
        return self.text.splitlines() if self.kind == "said" else []


def documents():
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in sorted(names) if name}


def blocks(texts):
    for document, text in texts.items():
        for fence in FENCE.finditer(text):
            kind, *refusals = fence[3].split() or [""]
            yield Block(document, text.count("\n", 0, fence.start()) + 1, fence[2], kind,
                        collections.Counter(refusals), textwrap.dedent(fence[4]))


# ---- Reading

def classes(found):
    """Each block is run, or a row of the table says why not."""
    rows = [row.split("\t") for row in TABLE.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    allowed = {(document, kind): int(count) for document, kind, count, _ in rows}
    there = collections.Counter()
    for block in found:
        if block.language in SHELLS and block.kind not in RUN:
            if not block.kind:
                yield f"{block}: nothing says how it is tried: `bash gateway`, `bash tree`, `bash stack`, or a row in {TABLE.name}"
            else:
                there[block.document, block.kind] += 1
        elif block.language not in SHELLS and block.kind not in ("", "said"):
            yield f"{block}: {block.language} {block.kind}: unknown"
    for what in sorted(there | collections.Counter(allowed)):
        if there[what] != allowed.get(what, 0):
            yield f"{what[0]}: {there[what]} blocks of the class {what[1]}, {allowed.get(what, 0)} are allowed by {TABLE.name}"
    for row in rows:
        if len(row[3]) < 10:
            yield f"{TABLE.name}: {row}: no reason"


@functools.cache
def told(script):
    """What its --help says."""
    done = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else ""


@functools.cache
def ignored(path):
    return not subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT).returncode


@functools.cache
def in_sources(name):
    return any(ROOT.glob(f"src/test/java/**/{name}.java"))


def simple_commands(text):
    """Lists of words, as far as a look without running them can tell; and the functions that are defined."""
    text = re.sub(r"<<-?'?(\w+)'?(.*\n)(?:.*\n)*?\1\n", r"\2", text.replace("\\\n", " "))
    text = re.sub(r"(^|\s)#[^\n]*", r"\1", text)
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    commands, functions, words = [], set(), []
    for token in [*lexer, "\n"]:
        if token.strip("();<>|&\n"):
            words.append(token)
        elif set(token) <= set("<>") or token in ("<&", ">&"):
            words.append(token)
        else:
            while words and (words[0] in KEYWORDS - {"for", "case"} or re.match(r"\w+=", words[0])):
                del words[0]
            if token.startswith("(") and words and not words[-1].endswith(("$", "<")):
                functions.add(words[0])
            elif words and words[0] not in ("for", "case"):
                commands.append(words)
            words = []
    return commands, functions


def own(word):
    word = word.removeprefix("./")
    return re.match(r"(scripts|grafana|\.ci)/", word) and (ROOT / word).is_file() and os.access(ROOT / word, os.X_OK)


def command_faults(words, functions):
    name, *arguments = words
    if name in ("sudo", "exec") and arguments:
        return command_faults([word for word in arguments if word != "-E"] or ["true"], functions)
    faults = []
    if own(name):
        options = arguments[: arguments.index("--")] if "--" in arguments else arguments
        for option in options:
            if option.startswith("--") and not re.search(rf"(?<![\w-]){re.escape(option.split('=')[0])}(?![\w-])", told(name)):
                faults.append(f"{name} does not know {option}")
        if arguments and re.fullmatch(r"[a-z][a-z-]+", arguments[0]) and arguments[0] not in told(name):
            faults.append(f"{name} does not know {arguments[0]}")
    elif name == "./mvnw":
        for test in ",".join(re.findall(r"-Dtest=(\S+)", " ".join(arguments))).split(","):
            if test and not in_sources(test):
                faults.append(f"no test {test}")
    elif re.fullmatch(r"[a-z][\w.-]*", name) and name not in functions | PROGRAMS | BUILTINS and not shutil.which(name):
        faults.append(f"no program {name}")
    return faults


BUILTINS = set(subprocess.run(["bash", "-c", "compgen -bk"], capture_output=True, text=True, check=True).stdout.split())


def faults_of(text, functions):
    parsed = subprocess.run(["bash", "-n"], input=re.sub(r"<[a-z ]+>", "placeholder", text), capture_output=True, text=True)
    if parsed.returncode:
        return [parsed.stderr.strip()]
    try:
        commands, defined = simple_commands(re.sub(r"<[a-z ]+>", "placeholder", text))
    except ValueError as e:
        return [str(e)]
    functions |= defined
    faults = [fault for words in commands for fault in command_faults(words, functions)]
    for path in re.findall(TOP, text):
        if not (ROOT / path).exists() and not ignored(path):
            faults.append(f"no file {path}")
    return faults


INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FIRST = re.compile(r"(?:\./mvnw|grafana/generate|(?:scripts|\.ci)/[\w/.-]+|(?:%s) (?=\S))" % "|".join(sorted(PROGRAMS)))


def read(texts, found):
    yield from classes(found)
    for document, text in texts.items():
        functions = set()
        for block in found:
            if block.document == document and block.language in SHELLS:
                for fault in faults_of(block.commands(), functions):
                    yield f"{block}: {fault}"
        prose = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
        for span in INLINE.finditer(prose):
            command = span[1].replace("\\|", "|")
            if FIRST.match(command):
                for fault in faults_of(command, set(functions)):
                    yield f"{document}:{prose.count(chr(10), 0, span.start()) + 1}: `{command}`: {fault}"


# ---- Running

def pattern(line):
    """Of what was said, but for what is another one each time."""
    made, at = "", 0
    for part in re.finditer("|".join(f"({volatile})" for volatile, _ in VOLATILE), line):
        like = VOLATILE[part.lastindex - 1][1]
        made += re.escape(line[at : part.start()]) + (re.escape(part[0]) if like is None else like)
        at = part.end()
    return made + re.escape(line[at:])


# Functions, so that scripts which a block calls have the programs as they are.
SHELL = r"""
set -eu
export SAID BLOCK
curl() {
  local head code=0
  head=$(mktemp "$SAID/head.XXXXXX")
  # shellcheck disable=SC2086  # words
  command curl -D "$head" --max-time 60 ${CURL_OPTIONS:-} "$@" || code=$?
  printf '%s\t%s\t%s\n' "$BLOCK" "$(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$head" | tail -n 1)" "$*" >>"$SAID/calls"
  return "$code"
}
if [ "${ADMIN_TOKEN:-}" ]; then
  TOKEN=$(command curl -sS -H "Authorization: Bearer $ADMIN_TOKEN" -H 'Content-Type: application/json' \
    -d '{"name":"documents","owner":"payments","scopes":["keys:rotate-self"]}' "http://127.0.0.1:$PORT_8080/admin/keys" | jq -re .token)
  ID=$(cut -d_ -f3 <<<"$TOKEN")
fi
redis-cli() { command redis-cli -e "$@"; }
if ! command docker compose version >/dev/null 2>&1; then
  docker() {
    if [ "$1" = compose ]; then command docker-compose "${@:2}"; else command docker "$@"; fi
  }
fi
"""


def session(document, found, here, greeting):
    """Runs the blocks of one document in one shell. What is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="documents-") as said:
        said = pathlib.Path(said)
        (said / "yes").write_text("yes\n" * 100)
        ports = {port: os.environ[f"PORT_{port}"] for port in ("8080", "8081", "9093") if f"PORT_{port}" in os.environ}
        script, to_run = SHELL, [block for block in found if block.language in SHELLS]
        for number, block in enumerate(to_run):
            commands = block.commands()
            for port, real in ports.items():
                commands = re.sub(rf"\b(127\.0\.0\.1|localhost):{port}\b", rf"\1:{real}", commands)
            (said / f"{number}.sh").write_text(commands)
            script += f'BLOCK={number}; exec >"$SAID/{number}.out" 2>&1; . "$SAID/{number}.sh"\n'
        script += "BLOCK=done; echo >\"$SAID/done\"\n"
        with open(said / "yes") as answers:
            shell = subprocess.Popen(["bash", "-c", script, document], cwd=here, stdin=answers, start_new_session=True,
                                     env={**os.environ, "SAID": str(said), "BLOCK": ""})
            try:
                shell.wait(int(os.environ.get("LIMIT", "120")))
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                shell.wait()
                yield f"{document}: not done within its time"
        outputs = [path.read_text(errors="replace") if (path := said / f"{number}.out").exists() else None for number in range(len(to_run))]
        calls = [line.split("\t") for line in (said / "calls").read_text().splitlines()] if (said / "calls").exists() else []
        if not (said / "done").exists():
            last = max((number for number, output in enumerate(outputs) if output is not None), default=0)
            yield f"{to_run[last]}: failed: {(outputs[last] or '')[-2000:]}"
            return
        heard = greeting
        for block in found:
            if block in to_run:
                number = to_run.index(block)
                heard += outputs[number]
                refused = collections.Counter(status for at, status, _ in calls if at == str(number) and not status.startswith(("2", "3")))
                if refused != block.refusals:
                    whole = [f"{status} {arguments}" for at, status, arguments in calls if at == str(number)]
                    yield f"{block}: refused with {sorted(refused.elements())}, expected {sorted(block.refusals.elements())}: {whole}\n{outputs[number][-2000:]}"
            for line in block.expected():
                # An answer of JSON ends without a new line, so that the next one follows.
                if not re.search(f"(?:^|}}){pattern(line)}(?:$|{{)", heard, re.MULTILINE):
                    yield f"{block}: nobody said: {line}\nbut: {heard[-3000:]}"


def run(found, kind):
    for document in dict.fromkeys(block.document for block in found if block.kind == kind):
        follow = [block for block in found if block.document == document and block.kind in (kind, kind == "gateway" and "said")]
        greeting = pathlib.Path(os.environ["GREETING"]).read_text() if "GREETING" in os.environ else ""
        with tempfile.TemporaryDirectory(prefix="documents-") as here:
            if kind == "gateway":
                for entry in ROOT.iterdir():
                    if entry.name not in ("data", ".git"):
                        pathlib.Path(here, entry.name).symlink_to(entry)
                pathlib.Path(here, "data").symlink_to(os.environ["DATA"])
            wrong = list(session(document, follow, here if kind == "gateway" else os.environ["TREE"], greeting))
        yield from wrong
        print(f"{'WRONG ' if wrong else 'ok    '} {document}: {len(follow)} blocks, {kind}", flush=True)


def links(texts):
    """Those to other sites; DocumentsTest follows the others."""
    for link in sorted({link for text in texts.values() for link in re.findall(r"\]\((https?://[^)\s]+)\)", FENCE.sub("", text))}):
        request = urllib.request.Request(link, headers={"User-Agent": "Mozilla/5.0 (documents)"})
        try:
            with urllib.request.urlopen(request, timeout=30):
                print(f"ok     {link}")
        except OSError as e:
            yield f"{link}: {e}"


# ---- Planted defects

def planted(texts):
    """What is done to a document, and what must be said of it."""
    def added(text):
        return {**texts, "README.md": texts["README.md"] + "\n" + text + "\n"}

    yield "an unknown option of a script", added("```bash tree\nscripts/deploy --imagine x\n```"), "does not know --imagine"
    yield "the same in a sentence", added("Say `scripts/deploy --imagine x`."), "does not know --imagine"
    yield "a mode that a script lacks", added("```bash tree\nscripts/rotate-secrets peper\n```"), "does not know peper"
    yield "a script that is not there", added("```bash tree\nscripts/deplo --yes\n```"), "no file scripts/deplo"
    yield "a file that is not there", added("```bash tree\ncp docs/routes/nobody.yml x\n```"), "no file docs/routes/nobody.yml"
    yield "a test that is not there", added("```bash tree\n./mvnw test -Dtest=NobodyTest\n```"), "no test NobodyTest"
    yield "a program that is not there", added("```bash tree\nkubctl get pods\n```"), "no program kubctl"
    yield "a block that does not parse", added("```bash tree\nif true; then\n```"), "syntax error"
    yield "a block without a class", added("```bash\ntrue\n```"), "nothing says how it is tried"
    yield "a block that nobody allowed not to run", added("```bash server\ntrue\n```"), "are allowed by"


def broken(texts):
    yield "a path that is not there", "```bash gateway\ncurl -s http://127.0.0.1:8080/admin/kyes -H \"Authorization: Bearer $ADMIN_TOKEN\"\n```", "refused with ['404']"
    yield "a refusal that is none", "```bash gateway 401\ncurl -s http://127.0.0.1:8080/health\n```", "expected ['401']"
    yield "a command that fails", "```bash gateway\nfalse\n```", "failed"
    yield "a variable that nobody set", "```bash gateway\necho $NOBODY_SET_IT\n```", "NOBODY_SET_IT"
    yield "an answer that is another one", "```console gateway\n$ echo '{\"keys\":3}'\n{\"keis\":3}\n```", "nobody said"


def self_test(texts):
    count = 0
    for what, changed, sign in planted(texts):
        count += 1
        if not any(sign in fault for fault in read(changed, list(blocks(changed)))):
            yield f"not found: {what}"
    for what, text, sign in broken(texts):
        count += 1
        if not any(sign in fault for fault in run(list(blocks({"planted.md": text})), "gateway")):
            yield f"not found: {what}"
    print(f"{count} planted defects")


def main():
    texts = documents()
    found = list(blocks(texts))
    acts = {"read": lambda: read(texts, found), "links": lambda: links(texts), "self-test": lambda: self_test(texts)}
    wrong = 0
    for act in sys.argv[1:]:
        for fault in acts[act]() if act in acts else run(found, act):
            wrong += 1
            print(f"WRONG: {fault}", file=sys.stderr, flush=True)
    kinds = collections.Counter(block.kind for block in found if block.language in SHELLS)
    print(f"{wrong} wrong" if wrong else f"{sum(kinds.values())} blocks: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    return 1 if wrong else 0


sys.exit(main())
