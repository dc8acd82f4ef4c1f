// The built page in a real Chromium, for the tests: a server and a browser of their own, each ended by its handle.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** Starts the server and the browser. `close()` ends both. */
export async function start(options = {}) {
  if (CHROMIUM === undefined) throw new Error("no Chromium: install Debian's `chromium`, or set CHROMIUM to its path");
  const port = await freePort();
  const server = await preview({ root: ROOT, logLevel: "error", preview: { port, host: "127.0.0.1", strictPort: true } });
  const profile = mkdtempSync(join(tmpdir(), "portolan-page-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    chromiumSandbox: false,
    viewport: { width: 1360, height: 860 },
    acceptDownloads: true,
    args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    ...options,
  });
  const origin = `http://127.0.0.1:${port}`;
  let serving = true;
  return {
    origin,
    context,
    stopServer: () =>
      new Promise((resolve) => {
        if (!serving) return resolve();
        serving = false;
        server.httpServer.close(resolve);
        server.httpServer.closeAllConnections?.();
      }),
    async close() {
      await context.close();
      await this.stopServer();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** A page that has loaded; what goes wrong in it is collected in `page.wrong`, requests elsewhere in `page.elsewhere`. */
export async function visit(site, path = "/", prepare = async () => {}) {
  const page = await site.context.newPage();
  page.wrong = [];
  page.elsewhere = [];
  page.on("console", (message) => message.type() === "error" && page.wrong.push(message.text()));
  page.on("pageerror", (error) => page.wrong.push(error.message));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== site.origin) page.elsewhere.push(request.url());
  });
  await prepare(page);
  await page.goto(site.origin + path);
  await page.locator("#panel[aria-busy=false]").waitFor({ state: "attached", timeout: 20_000 });
  return page;
}

/** Opens these files in the page by a share link, in place of what is there. */
export async function openFiles(page, files, rest = {}) {
  const fragment = await page.evaluate(async (shared) => {
    const stream = new Blob([JSON.stringify(shared)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return `#v1.${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
  }, { files, ...rest });
  await page.evaluate((hash) => {
    location.hash = hash;
  }, fragment);
  await page.getByRole("tab", { name: files[0].name }).waitFor();
}

/** The text of the editor, as far as it is on screen. */
export function editorText(page) {
  return page.locator(".cm-content").innerText();
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
