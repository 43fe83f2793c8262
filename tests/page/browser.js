/**
 * Drives Chromium for tests that are written in Python: one JSON object a line, `{ "do": "click", "tab": "phone", ... }`,
 * and its answer, `{ "ok": ... }` or `{ "failed": "why" }`.
 *
 * Every request, console line, error and breach of the page's policy is recorded for each tab.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { chromium } from "../../page/node_modules/playwright-core/index.mjs";

const AXE = readFileSync(new URL("../../page/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const PATIENCE_MS = 20_000;

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});
const contexts = new Map();
const tabs = new Map();

const found = ({ page }, { role, name, label, text, css, exact = true, nth = 0 }) => {
  const one = role
    ? page.getByRole(role, name === undefined ? {} : { name, exact })
    : label
      ? page.getByLabel(label, { exact })
      : text
        ? page.getByText(text, { exact })
        : page.locator(css);
  return one.nth(nth);
};

const ACTS = {
  /** A browser of its own: nothing is shared with another context. `profile`: a folder to keep it in. */
  async context({ context, options = {}, profile }) {
    const made = profile
      ? await chromium.launchPersistentContext(profile, { executablePath: process.argv[2], args: ["--no-sandbox"], ...options })
      : await browser.newContext(options);
    made.setDefaultTimeout(PATIENCE_MS);
    contexts.set(context, made);
  },

  async tab({ tab, context }) {
    const page = await contexts.get(context).newPage();
    const record = { page, requests: [], answered: [], console: [], errors: [] };
    const breach = (text) => record.errors.push(text);
    await page.exposeFunction("breachOfPolicy", breach);
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => globalThis.breachOfPolicy?.(`${event.violatedDirective} ${event.blockedURI}`));
    });
    page.on("request", (request) =>
      record.requests.push({ method: request.method(), url: request.url(), headers: request.headers(), body: request.postData() }),
    );
    page.on("response", (response) => record.answered.push(response.url()));
    page.on("console", (message) => record.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => record.errors.push(String(error)));
    tabs.set(tab, record);
  },

  async goto({ page }, { url }) {
    const answer = await page.goto(url);
    return { status: answer?.status(), headers: answer?.headers() };
  },

  click: (tab, what) => found(tab, what).click(),
  press: ({ page }, { key }) => page.keyboard.press(key),
  type: ({ page }, { text }) => page.keyboard.type(text),
  fill: (tab, what) => found(tab, what).fill(what.value),
  check: (tab, what) => found(tab, what).check(),
  select: (tab, what) => found(tab, what).selectOption(what.value),
  upload: (tab, what) => found(tab, what).setInputFiles(what.path),
  sees: (tab, what) => found(tab, what).waitFor({ state: "visible" }),
  gone: (tab, what) => found(tab, what).waitFor({ state: "hidden" }),
  value: (tab, what) => found(tab, what).inputValue(),
  count: ({ page }, { css }) => page.locator(css).count(),
  text: ({ page }) => page.evaluate(() => document.body.innerText),
  html: ({ page }) => page.content(),
  frames: ({ page }) => page.frames().map((frame) => frame.url()),
  url: ({ page }) => page.url(),
  evaluate: ({ page }, { script }) => page.evaluate(script),
  back: ({ page }) => page.goBack().then(() => undefined),
  reload: ({ page }) => page.reload().then(() => undefined),
  media: ({ page }, { media }) => page.emulateMedia(media),
  async slower({ page }, { times }) {
    const session = await page.context().newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: times });
  },

  closeTab: ({ page }) => page.close(),
  offline: ({ page }, { offline }) => page.context().setOffline(offline),
  clock: ({ page }) => page.clock.install(),
  wait: (_, { ms }) => new Promise((done) => setTimeout(done, ms)),
  later: ({ page }, { ms }) => page.clock.fastForward(ms),
  hidden: ({ page }, { hidden }) =>
    page.evaluate((is) => {
      Object.defineProperty(document, "visibilityState", { value: is ? "hidden" : "visible", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden),
  shot: ({ page }, { path, full = false }) => page.screenshot({ path, fullPage: full, animations: "disabled" }).then(() => undefined),
  recorded: async ({ requests, answered, console, errors }) => ({ requests, answered, console, errors }),

  /** The answer to a request is changed (in its `desk`, too), made up (`status`), lost (`abort`), or late (`slowMs`). `times`: how often. */
  async intercept({ page }, { url, abort = false, before = false, slowMs = 0, status, json, desk, times = 1 }) {
    await page.route(
      url,
      async (route) => {
        if (slowMs > 0) {
          const late = await route.fetch();
          await new Promise((done) => setTimeout(done, slowMs));
          return route.fulfill({ response: late });
        }
        if (abort && !before) await route.fetch(); // it did arrive; the answer is lost on the way
        if (abort) return route.abort();
        if (status) return route.fulfill({ status, json });
        const answer = await route.fetch();
        const said = { ...(await answer.json()), ...json };
        for (const agency of desk ? said.agencies : []) Object.assign(agency.desk, desk);
        return route.fulfill({ response: answer, json: said });
      },
      { times },
    );
  },

  async saved({ page }, what) {
    const waited = page.waitForEvent("download");
    await found({ page }, what).click();
    const file = await waited;
    return { name: file.suggestedFilename(), base64: readFileSync(await file.path()).toString("base64") };
  },

  /** What the browser keeps for this origin, as text: both storages, every IndexedDB value, caches, cookies. */
  async stored({ page }) {
    const cookies = await page.context().cookies();
    const kept = await page.evaluate(async () => {
      const shown = (value) => {
        if (value instanceof CryptoKey) return { cryptoKey: value.algorithm.name, extractable: value.extractable };
        if (ArrayBuffer.isView(value)) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
        if (Array.isArray(value)) return value.map(shown);
        if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(one)]));
        return value;
      };
      const promised = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
      const databases = {};
      for (const { name } of await indexedDB.databases()) {
        const database = await promised(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
          const rows = database.transaction(store).objectStore(store);
          const [keys, values] = [promised(rows.getAllKeys()), promised(rows.getAll())];
          databases[`${name}/${store}`] = { keys: await keys, values: (await values).map(shown) };
        }
        database.close();
      }
      const workers = await navigator.serviceWorker?.getRegistrations();
      return { local: { ...localStorage }, session: { ...sessionStorage }, databases, caches: await caches.keys(), workers: workers?.length ?? 0, history: history.length, state: history.state };
    });
    return { ...kept, cookies };
  },

  /** Findings of axe-core that are serious or worse. */
  async axe({ page }, { rules }) {
    const session = await page.context().newCDPSession(page);
    // Past the page's own policy, which rightly would not let this script in.
    const there = await session.send("Runtime.evaluate", { expression: "typeof axe === 'object'", returnByValue: true });
    if (!there.result.value) await session.send("Runtime.evaluate", { expression: `${AXE}; 0` });
    const run = `axe.run(document, ${JSON.stringify({ resultTypes: ["violations"], ...(rules && { runOnly: rules }) })})`;
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
    await session.detach();
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target.join(" ")).join(", ")})`);
  },

  contextOffline: ({ context, offline }) => contexts.get(context).setOffline(offline),

  async closeContext({ context }) {
    await contexts.get(context)?.close();
    contexts.delete(context);
  },
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  const act = ACTS[question.do];
  const about = ["context", "tab", "closeContext", "contextOffline"].includes(question.do) ? [question] : [tabs.get(question.tab), question];
  const answer = await Promise.resolve()
    .then(() => act(...about))
    .then(
      (ok) => ({ ok: ok ?? null }),
      (error) => ({ failed: String(error.message ?? error) }),
    );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
// Who asked is gone: so is everything that was opened.
for (const context of contexts.values()) await context.close().catch(() => undefined);
await browser.close();
process.exit(0);
