// Prints what GitHub's parser says of workflows: parse.mjs NODE_MODULES FOLDER
import { readdirSync, readFileSync } from "node:fs";
import { register } from "node:module";
import { pathToFileURL } from "node:url";

// The parser imports JSON in the way of bundlers, which Node takes only when it is told the type.
register(`data:text/javascript,${encodeURIComponent(`
  export const load = (url, context, next) =>
    next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);`)}`);

const [modules, folder] = process.argv.slice(2);
const parser = await import(pathToFileURL(`${modules}/@actions/workflow-parser/dist/index.js`));
for (const name of readdirSync(folder)) {
  const file = { name, content: readFileSync(`${folder}/${name}`, "utf8") };
  const { context, value } = parser.parseWorkflow(file, new parser.NoOperationTraceWriter());
  if (value) await parser.convertWorkflowTemplate(context, value);
  for (const { message } of context.errors.getErrors()) console.log(message);
}
