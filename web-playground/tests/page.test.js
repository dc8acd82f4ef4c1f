import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { editorText, openFiles, start, visit } from "./site.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PANELS = ["Journey", "Map", "Routes", "Service", "Admission", "Compare"];

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: 8080
`;

let site;
let page;

before(async () => {
  site = await start();
  page = await visit(site);
}, { timeout: 60_000 });

after(async () => {
  await site?.close();
});

/** Opens an example from the menu. */
async function example(where, index) {
  await where.getByRole("button", { name: "Examples" }).click();
  await where.locator("#examples-menu .menu-item").nth(index).click();
  await where.locator("#examples-menu").waitFor({ state: "hidden" });
}

/** The files of a ZIP archive that holds them as they are, by its directory; what does not fit together is an error. */
function unzip(bytes) {
  const end = bytes.length - 22;
  assert.equal(bytes.readUInt32LE(end), 0x06054b50);
  const files = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    assert.equal(bytes.readUInt32LE(at), 0x02014b50);
    const [sum, size, local] = [at + 16, at + 24, at + 42].map((place) => bytes.readUInt32LE(place));
    const length = bytes.readUInt16LE(at + 28);
    const name = bytes.subarray(at + 46, at + 46 + length);
    assert.equal(bytes.readUInt32LE(local), 0x04034b50);
    // Both headers say the same.
    assert.deepEqual(bytes.subarray(local + 4, local + 30), bytes.subarray(at + 6, at + 32));
    const begin = local + 30 + length;
    assert.deepEqual(bytes.subarray(local + 30, begin), name);
    const text = bytes.subarray(begin, begin + size);
    assert.equal(crc32(text), sum);
    files.push({ name: name.toString(), text: text.toString() });
    at += 46 + length;
  }
  assert.equal(at, end);
  return files;
}

const tab = (name) => page.getByRole("tab", { name, exact: true }).click();

describe("panels, on the first example", { timeout: 120_000 }, () => {
  test("Journey: a request from outside is delivered, and its lines light up", async () => {
    await tab("Journey");
    await page.getByLabel("URL").fill("https://shop.example.com/cart");
    await page.locator(".station.end .station-kind", { hasText: "delivered" }).waitFor();
    assert.match(await page.locator(".outcome").innerText(), /shop\/cart/);
    assert.ok((await page.locator(".station").count()) >= 6);
    await page.locator(".station", { hasText: "Ingress" }).last().locator(".place").click();
    await page.locator(".cm-line.cm-lit").waitFor();
  });

  test("Journey: a policy stops what it should", async () => {
    await page.getByLabel("From").selectOption({ label: "shop/frontend" });
    await page.getByLabel("URL").fill("tcp://redis:6379");
    await page.locator(".station.stopped", { hasText: "Network policy" }).waitFor();
    assert.match(await page.locator(".station.end .station-kind").innerText(), /refused/i);
  });

  test("Map: the drawing and the table agree, and a click explains", async () => {
    await tab("Map");
    const course = page.getByRole("button", { name: /^shop\/cart to shop\/redis: 6379$/ });
    await course.first().focus();
    await page.keyboard.press("Enter");
    await page.locator(".why", { hasText: "allowed" }).waitFor();
    await tab("Table");
    const closed = page.getByRole("button", { name: "shop/frontend to shop/redis: nothing" });
    await closed.click();
    await page.locator(".why", { hasText: "denied" }).waitFor();
    assert.ok((await page.locator(".why .place").count()) > 0);
  });

  test("Routes: the rule that takes a URL is marked, a shadowed one struck", async () => {
    await tab("Routes");
    await page.getByLabel("Try a URL").fill("https://shop.example.com/cart/7");
    await page.locator("tr.won", { hasText: "/cart" }).waitFor();
    await page.locator(".verdict", { hasText: "shop/cart:80" }).waitFor();
    await page.getByLabel("Try a URL").fill("https://elsewhere.example.com/");
    await page.locator(".verdict", { hasText: "404" }).waitFor();
  });

  test("Service: endpoints, kube-proxy a node, names, environment and files", async () => {
    await tab("Service");
    await page.locator("#panel").getByRole("combobox", { name: "Service" }).selectOption({ label: "shop/cart" });
    await page.locator("h2", { hasText: "Endpoints" }).waitFor();
    await page.locator("tbody tr", { hasText: "cart-" }).first().waitFor();
    await page.locator(".proxy-node", { hasText: "on node-a" }).waitFor();
    await page.locator(".proxy .chip").first().waitFor();
    await page.locator("pre", { hasText: "cart.shop.svc.cluster.local. A 10." }).waitFor();
    await page.getByLabel("Environment").filter({ hasText: "CART_SERVICE_HOST=10." }).waitFor();
    await page.getByLabel("/etc/hosts").filter({ hasText: "127.0.0.1" }).waitFor();
    await page.getByLabel("/etc/resolv.conf").filter({ hasText: "svc.cluster.local" }).waitFor();
  });

  test("Service: every way to it", async () => {
    await page.locator("#panel").getByRole("combobox", { name: "Service" }).selectOption({ label: "ingress-nginx/ingress-nginx-controller" });
    const ways = page.getByLabel("Sent to");
    for (const way of ["https, node port 30443", "http, load balancer 203.0.113.10:80", "http, cluster IP 10.0.40.7:80"]) {
      await ways.selectOption({ label: way });
      await page.locator(".proxy .chip").first().waitFor();
    }
  });

  test("Admission: what the server fills in is marked", async () => {
    await page.getByRole("tab", { name: "services.yaml" }).click();
    await tab("Admission");
    await page.locator(".ruling.good", { hasText: "Accepted" }).waitFor();
    await page.locator(".stored .added", { hasText: "clusterIP:" }).first().waitFor();
    // Every line on a line of its own.
    const [lines, height] = await page.locator(".stored").evaluate((stored) => [stored.children.length, stored.lastElementChild.offsetTop - stored.firstElementChild.offsetTop]);
    assert.ok(height > (lines - 1) * 12, `${lines} lines in ${height} px`);
  });

  test("Compare: an edit is told as a difference", async () => {
    await tab("Compare");
    await page.getByRole("button", { name: "Set this version aside" }).click();
    await page.getByText("The two versions give the same answers.").waitFor();
    await page.getByRole("tab", { name: "ingress.yaml" }).click();
    await page.locator(".cm-content").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    await page.locator(".changes .gone", { hasText: "Ingress shop/shop" }).waitFor();
    await page.getByRole("button", { name: "Go back to the version set aside" }).click();
    await page.getByText("The two versions give the same answers.").waitFor();
  });

  test("nothing went wrong, and nothing went elsewhere", () => {
    assert.deepEqual(page.wrong, []);
    assert.deepEqual(page.elsewhere, []);
  });
});

describe("the editor", { timeout: 120_000 }, () => {
  test("a mistake is told in the server's words while one types", async () => {
    await openFiles(page, [{ name: "typed.yaml", text: SERVICE }]);
    await page.locator(".cm-content").getByText("80", { exact: true }).first().dblclick();
    await page.keyboard.type("70000");
    await page.locator(".finding.error", { hasText: "must be between 1 and 65535, inclusive" }).first().waitFor();
    await page.locator(".cm-lintRange-error").first().waitFor();
    await page.keyboard.press("Control+Z");
    await page.locator(".finding.error").first().waitFor({ state: "detached" });
  });

  test("fields and names that exist are completed", async () => {
    await openFiles(page, [
      { name: "ingress.yaml", text: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\nspec:\n  rules:\n    - http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: \n" },
      { name: "service.yaml", text: SERVICE },
    ]);
    await page.locator(".cm-line", { hasText: "name:" }).last().click();
    await page.keyboard.press("End");
    await page.keyboard.type(" ");
    await page.keyboard.press("Control+Space");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "web" }).waitFor();
    // The editor lets no key choose what has only just come up.
    await page.waitForTimeout(200);
    await page.keyboard.press("Enter");
    await page.locator(".cm-tooltip-autocomplete").waitFor({ state: "detached" });
    assert.match(await editorText(page), /name:\s+web/);
    await page.getByRole("tab", { name: "service.yaml" }).click();
    await page.locator(".cm-line", { hasText: "targetPort" }).click();
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.keyboard.type("node");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "nodePort" }).waitFor();
    await page.keyboard.press("Escape");
  });

  test("ports and labels that exist are completed", async () => {
    const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels:\n    app.example.com/part: front\nspec:\n  containers:\n    - name: c\n      image: i\n      ports:\n        - name: web-port\n          containerPort: 8080\n";
    const service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  ports:\n    - name: metrics\n      port: 9090\n      targetPort: x\n  selector:\n    app.example.com/part: x\n";
    const ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\nspec:\n  defaultBackend:\n    service:\n      name: shop\n      port:\n        number: 1\n        name: y\n";
    await openFiles(page, [{ name: "i.yaml", text: ingress }, { name: "s.yaml", text: service }, { name: "p.yaml", text: pod }]);
    await page.locator(".state", { hasText: "objects" }).waitFor();
    /** Takes the last letter of a line away and asks what might stand there. */
    const completes = async (line, label) => {
      await page.locator(".cm-line", { hasText: line }).last().click();
      await page.keyboard.press("End");
      await page.keyboard.press("Backspace");
      await page.keyboard.press("Control+Space");
      await page.locator(".cm-tooltip-autocomplete li", { hasText: label }).waitFor();
      await page.keyboard.press("Escape");
      await page.locator(".cm-tooltip-autocomplete").waitFor({ state: "detached" });
    };
    await completes("number: 1", "9090");
    await completes("name: y", "metrics");
    await page.getByRole("tab", { name: "s.yaml" }).click();
    await completes("targetPort: x", "web-port");
    await completes("app.example.com/part: x", "front");
    await page.keyboard.press("Enter");
    await page.keyboard.type("app");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "app.example.com/part" }).waitFor();
    await page.keyboard.press("Escape");
  });

  test("hovering tells what a field means", async () => {
    await openFiles(page, [{ name: "hover.yaml", text: SERVICE }]);
    await page.locator(".cm-line", { hasText: "targetPort" }).locator("span", { hasText: "targetPort" }).first().hover();
    await page.locator(".hover-field", { hasText: "The port of the pods, by number or by name." }).waitFor();
    await page.mouse.move(5, 5);
  });

  test("a file that is no manifest gets its finding, and the others work on", async () => {
    await openFiles(page, [{ name: "wrong.yaml", text: "a: [1,\n" }, { name: "service.yaml", text: SERVICE }]);
    await page.locator(".finding.error", { hasText: "syntax" }).waitFor();
    await tab("Service");
    await page.locator("dd", { hasText: "ClusterIP" }).first().waitFor();
  });

  test("a fix to click mends the text: in the list, and where the mistake stands", async () => {
    const misspelt = `# Grüße 🚀 an alle\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\nspec:\n  defaultBackend:\n    service:\n      name: wbe # the shop\n      port:\n        name: htp\n`;
    const named = SERVICE.replace("- port: 80", "- name: http\n      port: 80");
    await openFiles(page, [{ name: "fix.yaml", text: misspelt }, { name: "service.yaml", text: named }]);
    await page.getByRole("button", { name: "Fix: no Service `default/wbe`" }).click();
    await page.locator(".cm-line", { hasText: "name: web # the shop" }).waitFor();
    await page.locator(".finding", { hasText: "no Service" }).waitFor({ state: "detached" });
    // The port's name is wrong too, which shows once there is a Service.
    await page.locator(".cm-line", { hasText: "name: htp" }).locator(".cm-lintRange").first().hover();
    await page.locator(".cm-tooltip-lint .cm-diagnosticAction", { hasText: "Fix" }).click();
    await page.locator(".cm-line", { hasText: "name: http" }).waitFor();
    await page.locator(".cm-lintRange-error").waitFor({ state: "detached" });
    await page.locator(".cm-content").focus();
    await page.keyboard.press("Control+Z");
    await page.locator(".cm-line", { hasText: /name: htp$/ }).waitFor();
    await page.mouse.move(5, 5);
  });

  test("a misspelt field is spelt right by a click, and the next one after it", async () => {
    await openFiles(page, [{ name: "spelling.yaml", text: SERVICE.replace("selector:", "selectors:").replace("targetPort", '"targetport"') }]);
    await page.locator(".finding-help", { hasText: "write selector" }).waitFor();
    await page.getByRole("button", { name: /^Fix: .*unknown field/ }).click();
    await page.locator(".finding-help", { hasText: "write targetPort" }).waitFor();
    await page.locator(".cm-line", { hasText: /targetport/ }).locator(".cm-lintRange-error").first().hover();
    await page.locator(".cm-tooltip-lint code", { hasText: "targetPort" }).waitFor();
    await page.locator(".cm-tooltip-lint .cm-diagnosticAction", { hasText: "Fix" }).click();
    await page.locator(".finding.error").first().waitFor({ state: "detached" });
    assert.equal((await editorText(page)).trimEnd(), SERVICE.replace("targetPort", '"targetPort"').trimEnd());
    await page.mouse.move(5, 5);
  });

  test("a node without endpoints of its own drops what came from outside", async () => {
    const node = (name) => `apiVersion: v1\nkind: Node\nmetadata:\n  name: ${name}\nstatus:\n  addresses:\n    - type: InternalIP\n      address: 192.168.50.${name.slice(1)}\n`;
    const local = SERVICE.replace("spec:\n", "spec:\n  type: NodePort\n  externalTrafficPolicy: Local\n").replace("port: 80\n", "port: 80\n      nodePort: 30080\n");
    const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-1\n  labels:\n    app: web\nspec:\n  nodeName: n1\n  containers:\n    - name: c\n      image: i\n";
    await openFiles(page, [{ name: "local.yaml", text: [node("n1"), node("n2"), pod, local].join("---\n") }], { panel: "service" });
    await page.getByLabel("Sent to").selectOption({ label: "node port 30080" });
    await page.locator(".proxy > li", { hasText: "on n1" }).locator(".chip", { hasText: ":8080" }).waitFor();
    await page.locator(".proxy > li", { hasText: "on n2" }).locator(".pill", { hasText: "dropped" }).waitFor();
  });

  test("a refusal is mended where it is told, and the object is accepted", async () => {
    await openFiles(page, [{ name: "refused.yaml", text: SERVICE.replace("selector:", "selektor:").replace("port: 80\n", "port: 80\n      protocol: tpc\n") }], { panel: "admission" });
    await page.locator("#panel .mending", { hasText: "write selector" }).getByRole("button", { name: /^Fix: .*unknown field/ }).click();
    await page.locator("#panel .causes li", { hasText: "supported values" }).getByRole("button", { name: /^Fix: / }).click();
    await page.locator(".ruling.good", { hasText: "Accepted" }).waitFor();
    assert.match(await editorText(page), /protocol: TCP/);
  });

  test("the objects of lists are judged one by one, and an order of fields is no change", async () => {
    const item = "- metadata: {name: s}\n  spec: {ports: [{port: 80, protocol: TCP}]}\n";
    await openFiles(page, [{ name: "list.yaml", text: `apiVersion: v1\nkind: ServiceList\nitems:\n${item}${item.replace("name: s", "name: t")}` }], { panel: "admission" });
    await page.getByLabel("Object in list.yaml").selectOption({ label: "Service t" });
    await page.locator(".ruling.good", { hasText: "Accepted" }).waitFor();
    await page.locator(".stored .added", { hasText: "clusterIP:" }).first().waitFor();
    assert.equal(await page.locator(".stored .changed").count(), 0);
  });

  test("where nothing leads in from outside, a pod asks first; a suggestion that does is taken", async () => {
    const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-1\n  labels:\n    app: web\nspec:\n  nodeName: n1\n  containers:\n    - name: c\n      image: i\n";
    const node = "apiVersion: v1\nkind: Node\nmetadata:\n  name: n1\nstatus:\n  addresses:\n    - type: InternalIP\n      address: 192.168.50.1\n";
    await openFiles(page, [{ name: "inside.yaml", text: `${pod}---\n${SERVICE}` }], { panel: "journey" });
    await page.locator(".outcome", { hasText: /^tcp:\/\/web\.default:80 reaches default\/web-1/ }).waitFor();
    assert.equal(await page.getByLabel("From").inputValue(), "default/web-1");
    await openFiles(page, [{ name: "outside.yaml", text: `${node}---\n${pod}---\n${SERVICE.replace("spec:\n", "spec:\n  type: NodePort\n").replace("port: 80\n", "port: 80\n      nodePort: 30080\n")}` }], { panel: "journey" });
    await page.locator(".outcome", { hasText: /^tcp:\/\/192\.168\.50\.1:30080 reaches default\/web-1/ }).waitFor();
    assert.equal(await page.getByLabel("From").inputValue(), "outside");
    // What was opened stays open while one types.
    await page.locator(".station summary").first().click();
    await page.locator(".cm-line", { hasText: "port: 80" }).first().click();
    await page.keyboard.press("Control+Home");
    const line = Number((await page.locator(".station .place").last().innerText()).split(":")[1]);
    await page.keyboard.press("Enter");
    await page.locator(".station .place", { hasText: `outside.yaml:${line + 1}` }).last().waitFor();
    assert.equal(await page.locator(".station details[open]").count(), 1);
  });

  test("an empty file says what to do, and a panel that is empty for errors says so", async () => {
    await openFiles(page, [{ name: "empty.yaml", text: "" }], { panel: "service" });
    await page.locator(".cm-placeholder", { hasText: "drop files or a folder" }).waitFor();
    await page.locator(".empty", { hasText: "No Service" }).waitFor();
    assert.equal(await page.locator(".empty-errors").count(), 0);
    await page.locator(".cm-content").click();
    await page.keyboard.type("a: b: c");
    await page.locator(".empty-errors", { hasText: "1 error in the files" }).waitFor();
  });

  test("a shadowed rule is struck", async () => {
    const ingress = (name, service) => `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: ${name}\nspec:\n  rules:\n    - host: a.example.com\n      http:\n        paths:\n          - path: /x\n            pathType: Prefix\n            backend:\n              service:\n                name: ${service}\n                port:\n                  number: 80\n`;
    await openFiles(page, [{ name: "two.yaml", text: `${ingress("one", "web")}---\n${ingress("two", "other")}---\n${SERVICE}` }]);
    await tab("Routes");
    await page.locator("tr.shadowed", { hasText: "never reached" }).waitFor();
  });
});

describe("files", { timeout: 120_000 }, () => {
  test("a share link brings everything back", async () => {
    await openFiles(page, [{ name: "shared.yaml", text: SERVICE.replace("web", "grüße-1".replace("grüße", "gruss")) }], { panel: "routes", asked: { url: "http://x.example/" } });
    await page.getByRole("button", { name: "Share", exact: true }).click();
    const url = page.url();
    assert.match(url, /#v1\.[\w-]+$/);
    const other = await visit(site, new URL(url).hash);
    assert.equal(await other.getByRole("tab", { name: "Routes", exact: true }).getAttribute("aria-selected"), "true");
    assert.equal(await other.getByLabel("Try a URL").inputValue(), "http://x.example/");
    assert.match(await editorText(other), /gruss-1/);
    await other.close();
  });

  test("a damaged link says so", async () => {
    const other = await visit(site, "/#v1.AAAA");
    await other.locator(".notice.bad", { hasText: "damaged" }).waitFor();
    await other.close();
  });

  test("chosen files are added, and what is downloaded is what is there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portolan-files-"));
    try {
      mkdirSync(join(folder, "a"));
      writeFileSync(join(folder, "a", "chosen.yaml"), SERVICE);
      await openFiles(page, [{ name: "first.yaml", text: "" }]);
      await page.getByLabel("Files to open").setInputFiles(join(folder, "a", "chosen.yaml"));
      await page.getByRole("tab", { name: "chosen.yaml" }).waitFor();
      await page.getByRole("button", { name: "Close chosen.yaml" }).click();
      await page.getByRole("button", { name: "Close first.yaml" }).click();
      await openFiles(page, [{ name: "only.yaml", text: SERVICE }]);
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download", exact: true }).click()]);
      assert.equal(download.suggestedFilename(), "only.yaml");
      assert.equal(readFileSync(await download.path(), "utf8"), SERVICE);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("several files are downloaded as one archive, in their folders", async () => {
    const large = `# ${"x".repeat(300_000)}\n`;
    const files = [
      { name: "chart/templates/grüße.yaml", text: `# Grüße 🚀\n${SERVICE}` },
      { name: "empty.yaml", text: "" },
      { name: "../../above.yaml", text: SERVICE },
      { name: "large.yaml", text: large },
    ];
    await openFiles(page, files);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download", exact: true }).click()]);
    assert.equal(download.suggestedFilename(), "manifests.zip");
    const unpacked = unzip(readFileSync(await download.path()));
    assert.deepEqual(unpacked, files.map(({ name, text }) => ({ name: name.replace("../../", ""), text })));
  });

  test("a link that may be cut says so, and one that no browser takes is not made", async () => {
    let seed = 7;
    const noise = (length) => Array.from({ length }, () => ((seed = (seed * 48271) % 2147483647) % 36).toString(36)).join("");
    await openFiles(page, [{ name: "long.yaml", text: `# ${noise(20_000)}\n${SERVICE}` }]);
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await page.locator(".notice", { hasText: /It is long, \d\d,000 characters/ }).waitFor();
    const before = page.url();
    await page.getByLabel("Files to open").setInputFiles({ name: "noise.yaml", mimeType: "application/yaml", buffer: Buffer.from(`# ${noise(2_000_000)}\n`) });
    await page.getByRole("tab", { name: "noise.yaml" }).waitFor();
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await page.locator(".notice.bad", { hasText: /too large for a link: it would have 1,\d\d\d,000 characters/ }).waitFor();
    assert.equal(page.url(), before);
    // What is too much to be kept is not kept by halves: the next visit does not begin with files of long ago.
    await page.waitForFunction(() => localStorage.getItem("portolan.files") === "");
    await page.getByRole("button", { name: "Dismiss" }).click();
    await openFiles(page, [{ name: "only.yaml", text: SERVICE }]);
  });

  test("a file of 5 MB is taken in, and the page stays usable", async () => {
    const many = Array.from({ length: 28_000 }, (_, index) => `apiVersion: v1\nkind: Service\nmetadata:\n  name: s-${index}\nspec:\n  clusterIP: None\n  selector:\n    app: a-${index}\n  ports:\n    - port: 80\n      targetPort: 8080\n`).join("---\n");
    assert.ok(many.length > 4_000_000, `${many.length}`);
    await page.getByLabel("Files to open").setInputFiles({ name: "large.yaml", mimeType: "application/yaml", buffer: Buffer.from(many + `# ${"x".repeat(5_000_000 - many.length > 0 ? 5_000_000 - many.length : 0)}\n`) });
    await page.getByRole("tab", { name: "large.yaml" }).waitFor();
    await page.locator(".state", { hasText: "28,001 objects" }).waitFor({ timeout: 90_000 });
    await page.getByRole("tab", { name: "only.yaml" }).click();
    assert.match(await editorText(page), /name: web/);
    await openFiles(page, [{ name: "small.yaml", text: SERVICE }]);
    await page.locator(".state", { hasText: "1 object" }).waitFor({ timeout: 30_000 });
  });
});

describe("for everyone", { timeout: 180_000 }, () => {
  for (const colorScheme of ["light", "dark"]) {
    test(`no accessibility fault in any panel, ${colorScheme}`, async () => {
      const other = await visit(site, "/", async (fresh) => {
        await fresh.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      });
      await example(other, 0);
      await other.evaluate(AXE);
      const check = async (where) => {
        const { violations } = await other.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(violations.map(({ id, nodes }) => `${where}: ${id} ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join("\n")}`), []);
      };
      for (const name of PANELS) {
        await other.getByRole("tab", { name, exact: true }).click();
        await other.waitForTimeout(400);
        await check(name);
        if (name === "Map") {
          await other.getByRole("tab", { name: "Table", exact: true }).click();
          await other.locator(".matrix button").nth(1).click();
          await other.locator(".why .pill").waitFor();
          await check("Map as a table");
        }
        if (name === "Compare") {
          await other.getByRole("button", { name: "Set this version aside" }).click();
          await other.getByRole("button", { name: "Close ingress.yaml" }).click();
          await other.locator(".changes .gone", { hasText: "Ingress shop/shop" }).waitFor();
          await check("Compare with differences and findings");
        }
      }
      const folder = "chart/a/folder/that/is/deep";
      await openFiles(other, [{ name: `${folder}/a.yaml`, text: SERVICE.replace("selector", "selektor") }, { name: `${folder}/b.yaml`, text: SERVICE }]);
      await other.getByRole("tab", { name: `${folder}/a.yaml 1 error` }).waitFor();
      for (const name of PANELS) {
        await other.getByRole("tab", { name, exact: true }).click();
        await other.waitForTimeout(200);
        await check(`${name} with an error, in folders`);
      }
      await openFiles(other, [{ name: "nothing.yaml", text: "" }]);
      for (const name of PANELS) {
        await other.getByRole("tab", { name, exact: true }).click();
        await other.waitForTimeout(200);
        await check(`${name} of nothing`);
      }
      await other.close();
    });
  }

  test("the keyboard reaches the tabs, the panes and the menus", async () => {
    await openFiles(page, [{ name: "keys.yaml", text: SERVICE }]);
    await tab("Journey");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("tab", { name: "Map", exact: true }).getAttribute("aria-selected"), "true");
    await page.keyboard.press("End");
    assert.equal(await page.getByRole("tab", { name: "Compare", exact: true }).getAttribute("aria-selected"), "true");
    await page.getByRole("button", { name: "Examples" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("#examples-menu .menu-item").nth(1).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "keys.yaml" }).waitFor({ state: "detached" });
  });

  test("the keyboard goes through every panel and out of the editor, and is always seen", async () => {
    const other = await visit(site, "/", (fresh) => fresh.emulateMedia({ reducedMotion: "reduce" }));
    await example(other, 0);
    for (const name of PANELS) {
      await other.getByRole("tab", { name, exact: true }).click();
      await other.waitForTimeout(300);
      const reached = [];
      await other.locator(".skip").focus();
      await other.keyboard.press("Tab");
      for (let step = 0; step < 120; step += 1) {
        // The editor takes a moment to show that it has the focus.
        await other.waitForFunction(() => document.activeElement?.closest(".cm-editor:not(.cm-focused)") === null || document.activeElement === document.body);
        const at = await other.evaluate(() => {
          const element = document.activeElement;
          if (element === null || element === document.body) return null;
          const { outlineStyle } = getComputedStyle(element.classList.contains("cm-content") ? element.closest(".cm-editor") : element);
          const seen = outlineStyle !== "none" || getComputedStyle(element.querySelector(".reach") ?? element).stroke !== getComputedStyle(document.querySelector(".course:not(:focus) .reach") ?? element).stroke;
          const { left, right, top, bottom } = element.getBoundingClientRect();
          const there = right > 0 && left < innerWidth && bottom > 0 && top < innerHeight;
          return { what: element.getAttribute("aria-label") ?? (element.textContent || element.tagName), editor: element.classList.contains("cm-content"), seen, there, panel: element.closest("#panel") !== null };
        });
        if (at === null) break;
        reached.push(at);
        if (at.editor) await other.keyboard.press("Escape");
        await other.keyboard.press("Tab");
      }
      assert.deepEqual(reached.filter(({ seen, there }) => !seen || !there).map(({ what }) => `${name}: ${what}`), []);
      assert.ok(reached.some(({ editor }) => editor) && reached.at(-1).panel && reached.length < 120, `${name}: ${reached.length}, ${reached.at(-1).what}`);
      const moving = await other.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length);
      assert.equal(moving, 0, name);
    }
    await other.close();
  });

  test("the smallest phone, and one on its side, have room for what they show", async () => {
    for (const [width, height] of [[320, 568], [360, 640], [780, 360]]) {
      const other = await visit(site, "/", (fresh) => fresh.setViewportSize({ width, height }));
      await example(other, 0);
      await other.getByRole("tab", { name: "Answers", exact: true }).click();
      for (const name of PANELS) {
        await other.getByRole("tab", { name, exact: true }).click();
        await other.waitForTimeout(200);
        const [needed, there] = await other.evaluate(() => [Math.max(...[...document.querySelectorAll("#app > *, .header *")].map((element) => element.getBoundingClientRect().right)), window.innerWidth]);
        assert.ok(needed <= there, `${name}: ${needed} of ${there}`);
        const [shown, all] = await other.locator("#panel").evaluate((panel) => [panel.clientHeight, innerHeight]);
        assert.ok(shown > all / 2, `${name}: ${shown} of ${all}`);
      }
      await other.close();
    }
  });

  test("a phone shows one pane at a time, and nothing is cut off", async () => {
    const other = await visit(site, "/", (fresh) => fresh.setViewportSize({ width: 390, height: 780 }));
    await example(other, 0);
    assert.equal(await other.locator(".answers-pane").isVisible(), false);
    await other.getByRole("tab", { name: "Answers", exact: true }).click();
    assert.equal(await other.locator(".files-pane").isVisible(), false);
    await other.getByRole("tab", { name: "Journey", exact: true }).click();
    await other.locator(".journey").waitFor();
    for (const name of PANELS) {
      await other.getByRole("tab", { name, exact: true }).click();
      await other.waitForTimeout(300);
      const [needed, there] = await other.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(needed <= there, `${name}: ${needed} of ${there}`);
      const [panelNeeds, panelHas] = await other.locator("#panel").evaluate((panel) => [panel.scrollWidth, panel.clientWidth]);
      assert.ok(panelNeeds <= panelHas, `${name}: ${panelNeeds} of ${panelHas}`);
    }
    // Every connection of the drawing is seen on a small screen, too.
    await other.getByRole("tab", { name: "Map", exact: true }).click();
    await other.locator(".course.every .line").first().waitFor();
    await other.evaluate(AXE);
    const check = async () => {
      const { violations } = await other.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html.slice(0, 160)}`), []);
    };
    await check();
    await other.getByRole("tab", { name: "Files", exact: true }).click();
    await openFiles(other, [{ name: "wrong.yaml", text: "a: b: c" }], { panel: "compare" });
    for (const side of ["Files 1 error", "Answers"]) {
      await other.getByRole("tab", { name: side, exact: true }).click();
      await check();
    }
    // The panel that is shown has its tab in sight, also where it was chosen while it was hidden.
    await other.waitForFunction(() => document.getElementById("panel-compare").getBoundingClientRect().right <= innerWidth);
    await other.close();
  });

  test("nothing went wrong, and nothing went elsewhere", () => {
    assert.deepEqual(page.wrong, []);
    assert.deepEqual(page.elsewhere, []);
  });

  test("after the first visit it works without a network", async () => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(async () => (await caches.keys()).length > 0 && navigator.serviceWorker.controller !== null);
    await site.stopServer();
    await page.goto(`${site.origin}/`);
    await page.locator("#panel[aria-busy=false]").waitFor({ timeout: 20_000 });
    assert.ok((await page.locator(".cm-line").count()) > 0);
  });
});
