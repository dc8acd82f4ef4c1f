// Every recording through the package: its answers are those of the native engine, byte for byte. How many of these are
// the recorded ones is the native runners' business.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Cluster } from "portolan";
import { manifest, recordings } from "./recordings.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let binary;
let folder;

before(() => {
  const run = (...args) => execFileSync("cargo", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  run("build", "--quiet", "-p", "portolan-cli");
  binary = join(JSON.parse(run("metadata", "--format-version", "1", "--no-deps")).target_directory, "debug", "portolan");
  folder = mkdtempSync(join(tmpdir(), "portolan-recordings-"));
});

after(() => rmSync(folder, { recursive: true, force: true }));

const FLAGS = { serviceClusterIPRange: "--service-cluster-ip-range", serviceNodePortRange: "--service-node-port-range" };

for (const { name, objects, options, questions } of recordings()) {
  test(`${name}: ${questions.length} answers equal the native ones`, { timeout: 300_000 }, () => {
    const file = join(folder, `${name.replaceAll(/[^a-z0-9]/g, "-")}.json`);
    const text = manifest(objects);
    writeFileSync(file, text);
    const asked = questions.map((question) => JSON.stringify(question));
    const flags = Object.entries(options).flatMap(([option, value]) => [FLAGS[option], value]);
    const native = execFileSync(binary, ["ask", ...flags, "-f", file], { input: `${asked.join("\n")}\n`, encoding: "utf8", maxBuffer: 1 << 29 });
    const expected = native.trimEnd().split("\n");
    assert.equal(expected.length, asked.length);
    assert.ok(asked.length > 0);
    const cluster = Cluster.load({ name: file, text }, { ...options, stored: true });
    try {
      for (const [index, question] of asked.entries()) assert.equal(cluster.askText(question), expected[index], question.slice(0, 500));
    } finally {
      cluster.free();
    }
  });
}
