// Every recording through the worker of the built page, in Chromium: its answers are the command line's, byte for byte.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answered, build } from "../../node-binding/tests/native.js";
import { RECORDINGS } from "../../node-binding/tests/recordings.js";
import { start, visit } from "./site.js";

let binary;
let site;
let page;

before(async () => {
  binary = build();
  // The page's own service worker would answer for the recordings, which no server has.
  site = await start({ serviceWorkers: "block" });
  page = await visit(site);
}, { timeout: 300_000 });

after(async () => {
  await site?.close();
});

for (const source of Object.keys(RECORDINGS)) {
  test(`${source}: answers equal the native ones`, { timeout: 300_000 }, async () => {
    const clusters = [...answered(binary, source)];
    await page.route("**/recordings.json", (route) => route.fulfill({ json: clusters }));
    const { asked, differences } = await page.evaluate(askAll, page.workers()[0].url());
    await page.unroute("**/recordings.json");
    assert.deepEqual(differences, []);
    assert.equal(asked, clusters.reduce((sum, { questions }) => sum + questions.length, 0));
    assert.ok(asked >= 50, `${asked} questions`);
  });
}

/** In the page: asks a worker of its own, made from the built page's, and gives the first answers that differ. */
async function askAll(url) {
  const clusters = await (await fetch("/recordings.json")).json();
  const worker = new Worker(url, { type: "module" });
  const waiting = new Map();
  let last = 0;
  await new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => {
      if ("ready" in data) return data.ready === null ? reject(new Error(data.error)) : resolve();
      waiting.get(data.id)(data);
      waiting.delete(data.id);
    };
  });
  const call = (call) =>
    new Promise((resolve) => {
      waiting.set((last += 1), resolve);
      worker.postMessage({ id: last, call });
    });
  const differences = [];
  let asked = 0;
  for (const { name, files, options, questions, answers } of clusters) {
    await call({ call: "load", which: "now", files, options });
    const given = await Promise.all(questions.map((question) => call({ call: "ask", which: "now", question })));
    given.forEach(({ value, error }, index) => {
      asked += 1;
      if (value !== answers[index] && differences.length < 3) {
        differences.push({ name, question: questions[index].slice(0, 500), ours: (value ?? JSON.stringify(error)).slice(0, 1000), native: answers[index].slice(0, 1000) });
      }
    });
  }
  worker.terminate();
  return { asked, differences };
}
