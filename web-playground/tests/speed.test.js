// How quick the page is. The machine may be busy with other things: of several goes the quickest counts.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openFiles, start, visit } from "./site.js";

let site;

before(async () => {
  site = await start({ serviceWorkers: "block" });
}, { timeout: 60_000 });

after(async () => {
  await site?.close();
});

/** 1,020 objects: in each of 34 namespaces ten applications with their Services, Ingresses and NetworkPolicies. */
function manifests() {
  const documents = [];
  for (let team = 0; team < 34; team += 1) {
    const namespace = `team-${team}`;
    documents.push(`apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n`);
    for (let part = 0; part < 10; part += 1) {
      const name = `app-${part}`;
      documents.push(
        `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: ${name}\n  template:\n    metadata:\n      labels:\n        app: ${name}\n    spec:\n      containers:\n        - name: main\n          image: example.com/${name}:1\n          ports:\n            - name: http\n              containerPort: 8080\n`,
        `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\nspec:\n  selector:\n    app: ${name}\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n`,
      );
    }
    for (let part = 0; part < 5; part += 1) {
      documents.push(
        `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: policy-${part}\n  namespace: ${namespace}\nspec:\n  podSelector:\n    matchLabels:\n      app: app-${part}\n  ingress:\n    - from:\n        - podSelector:\n            matchLabels:\n              app: app-${part + 1}\n      ports:\n        - port: 8080\n`,
      );
    }
    for (let part = 0; part < 4; part += 1) {
      documents.push(
        `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: ingress-${part}\n  namespace: ${namespace}\nspec:\n  rules:\n    - host: app-${part}.${namespace}.example.com\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: app-${part}\n                port:\n                  name: http\n`,
      );
    }
  }
  return documents;
}

describe("speed", { timeout: 120_000 }, () => {
  test("a keystroke in a cluster of 1,000 objects is answered within 16 ms of engine time", async (context) => {
    const page = await visit(site);
    const documents = manifests();
    assert.ok(documents.length >= 1000);
    await openFiles(page, [{ name: "all.yaml", text: documents.join("---\n") }], { asked: { url: "http://app-3.team-0.example.com/" } });
    await page.locator(".state", { hasText: /1,\d\d\d objects/ }).waitFor();
    await page.locator(".station.end").waitFor();
    await page.locator(".engine-time").waitFor();
    await page.locator(".cm-line", { hasText: "image: example.com/app-0:1" }).first().click();
    await page.keyboard.press("End");
    const [taken, checked] = [[], []];
    for (let stroke = 0; stroke < 40; stroke += 1) {
      await page.keyboard.type("0");
      await page.waitForTimeout(100);
      const [, taking, checking] = /loaded in ([\d.,]+) ms, checked in ([\d.,]+) ms/.exec(await page.locator(".engine-time").getAttribute("title"));
      taken.push(Number(taking.replace(",", "")));
      checked.push(Number(checking.replace(",", "")));
    }
    for (const times of [taken, checked]) times.sort((a, b) => a - b);
    context.diagnostic(`taken in: quickest ${taken[0]} ms, in the middle ${taken[20]} ms; all checked: quickest ${checked[0]} ms, in the middle ${checked[20]} ms`);
    assert.ok(taken[0] <= 16, taken.join(" "));
    assert.ok(checked[0] <= 16, checked.join(" "));
    await page.close();
  });

  test("a map of 340 workloads is told by namespace", async () => {
    const page = await visit(site);
    await openFiles(page, [{ name: "all.yaml", text: manifests().join("---\n") }], { panel: "map" });
    const cell = (name) => page.getByRole("button", { name, exact: true });
    await cell("team-3 to team-4: all").click();
    await page.locator(".why .lead", { hasText: /, for team-3\/app-\d and team-4\/app-\d$/ }).waitFor();
    await page.locator(".why .pill", { hasText: "allowed" }).waitFor();
    assert.ok((await page.locator("*").count()) < 10_000);
    // One namespace is few enough for a drawing.
    await page.getByLabel("Namespace").selectOption("team-3");
    await page.locator(".graph .course").first().waitFor();
    await page.getByRole("tab", { name: "Table", exact: true }).click();
    await cell("team-3/app-1 to team-3/app-0: 8080").click();
    await page.locator(".why .pill", { hasText: "allowed" }).waitFor();
    await cell("team-3/app-2 to team-3/app-0: nothing").click();
    await page.locator(".why .pill", { hasText: "denied" }).waitFor();
    await cell("other namespaces to team-3/app-9: all").waitFor();
    await page.getByLabel("Names with").fill("app-1");
    await cell("team-3/app-2 to team-3/app-0: nothing").waitFor({ state: "detached" });
    assert.deepEqual(page.wrong, []);
    await page.close();
  });

  test("the page is usable within a second", async (context) => {
    const times = [];
    for (let go = 0; go < 4; go += 1) {
      const page = await site.context.newPage();
      await page.addInitScript(() => {
        new MutationObserver((_, observer) => {
          if (document.querySelector(".station.end") === null || document.querySelector(".cm-line") === null) return;
          window.usable = performance.now();
          observer.disconnect();
        }).observe(document, { childList: true, subtree: true });
      });
      // Nothing of what an earlier visit brought helps, and nothing that it kept is shown.
      await page.addInitScript(() => localStorage.clear());
      const session = await page.context().newCDPSession(page);
      await session.send("Network.setCacheDisabled", { cacheDisabled: true });
      await page.goto(site.origin);
      times.push(Math.round(await (await page.waitForFunction(() => window.usable)).jsonValue()));
      await page.close();
    }
    times.sort((a, b) => a - b);
    context.diagnostic(`from the first byte to the first answer ${times.join(", ")} ms`);
    assert.ok(times[0] <= 1000, times.join(" "));
  });
});
