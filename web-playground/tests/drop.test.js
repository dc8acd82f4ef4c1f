// What is dropped on the page, by the browser's own drag and drop: folders, files of every sort, and texts.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { editorText, openFiles, start, visit } from "./site.js";

let site;
let page;
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portolan-drop-"));
  site = await start();
  page = await visit(site);
}, { timeout: 60_000 });

after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

const service = (name) => `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  selector:\n    app: ${name}\n  ports:\n    - port: 80\n`;

function write(files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Drags files and folders of this machine over the page and lets go of them. */
async function drop(...names) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: names.map((name) => join(folder, name)), dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
  await session.detach();
}

const tabs = () => page.getByRole("tablist", { name: "Files" }).getByRole("tab").allInnerTexts();
const fileTab = (name) => page.getByRole("tab", { name, exact: true });

describe("dropped on the page", { timeout: 120_000 }, () => {
  test("a folder, with all that is below it, and only what may be manifests", async () => {
    write({
      "chart/templates/web.yaml": service("web"),
      "chart/templates/deep/er/api.yml": service("api"),
      "chart/objects.json": JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } }),
      "chart/README.md": "# words\n",
      "chart/logo.png": Buffer.from([0x89, 0x50, 0, 1]),
      "chart/.git/config.yaml": "a: b\n",
      "chart/node_modules/x/y.yaml": "a: b\n",
      // A folder of more than a hundred files is read in several goes.
      ...Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`chart/many/s-${index}.yaml`, service(`s-${index}`)])),
    });
    await drop("chart");
    await fileTab("chart/templates/web.yaml").waitFor();
    const names = await tabs();
    assert.equal(names.length, 123);
    for (const name of ["chart/templates/deep/er/api.yml", "chart/objects.json", "chart/many/s-119.yaml"]) assert.ok(names.includes(name), name);
    assert.equal(names.filter((name) => /git|node_modules|README|logo/.test(name)).length, 0);
    await page.locator(".notice", { hasText: "Opened 123 files." }).waitFor();
    await page.locator(".notice", { hasText: /Skipped: (chart\/README\.md, chart\/logo\.png|chart\/logo\.png, chart\/README\.md)/ }).waitFor();
    await page.locator(".state", { hasText: "123 objects" }).waitFor();
  });

  test("what `helm template` prints", async () => {
    const output = ["web", "api"].map((name) => `# Source: shop/templates/${name}.yaml\n${service(name)}`).join("---\n");
    write({ "rendered.txt": `---\n${output}---\n# Source: shop/templates/empty.yaml\n` });
    await drop("rendered.txt");
    await fileTab("rendered.txt").waitFor();
    assert.deepEqual(await tabs(), ["rendered.txt"]);
    await page.locator(".state", { hasText: "2 objects" }).waitFor();
    // It is one file, as it came; each template's documents become one when that is asked for.
    await page.locator(".notice", { hasText: "templates of a chart made this" }).getByRole("button", { name: "One file for each" }).click();
    await fileTab("shop/web.yaml").waitFor();
    assert.deepEqual(await tabs(), ["shop/web.yaml", "shop/api.yaml", "shop/empty.yaml"]);
    await page.locator(".state", { hasText: "2 objects" }).waitFor();
    assert.equal((await editorText(page)).trimEnd(), `---\n# Source: shop/templates/web.yaml\n${service("web")}`.trimEnd());
    // A file in which nothing says where it is from is not taken apart.
    write({ "plain.yaml": [service("one"), service("two")].join("---\n") });
    await drop("plain.yaml");
    await page.locator(".notice", { hasText: "Opened 1 file." }).waitFor();
    assert.equal(await page.getByRole("button", { name: "One file for each" }).count(), 0);
  });

  test("the way back to what was there", async () => {
    await openFiles(page, [{ name: "mine.yaml", text: service("mine") }]);
    await page.locator(".cm-content").click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("# my own words");
    write({ "other.yaml": service("other") });
    await drop("other.yaml");
    await fileTab("other.yaml").waitFor();
    await page.getByRole("button", { name: "Bring back" }).click();
    await page.locator(".cm-line", { hasText: "# my own words" }).waitFor();
    // The editor, over which they were let go of, has not written them into the text.
    assert.equal(await editorText(page), `${service("mine")}# my own words`);
    assert.deepEqual(await tabs(), ["mine.yaml"]);
    await page.getByRole("button", { name: "Close mine.yaml" }).click();
    await fileTab("manifest.yaml").waitFor();
    await page.getByRole("button", { name: "Bring back" }).click();
    await fileTab("mine.yaml").waitFor();
  });

  test("several files and a folder together", async () => {
    write({ "one.yaml": service("one"), "two.yaml": service("two"), "more/three.yaml": service("three") });
    await drop("one.yaml", "two.yaml", "more");
    await fileTab("more/three.yaml").waitFor();
    assert.deepEqual(await tabs(), ["more/three.yaml", "one.yaml", "two.yaml"]);
  });

  test("what is no text, and what is too large, is passed over and nothing is lost", async () => {
    write({ "binary.yaml": Buffer.from([1, 0, 2, 0]), "large.yaml": Buffer.alloc(21 * 1024 * 1024, "# much\n") });
    await drop("binary.yaml", "large.yaml");
    await page.locator(".notice.bad", { hasText: "The dropped files contain no manifests." }).waitFor();
    await page.locator(".notice.bad", { hasText: /binary\.yaml \(not text\), large\.yaml \(larger than 20 MB\)/ }).waitFor();
    assert.deepEqual(await tabs(), ["more/three.yaml", "one.yaml", "two.yaml"]);
  });

  test("text that is no manifest gets its finding", async () => {
    write({ "letter.txt": "Dear Sirs,\n\tplease: [find\n" });
    await drop("letter.txt");
    await fileTab(/letter\.txt/).waitFor();
    await page.locator(".finding.error").first().waitFor();
  });

  test("a file of 5 MB", async () => {
    const many = Array.from({ length: 36_000 }, (_, index) => service(`s-${index}`)).join("---\n");
    assert.ok(many.length > 4_000_000 && many.length < 6_000_000, `${many.length}`);
    write({ "large.yaml": many });
    await drop("large.yaml");
    await page.locator(".state", { hasText: "36,000 objects" }).waitFor({ timeout: 90_000 });
    await openFiles(page, [{ name: "small.yaml", text: service("web") }]);
    await page.locator(".state", { hasText: "1 object" }).waitFor({ timeout: 30_000 });
  });

  test("nothing went wrong", () => {
    assert.deepEqual(page.wrong, []);
    assert.deepEqual(page.elsewhere, []);
  });
});
