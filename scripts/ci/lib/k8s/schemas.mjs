// Validates a list of objects (JSON on standard input) against the schemas below a node_modules folder (the argument).
// The packages hold validators made from the schemas; a field that no validator asked for is one that no schema knows.
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const packages = ["kubernetes-models", "@kubernetes-models/prometheus-operator", "@kubernetes-models/external-secrets"];

async function validator({ apiVersion, kind }) {
  const file = packages.map((name) => `${process.argv[2]}/${name}/${apiVersion}/${kind}.js`).find(existsSync);
  if (!file) return undefined;
  const [, schema] = readFileSync(file, "utf8").match(/from"([^"]*_schemas\/\w+\.js)"/);
  return (await import(new URL(schema, pathToFileURL(file)))).validate;
}

function watched(value, path, all) {
  if (value === null || typeof value !== "object") return value;
  const asked = new Set();
  const inner = {};
  all.push({ value, path, asked });
  return new Proxy(value, {
    get(target, key) {
      if (typeof key !== "string" || !Object.hasOwn(target, key)) return target[key];
      asked.add(key);
      return (inner[key] ??= watched(target[key], `${path}/${key}`, all));
    },
  });
}

for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const name = `${object.kind} ${object.metadata?.name}`;
  const validate = await validator(object);
  if (!validate) {
    console.log(`${name}: no schema for ${object.apiVersion} ${object.kind}`);
    continue;
  }
  const all = [];
  validate(watched(object, "", all));
  for (const { instancePath, keyword, params } of validate.errors ?? []) {
    console.log(`${name}: ${instancePath || "/"}: ${keyword} ${JSON.stringify(params)}`);
  }
  for (const { value, path, asked } of all) {
    if (Array.isArray(value)) continue;
    for (const key of Object.keys(value)) if (!asked.has(key)) console.log(`${name}: ${path}/${key}: unknown field`);
  }
}
