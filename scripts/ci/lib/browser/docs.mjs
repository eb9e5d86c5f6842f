// Does at /docs what somebody does who reads the API in a browser: docs.mjs NODE_MODULES KEEP [--video] [--break WHAT]
// URL, CHROMIUM and ADMIN_TOKEN are in the environment. A line for each check; exit 1 if one is wrong.
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [modules, keep, ...options] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, '/'))('playwright-core');
const axe = readFileSync(join(modules, 'axe-core/axe.min.js'), 'utf8');
const { URL: url, CHROMIUM: executablePath, ADMIN_TOKEN: admin } = process.env;
const broken = options.includes('--break') ? options[options.indexOf('--break') + 1] : '';
// What is serious in the pages that Swagger UI 5 makes, by the names of axe's rules. One that it has mended is an error here.
const OF_SWAGGER_UI = ['color-contrast', 'nested-interactive', 'scrollable-region-focusable', 'select-name'];
let wrong = 0;

async function check(what, act) {
  try {
    await act();
    console.log(`ok     ${what}`);
  } catch (e) {
    wrong++;
    console.log(`WRONG  ${what}\n         ${String(e.message ?? e).replaceAll('\n', '\n         ')}`);
  }
}

function is(expected, got) {
  if (JSON.stringify(got) !== JSON.stringify(expected)) {
    throw new Error(`expected: ${JSON.stringify(expected)}\ngot:      ${JSON.stringify(got)}`);
  }
}

const root = process.getuid?.() === 0;
const browser = await chromium.launch({ executablePath, chromiumSandbox: !root });
const context = await browser.newContext({
  ignoreHTTPSErrors: true,
  ...(options.includes('--video') ? { recordVideo: { dir: keep } } : {}),
});
context.setDefaultTimeout(20000);
rmSync(keep, { recursive: true, force: true });
mkdirSync(keep, { recursive: true });
await context.tracing.start({ screenshots: true, snapshots: true });
const page = await context.newPage();

// What went wrong without being asked for.
const complaints = [];
page.on('console', (message) => {
  if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
});
page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
page.on('request', (request) => {
  if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) complaints.push(`from elsewhere: ${request.url()}`);
});
page.on('response', (response) => {
  if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
});
await page.exposeFunction('violated', (what) => complaints.push(`policy: ${what}`));
await page.addInitScript(() =>
  document.addEventListener('securitypolicyviolation', (e) => window.violated(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));

async function call(path, data) {
  const answer = await context.request.fetch(url + path, data ? { method: 'POST', data, headers: { Authorization: `Bearer ${admin}` } } : {});
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
  return answer.json();
}
const document = await call('/openapi.json');
const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
  Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`)).sort();
const key = await call('/admin/keys', { name: 'browser', expiresAt: new Date(Date.now() + 600000).toISOString() });
const token = broken === 'key' ? `${key.token.slice(0, -1)}${key.token.endsWith('a') ? 'b' : 'a'}` : key.token;

await check('the page opens, and has a heading', async () => {
  const answer = await page.goto(`${url}/docs`);
  is(200, answer.status());
  is('Latchkey API', await page.title());
  await page.getByRole('heading', { level: 1 }).or(page.getByRole('heading', { level: 2 })).first().waitFor();
});
if (broken === 'policy') {
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.inline = true';
    document.head.append(script);
  });
}
if (broken === 'name') await page.evaluate(() => document.body.append(document.createElement('button')));
if (broken === 'elsewhere') await page.evaluate(() => fetch('https://elsewhere.invalid/').catch(() => {}));

await check('the keyboard reaches a group of calls, and opens and closes it', async () => {
  const tag = page.locator('.opblock-tag').first();
  const button = tag.locator('button').first();
  await tag.waitFor();
  for (let steps = 0; steps < 60 && !(await button.evaluate((at) => at === at.ownerDocument.activeElement)); steps++) {
    await page.keyboard.press('Tab');
  }
  is(true, await button.evaluate((at) => at === at.ownerDocument.activeElement));
  is('false', await button.getAttribute('aria-expanded'));
  await page.keyboard.press('Enter');
  is('true', await button.getAttribute('aria-expanded'));
  await page.keyboard.press('Enter');
  is('false', await button.getAttribute('aria-expanded'));
});

await check(`it lists the ${operations.length} calls of the document`, async () => {
  for (const tag of await page.locator('.opblock-tag').all()) await tag.click();
  await page.waitForFunction((count) => document.querySelectorAll('.opblock').length >= count, operations.length);
  const shown = await page.locator('.opblock').evaluateAll((those) =>
    those.map((one) => `${one.querySelector('.opblock-summary-method').textContent} ${one.querySelector('.opblock-summary-path').dataset.path}`));
  is(operations, shown.sort());
});

await check('Authorize takes a key', async () => {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const form = page.locator('.auth-container').filter({ hasText: 'X-API-Key' }).first();
  await form.locator('input').fill(token);
  await form.getByRole('button', { name: /authorize|apply/i }).click();
  await page.getByRole('button', { name: /close/i }).last().click();
});

await check('a call that is tried out there is answered with 200, about that key', async () => {
  const block = page.locator('.opblock').filter({ has: page.locator('[data-path="/api/v1/keys/self"]') }).first();
  await block.locator('.opblock-summary-control').click();
  await block.getByRole('button', { name: 'Try it out' }).click();
  const answered = page.waitForResponse((response) => response.url() === `${url}/api/v1/keys/self`);
  await block.getByRole('button', { name: 'Execute' }).click();
  is(200, (await answered).status());
  const live = block.locator('.live-responses-table');
  await live.waitFor();
  is('200', (await live.locator('.response-col_status').last().textContent()).trim().slice(0, 3));
  is(true, (await live.textContent()).includes(key.id));
});

await check('who cannot see it well can use it: axe finds nothing serious, but for what Swagger UI brings', async () => {
  await page.evaluate(axe);
  const found = (await page.evaluate(() => window.axe.run())).violations.filter((one) => ['serious', 'critical'].includes(one.impact));
  try {
    is(OF_SWAGGER_UI, found.map((one) => one.id).sort());
  } catch (e) {
    throw new Error(`${e.message}\n${found.map((one) => `${one.id}: ${one.nodes.length}, such as ${one.nodes[0].html.slice(0, 160)}`).join('\n')}`);
  }
});

await check('nothing was complained of, and nothing asked of others', async () => is([], complaints));

if (wrong) await page.screenshot({ path: join(keep, 'page.png'), fullPage: true });
await context.tracing.stop(wrong ? { path: join(keep, 'trace.zip') } : {});
await context.close();
await browser.close();
if (!wrong) rmSync(keep, { recursive: true });
console.log(wrong ? `${wrong} wrong; what was seen is in ${keep}` : 'the pages do what they must');
process.exit(wrong ? 1 : 0);
