// The answers of the command line to every recording. The tests of the package, of the bindings and of the page compare their own
// answers with them, byte for byte. `node native.js FOLDER` writes them into files; where `PORTOLAN_RECORDINGS` names that folder, the
// tests read them from there instead of asking again.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { RECORDINGS } from "./recordings.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FLAGS = { serviceClusterIPRange: "--service-cluster-ip-range", serviceNodePortRange: "--service-node-port-range" };

/** The path of the command line: in the folder that `PORTOLAN_BINARIES` names, or built here. Null where nobody will be asked. */
export function build() {
  if (process.env.PORTOLAN_RECORDINGS) return null;
  if (process.env.PORTOLAN_BINARIES) return join(process.env.PORTOLAN_BINARIES, "portolan");
  const run = (...args) => execFileSync("cargo", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  run("build", "--quiet", "-p", "portolan-cli");
  return join(JSON.parse(run("metadata", "--format-version", "1", "--no-deps")).target_directory, "debug", "portolan");
}

/** The clusters of one source of questions, each with its questions and the native answers to them. */
export function* answered(binary, source) {
  if (binary === null) {
    yield* written(source);
    return;
  }
  for (const { name, files, options, questions } of RECORDINGS[source]()) {
    const folder = mkdtempSync(join(tmpdir(), "portolan-native-"));
    try {
      for (const file of files) {
        mkdirSync(dirname(join(folder, file.name)), { recursive: true });
        writeFileSync(join(folder, file.name), file.text);
      }
      const flags = Object.entries(options).flatMap(([option, value]) => [FLAGS[option], value]);
      const asked = questions.map((question) => JSON.stringify(question));
      const args = ["ask", ...flags, ...files.flatMap((file) => ["-f", file.name])];
      const said = execFileSync(binary, args, { cwd: folder, input: `${asked.join("\n")}\n`, encoding: "utf8", maxBuffer: 1 << 29 });
      const answers = said.split("\n");
      // A line an answer, and the last one ends like the others.
      if (answers.pop() !== "" || answers.length !== asked.length || asked.length === 0) {
        throw new Error(`${name}: ${answers.length} answers to ${asked.length} questions`);
      }
      yield { name, files, options: { ...options, stored: true }, questions: asked, answers };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** The clusters of one source as `write` left them. */
function* written(source) {
  const lines = gunzipSync(readFileSync(join(process.env.PORTOLAN_RECORDINGS, `${source}.gz`))).toString("utf8").split("\n");
  for (let at = 0; lines[at] !== ""; ) {
    const { count, ...cluster } = JSON.parse(lines[at]);
    const pairs = lines.slice(at + 1, at + 1 + 2 * count);
    if (pairs.length !== 2 * count) throw new Error(`${source}: the file ends too early`);
    yield { ...cluster, questions: pairs.filter((_, index) => index % 2 === 0), answers: pairs.filter((_, index) => index % 2 === 1) };
    at += 1 + 2 * count;
  }
}

/**
 * Writes a file for each source: for each cluster a line `{ name, files, options, count }`, and after it `count` times
 * a line with a question and one with its answer.
 */
function write(folder) {
  const binary = build();
  mkdirSync(folder, { recursive: true });
  for (const source of Object.keys(RECORDINGS)) {
    const lines = [];
    for (const { name, files, options, questions, answers } of answered(binary, source)) {
      lines.push(JSON.stringify({ name, files, options, count: questions.length }));
      questions.forEach((question, index) => lines.push(question, answers[index]));
    }
    writeFileSync(join(folder, `${source}.gz`), gzipSync(`${lines.join("\n")}\n`, { level: 6 }));
    console.log(`${source}: ${lines.length} lines, ${lines.reduce((size, line) => size + line.length, 0)} characters`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) write(process.argv[2]);
